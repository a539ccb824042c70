"""Video at other times with its own sound stretched: frames and beeps move together."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest

from edge.arrays import Floats
from edge.errors import InputError, NoAudioError, UsageError
from edge.media import open_recording, probe
from edge.media.ahead import ahead
from edge.media.read.stretch import stretched_audio
from edge.media.write.retime import retime
from edge.media.write.sound import write_audio

from .conftest import Film
from .makers import Recipe, measure

RATE_HZ = 48_000
TIMES, MOVED = (0.0, 1.5, 2.6, 4.0), (0.0, 1.56, 2.6, 4.07)
PLAIN = Recipe(seconds=4.0)
FILMS = {
    "plain.mp4": PLAIN,
    "vfr.mp4": PLAIN.but(frame_times=tuple(Fraction(n * 40 + n * 7919 % 23, 1000) for n in range(100))),
    "ntsc.mkv": PLAIN.but(fps=Fraction(24000, 1001)),
    "late_video.mp4": PLAIN.but(video_start=Fraction(6, 5)),
    "shifted.ts": PLAIN.but(video_start=Fraction(11, 2), audio_start=Fraction(11, 2)),
    "frames_of_other_codecs.avi": PLAIN.but(video="mjpeg", pix_fmt="yuvj420p", b_frames=0, audio=("mp2",)),
}


def moved(time_s: float) -> float:
    return float(np.interp(time_s, TIMES, MOVED))


@pytest.mark.parametrize("name", FILMS)
@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_frames_and_beeps_move_together(film: Film, tmp_path: Path, name: str, suffix: str) -> None:
    recording = open_recording(film(name, FILMS[name]))
    before, origin = measure(recording.path), float(recording.info.origin)
    audio = stretched_audio(recording, TIMES, MOVED, RATE_HZ)
    after = measure(retime(recording, tmp_path / f"a{suffix}", moved, audio, RATE_HZ))
    assert after.numbers == before.numbers
    wanted = [moved(float(time) - origin) for time in before.times]
    assert [float(time) for time in after.times] == pytest.approx(wanted, abs=0.0011)
    beeps = [moved(beep - origin) for beep in before.beeps]
    assert len(beeps) >= 3
    assert after.beeps == pytest.approx(beeps, abs=0.013)
    assert after.audio_end == pytest.approx(MOVED[-1], abs=0.03)


def test_packets_are_copied_where_they_fit(film: Film, tmp_path: Path) -> None:
    path = film("plain.mp4", PLAIN)
    written = retime(path, tmp_path / "a.mp4", moved, [np.zeros((2, RATE_HZ), np.float32)], RATE_HZ)
    assert packets(written) == packets(path)


def packets(path: Path) -> list[bytes]:
    with av.open(str(path)) as container:
        return [bytes(packet) for packet in container.demux(video=0) if packet.size]


def tone(path: Path) -> Path:
    t = np.arange(8 * RATE_HZ) / RATE_HZ
    mono = 0.3 * np.sin(2 * np.pi * 440 * t) + 0.2 * np.sin(2 * np.pi * 1234.5 * t)
    return write_audio(path, [np.stack([mono, mono]).astype(np.float32)], RATE_HZ)


def joined(blocks: object) -> Floats:
    return np.concatenate(list(blocks), axis=1)  # type: ignore[call-overload]


@pytest.mark.parametrize("end", [7.7, 8.0, 8.35])
def test_pitch_stays_and_nothing_clicks(tmp_path: Path, end: float) -> None:
    recording = open_recording(tone(tmp_path / "tone.wav"))
    result = joined(stretched_audio(recording, (0, 3, 8), (0, 3.1, end), RATE_HZ))
    assert result.shape == (2, round(end * RATE_HZ))
    inside = result[0, RATE_HZ : 6 * RATE_HZ]
    spectrum = np.abs(np.fft.rfft(inside * np.hanning(len(inside))))
    assert spectrum.argmax() / 5 == pytest.approx(440, abs=0.5)
    steepest = 0.3 * (2 * np.pi * 440 / RATE_HZ) ** 2 + 0.2 * (2 * np.pi * 1234.5 / RATE_HZ) ** 2
    assert np.abs(np.diff(inside, 2)).max() < 1.3 * steepest


def test_unchanged_times_give_the_audio_as_it_is(tmp_path: Path) -> None:
    recording = open_recording(tone(tmp_path / "tone.wav"))
    whole = joined(stretched_audio(recording, (0, 3, 8), (0, 3, 8), RATE_HZ))
    t = np.arange(8 * RATE_HZ) / RATE_HZ
    wanted = 0.3 * np.sin(2 * np.pi * 440 * t) + 0.2 * np.sin(2 * np.pi * 1234.5 * t)
    np.testing.assert_allclose(whole[1], wanted, atol=2e-6)  # 24 bits


def test_what_is_missing_is_silent(tmp_path: Path) -> None:
    recording = open_recording(tone(tmp_path / "tone.wav"))
    result = joined(stretched_audio(recording, (0, 12), (0, 12.5), RATE_HZ))
    assert result.shape == (2, 12.5 * RATE_HZ)
    assert not result[:, round(8.5 * RATE_HZ) :].any()


@pytest.mark.parametrize(
    "times", [((0.0,), (0.0,)), ((0, 2, 1), (0, 1, 2)), ((0, 1), (0.5, 1)), ((0, 1), (0, 1, 2))]
)
def test_other_times_are_refused(tmp_path: Path, times: tuple[tuple[float, ...], tuple[float, ...]]) -> None:
    recording = open_recording(tone(tmp_path / "tone.wav"))
    with pytest.raises(UsageError, match="ascend"):
        stretched_audio(recording, *times)


def test_recordings_without_video_or_audio(film: Film, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="has no video"):
        retime(tone(tmp_path / "tone.wav"), tmp_path / "a.mp4", moved, [], RATE_HZ)
    silent = open_recording(film("silent.mp4", PLAIN.but(audio=())))
    with pytest.raises(NoAudioError):
        joined(stretched_audio(silent, TIMES, MOVED))


@pytest.mark.parametrize("suffix", [".wav", ".flac", ".mp3", ".m4a", ".ogg", ".opus"])
def test_audio_is_written_in_every_format(tmp_path: Path, suffix: str) -> None:
    rng = np.random.default_rng(0)
    blocks = [(0.1 * rng.standard_normal((2, size))).astype(np.float32) for size in (1, 20_000, 77_000)]
    path = write_audio(tmp_path / f"a{suffix}", blocks, RATE_HZ)
    info = probe(path)
    assert info.audio[0].rate_hz == RATE_HZ
    assert info.duration_s == pytest.approx(97_001 / RATE_HZ, abs=0.06)
    assert not [one for one in pairwise(sorted(tmp_path.iterdir())) if ".part" in one[0].name]


def test_errors_of_audio_that_is_made_ahead_arrive(tmp_path: Path) -> None:
    def broken() -> Iterator[Floats]:
        yield np.zeros((2, 100), np.float32)
        raise UsageError("no more")

    with pytest.raises(UsageError, match="no more"):
        write_audio(tmp_path / "a.wav", broken(), RATE_HZ)
    assert not list(tmp_path.iterdir())


def test_audio_that_nobody_wants_any_more_is_not_made() -> None:
    made = list[int]()

    def endless() -> Iterator[int]:
        for number in range(1_000_000):
            made.append(number)
            yield number

    items = ahead(endless())
    assert [next(items) for _ in range(3)] == [0, 1, 2]
    items.close()  # type: ignore[attr-defined]
    assert len(made) < 20
