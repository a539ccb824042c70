"""What is drawn into a frame is where it was perceived, when it was perceived."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from edge_kernels.images import Rgb
from numpy.typing import NDArray

from edge.evidence.face_track import Burst, FaceTrack, SeenFace
from edge.evidence.faces import TrackedFace
from edge.evidence.labels import LabelTrack
from edge.evidence.overlay import LABEL_COLORS, PERFORMING, SILENT, SONG, TEXT, Overlay, strip_unit
from edge.songs.song import Song
from edge.text.bitmap import FONT, GLYPH_HEIGHT, draw_text, text_mask, text_width
from edge.vocabulary import LABELS, Label

WIDTH, HEIGHT = 640, 360
SINGING, SPEAKING = LABELS.index(Label.SINGING), LABELS.index(Label.SPEAKING)
BOX = np.array([0.25, 0.25, 0.5, 0.75], np.float32)
LANDMARKS = np.array([[0.3, 0.4], [0.45, 0.4], [0.375, 0.5], [0.325, 0.6], [0.425, 0.6]], np.float32)
SONGS = (Song(9.0, 21.0, 1.0, 1.0, 0.9),)


def labels(*columns: int) -> LabelTrack:
    """Segments of 3 s, each sure of its label by 0.7."""
    rows = np.full((len(columns), 4), 0.1, np.float32)
    rows[np.arange(len(columns)), list(columns)] = 0.7
    frames, seconds = rows.repeat(30, axis=0), 3.0 * len(columns)
    windows = np.zeros((len(columns), 1, 1), np.float16)
    return LabelTrack(seconds, 0.1, frames, np.zeros(len(frames), np.float32), 3.0, rows, 1.0, windows)


TEN = labels(*[SPEAKING] * 3, *[SINGING] * 4, *[SPEAKING] * 3)


def seen(start_s: float = 12.55, *, producing: float = 0.93, synchrony: float = 0.81) -> FaceTrack:
    """One face for 2 s, which moves to the right by a tenth of the frame's width."""
    times = np.asarray(start_s + np.arange(20) * 0.1, np.float64)
    right = np.linspace(0, 0.1, 20, dtype=np.float32)[:, None]
    boxes = BOX + right * np.array([1, 0, 1, 0], np.float32)
    landmarks = LANDMARKS + right[:, None] * np.array([1, 0], np.float32)
    track = TrackedFace(times, boxes, landmarks, np.ones(20, np.float32))
    face = SeenFace(track, producing, synchrony)
    burst = Burst(int(start_s // 3), times, (face,), np.zeros((2, 3, 16, 16), np.float32))
    return FaceTrack((burst,), 20, 750)


def black(height: int = HEIGHT, width: int = WIDTH) -> Rgb:
    return np.zeros((height, width, 3), np.uint8)


def is_color(rgb: Rgb, color: tuple[int, int, int]) -> NDArray[np.bool_]:
    return np.asarray((rgb == color).all(axis=2))


def shows(rgb: Rgb, text: str, scale: int) -> bool:
    """Whether a line of text is anywhere in an image, in any color on any other."""
    mask = text_mask(text, scale)
    windows = np.lib.stride_tricks.sliding_window_view(rgb.astype(int) @ (1, 256, 65536), mask.shape)
    ink, ground = windows[..., mask], windows[..., ~mask]
    flat = (np.ptp(ink, axis=-1) == 0) & (np.ptp(ground, axis=-1) == 0)
    return bool((flat & (ink[..., 0] != ground[..., 0])).any())


def cursor(painted: Rgb) -> float:
    """The middle column of the cursor, which alone reaches above the brackets."""
    return float(np.flatnonzero(is_color(painted[HEIGHT + 34 : HEIGHT + 36], TEXT)[0]).mean())


@pytest.mark.parametrize(
    ("height", "width"), [(2, 2), (3, 5), (16, 400), (180, 320), (360, 640), (640, 360), (719, 1279)]
)
def test_every_frame_gets_the_same_strip(height: int, width: int) -> None:
    overlay, frame = Overlay(TEN, seen(), SONGS), black(height, width)
    for time_s in (0.0, 12.6, 13.7, 29.99, 30.0, 31.5, 4000.0):
        painted = overlay.paint(time_s, frame)
        assert painted.shape == (height + 48 * strip_unit(height, width), width, 3)
        assert painted.dtype == np.uint8
    assert not frame.any()
    assert not overlay.paint(1.0, frame)[:height].any()


def test_the_strip_grows_with_the_frame() -> None:
    assert [strip_unit(*size) for size in ((90, 160), (360, 640), (720, 1280), (2160, 3840))] == [1, 1, 2, 6]
    assert strip_unit(1920, 1080) == 3


@pytest.mark.parametrize(("time_s", "moved"), [(12.55, 0.0), (13.5, 0.05), (13.53, 0.0516), (14.45, 0.1)])
def test_the_box_is_on_the_face(time_s: float, moved: float) -> None:
    frame = Overlay(TEN, seen()).paint(time_s, black())[:HEIGHT]
    rows, columns = np.nonzero(is_color(frame[88:], PERFORMING))  # below the text over the box
    got = [columns.min(), rows.min() + 88, columns.max() + 1, rows.max() + 89]
    assert got == pytest.approx([(0.25 + moved) * WIDTH, 90, (0.5 + moved) * WIDTH, 270], abs=2)


def test_the_outline_surrounds_the_mouth() -> None:
    frame = Overlay(TEN, seen()).paint(12.55, black())[:HEIGHT]
    rows, columns = np.nonzero(is_color(frame[150:260, 170:310], PERFORMING))
    rows, columns = rows + 150, columns + 170
    assert 190 < columns.min() < 0.325 * WIDTH
    assert 0.425 * WIDTH < columns.max() < 290
    assert 0.5 * HEIGHT < rows.min() < 0.6 * HEIGHT < rows.max() < 250
    assert set(range(columns.min(), columns.max() + 1)) == set(columns.tolist())


def test_a_face_is_drawn_only_while_its_burst_lasts() -> None:
    overlay = Overlay(TEN, seen())
    shown = [t for t in np.arange(0, 30, 0.04) if overlay.paint(float(t), black())[:HEIGHT].any()]
    assert (shown[0], shown[-1]) == pytest.approx((12.52, 14.48))


def test_the_color_of_a_face_says_whether_it_performs() -> None:
    for synchrony, color, other in ((0.81, PERFORMING, SILENT), (0.3, SILENT, PERFORMING)):
        frame = Overlay(TEN, seen(synchrony=synchrony)).paint(13.0, black())
        assert is_color(frame, color).any()
        assert not is_color(frame, other).any()


@pytest.mark.parametrize("box", [(-0.5, -0.5, 1.5, 1.5), (0.9, 0.0, 1.4, 0.2), (0.0, 0.95, 0.1, 1.3)])
def test_faces_beyond_the_frame_are_cut(box: tuple[float, ...]) -> None:
    pictures = seen()
    (face,) = pictures.bursts[0].faces
    track = replace(face.track, boxes=np.tile(np.array(box, np.float32), (20, 1)))
    burst = replace(pictures.bursts[0], faces=(replace(face, track=track),))
    for height, width in ((2, 2), (HEIGHT, WIDTH)):
        painted = Overlay(TEN, replace(pictures, bursts=(burst,))).paint(13.0, black(height, width))
        assert painted[:height].any()


def test_the_numbers_are_written() -> None:
    painted = Overlay(TEN, seen(), SONGS).paint(13.0, black())
    strip = painted[HEIGHT:]
    assert shows(painted[70:100, 150:350], "lips 0.93 fits 0.81", 1)
    assert shows(strip, "singing 0.70", 2)
    assert shows(strip, "0:13.0", 2)
    for text in ("audio, 1 face", "song 1 of 1", "of 0:30.0", "speaking", "0.10"):
        assert shows(strip, text, 1), text
    later = Overlay(TEN, None, SONGS).paint(28.0, black())[HEIGHT:]
    for text, scale in (("speaking 0.70", 2), ("audio only", 1), ("1 song", 1)):
        assert shows(later, text, scale), text


def test_there_is_no_label_after_the_audio() -> None:
    assert shows(Overlay(TEN, None).paint(30.5, black())[HEIGHT:], "no audio", 2)
    empty = replace(TEN, duration_s=0.0, frames=TEN.frames[:0], segments=TEN.segments[:0])
    assert shows(Overlay(empty, None).paint(0.0, black())[HEIGHT:], "no audio", 2)


def test_the_bars_are_as_long_as_the_confidences() -> None:
    strip = Overlay(TEN, None).paint(13.0, black())[HEIGHT:]
    lengths = [
        int(is_color(strip[4 + 8 * n : 5 + 8 * n, 200:], color).sum()) for n, color in enumerate(LABEL_COLORS)
    ]
    assert lengths == pytest.approx([7 * lengths[1], *lengths[1:2] * 3], abs=4)
    assert lengths[1] > 10


def test_the_cursor_moves() -> None:
    overlay = Overlay(TEN, None, SONGS)
    columns = [cursor(overlay.paint(time_s, black())) for time_s in (0, 10, 15, 29, 30, 40)]
    assert columns == pytest.approx([8, 216, 320, 611, 631, 631], abs=1.5)


def test_the_time_line_shows_labels_songs_and_what_was_looked_at() -> None:
    strip = Overlay(TEN, seen(), SONGS).paint(0.0, black())[HEIGHT:]

    def ends(row: int, color: tuple[int, int, int]) -> tuple[int, int]:
        columns = np.flatnonzero(is_color(strip[row : row + 1, 20:], color)[0]) + 20
        return int(columns[0]), int(columns[-1])

    def column(time_s: float) -> float:
        return 8 + time_s / 30 * (WIDTH - 16)

    for row, color, start_s, end_s in (
        (41, LABEL_COLORS[SINGING], 9.0, 21.0),
        (36, SONG, 9.0, 21.0),
        (46, TEXT, 12.55, 14.45),
    ):
        assert ends(row, color) == pytest.approx((column(start_s), column(end_s)), abs=2)


def test_no_two_characters_look_alike() -> None:
    characters = [line[::6] for line in FONT.strip("\n").split("\n")[:: GLYPH_HEIGHT + 1]]
    masks = {text_mask(one).tobytes() for one in "".join(characters)}
    assert len(masks) == len("".join(characters)) == 46
    assert {*"abcdefghijklmnopqrstuvwxyz0123456789"} <= {*"".join(characters)}
    assert not text_mask(" ").any()


def test_text_is_lower_case_and_never_fails() -> None:
    assert np.array_equal(text_mask("Song É"), text_mask("song ?"))
    assert text_mask("song", 3).shape == (8 * 3, text_width("song", 3))
    assert text_mask("").shape == (8, 0)


@pytest.mark.parametrize(("left", "top"), [(-7, -3), (15, 3), (40, 40), (-400, 0)])
def test_text_is_cut_at_the_edges(left: int, top: int) -> None:
    whole, part = np.zeros((100, 600, 3), np.uint8), np.zeros((10, 20, 3), np.uint8)
    draw_text(whole, 500 + left, 50 + top, "song", TEXT)
    draw_text(part, left, top, "song", TEXT)
    assert np.array_equal(part, whole[50:60, 500:520])
