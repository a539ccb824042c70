"""Captions of recordings, with a recognizer that knows what is said in them and when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from edge.captions.transcribe import transcribe
from edge.errors import InputError, NoAudioError
from edge.evidence.options import RecognitionOptions, SpeechOptions, TranscriptOptions
from edge.evidence.speech.recognition import believable, trimmed
from edge.evidence.speech.recognizer import RecognitionResult
from edge.evidence.transcript import Transcript
from edge.networks.segmenter import Segmenter
from edge.vocabulary import Span, Word
from tests.makers import ONE, RATE_HZ, THREE, TWO, Knowing, Take, transcript_of
from tests.media.makers import Recipe, make
from tools.sound.compose import compose
from tools.sound.crowd import crowd_noise
from tools.sound.signals import add_at, at_dbfs, silence
from tools.sound.speech import speak
from tools.sound.synth import render
from tools.sound.wave import write_wav

Floats = NDArray[np.float32]


def drawled(text: str) -> Floats:
    """Said as slowly as can be."""
    spoken = speak(text, voice="en-us", rate=80)
    loud = np.flatnonzero(np.abs(spoken) > 0.01)
    return at_dbfs(spoken[loud[0] : loud[-1]], -20)


def texts(found: Transcript) -> list[str]:
    return [one.text for one in found.sentences]


def words(found: Transcript) -> list[Word]:
    return [word for one in found.sentences for word in one.words]


def check_times(given: Sequence[Word], length_s: float) -> None:
    assert all(0 <= word.start < word.end <= length_s for word in given)
    assert all(first.end <= second.start for first, second in pairwise(given))


@dataclass(frozen=True)
class Talk:
    """A talk with music in the middle, and an "um" between two sentences."""

    path: Path
    words: list[Word]
    music: Span
    held: Span


@pytest.fixture(scope="module")
def talk(tmp_path_factory: pytest.TempPathFactory) -> Talk:
    take = Take(silence(32))
    held_s = take.say(ONE, 2.0) + 0.3
    um = drawled("um")
    add_at(take.samples, um, held_s)
    two_s = take.say(TWO, held_s + len(um) / RATE_HZ + 0.3)
    rng = np.random.default_rng(5)
    music = at_dbfs(render(compose(rng, 8.0).notes, rng, seconds=8.0), -24)
    add_at(take.samples, music, two_s + 2)
    take.say(THREE, two_s + 12.5)
    path = take.write(tmp_path_factory.mktemp("talk") / "talk.wav")
    return Talk(path, take.words, Span(two_s + 2, two_s + 10), Span(held_s, held_s + len(um) / RATE_HZ))


@pytest.fixture(scope="module")
def heard(talk: Talk, segmenter: Segmenter) -> Transcript:
    return transcript_of(talk.path, recognizer=Knowing(talk.path, talk.words), segmenter=segmenter)


def test_what_is_said_comes_out_on_the_clock_of_the_recording(talk: Talk, heard: Transcript) -> None:
    assert texts(heard) == [ONE, TWO, THREE]
    found = words(heard)
    check_times(found, heard.duration_s)
    for word, truth in zip(found, talk.words, strict=True):
        assert word.text == truth.text
        assert word.start == pytest.approx(truth.start, abs=0.1)
        assert word.end == pytest.approx(truth.end, abs=0.1)
        assert truth.start - 1e-3 <= word.start  # trimmed, never widened
        assert word.end <= truth.end + 1e-3
    for one in heard.sentences:
        assert (one.start, one.end) == (one.words[0].start, one.words[-1].end)
    assert heard.language == "en"
    assert heard.duration_s == 32


def test_music_and_sounds_of_voices_are_told(talk: Talk, heard: Transcript) -> None:
    (music,) = heard.music
    assert music.iou(talk.music) > 0.8
    said = [Span(word.start, word.end) for word in talk.words]
    assert sum(span.overlap(talk.music) for span in heard.sounding) == 0
    assert sum(one.overlap(span) for one in said for span in heard.sounding) > 0.9 * sum(
        one.seconds for one in said
    )


def test_what_the_text_left_out_is_told_as_a_hesitation(talk: Talk, heard: Transcript) -> None:
    (one,) = heard.filled_pauses
    assert one.iou(talk.held) > 0.7


def test_a_steady_sound_that_nobody_speaks_is_no_hesitation(tmp_path: Path, segmenter: Segmenter) -> None:
    take = Take(silence(14))
    end_s = take.say(ONE, 1.0)
    tone = np.sin(2 * np.pi * 300 * np.arange(RATE_HZ // 2) / RATE_HZ).astype(np.float32)
    add_at(take.samples, at_dbfs(tone, -20), end_s + 0.3)
    take.say(TWO, end_s + 1.1)
    path = take.write(tmp_path / "a.wav")
    found = transcript_of(path, recognizer=Knowing(path, take.words), segmenter=segmenter)
    assert texts(found) == [ONE, TWO]
    assert found.filled_pauses == ()


def test_words_end_where_their_sound_does() -> None:
    voiced = [Span(0.5, 1.0), Span(1.3, 1.35), Span(2.0, 2.4), Span(2.6, 3.0)]
    given = [Word(0.2, 1.2, "silence at both ends"), Word(1.25, 1.9, "a scrap is all it has")]
    given += [Word(1.9, 3.5, "two sounds"), Word(3.5, 3.9, "none at all")]
    found = [(word.start, word.end) for word in trimmed(given, voiced)]
    assert found == [(0.5, 1.0), (1.3, 1.35), (2.0, 3.0), (3.5, 3.9)]
    scraps = [Span(0.0, 0.05), Span(0.3, 0.6), Span(0.9, 0.95)]  # of its neighbours
    assert [(word.start, word.end) for word in trimmed([Word(0, 1, "a")], scraps)] == [(0.3, 0.6)]


def test_text_that_the_recognizer_doubts_is_left_out(talk: Talk, segmenter: Segmenter) -> None:
    doubting = Knowing(talk.path, talk.words, logprob=-0.81)
    found = transcript_of(talk.path, recognizer=doubting, segmenter=segmenter)
    assert (found.sentences, found.language) == ((), "und")
    assert found.sounding  # there was something, whatever it was
    assert len(doubting.asked) == 2
    trusting = transcript_of(
        talk.path,
        TranscriptOptions(recognition=RecognitionOptions(logprob_threshold=-0.9)),
        recognizer=doubting,
        segmenter=segmenter,
    )
    assert texts(trusting) == [ONE, TWO, THREE]


def test_a_recognizer_that_goes_round_in_circles_is_heard_once() -> None:
    said = "so thank you Thank you. thank you, thank you thank you thank you bye bye bye bye"
    given = tuple(Word(at, at + 0.5, text) for at, text in enumerate(said.split()))
    found = believable(RecognitionResult(given, "en", -0.1), RecognitionOptions())
    assert [word.text for word in found] == ["so", "thank", "you", "bye", "bye", "bye", "bye"]
    assert [word.start for word in found] == [0, 1, 2, 13, 14, 15, 16]
    kept = believable(RecognitionResult(given, "en", -0.1), RecognitionOptions(max_repetitions=7))
    assert kept == given


def test_speech_without_words_is_recognized_again_by_itself(tmp_path: Path, segmenter: Segmenter) -> None:
    take = Take(silence(16))
    end_s = take.say(ONE, 1.0)
    said_s = take.say(TWO, end_s + 0.15)
    path = take.write(tmp_path / "skipped.wav")
    slip = take.words[len(ONE.split()) :]
    skipping = Knowing(path, take.words, skips=slip)
    found = transcript_of(path, recognizer=skipping, segmenter=segmenter)
    assert texts(found) == [ONE, TWO]
    check_times(words(found), found.duration_s)
    whole, again = skipping.asked
    assert whole.overlap(again) == again.seconds
    assert again.start == pytest.approx(end_s - 0.2, abs=0.2)
    assert again.end == pytest.approx(said_s + 0.2, abs=0.2)
    patient = Knowing(path, take.words, skips=slip)
    left_out = transcript_of(
        path,
        TranscriptOptions(recognition=RecognitionOptions(retry_gap_s=60)),
        recognizer=patient,
        segmenter=segmenter,
    )
    assert texts(left_out) == [ONE]
    assert len(patient.asked) == 1


def test_long_speech_is_recognized_in_chunks(tmp_path: Path, segmenter: Segmenter) -> None:
    take = Take(silence(30))
    at_s = 1.0
    for text in (ONE, TWO, THREE, ONE, TWO):
        at_s = take.say(text, at_s) + 0.4
    path = take.write(tmp_path / "long.wav")
    knowing = Knowing(path, take.words)
    settings = TranscriptOptions(SpeechOptions(min_chunk_s=2, max_chunk_s=6))
    found = transcript_of(path, settings, recognizer=knowing, segmenter=segmenter)
    assert texts(found) == [ONE, TWO, THREE, ONE, TWO]
    assert all(span.seconds <= 6 for span in knowing.asked)
    assert len(knowing.asked) >= 4


@pytest.mark.parametrize("kind", ["silence", "hiss", "crowd", "music"])
def test_where_nobody_speaks_nobody_is_asked(tmp_path: Path, segmenter: Segmenter, kind: str) -> None:
    rng = np.random.default_rng(8)
    sounds = {
        "silence": lambda: silence(8),
        "hiss": lambda: at_dbfs(rng.standard_normal(8 * RATE_HZ).astype(np.float32), -30),
        "crowd": lambda: at_dbfs(crowd_noise(rng, 8), -30),
        "music": lambda: at_dbfs(render(compose(rng, 8.0).notes, rng, seconds=8.0), -23),
    }
    write_wav(tmp_path / "a.wav", sounds[kind](), RATE_HZ)
    knowing = Knowing(tmp_path / "a.wav", [])
    found = transcript_of(tmp_path / "a.wav", recognizer=knowing, segmenter=segmenter)
    assert knowing.asked == []
    assert (found.sentences, found.filled_pauses, found.language) == ((), (), "und")
    assert found.duration_s == pytest.approx(8, abs=0.5)


def test_progress_rises_to_all_of_it(talk: Talk, segmenter: Segmenter) -> None:
    seen = list[float]()
    transcript_of(talk.path, recognizer=Knowing(talk.path, []), segmenter=segmenter, progress=seen.append)
    assert seen == sorted(seen)
    assert seen[-1] == pytest.approx(1, abs=0.01)
    assert all(0 <= share <= 1 for share in seen)


def test_a_recording_without_sound_is_refused(tmp_path: Path, segmenter: Segmenter, talk: Talk) -> None:
    knowing = Knowing(talk.path, [])
    mute = make(tmp_path / "mute.mp4", Recipe(seconds=1, audio=()))
    with pytest.raises(NoAudioError, match=r"mute\.mp4"):
        transcript_of(mute, recognizer=knowing, segmenter=segmenter)
    write_wav(tmp_path / "empty.wav", silence(0), RATE_HZ)
    with pytest.raises(NoAudioError, match=r"empty\.wav"):
        transcript_of(tmp_path / "empty.wav", recognizer=knowing, segmenter=segmenter)
    (tmp_path / "text.wav").write_text("no audio at all\n" * 40)
    with pytest.raises(InputError, match=r"text\.wav"):
        transcript_of(tmp_path / "text.wav", recognizer=knowing, segmenter=segmenter)
    with pytest.raises(InputError, match="missing"):
        transcript_of(tmp_path / "missing.wav", recognizer=knowing, segmenter=segmenter)


def test_sound_that_starts_late_is_on_the_clock_of_the_picture(
    talk: Talk, tmp_path: Path, segmenter: Segmenter
) -> None:
    path = tmp_path / "late.mkv"
    with av.open(str(talk.path)) as source, av.open(str(path), "w") as target:
        picture = target.add_stream("mpeg4", rate=5, width=64, height=48, pix_fmt="yuv420p")
        sound = target.add_stream("flac", rate=RATE_HZ, layout="mono")
        for number in range(60):
            black = av.VideoFrame(64, 48, "yuv420p")
            black.pts = number
            target.mux(picture.encode(black))
        for frame in source.decode(audio=0):
            frame.pts = (frame.pts or 0) + 3 * RATE_HZ
            target.mux(sound.encode(frame))
        target.mux([*picture.encode(None), *sound.encode(None)])
    late = [Word(word.start + 3, word.end + 3, word.text) for word in talk.words]
    found = transcript_of(path, recognizer=Knowing(path, late), segmenter=segmenter)
    assert texts(found) == [ONE, TWO, THREE]
    for word, truth in zip(words(found), late, strict=True):
        assert word.start == pytest.approx(truth.start, abs=0.1)
    assert found.duration_s == pytest.approx(35, abs=0.05)


@pytest.mark.parametrize("seconds", [6.01, 6.05, 6.09])
def test_nothing_lies_past_the_end(tmp_path: Path, segmenter: Segmenter, seconds: float) -> None:
    rng = np.random.default_rng(5)
    music = at_dbfs(render(compose(rng, 8.0).notes, rng, seconds=8.0), -24)[: round(seconds * RATE_HZ)]
    write_wav(tmp_path / "music.wav", music, RATE_HZ)
    found = transcript_of(
        tmp_path / "music.wav", recognizer=Knowing(tmp_path / "music.wav", []), segmenter=segmenter
    )
    (music_s,) = found.music
    assert music_s.end <= found.duration_s


def test_a_damaged_recording_gives_what_it_holds_and_a_note(
    talk: Talk, tmp_path: Path, segmenter: Segmenter
) -> None:
    whole = tmp_path / "whole.mkv"
    with av.open(str(talk.path)) as source, av.open(str(whole), "w") as target:
        stream = target.add_stream("flac", rate=RATE_HZ, layout="mono")
        for frame in source.decode(audio=0):
            target.mux(stream.encode(frame))
        target.mux(stream.encode(None))
    cut = tmp_path / "cut.mkv"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size * 3 // 5])
    found = transcribe(cut, recognizer=Knowing(cut, talk.words), segmenter=segmenter)
    assert texts(found.transcript)[0] == ONE
    assert len(found.notes) == 1
    assert "before its declared" in found.notes[0]
    check_times(words(found.transcript), found.duration_s)
