"""Nothing that a few bytes of a header ask for costs more than the limits say."""

from __future__ import annotations

import struct
import tracemalloc
import zlib
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from av.video.frame import VideoFrame

from edge.errors import InputError, UsageError
from edge.media import DecodeReport, decode_audio, frames_at, probe
from edge.media.read.limits import MediaLimits, limits, set_limits
from edge.media.read.mixing import TrackMix
from edge.media.read.placing import Placer
from edge.media.read.resampling import AudioFormat
from tests.media.makers import Recipe, audio_frame, make, write_sound


@pytest.fixture
def allowed() -> Iterator[type[MediaLimits]]:
    """The limits, which are as they were afterwards."""
    before = limits()
    yield MediaLimits
    set_limits(before)


def image(path: Path, width: int, height: int) -> Path:
    """A PNG whose header claims a size; it holds nothing."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return (
            struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
        )

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    data = chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + data)
    return path


def wav(path: Path, rate_hz: int, seconds: float = 1.0) -> Path:
    samples = bytes(2 * round(rate_hz * seconds))
    form = struct.pack("<HHIIHH", 1, 1, rate_hz, 2 * rate_hz, 2, 16)
    body = b"WAVEfmt " + struct.pack("<I", 16) + form + b"data" + struct.pack("<I", len(samples)) + samples
    path.write_bytes(b"RIFF" + struct.pack("<I", len(body)) + body)
    return path


def growing(path: Path, *sizes: tuple[int, int]) -> Path:
    """A video stream that changes its size every 30 frames."""
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=25)
        (stream.width, stream.height), stream.pix_fmt = sizes[0], "yuv420p"
        for part, (width, height) in enumerate(sizes):
            encoder = av.CodecContext.create("libx264", "w")
            encoder.width, encoder.height, encoder.pix_fmt = width, height, "yuv420p"
            encoder.time_base, encoder.framerate = Fraction(1, 25), Fraction(25)
            encoder.options = {"tune": "zerolatency"}
            frames: list[VideoFrame | None] = []
            for number in range(30 * part, 30 * part + 30):
                frame = VideoFrame.from_ndarray(np.zeros((height * 3 // 2, width), np.uint8), "yuv420p")
                frame.pts, frame.time_base = number, Fraction(1, 25)
                frames.append(frame)
            for each in [*frames, None]:
                for packet in encoder.encode(each):
                    packet.stream = stream
                    out.mux(packet)
    return path


def test_real_recordings_are_far_within_them() -> None:
    most = MediaLimits()
    assert most.duration_s >= 24 * 3600
    assert most.pixels >= 7680 * 4320
    assert most.streams >= 64
    assert most.lowest_rate_hz <= 4000
    assert most.highest_rate_hz >= 384_000
    with pytest.raises(UsageError):
        MediaLimits(streams=0)


def test_frames_of_gigabytes_are_refused(tmp_path: Path, allowed: type[MediaLimits]) -> None:
    assert probe(image(tmp_path / "a.png", 640, 480)).video
    assert probe(image(tmp_path / "b.png", 16_000, 16_000)).video is None
    set_limits(allowed(pixels=1000))
    with pytest.raises(InputError, match="320 x 180 pixels; allowed are 1000 pixels: it is damaged, or"):
        probe(make(tmp_path / "a.mp4", Recipe(seconds=0.5)))


def test_a_stream_that_grows_is_held_to_them_too(tmp_path: Path, allowed: type[MediaLimits]) -> None:
    """Its header is that of its first, small part."""
    path = growing(tmp_path / "a.ts", (64, 48), (640, 480))
    assert sorted(frame.rgb.shape for frame in frames_at(path, [0.1, 2.0])) == [(48, 64, 3), (480, 640, 3)]
    set_limits(allowed(pixels=100_000))
    report = DecodeReport()
    assert {frame.rgb.shape for frame in frames_at(path, [0.1, 2.0], report=report)} == {(48, 64, 3)}
    assert report.bad_packets


def test_days_of_sound_in_a_small_file_are_refused(tmp_path: Path, allowed: type[MediaLimits]) -> None:
    with pytest.raises(InputError, match="audio at 1 Hz; allowed are 1000 to 768000 Hz"):
        probe(wav(tmp_path / "slow.wav", 1, 300_000))
    path = wav(tmp_path / "long.wav", 8000, 20)
    set_limits(allowed(duration_s=10.0))
    with pytest.raises(InputError, match="claims to last"):
        probe(path)


def test_decoding_ends_where_no_recording_may_go_on(tmp_path: Path, allowed: type[MediaLimits]) -> None:
    path, report = wav(tmp_path / "long.wav", 8000, 20), DecodeReport()
    blocks = decode_audio(path, report=report)
    set_limits(allowed(duration_s=10.0))
    assert 10 <= sum(len(block.samples) for block in blocks) / 16_000 <= 12
    assert report.gave_up == "no recording may be longer"


def test_streams_and_channels_are_counted(tmp_path: Path, allowed: type[MediaLimits]) -> None:
    path = make(tmp_path / "a.mkv", Recipe(seconds=0.5, audio=("flac",) * 4))
    assert len(probe(path).audio) == 4
    set_limits(allowed(streams=4))
    with pytest.raises(InputError, match="has 5 streams; allowed are 4"):
        probe(path)
    set_limits(allowed(channels=1))
    with pytest.raises(InputError, match="has 2 audio channels"):
        probe(path)


def test_long_texts_and_many_chapters_are_left_out(tmp_path: Path, allowed: type[MediaLimits]) -> None:
    tags = {"title": "ä" * 100_000, "comment": "short", "artist": "x" * 50_000}
    path = make(tmp_path / "a.mkv", Recipe(seconds=0.5, metadata=tags))
    set_limits(allowed(tag_bytes=1001, tags_bytes=1200))
    found = probe(path).metadata
    assert sum(len((name + text).encode()) for name, text in found.items()) <= 1200
    assert all(len(text.encode()) <= 1001 and set(text) <= {"ä"} for text in found.values() if "ä" in text)


def test_a_track_that_is_silent_for_long_does_not_fill_the_memory() -> None:
    """Between two beeps of one track; the other has a beep only."""
    rate_hz, gap_s = 8000, 600
    to, report = AudioFormat(rate_hz, "mono", step=8000), DecodeReport()
    placers = {n: Placer(to, origin=Fraction(0), end_s=1e6, report=report) for n in range(2)}
    mix = TrackMix(placers, to, 0)
    beep = np.full(rate_hz, 0.5, np.float32)
    tracemalloc.start()
    count = 0
    for track, start_s in ((0, 0), (1, 0), (0, gap_s)):
        for piece in mix.accept(track, audio_frame(beep, rate_hz, "mono", start_s * rate_hz)):
            count += len(piece.samples)
    for piece in mix.finish():
        count += len(piece.samples)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == pytest.approx((gap_s + 1) * rate_hz, rel=1e-4)
    assert peak < 8 << 20


def test_a_track_that_claims_to_begin_after_the_end_begins_with_the_recording(tmp_path: Path) -> None:
    tone = np.full(8000, 0.5, np.float32)
    whole = write_sound(tmp_path / "a.wav", tone, 8000)
    to, report = AudioFormat(8000, "mono"), DecodeReport()
    placer = Placer(to, origin=Fraction(0), end_s=probe(whole).duration_s + 1, report=report)
    pieces = [*placer.accept(audio_frame(tone, 8000, "mono", 8000 * 200_000)), *placer.flush()]
    assert pieces[0].start_sample == 0
    assert report.jumps == 1
