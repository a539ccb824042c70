"""How loud somebody was recorded, and at which sample rate, moves no word and makes none up."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from edge.evidence.speech.alignment import Aligner
from edge.evidence.speech.recognizers import open_recognizer
from edge.evidence.speech.word_times import is_rushed
from edge.media import decode_audio
from edge.models.packages import packaged
from edge.networks.segmenter import Segmenter
from edge.quickcut.clean import plan_clean
from edge.vocabulary import Word
from tests.evidence.makers import off_by
from tests.makers import RATE_HZ
from tools.evaluate.pack import samples
from tools.evaluate.recognition import read_utterances
from tools.sound.wave import write_wav

TALK = "mfa_cold_corpus3.flac"
"""A hesitant speaker."""

OTHERS = [(-24.0, RATE_HZ), (-12.0, RATE_HZ), (0.0, 44_100)]
"""Gains in dB, and sample rates."""


@pytest.fixture(scope="module")
def words(eval_pack: Path) -> str:
    pytest.importorskip("pocketsphinx")
    return next(one.transcript for one in read_utterances(eval_pack) if one.path.name == TALK)


def other(pack: Path, folder: Path, gain_db: float, rate_hz: int) -> Path:
    blocks = [block.samples for block in decode_audio(pack / "audio/speech" / TALK, rate_hz=rate_hz)]
    write_wav(folder / "other.wav", np.concatenate(blocks) * np.float32(10 ** (gain_db / 20)), rate_hz)
    return folder / "other.wav"


@pytest.mark.parametrize(("gain_db", "rate_hz"), OTHERS)
def test_a_text_has_the_times_of_the_recording(
    words: str, eval_pack: Path, tmp_path: Path, gain_db: float, rate_hz: int
) -> None:
    aligner = Aligner()
    wanted = aligner.align(samples(eval_pack / "audio/speech" / TALK), words)
    found = aligner.align(samples(other(eval_pack, tmp_path, gain_db, rate_hz)), words)
    assert wanted.is_certain
    assert found.is_certain
    off = off_by(found.words, wanted.words)
    assert np.median(off) <= 0.01
    assert max(off) <= 0.1


@pytest.mark.parametrize(("gain_db", "rate_hz"), OTHERS)
def test_all_words_have_times_at_which_they_can_be_said(
    words: str, eval_pack: Path, segmenter: Segmenter, tmp_path: Path, gain_db: float, rate_hz: int
) -> None:
    if not (there := packaged()):
        pytest.skip("no recognizer in the installed packages")
    path = other(eval_pack, tmp_path, gain_db, rate_hz)
    plan = plan_clean(path, recognizer=open_recognizer(there[0]), segmenter=segmenter)
    found: list[Word] = [word for sentence in plan.transcript.sentences for word in sentence.words]
    assert 0.6 < len(found) / len(words.split()) < 1.2
    assert not is_rushed(found)
    assert all(word.end - word.start >= 0.025 for word in found)
    assert all(one.end <= after.start + 1e-9 for one, after in pairwise(found))
    assert plan.removed_s == pytest.approx(5.3, abs=0.5)
