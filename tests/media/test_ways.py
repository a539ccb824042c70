"""`concat` of ranges that are played faster or muted: frames evenly, sound in step at the joins, no click."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.errors import UsageError
from edge.media import ConcatResult, MediaRange, concat
from edge.media.write.quicken import quickened

from .conftest import Film
from .makers import FILMS, Floats, frame_times, measure, sound_of, write_sound

pytestmark = pytest.mark.slow

RATE_HZ = 48_000


def ways(source: Path, *spans: tuple[int, int, int | Fraction, bool]) -> list[MediaRange]:
    return [
        MediaRange(source, Fraction(start, 1000), Fraction(end, 1000), Fraction(speed), muted)
        for start, end, speed, muted in spans
    ]


def places(parts: Sequence[MediaRange]) -> list[tuple[Fraction, Fraction, MediaRange]]:
    """Start and end of each part on the output."""
    found, at = [], Fraction(0)
    for part in parts:
        found.append((at, at + part.length, part))
        at += part.length
    return found


def assert_frames_fit(done: ConcatResult, source: Path) -> None:
    """At normal speed each frame at its time; faster ones as many in a second, none late by a frame."""
    shown, got = frame_times(source), measure(done.path)
    assert done.video_frames == len(got.numbers)
    usual = sorted(b - a for a, b in pairwise(shown))[len(shown) // 2]
    for start, end, part in places(done.ranges):
        inside = [
            (number, time)
            for number, time in zip(got.numbers, got.times, strict=True)
            if start - Fraction(1, 500) <= time < end - Fraction(1, 500)
        ]
        late = [float(part.start + (time - start) * part.speed - shown[number]) for number, time in inside]
        if part.speed == 1:
            assert [number for number, _ in inside] == [
                n for n, time in enumerate(shown) if part.start <= time < part.end
            ]
            assert max(map(abs, late), default=0) <= 0.001
        else:
            assert max(late) <= float(usual) * 1.7 + 0.002  # of a variable rate, frames last longer
            assert min(late) >= -0.002
            assert len(inside) == pytest.approx(float(part.length / usual), abs=1 + len(inside) * 0.1)
        assert not inside or abs(float(inside[0][1] - start)) <= 0.001


@pytest.mark.parametrize("name", ["plain.mp4", "ntsc30.mkv", "vfr.mp4"])
@pytest.mark.parametrize("smart", [True, False])
def test_faster_ranges_keep_the_frame_rate_and_the_joins(
    film: Film, tmp_path: Path, name: str, smart: bool
) -> None:
    source = film(name, FILMS[name])
    spans: list[tuple[int, int, int | Fraction, bool]]
    spans = [(0, 3000, 1, False), (3000, 7100, 4, False), (7100, 10_000, 1, False)]
    spans += [(10_000, 12_345, Fraction(5, 2), False), (12_345, 15_000, 1, False)]
    done = concat(ways(source, *spans), tmp_path / "a.mp4", smart=smart)
    assert done.how == ("smart" if smart else "encoded")
    assert (done.copied_frames > 0) == smart
    assert_frames_fit(done, source)
    got = measure(done.path)
    for start, end, part in places(done.ranges):
        if part.speed == 1:  # a beep for each flash: the sound is in step after each join
            flashes = [time for time in got.flashes if start + 0.05 < time < end - 0.05]
            beeps = [time for time in got.beeps if start + 0.05 < time < end - 0.05]
            assert len(flashes) >= 2
            assert beeps == pytest.approx(flashes, abs=0.0015)
    samples, _, rate = sound_of(done.path)
    assert len(samples) / rate == pytest.approx(float(places(done.ranges)[-1][1]), abs=0.025)


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_a_muted_range_is_silent_and_its_video_copied(film: Film, tmp_path: Path, suffix: str) -> None:
    source = film("plain.mp4", FILMS["plain.mp4"])
    spans = [(0, 2017, 1, False), (2017, 5003, 1, True), (5003, 9000, 1, False)]
    done = concat(ways(source, *spans), tmp_path / f"a{suffix}")
    plain = concat(ways(source, (0, 9000, 1, False)), tmp_path / f"b{suffix}")
    assert (done.how, done.copied_frames) == ("smart", plain.copied_frames)
    assert [(part.start, part.end) for part in done.ranges[:2]] == [
        (0, Fraction(2017, 1000)), (Fraction(2017, 1000), Fraction(5003, 1000))
    ]  # fmt: skip
    got, before = measure(done.path), measure(plain.path)
    assert (got.numbers, got.times) == (before.numbers, before.times)
    assert got.beeps == pytest.approx([at for at in before.beeps if not 2.01 < at < 5.003], abs=0.001)


def test_mutes_that_begin_or_end_beside_a_cut_fit_between_frames(film: Film, tmp_path: Path) -> None:
    source = film("plain.mp4", FILMS["plain.mp4"])  # a frame lasts 40 ms
    spans = [(1023, 1030, 1, False), (1030, 2013, 1, True), (2013, 2018, 1, False)]
    spans += [(4022, 4024, 1, True), (4024, 5000, 1, False)]
    done = concat(ways(source, *spans), tmp_path / "a.mp4")
    assert [(round(part.start * 1000), round(part.end * 1000)) for part in done.ranges] == [
        (1040, 1040), (1040, 2000), (2000, 2000), (4040, 4040), (4040, 5000)
    ]  # fmt: skip
    assert_frames_fit(done, source)
    assert measure(done.path).beeps == pytest.approx([1.32, 1.72], abs=0.002)


def test_mutes_do_not_click_and_end_on_the_sample(tmp_path: Path) -> None:
    tone = (0.5 * np.sin(2 * np.pi * 100 * np.arange(4 * RATE_HZ) / RATE_HZ)).astype(np.float32)
    write_sound(tmp_path / "a.wav", tone, RATE_HZ)
    spans = [(0, 1003, 1, False), (1003, 2001, 1, True), (2001, 4000, 1, False)]
    done = concat(ways(tmp_path / "a.wav", *spans), tmp_path / "b.wav")
    samples, _, _ = sound_of(done.path)
    first, last = round(1.003 * RATE_HZ), round(2.001 * RATE_HZ)
    assert not samples[first:last].any()
    ramp = round(0.005 * RATE_HZ)
    outside = np.r_[480 : first - ramp, last + ramp : len(tone) - 480]
    assert np.abs(samples[outside] - tone[outside]).max() < 2e-4
    assert np.abs(np.diff(samples)).max() < 1.2 * np.abs(np.diff(tone)).max() + 0.5 * np.pi / 2 / ramp


@given(st.integers(2, 40_000), st.fractions(1, 16, max_denominator=7), st.integers(1, 2))
def test_any_audio_is_quickened_from_its_first_sample_to_its_last(
    wanted: int, speed: Fraction, channels: int
) -> None:
    given = round(wanted * speed)
    source = np.repeat(np.arange(given, dtype=np.float32)[:, None], channels, axis=1)
    position = 0

    def take(count: int) -> Floats:
        nonlocal position
        position += count
        return source[position - count : position]

    pieces = list(quickened(take, given, wanted, RATE_HZ))
    assert all(
        piece.start_sample + len(piece.samples) == after.start_sample for piece, after in pairwise(pieces)
    )
    made = np.concatenate([piece.samples for piece in pieces])
    assert made.shape == (wanted, channels)
    assert position <= given
    assert (made[0, 0], made[-1, 0]) == pytest.approx((0, given - 1), abs=1)


def test_noise_keeps_its_level_and_a_tone_its_pitch(tmp_path: Path) -> None:
    noise = np.random.default_rng(1).normal(0, 0.1, 12 * RATE_HZ).astype(np.float32)
    tone = (0.3 * np.sin(2 * np.pi * 1000 * np.arange(12 * RATE_HZ) / RATE_HZ)).astype(np.float32)
    for name, given_samples in (("noise", noise), ("tone", tone)):
        write_sound(tmp_path / f"{name}.wav", given_samples, RATE_HZ)
        done = concat(ways(tmp_path / f"{name}.wav", (0, 12_000, 4, False)), tmp_path / f"{name}-4.wav")
        samples, _, _ = sound_of(done.path)
        assert len(samples) == 3 * RATE_HZ
        inner = samples[RATE_HZ // 10 : -RATE_HZ // 10]
        if name == "noise":
            levels = [np.sqrt(np.mean(part**2)) for part in np.array_split(inner, 20)]
            assert levels == pytest.approx([0.1] * 20, rel=0.1)
        else:
            spectrum = np.abs(np.fft.rfft(inner * np.hanning(len(inner))))
            assert np.argmax(spectrum) * RATE_HZ / len(inner) == pytest.approx(1000, abs=12)


def test_slower_than_it_was_is_refused() -> None:
    with pytest.raises(UsageError, match="slower"):
        MediaRange(Path("a.mp4"), Fraction(0), Fraction(1), Fraction(1, 2))
