"""NAL units, parameter sets and headers of both codecs; ids that change without changing anything else."""

from __future__ import annotations

from fractions import Fraction
from typing import cast

import av
import pytest
from av.codec.context import Flags
from av.video.codeccontext import VideoCodecContext
from av.video.stream import VideoStream
from hypothesis import given
from hypothesis import strategies as st

from edge.media.bitstream import CODECS
from edge.media.bitstream.bits import Bits, escaped, framed, golomb, nals, unescaped
from edge.media.bitstream.codec import Codec, ParameterSets, Role, SequenceSet, SharedHeader
from edge.media.bitstream.h264 import H264
from edge.media.bitstream.hevc import HEVC

from .makers import picture

SPS = {H264: 7, HEVC: 33}
PPS = {H264: 8, HEVC: 34}
VPS = 32


def made(
    codec: Codec, pix_fmt: str = "yuv420p", params: str = "", **options: str
) -> tuple[bytes, list[bytes]]:
    """(The encoder's header, NAL units of ten frames without parameter sets)."""
    context = cast(VideoCodecContext, av.CodecContext.create(codec.encoder, "w"))
    context.width, context.height, context.pix_fmt = 320, 180, pix_fmt
    context.time_base, context.framerate = Fraction(1, 25), Fraction(25)
    context.flags |= Flags.global_header
    quiet = ["log-level=none"] if codec is HEVC else []
    key = codec.encoder.removeprefix("lib") + "-params"
    context.options = {"preset": "veryfast", key: ":".join(filter(None, [params, *quiet])), **options}
    packets = []
    for n in range(10):
        frame = av.VideoFrame.from_ndarray(picture(n), format="yuv420p").reformat(format=pix_fmt)
        frame.pts, frame.time_base = n, Fraction(1, 25)
        packets += context.encode(frame)
    packets += context.encode(None)
    units = [nal for packet in packets for nal in nals(bytes(packet), 0)]
    return context.extradata or b"", [nal for nal in units if codec.is_kept(nal)]


@pytest.mark.parametrize(
    ("codec", "pix_fmt", "params", "said"),
    [
        (H264, "yuv420p", "ref=2:cabac=0:bframes=0:8x8dct=0:weightp=0", (66, 1, 8, (320, 192), 2, True)),
        (H264, "yuv420p", "ref=5:cqm=jvt", (100, 1, 8, (320, 192), 5, True)),
        (H264, "yuv420p", "tff=1:ref=4", (100, 1, 8, (320, 96), 4, False)),
        (H264, "yuv420p10le", "ref=4", (110, 1, 10, (320, 192), 4, True)),
        (H264, "yuv422p", "ref=4", (122, 2, 8, (320, 192), 4, True)),
        (HEVC, "yuv420p", "ref=2:bframes=0", (1, 1, 8, (320, 184), 2, True)),
        (HEVC, "yuv420p10le", "ref=4:bframes=0", (2, 1, 10, (320, 184), 4, True)),
        (HEVC, "yuv422p10le", "ref=3:bframes=0:temporal-layers=1", (4, 2, 10, (320, 184), 3, True)),
        (HEVC, "yuv420p", "ref=3:bframes=0:interlace=tff", (1, 1, 8, (320, 184), 3, False)),
    ],
)
def test_a_sequence_set_says_what_the_encoder_was_told(
    codec: Codec, pix_fmt: str, params: str, said: tuple[object, ...]
) -> None:
    (known,) = codec.sequence_sets(codec.read_header(made(codec, pix_fmt, params)[0]))
    assert known == SequenceSet(*said)  # type: ignore[arg-type]


@pytest.mark.parametrize("codec", CODECS.values())
@pytest.mark.parametrize("pix_fmt", ["yuv420p", "yuv420p10le"])
def test_a_header_is_that_of_the_muxer(codec: Codec, pix_fmt: str, tmp_path: object) -> None:
    sets = codec.read_header(made(codec, pix_fmt)[0])
    assert set(sets.units) == {(kind, 0) for kind in codec.limits}
    written = codec.header(sets.units)
    again = codec.read_header(written)
    assert (again.length_size, again.units) == (4, sets.units)
    path = f"{tmp_path}/a.mp4"
    with av.open(path, "w") as out:
        stream = cast(VideoStream, out.add_stream(codec.encoder, rate=25))
        stream.width, stream.height, stream.pix_fmt = 320, 180, pix_fmt
        stream.codec_context.options = {"preset": "veryfast"}
        frame = av.VideoFrame.from_ndarray(picture(1), format="yuv420p").reformat(format=pix_fmt)
        out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    with av.open(path) as container:
        muxed = container.streams.video[0].codec_context.extradata or b""
    own = codec.header(codec.read_header(muxed).units)
    assert own[:5] == muxed[:5]
    assert codec is H264 or own[:22] == muxed[:13] + own[13:15] + muxed[15:19] + own[19:21] + own[21:22]


@pytest.mark.parametrize("codec", CODECS.values())
@pytest.mark.parametrize("params", ["bframes=3", "bframes=0:slices=3"])
def test_other_ids_change_no_frame(codec: Codec, params: str) -> None:
    header, units = made(codec, params=params)
    sets = codec.read_header(header)
    shared = SharedHeader(codec)
    others = {
        key: codec.renumbered(nal, key[1], 0)[:-1] + bytes([nal[-1] ^ 1]) for key, nal in sets.units.items()
    }
    assert shared.add(ParameterSets(4, others)) == {}  # some others have these ids
    moved = shared.add(sets)
    assert shared.add(sets) == moved
    assert set(moved) == {0}
    assert len(shared.units) == 2 * len(codec.limits)
    ours = {key: nal for key, nal in shared.units.items() if key not in others}
    renamed = [codec.slice_renumbered(nal, moved) for nal in units]
    assert not set(renamed) & {nal for nal in units if codec.role([nal]) is Role.ENTRY}
    assert shown(codec, list(ours.values()), renamed) == shown(codec, list(sets.units.values()), units)


def shown(codec: Codec, sets: list[bytes], units: list[bytes]) -> list[bytes]:
    """What a decoder makes of NAL units."""
    decoder = cast(VideoCodecContext, av.CodecContext.create(codec.name, "r"))
    decoder.options = {"err_detect": "explode"}
    data = b"".join(b"\0\0\0\1" + nal for nal in [*sets, *units])
    frames = [
        frame for packet in [*decoder.parse(data), *decoder.parse(b"")] for frame in decoder.decode(packet)
    ]
    frames += decoder.decode(None)
    assert len(frames) == 10
    return [frame.to_ndarray().tobytes() for frame in frames]


def test_a_clean_random_access_frame_becomes_a_broken_link() -> None:
    cra = bytes([21 << 1, 1, 0xC0, 5])
    first = HEVC.as_first(cra)
    assert (HEVC.kind(first), first[2:]) == (18, bytes([0x80, 5]))
    assert HEVC.role([cra]) is HEVC.role([first]) is Role.ENTRY
    assert HEVC.role([bytes([9 << 1, 1, 0])]) is Role.LEADING


def test_both_framings_hold_the_same_units() -> None:
    units = [bytes([103, 1, 2]), bytes([104, 9]), bytes([101, 0, 0, 3, 1, 7])]
    by_codes = b"".join(b"\0\0\0\1" + nal for nal in units)
    assert nals(by_codes, 0) == nals(framed(units), 4) == units


@given(st.lists(st.sampled_from([0, 1, 2, 3, 4, 255])).map(bytes))
def test_escapes_come_back_and_hide_start_codes(data: bytes) -> None:
    hidden = escaped(data)
    assert unescaped(hidden) == data
    assert not any(code in hidden for code in (b"\0\0\0", b"\0\0\1", b"\0\0\2"))


@given(st.integers(0, 255), st.integers(0, 300), st.binary(max_size=4))
def test_a_code_is_read_as_it_was_written(first: int, second: int, rest: bytes) -> None:
    text = golomb(first) + golomb(second) + "".join(f"{byte:08b}" for byte in rest) + "1"
    text += "0" * (-len(text) % 8)
    bits = Bits(int(text, 2).to_bytes(len(text) // 8, "big"))
    assert (bits.read_ue(), bits.read_ue()) == (first, second)
    assert Bits(bits.put(0, golomb(first) + golomb(second))).text == text
