"""Captions drawn into the video: there while they are shown, upright, in the safe area."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import numpy.typing as npt
import pytest

from edge.errors import InputError, UsageError
from edge.media import probe
from edge.media.write.burn import burn, check_burn
from edge.vocabulary import Caption

from .conftest import Film
from .makers import HDR10, HEIGHT, HLG, WIDTH, Recipe, described, hevc, measure

pytest.importorskip("PIL")

CUES = [Caption(0.4, 1.2, "One line."), Caption(1.2, 1.6, "Two lines, of which\nthis is the second.")]
PLAIN = Recipe(seconds=2.0)

Luma = npt.NDArray[np.float64]


def upright(path: Path) -> list[tuple[float, Luma]]:
    """Time and luma of each frame, as players turn it, of 10 bits in units of 8."""
    found = []
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            deep = frame.format.components[0].bits > 8
            plane: npt.NDArray[Any] = np.frombuffer(
                memoryview(frame.planes[0]), np.uint16 if deep else np.uint8
            )
            luma = plane.reshape(frame.height, -1)[:, : frame.width] / (4 if deep else 1)
            found.append((float(frame.time or 0), np.rot90(luma, round(frame.rotation / 90))))
    return found


def box(before: Luma, after: Luma) -> tuple[int, int, int, int] | None:
    """Top, bottom, left and right of what differs, as parts of 1000 of the frame; None if nothing does."""
    rows, columns = np.nonzero(np.abs(after - before) > 40)
    if len(rows) < 20:
        return None
    high, wide = before.shape
    return (
        int(rows.min() * 1000 / high),
        int(rows.max() * 1000 / high),
        int(columns.min() * 1000 / wide),
        int(columns.max() * 1000 / wide),
    )


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_text_is_there_while_it_is_shown_upright_and_at_the_bottom(
    film: Film, tmp_path: Path, rotation: int
) -> None:
    source = film("plain.mp4", PLAIN.but(rotation=rotation))
    done = burn(source, CUES, tmp_path / "a.mp4")
    assert done.note == ""
    for (time, before), (at, after) in zip(upright(source), upright(done.path), strict=True):
        assert abs(time - at) < 0.001
        assert before.shape == after.shape
        changed = box(before, after)
        assert (changed is not None) == (0.4 - 1e-6 <= time < 1.6 - 1e-6)
        if changed:
            top, bottom, left, right = changed
            assert (700 if time < 1.2 else 600) < top < bottom <= 955
            assert left >= 45
            assert right <= 955
            assert abs(left + right - 1000) < 30
    first, second = (upright(done.path)[number][1] for number in (20, 35))
    before = upright(source)[20][1]
    assert first.max() > 225
    small, large = box(before, first), box(before, second)
    assert small
    assert large
    assert large[0] < small[0]


def test_sound_is_copied_and_times_and_time_code_stay(film: Film, tmp_path: Path) -> None:
    source = film("coded.mov", PLAIN.but(timecode="01:00:00:00", audio_start=Fraction(1, 5)))
    written = burn(source, CUES, tmp_path / "a.mp4").path
    before, after = measure(source), measure(written)
    assert [float(time) for time in after.times] == pytest.approx(
        [float(time) for time in before.times], abs=0.001
    )
    assert after.numbers == before.numbers
    assert after.beeps == pytest.approx(before.beeps, abs=0.001)
    assert sound(written) == sound(source)
    assert str(probe(written).timecode) == str(probe(source).timecode)


def sound(path: Path) -> list[bytes]:
    with av.open(str(path)) as container:
        return [bytes(packet) for packet in container.demux(audio=0) if packet.size]


def test_sound_that_does_not_fit_is_encoded(film: Film, tmp_path: Path) -> None:
    source = film("pcm.mkv", PLAIN.but(audio=("pcm_s16le",)))
    for name, codec in (("a.webm", "opus"), ("a.mp4", "aac"), ("a.mov", "pcm_s16le")):
        written = burn(source, CUES, tmp_path / name).path
        assert [stream.codec for stream in probe(written).audio] == [codec]
        assert measure(written).beeps == pytest.approx(measure(source).beeps, abs=0.01)


@pytest.mark.slow
@pytest.mark.parametrize(("params", "white"), [(HDR10, 0.58), (HLG, 0.75)])
def test_a_high_dynamic_range_stays_and_text_is_as_bright_as_paper(
    film: Film, tmp_path: Path, params: str, white: float
) -> None:
    source = film("deep.mp4", hevc(params, pix_fmt="yuv420p10le").but(seconds=2.0))
    written = burn(source, CUES, tmp_path / "a.mp4").path
    assert described(written) == described(source)
    luma = upright(written)[21][1][150:]
    inside = np.quantile(luma[luma > 100], 0.95)  # the middle of a stroke, in any font of the system
    assert abs(inside - (16 + white * 219)) < 6


def test_pixels_that_are_not_square_give_letters_of_the_usual_shape(tmp_path: Path, film: Film) -> None:
    wide = tmp_path / "wide.mp4"
    with av.open(str(film("plain.mp4", PLAIN))) as source, av.open(str(wide), "w") as out:
        stream = out.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.codec_context.sample_aspect_ratio = Fraction(2)
        for frame in source.decode(video=0):
            frame.pict_type = av.video.frame.PictureType.NONE
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    plain = burn(film("plain.mp4", PLAIN), CUES, tmp_path / "a.mp4").path
    done = burn(wide, CUES, tmp_path / "b.mp4").path
    assert probe(done).video == probe(wide).video
    widths = [columns_of(path) for path in (plain, done)]
    assert 0.4 < widths[1] / widths[0] < 0.6


def columns_of(path: Path) -> int:
    """Columns with text, in the last fifth of the rows."""
    frames = upright(path)
    changed = np.abs(frames[20][1] - frames[0][1])[HEIGHT * 4 // 5 :] > 40
    return int(np.ptp(np.flatnonzero(changed.any(axis=0))))


def test_what_cannot_be_drawn_is_one_line_before_the_work(film: Film, tmp_path: Path) -> None:
    source = film("plain.mp4", PLAIN)
    latin = next(Path("/usr/share/fonts").rglob("DejaVuSans.ttf"), None)
    if latin is not None:
        with pytest.raises(UsageError, match=r"DejaVuSans\.ttf has no glyph for 你 好; name a font"):
            burn(source, [Caption(0, 1, "hi 你好")], tmp_path / "a.mp4", font=latin)
    with pytest.raises(InputError, match="cannot be read as a font"):
        check_burn(source, tmp_path / "a.mp4", source)
    with pytest.raises(InputError, match="no video"):
        check_burn(film("sound.m4a", PLAIN.but(video=None)), tmp_path / "a.mp4")
    with pytest.raises(UsageError, match="cannot hold video"):
        check_burn(source, tmp_path / "a.wav")
    assert not list(tmp_path.iterdir())
