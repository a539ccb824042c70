"""Time code: read from a recording, counted, written into what is made of it."""

from __future__ import annotations

import struct
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.media import MediaRange, concat, cut, probe
from edge.media.timecode import Timecode, drops, timecode_of, timecode_text
from edge.media.write.retag import write_keywords
from edge.vocabulary import Span

from .conftest import Film
from .makers import Recipe, write_sound

NTSC = Fraction(30_000, 1001)
RATES = [Fraction(24), Fraction(24_000, 1001), Fraction(25), NTSC, Fraction(60_000, 1001), Fraction(50)]
TIMED = Recipe(fps=NTSC, seconds=6, gop=30)


def test_numbers_that_are_known() -> None:
    code = timecode_of("14:09:42;10", NTSC)
    assert code == Timecode(1_527_940, NTSC, drop=True)
    assert timecode_of("01:00:00:00", NTSC) == Timecode(108_000, NTSC)
    assert timecode_of("00:10:00;00", NTSC) == Timecode(17_982, NTSC, drop=True)
    assert timecode_text(1799, NTSC, drop=True) == "00:00:59;29"
    assert timecode_text(3600, Fraction(60_000, 1001), drop=True) == "00:01:00;04"
    for text in ("", "1:2:3", "00:00:00:30", "00:61:00:00"):
        assert timecode_of(text, NTSC) is None


@settings(deadline=None)
@given(st.sampled_from(RATES), st.booleans(), st.integers(0, 24 * 3600 * 24 - 1))
def test_a_number_comes_back_from_its_text(rate: Fraction, drop: bool, frame: int) -> None:
    drop = drop and drops(rate)
    text = timecode_text(frame, rate, drop=drop)
    assert timecode_of(text, rate) == Timecode(frame, rate, drop)
    if drop:  # the text follows the clock
        hours, minutes, rest = text.split(":")
        seconds = int(hours) * 3600 + int(minutes) * 60 + int(rest[:2])
        assert abs(frame / rate - seconds - int(rest[3:]) / rate) < 0.08 + frame / rate * 2e-6


@pytest.mark.parametrize("suffix", [".mov", ".mp4"])
def test_a_cut_begins_at_the_time_code_of_its_first_frame(film: Film, tmp_path: Path, suffix: str) -> None:
    plain = film(f"timed{suffix}", TIMED)
    path = film(f"coded{suffix}", TIMED.but(timecode="14:09:42;10"))
    code = probe(path).timecode
    assert code is not None
    assert code == timecode_of("14:09:42;10", NTSC)
    assert probe(plain).timecode is None
    ranges = [MediaRange(path, Fraction(2), Fraction(3)), MediaRange(path, Fraction(4), Fraction(5))]
    results = {
        "smart": (concat(ranges, tmp_path / f"smart{suffix}").path, 60),
        "encoded": (concat(ranges, tmp_path / f"encoded{suffix}", smart=False).path, 60),
        "cut": (cut(path, Span(2.0, 3.0), tmp_path / f"cut{suffix}").path, 60),
        "copied": (cut(path, Span(1.5, 3.0), tmp_path / f"copied{suffix}", copy=True).path, 30),
    }
    for name, (result, frames) in results.items():
        assert probe(result).timecode == Timecode(code.frame + frames, NTSC, drop=True), name
        write_keywords(result, ["one", "two"])
        assert probe(result).timecode == Timecode(code.frame + frames, NTSC, drop=True), name


def test_cameras_say_it_in_the_header_of_mxf(tmp_path: Path) -> None:
    path = tmp_path / "camera.mxf"
    with av.open(str(path), "w") as out:
        stream = out.add_stream("mpeg2video", rate=25, options={"bf": "0"})
        stream.width, stream.height, stream.pix_fmt, stream.bit_rate = 720, 576, "yuv422p", 10_000_000
        stream.metadata["timecode"] = "10:11:12:13"
        gray = av.VideoFrame.from_ndarray(np.full((864, 720), 100, np.uint8), format="yuv420p")
        for number in range(10):
            frame = gray.reformat(format="yuv422p")
            frame.pts, frame.time_base = number, Fraction(1, 25)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    assert probe(path).timecode == timecode_of("10:11:12:13", Fraction(25))


def test_broadcast_wav_says_when_it_was_recorded(tmp_path: Path) -> None:
    path = write_sound(tmp_path / "a.wav", np.zeros(48_000, np.float32), 48_000, codec="pcm_s16le", fmt="s16")
    data = path.read_bytes()
    body = bytes(338) + struct.pack("<QH", 48_000 * 3600 * 10, 1) + bytes(254)
    chunk = b"bext" + struct.pack("<I", len(body)) + body
    path.write_bytes(
        data[:4] + struct.pack("<I", len(data) + len(chunk) - 8) + data[8:12] + chunk + data[12:]
    )
    code = probe(path).timecode
    assert code is not None
    assert code.seconds == 36_000
