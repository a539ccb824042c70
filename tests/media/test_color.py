"""Encoded frames keep their bits and their dynamic range, or are converted, and it is said."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import pytest
from av.video.reformatter import ColorPrimaries, Colorspace, ColorTrc

from edge.media import ConcatResult, MediaRange, concat, cut, probe
from edge.vocabulary import Span

from .conftest import Film
from .makers import HDR10, HLG, Recipe, described, hevc, measure

pytestmark = pytest.mark.slow

DEEP = "yuv420p10le"
SOURCES = {
    "hlg": hevc(f"closed:{HLG}", pix_fmt=DEEP, seconds=3.0, rotation=90),
    "pq": hevc(f"closed:{HDR10}", pix_fmt=DEEP, seconds=3.0),
    "plain": hevc("closed", pix_fmt=DEEP, seconds=3.0),
    "h264": Recipe(pix_fmt=DEEP, seconds=3.0),
}
BT709 = (ColorTrc.BT709, ColorPrimaries.BT709, Colorspace.ITU709)


def joined(destination: Path, *sources: Path) -> ConcatResult:
    parts = [MediaRange(source, Fraction(1), Fraction(2)) for source in sources]
    return concat(parts, destination, smart=False)


@pytest.mark.parametrize("kind", SOURCES)
@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv"])
def test_ten_bits_and_their_colors_stay(film: Film, tmp_path: Path, kind: str, suffix: str) -> None:
    source = film("a.mov", SOURCES[kind])
    video = probe(source).video
    assert video is not None
    assert (video.bits, video.hdr) == (10, kind if kind in {"hlg", "pq"} else None)
    done = joined(tmp_path / f"joined{suffix}", source)
    one = cut(source, Span(1.0, 2.0), tmp_path / f"cut{suffix}")
    assert (done.note, one.note) == ("", "")
    for path in (done.path, one.path):
        assert described(path) == described(source)
        assert measure(path).numbers == tuple(range(25, 50))
        assert measure(path).rotation == SOURCES[kind].rotation
        with av.open(str(path)) as container:
            context = container.streams.video[0].codec_context
            assert context.name == "hevc"
            assert suffix == ".mkv" or context.codec_tag == "hvc1"


def test_eight_bits_stay_h264(film: Film, tmp_path: Path) -> None:
    done = joined(tmp_path / "a.mp4", film("a.mp4", hevc("closed", seconds=3.0)))
    video = probe(done.path).video
    assert video is not None
    assert (video.codec, video.bits, done.note) == ("h264", 8, "")


def test_a_webm_has_ten_bits_or_is_converted_and_says_so(film: Film, tmp_path: Path) -> None:
    done = joined(tmp_path / "a.webm", film("a.mov", SOURCES["hlg"]))
    ((pix_fmt, *colors, _, _),) = described(done.path)
    assert measure(done.path).numbers == tuple(range(25, 50))
    if pix_fmt == DEEP:
        assert (colors[0], done.note) == (ColorTrc.ARIB_STD_B67, "")
    else:
        assert (pix_fmt, *colors) == ("yuv420p", *BT709)
        assert done.note.startswith("the high dynamic range was converted to BT.709, because libvpx")


@pytest.mark.parametrize("first", ["hlg", "standard"])
def test_parts_of_another_range_are_converted_to_that_of_the_first(
    film: Film, tmp_path: Path, first: str
) -> None:
    sources = [film("a.mov", SOURCES["hlg"].but(rotation=0)), film("b.mp4", Recipe(seconds=3.0))]
    done = joined(tmp_path / "a.mp4", *(sources if first == "hlg" else sources[::-1]))
    assert measure(done.path).numbers == (*range(25, 50), *range(25, 50))
    (said,) = described(done.path)
    if first == "hlg":
        assert (said[:2], done.note) == ((DEEP, ColorTrc.ARIB_STD_B67), "")
    else:
        because = "because the first recording has another"
        assert said[0] == "yuv420p"
        assert done.note == f"the high dynamic range was converted to BT.709, {because}"
