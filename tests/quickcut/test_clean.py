"""A talk with blanks, fillers and takes, cleaned: video frames, sound, captions and timelines fit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from hashlib import sha256
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from edge.errors import InputError, OutputError
from edge.evidence.speech.recognizers import open_recognizer
from edge.evidence.transcript import Transcript
from edge.media import probe
from edge.networks.segmenter import Segmenter
from edge.quickcut.clean import CleanResult, clean
from edge.quickcut.marks import Kind
from edge.quickcut.options import CleanOptions, Level, MarkOptions
from edge.timeline.export import TIMELINE_WRITERS, write_timeline
from edge.timeline.timeline import Timeline
from edge.vocabulary import Span
from tests.makers import BY_LETTERS, Shot, talk_from_script, transcript_of
from tests.media.makers import (
    Measured,
    measure,
    sound_of,
    write_sound,
)
from tests.quickcut.makers import (
    KEPT,
    NTSC,
    RATE_HZ,
    assert_captions_fit,
    assert_sound_says_when,
    film,
    recorded_at,
    sound_file,
    steady,
    talk,
    texts,
    uneven,
    words,
)
from tests.timeline.makers import opened
from tests.tools.importers.makers import real_wheel
from tools.evaluate.pack import RATE_HZ as TALK_HZ
from tools.evaluate.pack import samples
from tools.evaluate.quickcut import score
from tools.evaluate.recognition import edits
from tools.evaluate.recognition import words as plain_words
from tools.evaluate.talks import (
    Talk,
    another_take,
    loud_as,
    phrases,
    read_filled_pauses,
    read_sentences,
    silence,
)
from tools.importers import moonshine
from tools.importers.install import Target
from tools.importers.sources import open_source
from tools.sound.wave import write_wav


@pytest.fixture(scope="module")
def shot(tmp_path_factory: pytest.TempPathFactory) -> Shot:
    return film(tmp_path_factory.mktemp("talk") / "talk.mp4", talk, steady(talk))


@pytest.fixture(scope="module")
def jittery(tmp_path_factory: pytest.TempPathFactory) -> Shot:
    return film(tmp_path_factory.mktemp("vfr") / "talk.mp4", talk, uneven(talk))


JOINS = 6


def assert_in_step_at_joins(done: CleanResult, got: Measured, times: Sequence[Fraction]) -> None:
    """On both sides of each join, what is heard was recorded when what is seen was."""
    samples, start, _ = sound_of(done.file)
    joins = [float(clip.in_point) for clip in done.plan.timeline.clips[1:]]
    assert len(joins) == JOINS
    heard = words(done.sentences)
    for join in joins:
        before = [word for word in heard if word.end <= join + 0.02][-1]
        after = next(word for word in heard if word.start >= join - 0.02)
        for word in (before, after):
            middle = (word.start + word.end) / 2
            at = max(at for at, time in enumerate(got.times) if time <= middle)
            seen = float(times[got.numbers[at]]) + middle - float(got.times[at])
            assert abs(recorded_at(samples, middle - start) - seen) < 0.01  # a video frame lasts 0.033 s


def test_the_plan_names_what_is_worth_removing(shot: Shot) -> None:
    plan = shot.plan()
    assert [(item.kind.value, item.text) for item in plan.items if item.remove] == [
        ("blank", ""), ("blank", ""), ("filler", "um"), ("repeat", "The lens gathers the light."),
        ("filler", ""), ("blank", ""), ("filler", "Uh"), ("blank", ""),
    ]  # fmt: skip
    assert plan.kept_s + plan.removed_s == pytest.approx(plan.duration_s, abs=1e-9)
    assert len(plan.timeline.clips) == JOINS + 1


@pytest.mark.slow
@pytest.mark.parametrize("smart", [True, False])
@pytest.mark.parametrize("name", ["shot", "jittery"])
def test_a_cleaned_video_shows_and_says_what_is_left(
    name: str, smart: bool, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    found: Shot = request.getfixturevalue(name)
    times = steady(talk) if name == "shot" else uneven(talk)
    before = sha256(found.path.read_bytes()).hexdigest()
    done = found.clean(tmp_path / "clean.mp4", replace(BY_LETTERS, smart=smart))
    assert sha256(found.path.read_bytes()).hexdigest() == before
    assert list(tmp_path.iterdir()) == [done.file]
    assert (done.how, done.why) == (("smart", "") if smart else ("encoded", "it was not asked for"))

    clips = done.plan.timeline.clips
    got = measure(done.file)
    expected = [
        (number, clip.in_point + time - clip.trim_in)
        for clip in clips
        for number, time in enumerate(times)
        if clip.trim_in <= time < clip.trim_out
    ]
    assert list(got.numbers) == [number for number, _ in expected]
    assert max(abs(shown - time) for shown, (_, time) in zip(got.times, expected, strict=True)) < 0.0005
    for planned, clip in zip(found.plan().timeline.clips, clips, strict=True):
        assert abs(planned.trim_in - clip.trim_in) < 0.05
        assert abs(planned.trim_out - clip.trim_out) < 0.05

    kept_s = done.plan.kept_s
    assert kept_s == float(sum(clip.length for clip in clips))
    assert probe(done.file).duration_s == pytest.approx(kept_s, abs=1024 / RATE_HZ)
    assert texts(done.sentences) == KEPT
    assert_captions_fit(done, found)
    assert_sound_says_when(done)
    assert_in_step_at_joins(done, got, times)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("suffix", "codec", "fmt"),
    [(".wav", "pcm_s16le", "s16"), (".flac", "flac", "s16"), (".m4a", "aac", "fltp")],
)
def test_a_recording_without_pictures_is_cut_to_the_sample(
    tmp_path: Path, suffix: str, codec: str, fmt: str
) -> None:
    found = sound_file(tmp_path / f"talk{suffix}", codec=codec, fmt=fmt)
    done = found.clean(tmp_path / f"clean{suffix}")
    assert done.how == "audio"
    assert done.plan.timeline == found.plan().timeline
    samples = sound_of(done.file)[0]
    length = round(done.plan.kept_s * RATE_HZ)
    assert 0 <= len(samples) - length <= (1024 if suffix == ".m4a" else 0)
    assert texts(done.sentences) == KEPT
    assert_captions_fit(done, found)
    assert_sound_says_when(done)


def test_joins_inside_a_sound_do_not_click(tmp_path: Path) -> None:
    found = talk_from_script("we ~ go um on ~ and um on")
    tone = 0.5 * np.sin(2 * np.pi * 220 / RATE_HZ * np.arange(round(found.duration_s * RATE_HZ)))
    shot = Shot(write_sound(tmp_path / "hum.wav", tone.astype(np.float32), RATE_HZ), found)
    bends = []
    for crossfade_s in (CleanOptions().crossfade_s, 0.0):
        done = shot.clean(tmp_path / f"{crossfade_s}.wav", CleanOptions(crossfade_s=crossfade_s))
        joins = [round(clip.in_point * RATE_HZ) for clip in done.plan.timeline.clips[1:]]
        assert len(joins) == 4
        bend = np.abs(np.diff(sound_of(done.file)[0].astype(np.float64), 2))
        bends.append(max(bend[at - 500 : at + 500].max() for at in joins))
    smooth = float(np.abs(np.diff(tone, 2)).max())
    assert bends[0] < 8 * smooth
    assert bends[1] > 50 * smooth


def test_what_is_cut_away_is_not_heard_any_more(tmp_path: Path) -> None:
    found = sound_file(tmp_path / "talk.wav")
    plan = found.plan()
    done = clean(plan, tmp_path / "clean.wav")
    samples = sound_of(done.file)[0]
    centres = [
        at
        for at in np.arange(0.04, done.plan.kept_s - 0.04, 0.02).tolist()
        if np.square(samples[round((at - 0.04) * RATE_HZ) : round((at + 0.04) * RATE_HZ)]).mean() > 0.1
    ]
    loud = [recorded_at(samples, at) for at in centres]
    assert len(loud) > 100
    for time in loud:
        assert not any(item.start + 0.05 < time < item.end - 0.05 for item in plan.items if item.remove)
        assert any(item.start < time < item.end for item in plan.items if not item.remove)


@pytest.mark.parametrize("suffix", [".mp4", ".wav"])
def test_where_nothing_goes_the_file_is_the_same_byte_for_byte(
    shot: Shot, tmp_path: Path, suffix: str
) -> None:
    found = shot if suffix == ".mp4" else sound_file(tmp_path / "talk.wav")
    off = CleanOptions(marks=MarkOptions(level=Level.OFF))
    said = found.transcript
    music = (Span(0, said.duration_s),)
    tidy = Shot(found.path, replace(said, sentences=said.sentences[:1], filled_pauses=(), music=music))
    for n, (given, options) in enumerate([(found, off), (tidy, CleanOptions())]):
        done = given.clean(tmp_path / f"{n}{suffix.upper()}", options)
        assert (done.how, done.why, done.plan.cuts) == ("unchanged", "", ())
        assert done.file.read_bytes() == found.path.read_bytes()
        assert done.sentences == given.transcript.sentences
        assert done.plan.kept_s == done.plan.duration_s


def test_another_suffix_is_written_even_if_nothing_goes(shot: Shot, tmp_path: Path) -> None:
    off = CleanOptions(marks=MarkOptions(level=Level.OFF))
    done = shot.clean(tmp_path / "sound.wav", off)
    assert done.how == "audio"
    assert len(sound_of(done.file)[0]) == round(done.plan.kept_s * RATE_HZ)
    assert words(done.sentences) == words(shot.transcript.sentences)


@pytest.mark.parametrize("script", ["[4.0]", "um [0.3] uh ~ [2.0]"])
def test_a_recording_of_which_nothing_would_be_left_is_refused(tmp_path: Path, script: str) -> None:
    found = sound_file(tmp_path / "talk.wav", talk_from_script(script))
    with pytest.raises(InputError, match=r"talk\.wav: would be empty: it has no speech$"):
        found.clean(tmp_path / "clean.wav")
    assert [file.name for file in tmp_path.iterdir()] == ["talk.wav"]


def test_an_existing_file_stays_unless_forced(shot: Shot, tmp_path: Path) -> None:
    precious = tmp_path / "clean.mp4"
    precious.write_text("precious")
    for level in Level:
        with pytest.raises(OutputError, match="already exists"):
            shot.clean(precious, CleanOptions(marks=MarkOptions(level=level)))
        assert precious.read_text() == "precious"
    assert texts(shot.clean(precious, force=True).sentences) == KEPT
    assert measure(precious).numbers


def test_a_plan_may_be_changed_by_hand(shot: Shot, tmp_path: Path) -> None:
    plan = shot.plan()
    only = plan.cuts[1]
    timeline = Timeline.of(
        [replace(plan.timeline.clips[0], trim_in=Fraction(0), trim_out=Fraction(plan.duration_s))]
    ).cut([(only.start, only.end)])
    done = clean(replace(plan, cuts=(only,), timeline=timeline), tmp_path / "clean.mp4")
    assert len(done.plan.timeline.clips) == 2
    assert [word.text for word in words(done.sentences)] == [
        word.text for word in words(shot.transcript.sentences)
    ]


def test_progress_rises_to_the_end(shot: Shot, tmp_path: Path) -> None:
    told_s: list[float] = []
    shot.clean(tmp_path / "clean.mp4", progress=told_s.append)
    assert told_s == sorted(told_s)
    assert told_s[-1] == 1


@pytest.mark.slow
def test_an_editor_opens_the_same_cuts(shot: Shot, tmp_path: Path) -> None:
    done = shot.clean(tmp_path / "clean.mp4")
    numbers = list(measure(done.file).numbers)
    breaks = [0, *(n for n in range(1, len(numbers)) if numbers[n] != numbers[n - 1] + 1), len(numbers)]
    shown = [(numbers[a], numbers[b - 1] + 1, a, b) for a, b in pairwise(breaks)]
    assert len(shown) == JOINS + 1
    for suffix in TIMELINE_WRITERS:
        path = tmp_path / f"clean{suffix}"
        write_timeline(done.plan.timeline, path, captions=done.sentences, language="en")
        assert opened(path, NTSC)[0] == shown


# --- with a recognizer ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Heard:
    """A composed talk, what was made of it, and what is heard in the result."""

    truth: list[tuple[Kind, Span]]
    found: Transcript
    done: CleanResult
    again: Transcript


def composed(data: Path) -> list[Talk]:
    """Two talks of real speech, with all that is to be found in each."""
    rng = np.random.default_rng(5)
    files = read_sentences(data)
    pool = [phrases(samples(path)) for path in files[:: max(1, len(files) // 16)]]
    sentences = sorted((found[0] for found in pool if found), key=len)[:8]
    hums = read_filled_pauses(data)
    made = []
    for first, script in enumerate((["", "blank", "filler", "repeat"], ["filler", "repeat", "", "blank"])):
        one = Talk([silence(0.2)])
        for at, what in enumerate(script, 4 * first):
            sentence = loud_as(sentences[at % len(sentences)], 0.08)
            if what == "blank":
                one.add(silence(2.5), Kind.BLANK)
            elif what == "filler":
                one.add(silence(0.3))
                one.add(loud_as(hums[at % len(hums)], 0.06), Kind.FILLER)
                one.add(silence(0.2))
            elif what == "repeat":
                one.add(silence(0.6))
                one.add(another_take(sentence, rng), Kind.REPEAT)
                one.add(silence(0.5))
            else:
                one.add(silence(0.6))
            one.add(sentence)
        one.add(silence(0.2))
        made.append(one)
    return made


@pytest.fixture(scope="module")
def heard(eval_pack: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Heard]:
    folder = tmp_path_factory.mktemp("heard")
    source = open_source(moonshine.PACKAGE, real_wheel("moonshine_voice-*.whl"))
    recognizer = open_recognizer(moonshine.run(source, Target(folder, "moonshine"), data=None).path)
    segmenter = Segmenter()
    results = []
    for number, each in enumerate(composed(eval_pack)):
        path = folder / f"{number}.wav"
        write_wav(path, each.sound(np.random.default_rng(number)), TALK_HZ)
        found = transcript_of(path, recognizer=recognizer, segmenter=segmenter)
        done = Shot(path, found).clean(folder / f"clean{number}.wav")
        again = transcript_of(done.file, recognizer=recognizer, segmenter=segmenter)
        results.append(Heard(each.truth, found, done, again))
    return results


def test_blanks_fillers_and_takes_of_real_speech_are_found(heard: list[Heard]) -> None:
    counts: Counter[tuple[Kind, str]] = Counter()
    total = 0
    for kind in (Kind.BLANK, Kind.FILLER, Kind.REPEAT):
        errors = [error for one in heard for error in score(kind, one.done.plan.items, one.truth, counts)]
        true, found, marked = (counts[kind, what] for what in ("true", "found", "marked"))
        assert true == 2
        assert found >= 1, errors
        assert marked - found <= 1, errors
        total += found
    assert total >= 5


def test_what_was_removed_is_not_said_in_the_cleaned_file(heard: list[Heard]) -> None:
    for one in heard:
        assert one.again.duration_s == pytest.approx(one.done.plan.kept_s, abs=1e-3)
        assert one.done.plan.kept_s < one.found.duration_s - 2
        wanted = plain_words(" ".join(texts(one.done.sentences)))
        said = plain_words(" ".join(texts(one.again.sentences)))
        changed, _, lost = edits(wanted, said)
        assert changed + lost <= 0.25 * len(wanted), (wanted, said)
        for item in one.done.plan.items:
            if item.kind is Kind.REPEAT and item.remove:
                assert " ".join(said).count(" ".join(plain_words(item.text)[:4])) == 1
        again = Shot(one.done.file, one.again).plan()
        assert not [item for item in again.items if item.kind in (Kind.REPEAT, Kind.BLANK)]
        assert_captions_fit(one.done, Shot(one.done.plan.recording.path, one.found))
