"""Image classifiers on labelled pictures: of one that is always right, and of one that never is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edge.errors import InputError
from tests.tools.makers import colored, encoder_of_colors, pack_of_colors
from tools.evaluate.images import evaluate, read_pictures, table

IMAGES = [colored(number) for number in range(6)] + [colored(6, 70, 120), colored(7, 65, 64)]
"""Six small ones, two large ones."""


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return pack_of_colors(tmp_path_factory.mktemp("pack"), IMAGES)


def test_pictures_are_read_with_their_labels(pack: Path, tmp_path: Path) -> None:
    pictures = read_pictures(pack)
    assert [one.label for one in pictures] == ["red", "green", "blue", "red", "green", "blue", "red", "green"]
    for picture, rgb in zip(pictures, IMAGES, strict=True):
        np.testing.assert_array_equal(picture.rgb(), rgb)
    with pytest.raises(InputError, match=r"labels\.csv: is no table of labelled pictures"):
        read_pictures(tmp_path)
    (tmp_path / "images").mkdir()
    (tmp_path / "images/labels.csv").write_text("member,label\na.png,red\n")
    with pytest.raises(InputError, match=r"labels\.csv: is no table of labelled pictures: 'shard'"):
        read_pictures(tmp_path)


def test_figures_are_one_where_all_is_right_and_zero_where_nothing_is(pack: Path, tmp_path: Path) -> None:
    models = [encoder_of_colors(tmp_path, right=right).folder for right in (True, False)]
    result = evaluate(pack, models=[model.path for model in models])
    for model, figure in zip(models, (1.0, 0.0), strict=True):
        row = result["rows"][model.path.name]
        for size, count in (("small", 6), ("large", 2)):
            part = row["sizes"][size]
            assert part == {"pictures": count, "top1": figure, "top1_interval": [figure] * 2, "top5": figure}
        assert row["bytes"] == model.file("encoder.onnx").stat().st_size
        assert row["ms"] > 0
    lines = table(result).splitlines()
    assert len(lines) == 1 + 2 * 2 + 1
    assert lines[1].split()[:5] == ["True,", "small", "6", "1.000", "1.000"]
    assert lines[-1] == result["arithmetic"]


def test_a_second_place_is_among_five_and_a_class_that_no_model_knows_is_wrong(
    pack: Path, tmp_path: Path
) -> None:
    labels = (pack / "images/labels.csv").read_text().splitlines()
    other = tmp_path / "images"
    other.mkdir()
    (other / "part.zip").write_bytes((pack / "images/part.zip").read_bytes())
    wrong = [line.replace("red", "plaid").replace("green", "blue") for line in labels[1:7]]
    (other / "labels.csv").write_text("\n".join([labels[0], *wrong]))
    model = encoder_of_colors(tmp_path).folder.path
    part = evaluate(tmp_path, models=[model])["rows"]["True"]["sizes"]["small"]
    assert part["top1"] == pytest.approx(1 / 3)  # the blue ones
    assert part["top5"] == pytest.approx(2 / 3)  # that, and the green ones
    low, high = part["top1_interval"]
    assert 0 <= low < 1 / 3 < high <= 1
