"""Text in frames: boxes of a map of probabilities, order, decoding, and a reader of striped letters."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from edge.errors import ModelError, UsageError
from edge.networks.text_reader import TextReader, boxes_of, decode, in_reading_order
from tests.networks.text_makers import PARAMETERS, paint, reader_folder

WORDS = st.text("rgb", min_size=2, max_size=5).filter(lambda word: all(a != b for a, b in pairwise(word)))
ROWS = st.lists(st.lists(WORDS, min_size=1, max_size=3), min_size=1, max_size=4)
SIDES = st.tuples(st.integers(1, 20), st.integers(1, 20), st.sampled_from((0.2, 0.4, 0.6, 0.9)))


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> TextReader:
    return TextReader(reader_folder(tmp_path_factory.mktemp("models") / "stripes"))


@settings(deadline=None, max_examples=40)
@given(ROWS, st.integers(0, 9))
def test_words_are_read_where_they_are_row_by_row(
    reader: TextReader, rows: list[list[str]], jitter: int
) -> None:
    rgb = np.zeros((256, 320, 3), np.uint8)
    drawn = [
        (word, paint(rgb, word, 10 + 105 * column, 12 + 60 * row + jitter * (column % 2)))
        for row, words in enumerate(rows)
        for column, word in enumerate(words)
    ]
    lines = reader.read(rgb)
    assert [line.text for line in lines] == [word for word, _ in drawn]
    for line, (_, box) in zip(lines, drawn, strict=True):
        assert 0.9 < line.confidence <= 1
        assert (line.box[:2] <= box[:2]).all()
        assert (line.box[2:] >= box[2:]).all()
        assert np.abs(line.box - box).max() <= 8


def test_a_large_frame_is_reduced_and_boxes_are_its_own(reader: TextReader) -> None:
    rgb = np.zeros((900, 1300, 3), np.uint8)
    small = np.zeros((90, 130, 3), np.uint8)
    box = np.array(paint(small, "rgbr", 40, 50)) * 10
    rgb[:] = np.kron(small, np.ones((10, 10, 1), np.uint8))
    (line,) = reader.read(rgb)
    assert line.text == "rgbr"
    np.testing.assert_allclose(line.box, box, atol=80)
    assert reader.read(np.zeros((40, 3, 3), np.uint8)) == ()


def test_text_at_the_edges_stays_inside(reader: TextReader) -> None:
    rgb = np.zeros((64, 96, 3), np.uint8)
    paint(rgb, "gb", 0, 0)
    paint(rgb, "bgrbg", 96 - 60, 64 - 16)
    lines = reader.read(rgb)
    assert [line.text for line in lines] == ["gb", "bgrbg"]
    assert lines[0].box[:2].tolist() == [0, 0]
    assert lines[1].box[2:].tolist() == [96, 64]


def test_long_lines_are_narrowed_and_unsure_ones_dropped(tmp_path: Path) -> None:
    rgb = np.zeros((64, 480, 3), np.uint8)
    paint(rgb, "rgb" * 12, 8, 20)
    narrow = TextReader(reader_folder(tmp_path / "narrow", max_width=600, margin=0.0))
    assert [line.text for line in narrow.read(rgb)] == ["rgb" * 12]
    sure = TextReader(reader_folder(tmp_path / "sure", min_confidence=1.0))
    assert sure.read(rgb) == ()


@settings(deadline=None)
@given(st.lists(SIDES, max_size=9))
def test_boxes_are_the_rectangles_that_are_large_and_likely_grown(
    sides: list[tuple[int, int, float]],
) -> None:
    scores, wanted = np.full((96, 96), 0.1, np.float32), []
    for number, (width, height, chance) in enumerate(sides):
        x, y = 8 + 30 * (number % 3), 8 + 30 * (number // 3)
        scores[y : y + height, x : x + width] = chance
        if min(width, height) >= 3 and chance >= 0.5:
            grown = 0.4 * width * height / (2 * (width + height))
            wanted.append([x - grown, y - grown, x + width + grown, y + height + grown])
    found = boxes_of(scores, PARAMETERS)
    np.testing.assert_allclose(sorted(found.tolist()), sorted(wanted), rtol=1e-4, atol=1e-3)
    assert found.dtype == np.float32
    assert found.shape == (len(wanted), 4)


def test_boxes_that_almost_touch_are_two() -> None:
    scores = np.zeros((40, 60), np.float32)
    scores[10:20, 5:25] = scores[10:20, 26:50] = 0.9
    assert len(boxes_of(scores, replace(PARAMETERS, growth=0.0))) == 2
    scores[20, 25] = 0.9  # a corner of both
    assert len(boxes_of(scores, replace(PARAMETERS, growth=0.0))) == 1


@given(st.permutations(range(6)))
def test_the_order_of_reading_is_that_of_rows(order: list[int]) -> None:
    rows = [
        [0, 2, 40, 12],
        [50, 0, 90, 10],
        [95, 3, 99, 30],
        [0, 15, 30, 25],
        [40, 16, 80, 26],
        [0, 40, 9, 50],
    ]
    boxes = np.array(rows, np.float32)
    assert [box.tolist() for box in in_reading_order(boxes[order])] == rows[:2] + rows[3:5] + [
        rows[2]
    ] + rows[5:]


def test_decoding_merges_runs_and_drops_blanks() -> None:
    rows = np.full((7, 3), 0.1, np.float32)
    rows[np.arange(7), [1, 1, 0, 1, 2, 2, 0]] = [0.5, 0.9, 0.99, 0.6, 0.7, 0.6, 0.99]
    text, confidence = decode(rows, ("a", "\N{BATHTUB}"))
    assert text == "aa\N{BATHTUB}"
    assert confidence == pytest.approx((0.9 + 0.6 + 0.7) / 3)
    assert decode(rows[2:3], ("a", "b")) == ("", 0.0)
    assert decode(rows[:0], ("a", "b")) == ("", 0.0)


def test_only_images_are_read(reader: TextReader) -> None:
    for wrong in (np.zeros((4, 4), np.uint8), np.zeros((4, 4, 3), np.float32), np.zeros((0, 4, 3), np.uint8)):
        with pytest.raises(UsageError, match="an image is uint8"):
            reader.read(wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("characters", "outputs", "message"),
    [
        (b"r\ng\nb\n", 5, "3 characters for 5 outputs"),
        (b"r\ng\nb\n \nx\n", 5, "5 characters"),
        (b"r\n\nb\n \n", 5, "empty line"),
        (b"r\ng\n\xff\n \n", 5, "not UTF-8"),
        (b"r\ng\nb\n \n", 7, "4 characters for 7 outputs"),
    ],
)
def test_other_characters_than_the_outputs_are_refused(
    tmp_path: Path, characters: bytes, outputs: int, message: str
) -> None:
    folder = reader_folder(tmp_path / "stripes", characters=characters, outputs=outputs)
    with pytest.raises(ModelError, match=message):
        TextReader(folder)


def test_damaged_folders_are_refused(tmp_path: Path) -> None:
    folder = reader_folder(tmp_path / "stripes")
    for name in ("recognizer.onnx", "characters.txt"):
        content = bytearray((folder.path / name).read_bytes())
        content[len(content) // 2] ^= 1
        (folder.path / name).write_bytes(content)
        with pytest.raises(ModelError, match="damaged"):
            TextReader(folder.path)
    with pytest.raises(ModelError, match="does not describe a text-reader"):
        TextReader(reader_folder(tmp_path / "wrong", longest_side=3))
