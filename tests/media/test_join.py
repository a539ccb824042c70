"""`concat`: the right video frames at the right times, sound in step to the sample, no click, no drift."""

from __future__ import annotations

import random
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from edge_kernels.audio import crossfade
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge.errors import EdgeError, InputError, NoAudioError, OutputError, UsageError
from edge.media import (
    ConcatResult,
    MediaRange,
    Recording,
    concat,
    cut,
    frames_at,
    open_recording,
    probe,
    snap_to_frames,
)
from edge.vocabulary import Span

from .conftest import Film
from .makers import (
    FILMS,
    FLASH_EVERY,
    LONG,
    Floats,
    Recipe,
    frame_times,
    measure,
    number_of,
    sound_of,
    write_sound,
)

pytestmark = pytest.mark.slow


def parts_of(source: Path | Recording, *spans: tuple[float, float]) -> list[MediaRange]:
    return [
        MediaRange(source, Fraction(round(a * 1000), 1000), Fraction(round(b * 1000), 1000)) for a, b in spans
    ]


def random_parts(source: Path, count: int, seconds: float, seed: int = 1) -> list[MediaRange]:
    """Stretches of all lengths, in any order, overlapping and not."""
    dice = random.Random(seed)
    starts = [dice.randrange(round(seconds * 1000) - 700) / 1000 for _ in range(count)]
    return parts_of(source, *((start, start + dice.randrange(60, 700) / 1000) for start in starts))


def length_of(parts: Sequence[MediaRange]) -> Fraction:
    return sum((part.length for part in parts), Fraction(0))


def planned(parts: Sequence[MediaRange]) -> tuple[list[int], list[Fraction]]:
    """Frame numbers of parts whose ends are on the grid, and their exact times on the output."""
    numbers, times, at = [], [], Fraction(0)
    for part in parts:
        for number, time in enumerate(frame_times(open_recording(part.source).path)):
            if part.start <= time < part.end:
                numbers.append(number)
                times.append(at + time - part.start)
        at += part.length
    return numbers, times


def assert_as_planned(done: ConcatResult) -> None:
    numbers, times = planned(done.ranges)
    got = measure(done.path)
    assert list(got.numbers) == numbers
    assert done.video_frames == len(numbers)
    if not numbers:
        return
    with av.open(str(done.path)) as container:
        tick = container.streams.video[0].time_base or Fraction(0)
    worst = max(abs(a - b) for a, b in zip(got.times, times, strict=True))
    assert worst <= tick


@pytest.mark.parametrize("name", FILMS)
@pytest.mark.parametrize(("suffix", "smart"), [(".mp4", True), (".mkv", True), (".mp4", False)])
def test_each_picture_is_there_at_its_time(
    film: Film, tmp_path: Path, name: str, suffix: str, smart: bool
) -> None:
    source = film(name, FILMS[name])
    parts = parts_of(source, (1.353, 5.2), (0.0, 0.5), (5.213, 5.9), (5.9, 9.111), (9.111, 9.12), (8, 99))
    done = concat(parts, tmp_path / f"a{suffix}", smart=smart)
    assert (done.how, done.why) == (("smart", "") if smart else ("encoded", "it was not asked for"))
    assert (done.copied_frames > 0) == smart
    assert_as_planned(done)
    asked = [part.length for part in parts[:-1]] + [
        Fraction(round(probe(source).duration_s * 1000), 1000) - 8
    ]
    assert [p.length for p in done.ranges] == pytest.approx([float(length) for length in asked], abs=0.07)


@pytest.mark.parametrize("name", ["ntsc.mp4", "ntsc30.mkv", "vfr.mp4"])
@pytest.mark.parametrize("smart", [True, False])
def test_nothing_drifts_over_many_joins(film: Film, tmp_path: Path, name: str, smart: bool) -> None:
    done = concat(random_parts(film(name, FILMS[name]), 70, 15.0), tmp_path / "a.mp4", smart=smart)
    assert_as_planned(done)


@pytest.mark.parametrize("name", ["plain.mp4", "ntsc30.mkv", "vfr.mp4", "plain.ts"])
@pytest.mark.parametrize("smart", [True, False])
def test_sound_and_picture_are_in_step_at_every_join(
    film: Film, tmp_path: Path, name: str, smart: bool
) -> None:
    source = film(name, FILMS[name])
    flashes = frame_times(source)[FLASH_EVERY : 36 * FLASH_EVERY : FLASH_EVERY]
    dice = random.Random(4)
    spans = [(float(t) - dice.uniform(0.03, 0.15), float(t) + dice.uniform(0.1, 0.15)) for t in flashes]
    long_one = (flashes[3], flashes[-1])  # so that there is something to copy
    parts = [*parts_of(source, *spans), MediaRange(source, *long_one)]
    done = concat(parts, tmp_path / "a.mp4", smart=smart)
    got = measure(done.path)
    assert done.how == ("smart" if smart else "encoded")
    assert len(done.ranges) > 31
    assert len(got.beeps) == len(got.flashes) >= 2 * len(spans) - 5
    offsets = np.array(got.beeps) - np.array(got.flashes)
    assert np.abs(offsets).max() < 0.0015
    assert abs(offsets[-5:].mean() - offsets[:5].mean()) < 0.0005


def sharpness(samples: Floats, where: Sequence[int], reach: int = 480) -> tuple[float, float]:
    """Largest second difference near the given samples and elsewhere: a click is a large one."""
    bend = np.abs(np.diff(samples, 2, prepend=0, append=0))
    near = np.zeros(len(bend), bool)
    for index in where:
        near[max(index - reach, 0) : index + reach] = True
    return float(bend[near].max()), float(bend[~near].max())


@pytest.mark.parametrize("suffix", [".wav", ".flac"])
@pytest.mark.parametrize(("crossfade_s", "clicks"), [(0.01, False), (0.004, False), (0.0, True)])
def test_joins_do_not_click(tmp_path: Path, suffix: str, crossfade_s: float, clicks: bool) -> None:
    tone = (0.5 * np.sin(2 * np.pi * 220 / 48_000 * np.arange(480_000))).astype(np.float32)
    source = write_sound(tmp_path / "tone.wav", tone, 48_000)
    parts = parts_of(source, *((n + 0.1 + n / 1000, n + 0.5 + n * 3 / 1000) for n in range(9)))
    done = concat(parts, tmp_path / f"a{suffix}", crossfade_s=crossfade_s)
    samples = sound_of(done.path)[0]
    joins = np.cumsum([0, *(float(part.length) * 48_000 for part in done.ranges)]).round().astype(int)
    near, elsewhere = sharpness(samples, joins.tolist())
    # Equal power bends the audio where it begins and ends: a little for 10 ms, nothing like a step.
    assert near < 8 * elsewhere if not clicks else near > 100 * elsewhere
    assert (samples[0] == 0 and samples[-1] == 0) or clicks


def test_sound_is_cut_to_the_sample_and_fades_only_at_joins(tmp_path: Path) -> None:
    noise = (np.random.default_rng(2).integers(-9000, 9000, 96_000) / 32768).astype(np.float32)
    source = write_sound(tmp_path / "a.wav", noise, 48_000, codec="pcm_s16le", fmt="s16")
    spans = [(0.31, 0.72), (0.1, 0.105), (1.5, 1.9), (0.0, 0.25)]
    pieces = [noise[round(a * 48_000) : round(b * 48_000)] for a, b in spans]
    plain = concat(parts_of(source, *spans), tmp_path / "plain.wav", crossfade_s=0)
    assert (plain.how, plain.video_frames) == ("audio", 0)
    assert np.array_equal(sound_of(plain.path)[0], np.concatenate(pieces))
    faded = sound_of(concat(parts_of(source, *spans), tmp_path / "faded.wav", crossfade_s=0.01).path)[0]
    # The second part has 240 samples: its fades are cut to 120 on either side.
    ends, where = [round(0.72 * 48_000), round(0.105 * 48_000)], [round(0.41 * 48_000), round(0.415 * 48_000)]
    starts = [round(0.1 * 48_000), round(1.5 * 48_000)]
    for end, start, at in zip(ends, starts, where, strict=True):
        expected = crossfade(
            noise[end - 120 : end + 120].reshape(-1, 1), noise[start - 120 : start + 120].reshape(-1, 1)
        )
        assert faded[at - 120 : at + 120] == pytest.approx(expected[:, 0], abs=1e-4)
    untouched = slice(round(0.415 * 48_000) + 120, round(0.815 * 48_000) - 240)
    assert np.array_equal(faded[untouched], np.concatenate(pieces)[untouched])
    # Before the last part's start there is nothing: it fades in from silence.
    at = round(0.815 * 48_000)
    silence = np.zeros(240, np.float32)
    after = np.concatenate([silence, noise[:240]]).reshape(-1, 1)
    before = noise[round(1.9 * 48_000) - 240 : round(1.9 * 48_000) + 240].reshape(-1, 1)
    assert faded[at - 240 : at + 240] == pytest.approx(crossfade(before, after)[:, 0], abs=1e-4)


def test_parts_that_follow_each_other_are_one(film: Film, tmp_path: Path) -> None:
    source = film("plain.mp4", LONG)
    spans = [(1.0, 2.0), (2.0, 2.6), (2.6, 2.601), (2.601, 4.0)]
    apart = concat(parts_of(source, *spans), tmp_path / "a.mkv", crossfade_s=0.1)
    whole = concat(parts_of(source, (1.0, 4.0)), tmp_path / "b.mkv", crossfade_s=0.1)
    assert [part.length for part in apart.ranges] == [1, Fraction(3, 5), 0, Fraction(7, 5)]
    assert np.array_equal(sound_of(apart.path)[0], sound_of(whole.path)[0])
    assert apart.copied_frames == whole.copied_frames


@pytest.mark.parametrize("name", ["ntsc.mp4", "sound44.mp4", "vfr.mp4"])
def test_there_are_as_many_samples_as_the_pictures_last(film: Film, tmp_path: Path, name: str) -> None:
    recipe = FILMS[name].but(audio=("flac",))
    source = film(name.replace(".mp4", ".mkv"), recipe)
    for count in (1, 40):
        done = concat(random_parts(source, count, 15.0, seed=count), tmp_path / f"{count}.mkv")
        samples, _, rate_hz = sound_of(done.path)
        assert rate_hz == recipe.rate_hz
        assert len(samples) == round(length_of(done.ranges) * rate_hz)


def test_snapping_tells_what_will_be_rendered_and_is_final(film: Film, tmp_path: Path) -> None:
    for name in ("ntsc.mp4", "vfr.mp4", "plain.ts"):
        source = film(name, FILMS[name])
        parts = random_parts(source, 20, 15.0)
        snapped = snap_to_frames(parts)
        grid = frame_times(source)
        for part, asked in zip(snapped, parts, strict=True):
            assert part.start in grid
            assert abs(part.start - asked.start) == min(abs(time - asked.start) for time in grid)
        assert snap_to_frames(snapped) == snapped
        assert concat(parts, tmp_path / f"{name}.mp4").ranges == snapped


def test_sound_alone_is_not_moved(film: Film, tmp_path: Path) -> None:
    source = film("plain.mp4", LONG)
    parts = parts_of(source, (1.003, 1.999), (3.0, 99.0))
    done = concat(parts, tmp_path / "a.m4a")
    assert done.ranges[0] == parts[0]
    assert float(done.ranges[1].end) == pytest.approx(16.0, abs=0.03)
    assert (done.how, done.video_frames) == ("audio", 0)


def test_the_last_picture_stays_while_its_part_still_sounds(film: Film, tmp_path: Path) -> None:
    source = film("long_sound.mp4", Recipe(audio_seconds=5.0))
    for smart in (True, False):
        parts = parts_of(source, (1.0, 4.7), (0.0, 1.0))
        got = measure(concat(parts, tmp_path / "a.mp4", smart=smart, force=True).path)
        assert got.numbers == (*range(25, 100), *range(25))
        assert got.times[75] == Fraction(37, 10)
        assert got.audio_end == pytest.approx(4.7, abs=0.03)


def test_sound_that_is_missing_is_silence(film: Film, tmp_path: Path) -> None:
    source = film("short_sound.mp4", Recipe(audio_seconds=2.0))
    got = measure(concat(parts_of(source, (1.52, 3.52), (0.32, 1.12)), tmp_path / "a.mkv").path)
    assert got.audio_end == pytest.approx(2.8, abs=0.03)
    assert [t for t in got.beeps if t > 0.45] == pytest.approx([2.08, 2.48], abs=0.003)


def test_several_recordings_make_one_film(film: Film, tmp_path: Path) -> None:
    one, two = film("plain.mp4", LONG), film("ntsc30.mkv", FILMS["ntsc30.mkv"])
    mute = film("mute.mp4", Recipe(audio=()))
    parts = [
        *parts_of(one, (1, 2)), *parts_of(two, (2, 3)), *parts_of(mute, (0, 1)), *parts_of(one, (0.2, 0.8))
    ]  # fmt: skip
    done = concat(parts, tmp_path / "a.mp4")
    assert (done.how, done.why) == ("encoded", "the parts come from several recordings")
    assert_as_planned(done)
    samples, _, rate_hz = sound_of(done.path)
    assert np.abs(samples[round(2.02 * rate_hz) : round(2.98 * rate_hz)]).max() < 0.01
    with pytest.raises(NoAudioError):
        concat(parts, tmp_path / "a.m4a")


def coloured(path: Path, width: int, height: int, *, rotation: int = 0, aspect: int = 1) -> Path:
    """Half a second of white."""
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.codec_context.sample_aspect_ratio = Fraction(aspect)
        if rotation:
            stream.set_display_rotation(rotation)
        for n in range(12):
            frame = av.VideoFrame.from_ndarray(np.full((height, width), 235, np.uint8), format="gray")
            frame.pts = n
            out.mux(stream.encode(frame.reformat(format="yuv420p")))
        out.mux(stream.encode(None))
    return path


@pytest.mark.parametrize(
    ("width", "height", "rotation", "aspect", "white"),
    [
        (100, 100, 0, 1, (70, 250, 0, 180)),
        (320, 60, 0, 1, (0, 320, 60, 120)),
        (640, 360, 0, 1, (0, 320, 0, 180)),
        (90, 160, 90, 1, (0, 320, 0, 180)),
        (160, 90, 90, 1, (110, 210, 0, 180)),
        (50, 100, 0, 2, (70, 250, 0, 180)),
    ],
)
@pytest.mark.parametrize("turned", [0, 90])
def test_other_pictures_are_fitted_with_black(
    film: Film, tmp_path: Path, width: int, height: int, rotation: int, aspect: int,
    white: tuple[int, int, int, int], turned: int,
) -> None:  # fmt: skip
    name = f"first{turned}.mp4"
    if turned:  # coded upright as 180 x 320, shown as 320 x 180
        first = coloured(tmp_path / name, 180, 320, rotation=turned)
    else:
        first = film(name, Recipe(seconds=1.0, audio=()))
    second = coloured(tmp_path / "second.mp4", width, height, rotation=rotation, aspect=aspect)
    done = concat([*parts_of(first, (0, 0.4)), *parts_of(second, (0, 0.4))], tmp_path / "a.mp4")
    (frame,) = frames_at(done.path, [0.6])
    assert frame.rgb.shape == (180, 320, 3)
    is_white = frame.rgb.mean(axis=2) > 128
    left, right, top, bottom = white
    wanted = np.zeros((180, 320), bool)
    wanted[top:bottom, left:right] = True
    assert (is_white != wanted).mean() < 0.015


def test_all_audio_streams_and_titles_come_along(film: Film, tmp_path: Path) -> None:
    recipe = LONG.but(audio=("aac", "aac"), languages=("eng", "deu"), metadata={"title": "Concert"})
    source = film("languages.mp4", recipe)
    second = probe(source).audio[1].index
    for smart in (True, False):
        done = concat(
            parts_of(open_recording(source, audio_stream=second), (1, 4), (6, 9)),
            tmp_path / f"{smart}.mkv",
            smart=smart,
        )
        info = probe(done.path)
        assert [stream.language for stream in info.audio] == ["deu", "eng"]
        assert info.metadata["title"] == "Concert"


@pytest.mark.parametrize("smart", [True, False])
@pytest.mark.parametrize("degrees", [90, -90, 180])
def test_a_turned_picture_stays_turned(film: Film, tmp_path: Path, smart: bool, degrees: int) -> None:
    source = film(f"turned{degrees}.mp4", Recipe(rotation=degrees, audio=()))
    done = concat(parts_of(source, (0.5, 2.5), (0.0, 0.4)), tmp_path / "a.mp4", smart=smart)
    assert done.how == ("smart" if smart else "encoded")
    video = probe(done.path).video
    assert video is not None
    assert video.rotation == degrees % 360
    (before,), (after,) = list(frames_at(source, [1.5])), list(frames_at(done.path, [1.0]))
    assert np.abs(after.rgb.astype(int) - before.rgb).mean() < 4


def test_one_part_is_a_cut(film: Film, tmp_path: Path) -> None:
    source = film("plain.mp4", LONG)
    joined = concat(parts_of(source, (1.4, 2.6)), tmp_path / "a.mp4", smart=False, crossfade_s=0)
    by_cut = cut(source, Span(1.4, 2.6), tmp_path / "b.mp4")
    assert measure(joined.path) == measure(by_cut.path)


def test_progress_rises_to_the_end(film: Film, tmp_path: Path) -> None:
    source = film("plain.mp4", LONG)
    for smart in (True, False):
        told: list[float] = []
        concat(parts_of(source, (1, 6), (8, 9)), tmp_path / f"{smart}.mp4", smart=smart, progress=told.append)
        assert told == sorted(told)
        assert told[-1] == 1.0
        assert 20 < len(told) <= 100


def test_what_is_not_there_cannot_be_joined(film: Film, tmp_path: Path) -> None:
    source = film("plain.mp4", LONG)
    with pytest.raises(InputError, match=r"nothing between 50\.000 s and 60\.000 s; it ends at 16\."):
        concat(parts_of(source, (1, 2), (50, 60)), tmp_path / "a.mp4")
    with pytest.raises(InputError, match="no video or audio"):
        concat(parts_of(source, (1.0, 1.01)), tmp_path / "a.mp4")
    with pytest.raises(UsageError, match="nothing to join"):
        concat([], tmp_path / "a.mp4")
    with pytest.raises(UsageError, match="crossfade"):
        concat(parts_of(source, (1, 2)), tmp_path / "a.mp4", crossfade_s=-1)
    with pytest.raises(UsageError, match="start <= end"):
        parts_of(source, (2, 1))
    with pytest.raises(UsageError, match=r"\.mp4 .*\.opus"):
        concat(parts_of(source, (1, 2)), tmp_path / "a.xyz")
    with pytest.raises(NoAudioError, match="stream 9"):
        open_recording(source, audio_stream=9)
    with pytest.raises(InputError, match="does not exist"):
        concat(parts_of(tmp_path / "none.mp4", (1, 2)), tmp_path / "a.mp4")
    assert list(tmp_path.iterdir()) == []


def test_an_existing_file_is_kept_unless_forced(film: Film, tmp_path: Path) -> None:
    path, parts = tmp_path / "a.mp4", parts_of(film("plain.mp4", LONG), (1, 2))
    path.write_text("precious")
    with pytest.raises(OutputError, match="already exists"):
        concat(parts, path)
    assert path.read_text() == "precious"
    assert len(measure(concat(parts, path, force=True).path).numbers) == 25
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="cannot be written"):
        concat(parts, tmp_path / "file" / "a.mp4")


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.wav"])
@pytest.mark.parametrize("smart", [True, False])
def test_a_full_disk_is_named_and_nothing_is_left(
    film: Film, small_disk: Path, name: str, smart: bool
) -> None:
    with pytest.raises(OutputError, match="no space left") as caught:
        concat(parts_of(film("plain.mp4", LONG), (0, 8), (9, 16)), small_disk / name, smart=smart)
    assert caught.value.path == small_disk / name
    assert [file.name for file in small_disk.iterdir()] == ["filler"]


@pytest.mark.parametrize("name", ["plain.mp4", "plain.mkv", "plain.ts"])
def test_damage_never_ends_in_a_traceback(film: Film, tmp_path: Path, name: str) -> None:
    data, dice = film(name, LONG).read_bytes(), random.Random(7)
    for n in range(8):
        damaged = bytearray(data)
        for _ in range(4 + 100 * (n % 2)):
            damaged[dice.randrange(len(damaged))] = dice.randrange(256)
        source = tmp_path / f"{n}{name}"
        source.write_bytes(damaged)
        try:
            done = concat(parts_of(source, (1, 4), (6, 6.5), (9, 12)), tmp_path / f"{n}.mp4")
        except EdgeError:
            assert not (tmp_path / f"{n}.mp4").exists()
        else:
            assert len(measure(done.path).numbers) == done.video_frames


def test_a_frame_rate_that_a_container_rounds_stays_in_step_across_containers(
    film: Film, tmp_path: Path
) -> None:
    first = concat(random_parts(film("ntsc30.mkv", FILMS["ntsc30.mkv"]), 30, 15.0), tmp_path / "a.mkv")
    again = concat(parts_of(first.path, (0.5, 3.0), (4.0, 6.0)), tmp_path / "b.mp4")
    (frame,) = frames_at(again.path, [0.0])
    numbers, times = planned(first.ranges)
    nearest = min(range(len(times)), key=lambda n: abs(times[n] - Fraction(1, 2)))
    assert number_of(frame.rgb.mean(axis=2)) == numbers[nearest]


SPANS = st.lists(
    st.tuples(st.integers(0, 15_500), st.integers(1, 2500)).map(lambda s: (s[0] / 1000, sum(s) / 1000)),
    min_size=1,
    max_size=8,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(spans=SPANS, name=st.sampled_from(sorted(FILMS)), smart=st.booleans(), mkv=st.booleans())
def test_whatever_the_parts_they_come_out(
    film: Film, tmp_path: Path, spans: list[tuple[float, float]], name: str, smart: bool, mkv: bool
) -> None:
    source = film(name, FILMS[name])
    parts = parts_of(source, *spans)
    destination = tmp_path / ("any.mkv" if mkv else "any.mp4")
    if length_of(snap_to_frames(parts)) == 0:
        with pytest.raises(InputError):
            concat(parts, destination, smart=smart, force=True)
        return
    done = concat(parts, destination, smart=smart, force=True)
    assert_as_planned(done)
    samples, _, rate_hz = sound_of(done.path)
    assert 0 <= len(samples) - round(length_of(done.ranges) * rate_hz) < 1024  # AAC fills its last packet
