"""Recordings with a microphone for each speaker: what both say counts."""

from __future__ import annotations

from pathlib import Path

import pytest
from av.stream import Disposition

from edge.cache import Cache
from edge.captions.transcribe import CaptionResult, transcribe
from edge.media import open_recording, probe
from edge.networks.segmenter import Segmenter
from edge.quickcut.clean import clean
from edge.vocabulary import Word
from tests.makers import BY_LETTERS, ONE, RATE_HZ, THREE, TWO, Knowing, Take
from tests.media.makers import Track, write_tracks
from tools.sound.signals import silence

HOST, GUEST = Take(silence(26)), Take(silence(20))
"""The guest's track begins 3 s after the host's."""


@pytest.fixture(scope="module")
def interview(tmp_path_factory: pytest.TempPathFactory) -> Path:
    HOST.say(ONE, 1.0)
    GUEST.say(TWO, 6.0)
    HOST.say(THREE, 18.0)
    return write_tracks(
        tmp_path_factory.mktemp("interview") / "interview.mkv",
        Track(HOST.samples, RATE_HZ, codec="flac"),
        Track(GUEST.samples, RATE_HZ, "stereo", start_s=3.0, codec="flac"),
    )


def said() -> list[Word]:
    late = [Word(word.start + 3, word.end + 3, word.text) for word in GUEST.words]
    return sorted([*HOST.words, *late], key=lambda word: word.start)


def texts(found: CaptionResult) -> list[str]:
    return [one.text for one in found.transcript.sentences]


def test_captions_cover_both_microphones(interview: Path, tmp_path: Path, segmenter: Segmenter) -> None:
    cache, knowing = Cache(tmp_path), Knowing(interview, said())
    found = transcribe(interview, recognizer=knowing, segmenter=segmenter, cache=cache)
    assert texts(found) == [ONE, TWO, THREE]
    for word, truth in zip((w for one in found.transcript.sentences for w in one.words), said(), strict=True):
        assert word.start == pytest.approx(truth.start, abs=0.1)
    assert found.notes[0] == "audio streams analyzed: 0, 1"
    asked = len(knowing.asked)
    assert texts(transcribe(interview, recognizer=knowing, segmenter=segmenter, cache=cache)) == texts(found)
    assert len(knowing.asked) == asked
    alone = open_recording(interview, audio_stream=0)
    one = Knowing(alone, HOST.words)
    assert texts(transcribe(alone, recognizer=one, segmenter=segmenter, cache=cache)) == [ONE, THREE]


def test_cleaning_keeps_what_either_says(interview: Path, tmp_path: Path, segmenter: Segmenter) -> None:
    transcript = transcribe(interview, recognizer=Knowing(interview, said()), segmenter=segmenter).transcript
    done = clean(interview, tmp_path / "clean.mkv", BY_LETTERS, transcript=transcript)
    assert len(done.plan.cuts) == 3  # the blanks between and after
    for word in said():
        assert not any(cut.start < word.end - 0.1 and word.start + 0.1 < cut.end for cut in done.plan.cuts)
    assert len(probe(done.file).audio) == 2


def test_a_dub_is_not_transcribed(tmp_path: Path, segmenter: Segmenter) -> None:
    path = write_tracks(
        tmp_path / "film.mkv",
        Track(HOST.samples, RATE_HZ, codec="flac", language="eng", flag=Disposition.default),
        Track(GUEST.samples, RATE_HZ, codec="flac", language="fre"),
    )
    found = transcribe(path, recognizer=Knowing(path, HOST.words), segmenter=segmenter)
    assert texts(found) == [ONE, THREE]
    assert found.notes[0] == "audio streams analyzed: 0; left out: 1 (fre)"
