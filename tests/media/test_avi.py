"""AVI files, which hold no presentation times: frames in order, at their times, however they are coded."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from av.video.frame import VideoFrame

from edge.media import MediaRange, concat, frames_at, probe
from edge.media.read.frame_index import read_frame_index
from edge.media.read.gray import gray_frames

from .conftest import Film
from .makers import HEIGHT, WIDTH, Recipe, measure, number_of, picture

VOP = b"\0\0\1\xb6"
DIVX = b"\0\0\1\xb2DivX503b1393p"
"""What DivX writes where B-frames are packed."""
NOT_CODED = VOP + b"\x50\x00\x7f"


def packed(path: Path, count: int) -> Path:
    """MPEG-4 as DivX and Xvid write it: a B-frame is in the packet of the one before, a filler follows."""
    encoder = av.CodecContext.create("mpeg4", "w")
    encoder.width, encoder.height, encoder.pix_fmt = WIDTH, HEIGHT, "yuv420p"
    encoder.time_base, encoder.framerate, encoder.gop_size = Fraction(1, 25), Fraction(25), 50
    encoder.max_b_frames, encoder.bit_rate = 1, 800_000
    coded: list[tuple[bytes, bool]] = []
    for number in range(count):
        frame = VideoFrame.from_ndarray(picture(number), format="yuv420p")
        frame.pts, frame.time_base = number, Fraction(1, 25)
        coded += [(bytes(packet), packet.is_keyframe) for packet in encoder.encode(frame)]
    coded += [(bytes(packet), packet.is_keyframe) for packet in encoder.encode(None)]
    chunks: list[tuple[bytes, bool]] = []
    while coded:
        data, key = coded.pop(0)
        if key:
            data = data[: data.index(VOP)] + DIVX + data[data.index(VOP) :]
        if coded and (follows := coded[0][0])[follows.index(VOP) + 4] >> 6 == 2:  # a B-frame
            chunks += [(data + coded.pop(0)[0], key), (NOT_CODED, False)]
        else:
            chunks.append((data, key))
    with av.open(str(path), "w") as out:
        stream = out.add_stream("mpeg4", rate=25)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.codec_context.codec_tag = "DX50"
        for number, (data, key) in enumerate(chunks):
            packet = av.Packet(data)
            packet.pts = packet.dts = number
            packet.time_base, packet.is_keyframe, packet.stream = Fraction(1, 25), key, stream
            out.mux(packet)
    return path


RECIPES = {
    "one.avi": Recipe(seconds=6, video="mpeg4", audio=(), b_frames=1),
    "two.avi": Recipe(seconds=6, video="mpeg4", audio=(), b_frames=2),
    "h264.avi": Recipe(seconds=6, audio=(), b_frames=3),
}


@pytest.mark.parametrize("name", ["packed.avi", *RECIPES])
def test_all_frames_come_in_order(film: Film, tmp_path: Path, name: str) -> None:
    path = packed(tmp_path / name, 150) if name == "packed.avi" else film(name, RECIPES[name])
    info, index = probe(path), read_frame_index(path)
    assert index is not None
    times = [frame.time_s for frame in gray_frames(path, pixels=2000)]
    assert len(times) == len(index.shown) == 150
    assert times == pytest.approx([number / 25 for number in range(150)], abs=0.041)
    assert np.diff(times)[:-3] == pytest.approx(0.04, abs=0.001)

    wanted = [139, 104, 83, 44, 50, 6, 12, 2, 28, 133]
    for threads in (False, True):
        shown = frames_at(path, [number / 25 + 0.01 for number in wanted], threads=threads)
        assert [number_of(frame.rgb.mean(axis=2)) for frame in shown] == wanted

    done = concat([MediaRange(path, Fraction(1), Fraction(3))], tmp_path / "joined.mp4")
    got = measure(done.path)
    assert got.numbers == tuple(range(25, 75))
    assert [float(time) for time in got.times] == pytest.approx([n / 25 for n in range(50)], abs=0.002)
    assert info.video is not None
    assert info.video.rate == 25
