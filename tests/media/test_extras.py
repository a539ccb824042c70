"""Chapters, subtitles, attachments and cover images: carried where the file can, otherwise named."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from edge.media import MediaRange, concat, cut, probe
from edge.vocabulary import Span

from .makers import FONT
from .makers import film_with_extras as film


def kept(path: Path) -> tuple[list[tuple[float, float, str]], list[tuple[float, float, str]]]:
    """Chapters and subtitles of a file."""
    chapters = [(float(one.start), float(one.end), one.title) for one in probe(path).chapters]
    lines = []
    with av.open(str(path)) as container:
        for stream in container.streams.subtitles:
            lines += [
                (float(packet.pts * packet.time_base), float((packet.duration or 0) * packet.time_base),
                 bytes(packet).decode(errors="ignore").strip("\0\3\5"))
                for packet in container.demux(stream) if packet.size > 2 and packet.pts is not None
            ]  # fmt: skip
    return chapters, lines


PARTS = [(Fraction(1), Fraction(3)), (Fraction(6), Fraction(8))]


def ranges(path: Path) -> list[MediaRange]:
    return [MediaRange(path, start, end) for start, end in PARTS]


@pytest.mark.parametrize("smart", [True, False])
@pytest.mark.parametrize(("suffix", "codec"), [(".mkv", "subrip"), (".mp4", "mov_text")])
def test_chapters_and_subtitles_move_with_what_is_kept(
    tmp_path: Path, suffix: str, codec: str, smart: bool
) -> None:
    source = film(tmp_path / f"film{suffix}", subtitles=codec)
    done = concat(ranges(source), tmp_path / f"cut{suffix}", smart=smart)
    assert done.note == ""
    chapters, lines = kept(done.path)
    titles = [title for _, _, title in chapters]
    assert titles == ["Intro", "Main part", "End"]
    assert np.allclose([times[:2] for times in chapters], [(0, 1), (1, 2), (2, 4)], atol=0.05)
    assert [line for _, _, line in lines] == ["one", "two", "three"]
    assert np.allclose([times[:2] for times in lines], [(0, 0.5), (1.5, 0.5), (2.5, 1.0)], atol=0.05)
    with av.open(str(done.path)) as container:
        types = [stream.type for stream in container.streams]
        assert types[:4] == ["video", "audio", "audio", "subtitle"]
        assert [stream.data for stream in container.streams.attachments] == [FONT] * (suffix == ".mkv")
        assert container.streams.subtitles[0].metadata["language"] == "eng"
    again = concat([MediaRange(done.path, Fraction(0), Fraction(1))], tmp_path / f"again{suffix}")
    assert again.note == ""


def test_what_a_file_cannot_hold_is_named(tmp_path: Path) -> None:
    source = film(tmp_path / "film.mkv")
    named = "not carried into the result: "
    assert concat(ranges(source), tmp_path / "a.mp4").note == named + "1 attachment"
    sound = concat(ranges(source), tmp_path / "a.flac").note
    assert sound == named + "1 subtitle track, 1 attachment, 1 audio stream, 3 chapters"
    assert cut(source, Span(1, 3), tmp_path / "b.mkv").note == ""
    assert cut(source, Span(1, 3), tmp_path / "c.mkv", copy=True).note == (
        named + "1 subtitle track, 1 attachment"
    )
    assert [title for _, _, title in kept(tmp_path / "c.mkv")[0]] == ["Intro", "Main part"]
    both = [*ranges(source), MediaRange(film(tmp_path / "other.mkv"), Fraction(0), Fraction(1))]
    assert "2 subtitle tracks, 2 attachments, 2 audio streams" in concat(both, tmp_path / "d.mkv").note
