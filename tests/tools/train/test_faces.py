"""Training of the face detector: what is drawn, what is to be learned of it, and that training resumes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from edge_kernels.images import Rgb

from edge.networks.face_map import FaceMap
from edge.networks.faces import Faces, iou
from tools.train.faces.compose import SIZES, Composer
from tools.train.faces.corpus import Sample, held_out
from tools.train.faces.learning import Plan, train
from tools.train.faces.lessons import LESSONS, targets
from tools.train.faces.network import CHANNELS, CROP, REACH, STRIDE, UNIT
from tools.train.faces.pipeline import export, write

DOTS = np.array([[40, 40], [60, 40], [50, 52], [42, 62], [58, 62]], np.float32)
"""Landmarks of the drawn face, which is 40 pixels wide and high."""


def drawn() -> Rgb:
    """A grey frame with a white square and a red dot at each landmark."""
    rgb = np.full((100, 100, 3), 60, np.uint8)
    rgb[30:70, 30:70] = 255
    for x, y in DOTS.astype(int):
        rgb[y - 1 : y + 2, x - 1 : x + 2] = (255, 0, 0)
    return rgb


@pytest.fixture
def composer() -> Composer:
    box = np.array([[30, 30, 70, 70]], np.float32)
    people = [Sample(drawn(), Faces(box, np.ones(1, np.float32), DOTS[None]), f"p{i}") for i in range(3)]
    none = Faces(np.zeros((0, 4), np.float32), np.zeros(0, np.float32), np.zeros((0, 5, 2), np.float32))
    empty = [Sample(np.full((64, 64, 3), 20 * i, np.uint8), none, f"e{i}") for i in range(4)]
    return Composer(people, empty, np.random.default_rng(0))


def test_landmarks_stay_on_what_they_mark(composer: Composer) -> None:
    """Red dots are where the labels say, whatever the face went through, unless it is covered or dark."""
    hits, dots = 0, 0
    for _ in range(60):
        image = composer.image(192, 320)
        for landmarks in image.faces.landmarks[image.faces.sides > 60]:
            for x, y in landmarks:
                if not (2 < x < 317 and 2 < y < 189):
                    continue
                part = image.pixels[:, int(y) - 1 : int(y) + 2, int(x) - 1 : int(x) + 2].mean(axis=(1, 2))
                dots += 1
                hits += bool(part[0] > part[1:].max() * 1.15 + 4)
    assert dots > 40
    assert hits / dots > 0.6  # grey images have no red dots, covered faces not all of them


def test_crops_hold_a_face_of_the_size_that_the_refinement_expects(composer: Composer) -> None:
    composer.mistaken = [np.zeros((CROP, CROP, 3), np.uint8)]
    found = [composer.crop(CROP, REACH) for _ in range(80)]
    sides = np.concatenate([image.faces.sides for image in found])
    assert 0.3 < len(sides) / 80 < 0.8
    assert abs(np.median(sides) * REACH / CROP - 1) < 0.15
    assert all(image.pixels.shape == (3, CROP, CROP) for image in found)


@pytest.mark.parametrize("size", sorted(set(SIZES)))
def test_targets_are_what_the_detector_reads(composer: Composer, size: tuple[int, int]) -> None:
    for _ in range(8):
        image = composer.image(*size)
        score, weight, shapes, learn = targets(image)
        assert score.shape == weight.shape == learn.shape == (1, size[0] // STRIDE, size[1] // STRIDE)
        assert shapes.shape == (CHANNELS - 1, *score.shape[1:])
        assert (score[0] > 0.99).sum() >= len(image.faces) > 0 or not len(image.faces)
        for box in image.faces.boxes:
            cells = np.argwhere(learn[0] > 0)
            sides = UNIT * np.exp(shapes[0][learn[0] > 0])
            centers = (cells[:, ::-1] + 0.5) * STRIDE
            boxes = shapes[1:5][:, learn[0] > 0].T.reshape(-1, 2, 2) * sides[:, None, None] + centers[:, None]
            assert iou(box[None], boxes.reshape(-1, 4).astype(np.float32)).max() > 0.99


def test_people_are_held_out_whole() -> None:
    samples = [Sample(drawn(), Faces(*(np.zeros((0, 4), np.float32),) * 3), f"g{i % 24}") for i in range(96)]
    learned, checked = held_out(samples)
    assert len(learned) + len(checked) == 96
    assert len(checked) == 12
    assert not {sample.group for sample in learned} & {sample.group for sample in checked}


@pytest.mark.parametrize("role", list(LESSONS))
def test_training_goes_on_where_it_stopped(composer: Composer, role: str, tmp_path: Path) -> None:
    lesson = LESSONS[role]
    whole = train(lesson, composer, Plan(2, 2, save_every=1), tmp_path / "whole")
    checkpoint = torch.load(tmp_path / "whole" / "checkpoint.pt", weights_only=True)
    again = train(lesson, composer, Plan(2, 2, save_every=1), tmp_path / "whole")
    assert checkpoint["step"] == 2
    for first, second in zip(whole.state_dict().values(), again.state_dict().values(), strict=True):
        torch.testing.assert_close(first, second)


def test_what_is_exported_is_a_detector(tmp_path: Path) -> None:
    files = {role: tmp_path / f"{role}.onnx" for role in LESSONS}
    for role, lesson in LESSONS.items():
        export(role, lesson.network(), files[role])
    detector = FaceMap(write(tmp_path / "model", files, "none"))
    assert detector.folder.manifest.task == "face-map"
    faces = detector.detect(drawn(), 12)
    assert faces.landmarks.shape == (len(faces), 5, 2)
