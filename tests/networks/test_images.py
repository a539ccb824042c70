"""Images made to fit: resized as Pillow does, averaged as adaptive pooling does, laid out as asked."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from edge.errors import UsageError
from edge.models.frontend import ImageInput
from edge.networks.images import prepare, resize

Rgb = NDArray[np.uint8]


def random_image(height: int, width: int, seed: int = 0) -> Rgb:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


@pytest.mark.parametrize(("height", "width"), [(7, 9), (30, 41), (60, 80), (61, 93), (120, 11), (1, 1)])
def test_resize_is_that_of_pillow(height: int, width: int) -> None:
    image = pytest.importorskip("PIL.Image")
    rgb = random_image(60, 80)
    theirs = np.asarray(image.fromarray(rgb).resize((width, height), image.Resampling.BILINEAR), np.float32)
    assert np.abs(resize(rgb, height, width) - theirs).max() <= 1  # Pillow rounds twice


def test_the_input_is_as_the_manifest_says() -> None:
    rgb = random_image(4, 6)
    plain = prepare(rgb, ImageInput())
    assert plain.dtype == np.float32
    np.testing.assert_array_equal(plain, rgb.transpose(2, 0, 1)[None])
    turned = prepare(rgb, ImageInput(layout="nhwc", order="bgr", mean=(1, 2, 3), scale=(2, 4, 8)))
    np.testing.assert_array_equal(turned, ((rgb[None, ..., ::-1] - [1.0, 2.0, 3.0]) / [2, 4, 8]).astype("f4"))


def test_whole_numbers_are_rounded_and_kept_in_range() -> None:
    rgb = random_image(4, 6)
    np.testing.assert_array_equal(prepare(rgb, ImageInput(layout="nhwc"), "uint8")[0], rgb)
    signed = prepare(rgb, ImageInput(layout="nhwc", mean=(128, 128, 128)), "int8")
    np.testing.assert_array_equal(signed[0], rgb.astype(int) - 128)
    assert prepare(rgb, ImageInput(), "int8").max() == 127


def test_crop_keeps_the_middle() -> None:
    rgb = np.zeros((40, 100, 3), np.uint8)
    rgb[:, 29:71] = 200
    assert (prepare(rgb, ImageInput(width=20, height=20, fit="crop")) == 200).all()
    wide = prepare(rgb, ImageInput(width=50, height=20, fit="crop"))
    assert wide[0, 0, 10].tolist()[::49] == [0, 0]
    rgb[:20] = 0
    inner = prepare(rgb, ImageInput(width=20, height=20, fit="crop", part=0.5))
    assert inner[0, 0, 0, 0] == 0
    assert inner[0, 0, 19, 0] == 200


def test_pad_adds_bars_of_the_mean_colour() -> None:
    rgb = np.full((20, 40, 3), 200, np.uint8)
    for order in ("rgb", "bgr"):
        front_end = ImageInput(width=40, height=40, fit="pad", order=order, mean=(10, 20, 30))
        values = prepare(rgb, front_end)
        assert (values[0, :, :10] == 0).all()
        assert (values[0, :, 30:] == 0).all()
        np.testing.assert_array_equal(values[0, :, 10:30, 0].T, [[190, 180, 170]] * 20)


@pytest.mark.parametrize("shape", [(4, 6), (4, 6, 4), (0, 6, 3)])
def test_other_arrays_are_no_pictures(shape: tuple[int, ...]) -> None:
    with pytest.raises(UsageError, match="an image is uint8"):
        prepare(np.zeros(shape, np.uint8), ImageInput())
    with pytest.raises(UsageError, match="an image is uint8"):
        prepare(np.zeros((4, 6, 3), np.float32), ImageInput())
