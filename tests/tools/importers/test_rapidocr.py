"""A text reader from a wheel to lines of text."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edge.models.store import find
from edge.networks.text_reader import TextReader
from tests.networks.text_makers import detector, noted, paint, recognizer
from tests.tools.importers.conftest import Import
from tests.tools.importers.makers import real_wheel, wheel
from tools.evaluate import reading


def package(path: Path, **replaced: bytes) -> Path:
    """A wheel of rapidocr with the networks of `text_makers`, in the operators of 2019."""
    files = {
        "det": detector(opset=11),
        "rec": noted(recognizer(opset=11), character="r\ng\nb"),
    } | replaced
    return wheel(
        path / "rapidocr-3.10.0-py3-none-any.whl",
        {f"rapidocr/models/PP-OCRv6_{name}_small.onnx": content for name, content in files.items()},
    )


def test_what_is_imported_reads(importing: Import, tmp_path: Path) -> None:
    importing("rapidocr", package(tmp_path), "--no-measure")
    importing("rapidocr", package(tmp_path), "--float")
    rgb = np.zeros((96, 192, 3), np.uint8)
    paint(rgb, "gbr", 20, 50)
    for name, quantization in (("rapidocr", "int8 weights"), ("rapidocr-float", "none")):
        with TextReader(name) as reader:
            assert [line.text for line in reader.read(rgb)] == ["gbr"]
            assert reader.folder.manifest.quantization.startswith(quantization)
            assert reader.folder.read("characters.txt") == b"r\ng\nb\n \n"
    card = (find("rapidocr").path / "CARD.md").read_text()
    assert "rapidocr 3.10.0" in card
    assert "Not measured here" in card


@pytest.mark.parametrize(
    ("replaced", "message"),
    [
        ({"rec": recognizer(opset=11)}, "does not note its characters"),
        ({"rec": b"no network"}, "cannot be loaded"),
        ({"det": b""}, "cannot be loaded"),
    ],
)
def test_other_packages_are_refused_in_one_line(
    importing: Import, tmp_path: Path, replaced: dict[str, bytes], message: str
) -> None:
    assert message in importing("rapidocr", package(tmp_path, **replaced), "--no-measure", code=3)
    importing("rapidocr", wheel(tmp_path / "empty-1-x.whl", {}), code=3)


def test_what_is_measured_is_in_the_card(importing: Import, tmp_path: Path, eval_pack: Path) -> None:
    importing("rapidocr", package(tmp_path), "--data", eval_pack)
    accuracy = find("rapidocr").manifest.accuracy
    rows = accuracy["rows"]
    assert rows["all"]["lines"] == rows["on a bar"]["lines"] + rows["on the frame"]["lines"]
    assert rows["all"]["cer_float"] > 0.9  # it knows three letters
    assert accuracy["bytes_int8"] > 0
    assert "characters in error" in (find("rapidocr").path / "CARD.md").read_text()


def test_real_weights_read_what_is_drawn(importing: Import, eval_pack: Path) -> None:
    importing("rapidocr", real_wheel("rapidocr-3.10.0*.whl"), "--no-measure")
    drawn = [sample for sample in reading.samples(eval_pack, count=30) if sample.height >= 13]
    with TextReader("rapidocr") as reader:
        errors = [reading.line_errors(reader.read(sample.rgb), sample) for sample in drawn]
    assert sum(errors) <= 0.05 * sum(len(sample.text) for sample in drawn)
    assert find("rapidocr").manifest.licence == "Apache-2.0"
