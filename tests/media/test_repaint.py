"""`repaint`: other images at the same times, with the same sound."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from edge_kernels.images import Rgb

from edge.errors import InputError, OutputError, UsageError
from edge.media import frames_at, probe
from edge.media.write.repaint import repaint

from .conftest import Film
from .makers import FLASH_EVERY, Recipe, measure, sound_of

pytestmark = pytest.mark.slow

PLAIN = Recipe(seconds=2.0, metadata={"title": "Concert"})
JITTER = tuple(Fraction(n * 40 + n * 7919 % 23, 1000) for n in range(50))
FILMS = {
    "plain.mp4": PLAIN,
    "vfr.mp4": PLAIN.but(frame_times=JITTER),
    "ntsc.mkv": PLAIN.but(fps=Fraction(24000, 1001)),
    "late_video.mp4": PLAIN.but(video_start=Fraction(6, 5)),
    "late_audio.mp4": PLAIN.but(audio_start=Fraction(3, 5)),
    "shifted.ts": PLAIN.but(video_start=Fraction(11, 2), audio_start=Fraction(11, 2)),
}


def unchanged(_: float, rgb: Rgb) -> Rgb:
    return rgb


def with_strip(_: float, rgb: Rgb) -> Rgb:
    """The frame above a strip of 31 red rows."""
    strip = np.full((31, rgb.shape[1], 3), (200, 30, 30), np.uint8)
    return np.concatenate([rgb, strip])


def tones(path: Path) -> tuple[float, ...]:
    """When the beeps begin, in seconds of the recording."""
    return tuple(beep - float(probe(path).origin) for beep in measure(path).beeps)


@pytest.mark.parametrize("name", FILMS)
def test_every_frame_keeps_its_time(film: Film, tmp_path: Path, name: str) -> None:
    path = film(name, FILMS[name])
    painted_at: list[float] = []

    def paint(time_s: float, rgb: Rgb) -> Rgb:
        painted_at.append(time_s)
        return with_strip(time_s, rgb)

    before, after = measure(path), measure(repaint(path, tmp_path / "a.mp4", paint))
    origin = probe(path).origin
    assert after.numbers == before.numbers == tuple(range(len(before.numbers)))
    assert painted_at == pytest.approx([float(time - origin) for time in before.times])
    assert float(after.times[0]) == pytest.approx(float(before.times[0] - origin), abs=0.001)  # MP4: 1 ms
    steps = [np.diff(np.array(times, float)) for times in (before.times, after.times)]
    np.testing.assert_allclose(steps[1], steps[0], atol=2e-5)


@pytest.mark.parametrize("name", FILMS)
def test_the_sound_stays_in_place(film: Film, tmp_path: Path, name: str) -> None:
    path = film(name, FILMS[name])
    written = repaint(path, tmp_path / "a.mp4", with_strip)
    assert len(tones(path)) >= 2
    assert tones(written) == pytest.approx(tones(path), abs=0.002)
    flashes = range(0, len(FILMS[name].times), FLASH_EVERY)
    assert len(measure(written).flashes) == len(flashes)
    assert measure(written).worst_sync_s < 0.003


def test_all_audio_streams_and_the_tags_are_kept(film: Film, tmp_path: Path) -> None:
    path = film("two.mp4", PLAIN.but(audio=("aac", "aac"), languages=("eng", "deu")))
    written = probe(repaint(path, tmp_path / "a.mkv", unchanged))
    assert [stream.language for stream in written.audio] == ["eng", "deu"]
    assert written.metadata["title"] == "Concert"
    samples, _, rate_hz = sound_of(written.path, 1)
    spectrum = np.abs(np.fft.rfft(samples[rate_hz // 2 : rate_hz * 3 // 2]))
    assert spectrum.argmax() == pytest.approx(300, abs=1)


def test_a_recording_without_audio_is_painted_too(film: Film, tmp_path: Path) -> None:
    written = repaint(film("silent.mp4", PLAIN.but(audio=())), tmp_path / "a.mp4", unchanged)
    assert len(measure(written).numbers) == 50
    assert not probe(written).audio


@pytest.mark.parametrize("rotation", [90, 180, 270])
def test_a_rotated_recording_becomes_upright(film: Film, tmp_path: Path, rotation: int) -> None:
    path = film(f"turned{rotation}.mp4", PLAIN.but(rotation=rotation))
    shown = next(frames_at(path, [1.0])).rgb
    written = repaint(path, tmp_path / "a.mp4", unchanged)
    video = probe(written).video
    assert video is not None
    assert video.rotation == 0
    again = next(frames_at(written, [1.0])).rgb
    assert again.shape == shown.shape == ((180, 320, 3) if rotation == 180 else (320, 180, 3))
    assert np.abs(again.astype(int) - shown).mean() < 3


def test_pixels_become_square(film: Film, tmp_path: Path) -> None:
    path = film("wide.mp4", PLAIN.but(encoding={"x264-params": "sar=4/3"}))
    video = probe(path).video
    assert video is not None
    assert video.pixel_aspect == Fraction(4, 3)
    shapes = set()

    def paint(_: float, rgb: Rgb) -> Rgb:
        shapes.add(rgb.shape)
        return rgb

    written = probe(repaint(path, tmp_path / "a.mp4", paint)).video
    assert shapes == {(180, 427, 3)}
    assert written is not None
    assert (written.width, written.height, written.pixel_aspect) == (428, 180, Fraction(1))


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.webm"])
def test_colors_are_as_painted(film: Film, tmp_path: Path, name: str) -> None:
    color = np.array([214, 51, 108], np.uint8)
    written = repaint(
        film("plain.mp4", PLAIN), tmp_path / name, lambda _, rgb: np.broadcast_to(color, (91, 121, 3))
    )
    video = probe(written).video
    assert video is not None
    assert (video.width, video.height) == (122, 92)
    assert np.abs(next(frames_at(written, [1.0])).rgb.astype(int) - color).max() < 8


def test_progress_reaches_the_end(film: Film, tmp_path: Path) -> None:
    shares: list[float] = []
    repaint(film("plain.mp4", PLAIN), tmp_path / "a.mp4", unchanged, progress=shares.append)
    assert shares == sorted(shares)
    assert shares[-1] == 1


def test_an_existing_file_is_kept_unless_forced(film: Film, tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    path.write_text("precious")
    with pytest.raises(OutputError, match="already exists"):
        repaint(film("plain.mp4", PLAIN), path, unchanged)
    assert path.read_text() == "precious"
    repaint(film("plain.mp4", PLAIN), path, unchanged, force=True)
    assert len(measure(path).numbers) == 50


def test_nothing_is_left_behind_when_painting_fails(film: Film, tmp_path: Path) -> None:
    def paint(time_s: float, rgb: Rgb) -> Rgb:
        if time_s > 1:
            raise RuntimeError("out of paint")
        return rgb

    with pytest.raises(RuntimeError, match="out of paint"):
        repaint(film("plain.mp4", PLAIN), tmp_path / "new" / "a.mp4", paint)
    assert list(tmp_path.iterdir()) == []


def test_without_video_there_is_nothing_to_paint(film: Film, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no video"):
        repaint(film("sound.m4a", PLAIN.but(video=None)), tmp_path / "a.mp4", unchanged)
    with pytest.raises(UsageError, match="cannot hold video"):
        repaint(film("plain.mp4", PLAIN), tmp_path / "a.wav", unchanged)
    assert list(tmp_path.iterdir()) == []
