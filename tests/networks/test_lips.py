"""Crops of lips, and what the shipped network makes of them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from edge_kernels.images import Rgb
from msgspec import structs
from numpy.typing import NDArray

from edge.errors import ModelError, UsageError
from edge.models.folder import open_folder
from edge.models.store import builtin_root
from edge.networks.lip_crops import LipGeometry, lip_crops, lip_matrices, smoothed
from edge.networks.lips import LipNetwork, lip_sound
from tools.convert.folder import rewrite

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]

GEOMETRY = LipGeometry(
    width=48, height=40, eyes=36.0, eyes_to_mouth=39.6, mouth_y=17.0, smooth=1, smooth_scale=5
)

FACE = np.array([[-0.5, 0], [0.5, 0], [0, 0.65], [-0.4, 1.1], [0.4, 1.1]])
"""Landmarks of a face whose eyes are 1 apart."""


@pytest.fixture(scope="module")
def network() -> Iterator[LipNetwork]:
    with LipNetwork() as opened:
        yield opened


def held(size: float, angle: float, x: float, y: float) -> tuple[Doubles, Doubles]:
    """How a face is held: its eyes `size` pixels apart, turned by `angle`, their middle at (x, y)."""
    turn = size * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return turn, np.array([x, y])


def landmarks(turn: Doubles, offset: Doubles) -> Floats:
    return np.asarray(FACE @ turn.T + offset, np.float32)


def drawn(turn: Doubles, offset: Doubles, opening: float = 0.0, side: int = 400) -> Rgb:
    """A face: bright skin that darkens to the chin, a dark mouth that is `opening` high, a nose's shadow."""
    rows, columns = np.mgrid[:side, :side] + 0.5
    place = np.stack([columns, rows], -1) - offset
    x, y = np.moveaxis(place @ np.linalg.inv(turn).T, -1, 0)
    skin = 190 - 40 * np.abs(x) - 20 * (y - 1) - 60 * np.exp(-(((y - 0.75) / 0.06) ** 2) - (x / 0.15) ** 2)
    lips = np.exp(-((x / 0.42) ** 4)) * np.exp(-(((y - 1.1) / (0.06 + opening)) ** 4))
    dark = np.exp(-((x / 0.35) ** 4)) * np.exp(-(((y - 1.1) / (0.015 + opening)) ** 4))
    grey = skin - 50 * lips - 70 * dark
    return np.repeat(np.clip(grey, 0, 255)[..., None], 3, 2).astype(np.uint8)


def burst(openings: Doubles, size: float = 60.0, jitter: float = 0.0) -> NDArray[np.uint8]:
    """Crops of a face that does not move but its lips; landmarks are off by `jitter` pixels."""
    pose = held(size, 0.1, 200, 150)
    frames = (drawn(*pose, opening) for opening in openings)
    errors = np.random.default_rng(1).normal(0, jitter, (len(openings), 5, 2))
    return lip_crops(frames, (landmarks(*pose) + errors).astype(np.float32), GEOMETRY)


STILL, TALKING = np.zeros(30), 0.1 * (1 + np.sin(np.arange(30) * 2.2)) * (1 + 0.5 * np.sin(np.arange(30)))


@pytest.mark.parametrize("pose", [(60, 0, 200, 150), (40, 0.5, 190, 170), (110, -0.3, 210, 120)])
def test_a_face_gives_the_same_crop_however_it_is_held(pose: tuple[float, float, float, float]) -> None:
    usual, other = held(60, 0, 200, 150), held(*pose)
    expected = lip_crops([drawn(*usual)], landmarks(*usual)[None], GEOMETRY)
    crop = lip_crops([drawn(*other)], landmarks(*other)[None], GEOMETRY)
    difference = np.abs(crop.astype(int) - expected.astype(int))
    assert difference.mean() < 1.5
    assert np.percentile(difference, 95) < 6


def test_a_mouth_lies_where_the_geometry_says() -> None:
    (matrix,) = lip_matrices(landmarks(*held(72, 0.2, 100, 80))[None], GEOMETRY)
    points = np.c_[[[24 - 0.4 * 36, 17], [24 + 0.4 * 36, 17], [24, 17 - 1.1 * 36]], np.ones(3)] @ matrix.T
    wanted = np.array([[-0.4, 1.1], [0.4, 1.1], [0, 0]])
    turn, offset = held(72, 0.2, 100, 80)
    np.testing.assert_allclose(points, wanted @ turn.T + offset, atol=0.05)


def test_a_head_that_turns_aside_is_not_enlarged() -> None:
    front = FACE * 60.0 + 100
    aside = front * np.array([0.5, 1.0])
    matrices = lip_matrices(np.stack([front, aside]).astype(np.float32), GEOMETRY)
    sizes = np.linalg.norm(matrices[:, :, 0], axis=1)
    np.testing.assert_allclose(sizes, 60 / 36, rtol=0.01)


def test_jitter_of_landmarks_is_smoothed() -> None:
    shaken = FACE * 60.0 + 100 + np.random.default_rng(0).normal(0, 1.5, (30, 5, 2))
    rough = structs.replace(GEOMETRY, smooth=0, smooth_scale=0)
    calm, wild = (lip_matrices(shaken.astype(np.float32), geometry) for geometry in (GEOMETRY, rough))
    assert np.abs(np.diff(calm, axis=0)).mean() < 0.5 * np.abs(np.diff(wild, axis=0)).mean()


def test_smoothing_keeps_what_is_constant() -> None:
    np.testing.assert_allclose(smoothed(np.full((5, 2), 3.0), 2), 3.0)
    assert smoothed(np.array([[0.0], [4.0], [0.0]]), 1).ravel().tolist() == pytest.approx([4 / 3, 2, 4 / 3])


def test_fine_patterns_average_out_in_large_images() -> None:
    pattern = (np.indices((800, 800)).sum(0) % 2 * 255).astype(np.uint8)
    frame = np.repeat(pattern[..., None], 3, 2)
    crop = lip_crops([frame], landmarks(*held(200, 0.3, 400, 300))[None], GEOMETRY)
    assert crop.std() < 12
    assert crop.mean() == pytest.approx(127, abs=4)


def test_a_face_at_the_rim_repeats_the_rim() -> None:
    frame = np.full((60, 60, 3), 77, np.uint8)
    assert (lip_crops([frame], landmarks(*held(60, 0, 10, 30))[None], GEOMETRY) == 77).all()


@pytest.mark.parametrize(
    ("points", "frames", "complaint"),
    [
        (np.zeros((0, 5, 2)), 0, r"shape \[frames, 5, 2\]"),
        (np.zeros((2, 4, 2)), 2, r"shape \[frames, 5, 2\]"),
        (np.zeros((2, 5, 2)), 2, "same place"),
        (np.full((2, 5, 2), np.nan), 2, "finite"),
        (np.stack([FACE * 50, FACE * 50]), 1, "for 2 frames, but 1"),
        (np.stack([FACE * 50, FACE * 50]), 3, "more frames"),
    ],
)
def test_landmarks_that_do_not_fit_are_refused(points: Any, frames: int, complaint: str) -> None:
    images = [np.zeros((90, 90, 3), np.uint8)] * frames
    with pytest.raises(UsageError, match=complaint):
        lip_crops(images, points.astype(np.float32), GEOMETRY)


def test_the_shipped_geometry_is_that_of_the_manifest(network: LipNetwork) -> None:
    assert {name: getattr(network.parameters, name) for name in structs.asdict(GEOMETRY)} == structs.asdict(
        GEOMETRY
    )
    pose = held(60, 0, 200, 150)
    crops = network.crops([drawn(*pose)], landmarks(*pose)[None])
    assert crops.shape == (1, 40, 48)
    assert crops.dtype == np.uint8


@pytest.mark.parametrize("opening", [0.0, 0.05, 0.15])
@pytest.mark.parametrize("change", ["nothing", "noise", "flicker", "jitter"])
def test_a_frozen_face_is_not_producing(network: LipNetwork, opening: float, change: str) -> None:
    jitter = 1.0 if change == "jitter" else 0.0
    crops = burst(np.full(30, opening), jitter=jitter).astype(np.float64)
    rng = np.random.default_rng(1)
    if change == "noise":
        crops += rng.normal(0, 4, crops.shape)
    if change == "flicker":
        crops *= rng.uniform(0.9, 1.1, (30, 1, 1))
    still = np.clip(crops, 0, 255).astype(np.uint8)
    assert network.motion(still).producing[0] < 0.5


def test_lips_that_open_and_close_are_told_from_still_ones(network: LipNetwork) -> None:
    talking, still = network.motion(burst(TALKING)), network.motion(burst(STILL))
    assert talking.producing[0] > 0.5 > still.producing[0]


def test_a_batch_is_judged_as_each_of_its_bursts(network: LipNetwork) -> None:
    bursts = np.stack([burst(TALKING), burst(STILL), burst(TALKING[::-1], size=90)])
    sound = np.random.default_rng(2).uniform(0, 1, (3, 30, 5)).astype(np.float32)
    batch = network.motion(bursts)
    fits = network.synchrony(batch, sound)
    assert len(batch) == 3
    assert batch.embedding.shape == (3, 48)
    for at, one in enumerate(bursts):
        single = network.motion(one)
        np.testing.assert_allclose(single.producing[0], batch.producing[at], atol=1e-5)
        np.testing.assert_allclose(single.embedding[0], batch.embedding[at], atol=1e-4)
        np.testing.assert_allclose(network.synchrony(single, sound[at])[0], fits[at], atol=1e-5)


@pytest.mark.parametrize("frames", [8, 13, 40])
def test_bursts_have_any_length_within_limits(network: LipNetwork, frames: int) -> None:
    motion = network.motion(np.random.default_rng(0).integers(0, 256, (2, frames, 40, 48), np.uint8))
    fits = network.synchrony(motion, np.zeros((2, frames, 5), np.float32))
    assert motion.features.shape == (2, frames, 32)
    for values in (motion.producing, fits):
        assert values.shape == (2,)
        assert ((values >= 0) & (values <= 1)).all()


def test_the_gain_of_the_sound_does_not_matter(network: LipNetwork) -> None:
    rng = np.random.default_rng(3)
    levels = rng.uniform(-40, -15, 30).astype(np.float32)
    confidences = rng.dirichlet(np.ones(4), 30).astype(np.float32)
    motion = network.motion(burst(TALKING))
    soft, loud = (network.synchrony(motion, lip_sound(levels + gain, confidences)) for gain in (-10, 10))
    np.testing.assert_allclose(soft, loud, atol=1e-4)


@pytest.mark.parametrize(
    ("crops", "complaint"),
    [
        (np.zeros((7, 40, 48), np.uint8), "8 to 40 crops, not 7"),
        (np.zeros((2, 41, 40, 48), np.uint8), "8 to 40 crops, not 41"),
        (np.zeros((10, 48, 40), np.uint8), "crops is uint8"),
        (np.zeros((10, 40, 48), np.float32), "crops is uint8"),
        (np.zeros((40, 48), np.uint8), "crops is uint8"),
    ],
)
def test_other_crops_are_refused(network: LipNetwork, crops: Any, complaint: str) -> None:
    with pytest.raises(UsageError, match=complaint):
        network.motion(crops)


@pytest.mark.parametrize("shape", [(29, 5), (2, 30, 5), (30, 4), (30,)])
def test_a_sound_that_does_not_fit_is_refused(network: LipNetwork, shape: tuple[int, ...]) -> None:
    motion = network.motion(burst(STILL))
    with pytest.raises(UsageError):
        network.synchrony(motion, np.zeros(shape, np.float32))


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"task": "segmenter"}, "expected a lips model"),
        ({"parameters": {"frame_s": 0.1}}, "does not describe a lips"),
    ],
)
def test_another_manifest_is_refused(tmp_path: Path, change: dict[str, Any], complaint: str) -> None:
    copy = Path(shutil.copytree(builtin_root() / "lips", tmp_path / "model"))
    folder = rewrite(open_folder(copy), **change)
    with pytest.raises(ModelError, match=complaint):
        LipNetwork(folder.path)
