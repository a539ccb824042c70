"""The whole of a recording is read, whatever its header or its clock says."""

from __future__ import annotations

import re
import struct
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from edge.media import DecodeReport, MediaRange, concat, cut, decode_audio, frames_at, open_recording, probe
from edge.media.read.frame_index import read_frame_index
from edge.media.read.gray import gray_frames
from edge.media.read.parts import parts_of
from edge.vocabulary import Span

from .conftest import Film
from .makers import FLASH_EVERY, Floats, Recipe, make, measure, number_of, write_sound

PLAIN = Recipe()
RATE = 16_000
SECONDS = 12
HALF_WRAP = Fraction(2**33, 90_000) - 6


def samples_of(path: Path, **options: float) -> Floats:
    return np.concatenate([block.samples for block in decode_audio(path, **options)])  # type: ignore[arg-type]


def noise(seconds: float, rate_hz: int = RATE) -> Floats:
    return np.random.default_rng(1).uniform(-0.5, 0.5, round(seconds * rate_hz)).astype(np.float32)


def mp3_of_two_rates(folder: Path) -> Path:
    """No header says how long it is, and the first frames are larger than most."""
    parts = []
    for bit_rate in (320_000, 32_000):
        path = folder / f"{bit_rate}.mp3"
        with av.open(str(path), "w", options={"write_xing": "0", "id3v2_version": "0"}) as out:
            stream = out.add_stream("libmp3lame", rate=RATE * 2)
            stream.bit_rate, stream.layout = bit_rate, "mono"
            frame = av.AudioFrame.from_ndarray(noise(6, RATE * 2).reshape(1, -1), format="flt", layout="mono")
            frame.sample_rate = RATE * 2
            out.mux(stream.encode(frame))
            out.mux(stream.encode(None))
        parts.append(path.read_bytes())
    path = folder / "both.mp3"
    path.write_bytes(b"".join(parts))
    return path


def wav_with(size: Callable[[int], int]) -> Callable[[Path], Path]:
    def made(folder: Path) -> Path:
        path = write_sound(folder / "a.wav", noise(SECONDS), RATE, codec="pcm_s16le", fmt="s16")
        data = bytearray(path.read_bytes())
        at = data.index(b"data") + 4
        data[at : at + 4] = struct.pack("<I", size(len(data) - at - 4))
        path.write_bytes(data)
        return path

    return made


def flac_with(count: int) -> Callable[[Path], Path]:
    def made(folder: Path) -> Path:
        path = write_sound(folder / "a.flac", noise(SECONDS), RATE, codec="flac", fmt="s16")
        data = bytearray(path.read_bytes())
        total = int.from_bytes(data[18:26]) >> 36 << 36 | count
        data[18:26] = total.to_bytes(8)
        path.write_bytes(data)
        return path

    return made


def matroska_of(milliseconds: float) -> Callable[[Path], Path]:
    def made(folder: Path) -> Path:
        path = make(folder / "a.mkv", PLAIN.but(seconds=SECONDS))
        data = path.read_bytes()
        at = data.index(b"\x44\x89\x88") + 3
        data = data[:at] + struct.pack(">d", milliseconds) + data[at + 8 :]
        tag = f"00:00:{milliseconds / 1000:012.9f}".encode()
        path.write_bytes(re.sub(rb"00:00:\d\d\.\d{9}", tag, data))
        return path

    return made


def mp4_shortened(folder: Path) -> Path:
    path = make(folder / "a.mp4", PLAIN.but(seconds=SECONDS))
    data = bytearray(path.read_bytes())
    for box, at in (("mdhd", 16), ("mvhd", 16)):
        for found in re.finditer(box.encode(), bytes(data)):
            place = slice(found.end() + at, found.end() + at + 4)
            data[place] = (int.from_bytes(data[place]) // 4).to_bytes(4)
    path.write_bytes(data)
    return path


LIARS = {
    "mp3 that is guessed too short": mp3_of_two_rates,
    "wav too short": wav_with(lambda size: size // 3),
    "wav of no size": wav_with(lambda _: 0),
    "wav of endless size": wav_with(lambda _: 0xFFFF_FFFF),
    "wav too long": wav_with(lambda size: size * 5),
    "flac too short": flac_with(3 * RATE),
    "flac of unknown length": flac_with(0),
    "flac too long": flac_with(50 * RATE),
    "mkv too short": matroska_of(3000.0),
    "mkv too long": matroska_of(59_000.0),
    "mp4 too short": mp4_shortened,
}


@pytest.mark.parametrize("name", LIARS)
def test_a_recording_ends_where_its_sound_ends(name: str, tmp_path: Path) -> None:
    path = LIARS[name](tmp_path)
    seconds = len(samples_of(path)) / RATE
    recording = open_recording(path)
    assert seconds == pytest.approx(SECONDS, abs=0.15)
    assert recording.duration_s == pytest.approx(seconds, abs=0.03)
    suffix = ".mp4" if recording.info.video else ".wav"
    done = cut(path, Span(SECONDS - 2.0, SECONDS - 0.5), tmp_path / f"cut{suffix}")
    assert (done.start_s, done.end_s) == (SECONDS - 2.0, SECONDS - 0.5)
    assert measure(done.path).audio_end == pytest.approx(1.5, abs=0.03)
    joined = concat(
        [MediaRange(path, Fraction(1), Fraction(2)), MediaRange(path, Fraction(9), Fraction(99))],
        tmp_path / f"joined{suffix}",
    )
    assert float(joined.ranges[1].end) == pytest.approx(seconds, abs=0.06)


def test_chunks_behind_the_samples_are_no_sound(tmp_path: Path) -> None:
    path = write_sound(tmp_path / "a.wav", noise(1), RATE, codec="pcm_s16le", fmt="s16")
    whole = samples_of(path)
    for tail in (b"LIST\x04\0\0\0INFO", b"abcd\x02\0\0\0xy", bytes(700)):
        longer = tmp_path / "b.wav"
        longer.write_bytes(path.read_bytes() + tail)
        assert np.array_equal(samples_of(longer), whole)


RESTARTS = {
    "ts": PLAIN.but(seconds=6),
    "m2ts": PLAIN.but(seconds=6, options={"mpegts_m2ts_mode": "1"}),
    "mpg": PLAIN.but(seconds=6, video="mpeg2video", audio=("mp2",), encoding={"b": "900k"}),
}


@pytest.mark.parametrize("suffix", RESTARTS)
def test_parts_of_a_recorder_that_was_restarted_follow_one_another(
    film: Film, tmp_path: Path, suffix: str
) -> None:
    recipe = RESTARTS[suffix]
    first, second = (film(f"{n}.{suffix}", recipe.but(seconds=n)) for n in (6, 4))
    path = tmp_path / f"both.{suffix}"
    path.write_bytes(first.read_bytes() + second.read_bytes())
    alone = [probe(part) for part in (first, second)]
    info, index, report = probe(path), read_frame_index(path), DecodeReport()
    assert index is not None
    assert index.whole
    assert info.duration_s == pytest.approx(sum(one.duration_s for one in alone), abs=0.1)

    gray = list(gray_frames(path, pixels=2000, report=report))
    assert len(gray) == len(index.shown) == 250
    assert [frame.time_s for frame in gray] == pytest.approx(
        [float(index.seconds(tick) - info.origin) for tick in index.shown], abs=1e-6
    )
    steps = np.diff([frame.time_s for frame in gray])
    assert np.abs(steps - 0.04).max() < 0.1  # across the restart, too

    times = [0.5, 9.5, 3.2, 7.9, 5.7, 6.5]
    starts = (0.0, float(index.seconds(index.shown[150]) - info.origin))
    wanted = [(time - starts[time > starts[1]]) * 25 for time in times]
    seen = [number_of(frame.rgb.mean(axis=2)) for frame in frames_at(path, times)]
    assert seen == pytest.approx(wanted, abs=1.6)

    done = concat([MediaRange(path, Fraction(4), Fraction(9))], tmp_path / "joined.mp4")
    got = measure(done.path)
    assert done.how == ("encoded" if suffix == "mpg" else "smart")
    assert got.numbers == (*range(got.numbers[0], 150), *range(got.numbers[-1] + 1))
    assert len(got.flashes) >= 5 * 25 // FLASH_EVERY
    assert got.worst_sync_s < 0.03
    whole = samples_of(path)
    assert len(whole) / RATE == pytest.approx(info.duration_s, abs=0.05)
    part = samples_of(path, start_s=7.0, end_s=8.5)
    loud = [np.flatnonzero(np.abs(each) > 0.3)[0] for each in (part, whole[7 * RATE :])]
    assert abs(int(loud[0] - loud[1])) < 0.005 * RATE


def test_a_clock_that_wraps_does_not_restart(film: Film) -> None:
    path = film("wraps.ts", PLAIN.but(seconds=SECONDS, video_start=HALF_WRAP, audio_start=HALF_WRAP))
    assert parts_of(path) == ()
    assert probe(path).duration_s == pytest.approx(SECONDS, abs=0.1)
    assert len(samples_of(path)) / RATE == pytest.approx(SECONDS, abs=0.1)
    times = [1.0, 5.0, 7.0, 11.0]
    seen = [number_of(frame.rgb.mean(axis=2)) for frame in frames_at(path, times)]
    assert seen == pytest.approx([time * 25 for time in times], abs=1)


def test_sound_that_begins_late_is_found(film: Film) -> None:
    recipe = PLAIN.but(seconds=14, audio_start=Fraction(10), audio_seconds=4)
    path = film("late.ts", recipe)
    with av.open(str(path)) as container:
        assert not container.streams.audio[0].rate  # FFmpeg has not looked so far
    info = probe(path)
    assert [float(stream.start) for stream in info.audio] == pytest.approx([10.0], abs=0.1)
    assert len(samples_of(path)) / RATE == pytest.approx(14.0, abs=0.1)


@pytest.mark.parametrize("links", [
    [("libopus", 48_000, "stereo"), ("libopus", 48_000, "mono"), ("libopus", 48_000, "stereo")],
    [("flac", 48_000, "mono"), ("flac", 44_100, "stereo")],
    [("libopus", 48_000, "mono")] * 12,
])  # fmt: skip
def test_links_of_chained_ogg_follow_one_another(tmp_path: Path, links: list[tuple[str, int, str]]) -> None:
    path, seconds = tmp_path / "chained.ogg", 1.3
    with path.open("wb") as file:
        for codec, rate_hz, layout in links:
            tone = 0.5 * np.sin(2 * np.pi * 500 * np.arange(round(seconds * rate_hz)) / rate_hz)
            part = tmp_path / "part.ogg"
            fmt = "flt" if codec == "libopus" else "s16"
            write_sound(part, tone.astype(np.float32), rate_hz, codec=codec, fmt=fmt, layout=layout)
            file.write(part.read_bytes())
    report = DecodeReport()
    samples = np.concatenate([block.samples for block in decode_audio(path, report=report)])
    assert report.notes() == []
    assert len(samples) / RATE == pytest.approx(seconds * len(links), abs=0.003 * len(links))
    assert probe(path).duration_s == pytest.approx(len(samples) / RATE, abs=0.003)
    power = np.sqrt((samples[: len(samples) // 800 * 800].reshape(-1, 800) ** 2).mean(1))
    assert power.min() > 0.25
    last = samples_of(path, start_s=seconds * len(links) - 0.5)
    assert len(last) / RATE == pytest.approx(0.5, abs=0.003 * len(links))
