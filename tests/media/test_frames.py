"""`frames_at`: the frame on display at a time, whichever way it is reached."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from edge.errors import InputError
from edge.media import Frame, frames_at, probe

from .conftest import Film
from .makers import Recipe, number_of

PLAIN = Recipe()
VFR = tuple(Fraction(ms, 1000) for ms in (0, 40, 80, 500, 540, 1200, 1233, 1266, 2000, 2500, 2510, 3900))


def number(frame: Frame) -> int:
    return number_of(frame.rgb.mean(axis=2))


def on_display(recipe: Recipe, time_s: float) -> int:
    shown = [n for n, time in enumerate(recipe.times) if time - recipe.times[0] <= time_s]
    return shown[-1] if shown else 0


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "recipe"),
    [
        ("plain.mp4", PLAIN),
        ("one_gop.mp4", PLAIN.but(gop=1000)),
        ("intra.mkv", PLAIN.but(gop=1, b_frames=0)),
        ("ntsc.mp4", PLAIN.but(fps=Fraction(24000, 1001))),
        ("vfr.mp4", PLAIN.but(frame_times=VFR)),
        ("shifted.mkv", PLAIN.but(video_start=Fraction(11, 2), audio_start=Fraction(11, 2))),
        ("mute_shifted.ts", PLAIN.but(video_start=Fraction(11, 2), audio=())),
        ("vp8.webm", PLAIN.but(video="libvpx", audio=("libopus",), seconds=2.0)),
    ],
)
@pytest.mark.parametrize("order", ["rising", "random", "twice"])
def test_it_is_the_last_frame_that_begins_at_or_before_the_time(
    film: Film, name: str, recipe: Recipe, order: str
) -> None:
    times = np.random.default_rng(3).uniform(0, 4.2, 25)
    times = {"rising": np.sort(times), "random": times, "twice": np.repeat(times[:5], 2)}[order]
    frames = list(frames_at(film(name, recipe), times.tolist()))
    assert [number(frame) for frame in frames] == [on_display(recipe, time) for time in times]
    begins = [float(recipe.times[number(frame)] - recipe.times[0]) for frame in frames]
    assert [frame.time_s for frame in frames] == pytest.approx(begins, abs=0.001)


def test_before_the_first_frame_comes_the_first_and_after_the_last_the_last(film: Film) -> None:
    path = film("picture_late.mp4", PLAIN.but(video_start=Fraction(6, 5)))
    early, first, last, later = frames_at(path, [-5.0, 0.3, 5.19, 1000.0])
    assert (number(early), number(first), number(last), number(later)) == (0, 0, 99, 99)
    assert first.time_s == 1.2


@pytest.mark.parametrize("degrees", [0, 90, 180, -90])
@pytest.mark.parametrize("size", [None, (64, 48)])
def test_frames_stand_upright(film: Film, degrees: int, size: tuple[int, int] | None) -> None:
    # The flash is in the lower left of the coded video frame; turning it must take it along.
    path = film(f"turned{degrees}.mp4", PLAIN.but(rotation=degrees, seconds=1.0, audio=()))
    (frame,) = frames_at(path, [0.0], size=size)
    info = probe(path).video
    assert info is not None
    width, height = size or (info.width, info.height)
    assert frame.rgb.shape == (height, width, 3)
    assert frame.rgb.dtype == np.uint8
    assert frame.rgb.flags.c_contiguous
    dark_and_bright = np.rot90(coded_flash(), degrees // 90)
    rows, columns = (np.linspace(0, n - 1, 24).astype(int) for n in frame.rgb.shape[:2])
    truth_rows, truth_columns = (np.linspace(0, n - 1, 24).astype(int) for n in dark_and_bright.shape)
    seen = frame.rgb.mean(axis=2)[np.ix_(rows, columns)] > 150
    assert (seen == dark_and_bright[np.ix_(truth_rows, truth_columns)]).mean() > 0.97


def coded_flash() -> npt.NDArray[np.bool_]:
    flash = np.zeros((180, 320), bool)
    flash[100:160, 20:80] = True
    return flash


def test_colours_survive_the_conversion(film: Film) -> None:
    (frame,) = frames_at(film("plain.mp4", PLAIN), [0.04])
    grey = frame.rgb[60:90, 100:300].reshape(-1, 3)
    assert np.ptp(grey.astype(int), axis=1).max() <= 3  # chroma 128 is no colour at all
    assert abs(float(grey.mean()) - (60 - 16) * 255 / 219) < 3  # limited range is stretched


def test_a_recording_without_pictures_is_refused(film: Film) -> None:
    with pytest.raises(InputError, match="no video"):
        frames_at(film("sound_only.m4a", PLAIN.but(video=None)), [0.0])


def test_the_end_of_a_truncated_film_is_its_last_readable_frame(film: Film, tmp_path: Path) -> None:
    whole = film("plain.mkv", PLAIN).read_bytes()
    path = tmp_path / "cut_off.mkv"
    path.write_bytes(whole[: len(whole) // 2])
    first, last, last_again = frames_at(path, [0.0, 3.9, 3.95])
    assert number(first) == 0
    assert 20 < number(last) < 90
    assert number(last_again) == number(last)


def test_what_only_the_first_packet_says_counts_for_all_frames(eval_pack: Path) -> None:
    """x264 writes its version there, and 4:4:4 of its older ones is decoded otherwise."""
    file, times = eval_pack / "video/cockatoo.mp4", (0.0, 3.8, 4.9, 7.3)
    for time_s, frame in zip(times, list(frames_at(file, times)), strict=True):
        (alone,) = frames_at(file, [time_s])
        np.testing.assert_array_equal(alone.rgb, frame.rgb)
