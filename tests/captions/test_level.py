"""How loud somebody was recorded, and at which sample rate, hardly changes words and cuts."""

from __future__ import annotations

from difflib import SequenceMatcher
from pathlib import Path

import numpy as np
import pytest

from edge.evidence.speech.recognizer import Recognizer
from edge.evidence.speech.recognizers import open_recognizer
from edge.media import decode_audio
from edge.models.packages import packaged
from edge.networks.segmenter import Segmenter
from edge.quickcut.clean import CleanPlan, plan_clean
from edge.spans import intervals, merge, subtract
from edge.vocabulary import Word
from tests.makers import RATE_HZ
from tools.sound.wave import write_wav

TALK = "audio/speech/mfa_cold_corpus3.flac"
"""A hesitant speaker."""


@pytest.fixture(scope="module")
def recognizer() -> Recognizer:
    pytest.importorskip("pocketsphinx")
    if not (there := packaged()):
        pytest.skip("no recognizer in the installed packages")
    return open_recognizer(there[0])


@pytest.fixture(scope="module")
def plan(eval_pack: Path, recognizer: Recognizer, segmenter: Segmenter) -> CleanPlan:
    return plan_clean(eval_pack / TALK, recognizer=recognizer, segmenter=segmenter)


@pytest.mark.parametrize(("gain_db", "rate_hz"), [(-24, RATE_HZ), (0, 44_100)])
def test_words_and_cuts_are_those_of_the_recording(
    plan: CleanPlan,
    eval_pack: Path,
    recognizer: Recognizer,
    segmenter: Segmenter,
    tmp_path: Path,
    gain_db: float,
    rate_hz: int,
) -> None:
    blocks = [block.samples for block in decode_audio(eval_pack / TALK, rate_hz=rate_hz)]
    write_wav(tmp_path / "other.wav", np.concatenate(blocks) * np.float32(10 ** (gain_db / 20)), rate_hz)
    other = plan_clean(tmp_path / "other.wav", recognizer=recognizer, segmenter=segmenter)
    one, two = (words_of(each) for each in (plan, other))
    texts = [[word.text.strip(".,?!").casefold() for word in words] for words in (one, two)]
    matching = SequenceMatcher(None, texts[0], texts[1], autojunk=False).get_matching_blocks()
    same = [(one[a + at], two[b + at]) for a, b, size in matching for at in range(size)]
    assert max(len(one), len(two)) - len(same) < 0.15 * len(one)
    assert sum(abs(a.start - b.start) > 0.05 for a, b in same) < 0.1 * len(one)
    cuts, others = (merge(intervals(each.cuts)) for each in (plan, other))
    differing = [*(part for cut in cuts for part in subtract(cut, others))]
    differing += [part for cut in others for part in subtract(cut, cuts)]
    assert sum(end - start for start, end in differing) < 0.3


def words_of(plan: CleanPlan) -> list[Word]:
    return [word for sentence in plan.transcript.sentences for word in sentence.words]
