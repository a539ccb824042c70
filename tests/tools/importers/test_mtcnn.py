"""MTCNN from a wheel to boxes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from edge.models.store import find
from edge.networks.face_cascade import FaceCascade
from tests.tools.importers.conftest import Import
from tests.tools.importers.makers import cascade, facenet, real_wheel, state, wheel
from tools.evaluate import quantized_faces
from tools.importers.cascade import Output, Proposal, Refinement, load

BOX = [177.98, 105.83, 357.48, 350.95]
POINTS = [[229.77, 195.34], [310.67, 191.16], [274.19, 233.13], [246.33, 288.88], [303.68, 286.21]]
"""What facenet-pytorch's own detect_face (2.6.0, torch 2.13) gives for `face_picture`."""

NOISE = np.random.default_rng(0).integers(0, 256, (90, 120, 3), np.uint8)


def flattened(x: Tensor) -> Tensor:
    """As facenet-pytorch flattens: width first."""
    return x.permute(0, 3, 2, 1).reshape(len(x), -1)


def as_the_source(network: Proposal | Refinement | Output, x: Tensor) -> tuple[Tensor, ...]:
    """What facenet-pytorch's networks compute, scores last."""
    x = (x - 127.5) * 0.0078125
    x = network.pool1(network.prelu1(network.conv1(x)))
    if isinstance(network, Proposal):
        x = network.prelu3(network.conv3(network.prelu2(network.conv2(x))))
        return network.conv4_2(x), torch.softmax(network.conv4_1(x), dim=1)[:, 1]
    x = network.pool2(network.prelu2(network.conv2(x)))
    x = network.prelu3(network.conv3(x))
    if isinstance(network, Refinement):
        x = network.prelu4(network.dense4(flattened(x)))
        return network.dense5_2(x), torch.softmax(network.dense5_1(x), dim=1)[:, 1]
    x = network.prelu4(network.conv4(network.pool3(x)))
    x = network.prelu5(network.dense5(flattened(x)))
    return network.dense6_2(x), network.dense6_3(x), torch.softmax(network.dense6_1(x), dim=1)[:, 1]


@pytest.mark.parametrize(("at", "size"), [(0, 40), (1, 24), (2, 48)])
def test_folded_networks_give_what_the_source_gives(at: int, size: int) -> None:
    source, folded = cascade()[at].eval(), load(cascade()[at], cascade()[at].state_dict())
    image = torch.randint(0, 256, (3, 3, size, size)).float()
    with torch.no_grad():
        score, *others = folded(image)
        *expected, expected_score = as_the_source(source, image)
    for mine, theirs in zip([score, *others], [expected_score, *expected], strict=True):
        torch.testing.assert_close(mine, theirs, atol=2e-5, rtol=1e-4)


def test_what_is_imported_detects(importing: Import, tmp_path: Path) -> None:
    importing("mtcnn", facenet(tmp_path), "--no-measure")
    importing("mtcnn", facenet(tmp_path), "--float")
    exact, quantized = FaceCascade("mtcnn-float"), FaceCascade()
    assert quantized.folder.manifest.quantization.startswith("int8")
    assert exact.folder.manifest.quantization == "none"
    sizes = [(detector.folder.path / "output.onnx").stat().st_size for detector in (exact, quantized)]
    assert sizes[1] < 0.3 * sizes[0]
    found = quantized.detect(NOISE, min_face=20)
    assert len(found)
    assert found.boxes.shape == (len(found), 4)
    assert found.landmarks.shape == (len(found), 5, 2)
    assert (np.diff(found.scores) <= 0).all()
    card = (quantized.folder.path / "CARD.md").read_text()
    assert "facenet-pytorch 2.6.0" in card
    assert "Not measured here" in card


def test_damaged_or_other_weights_are_refused_in_one_line(importing: Import, tmp_path: Path) -> None:
    pnet, rnet = state(cascade()[0]), state(cascade()[1])
    cases = {"": "data/pnet.pt holds other weights", "x": "holds no readable data/onet.pt"}
    for case, message in cases.items():
        source = facenet(tmp_path, without="onet") if case else facenet(tmp_path, pnet=rnet)
        assert message in importing("mtcnn", source, "--no-measure", code=3)
    assert "holds other weights" in importing("mtcnn", facenet(tmp_path, pnet=pnet[:900]), code=3)
    assert "holds other weights" in importing("mtcnn", facenet(tmp_path, pnet=b""), code=3)
    importing("mtcnn", wheel(tmp_path / "empty-1-x.whl", {}), code=3)


def test_real_weights_reach_their_targets(importing: Import, eval_pack: Path) -> None:
    source = real_wheel("facenet_pytorch-2.6.0*.whl")
    importing("mtcnn", source, "--no-measure")
    importing("mtcnn", source, "--float")
    exact, quantized = FaceCascade("mtcnn-float"), FaceCascade()
    tally = quantized_faces.Tally()
    for image in quantized_faces.video_pictures(eval_pack):
        tally.add(exact.detect(image), quantized.detect(image))
    row = tally.summary()
    assert row["faces"] >= 15
    assert row["recall"] >= 0.95
    assert row["box_iou"] >= 0.97
    assert row["landmark_px"] <= 1
    assert find("mtcnn").manifest.licence == "MIT"


def test_real_weights_find_what_facenet_pytorch_finds(importing: Import, eval_pack: Path) -> None:
    importing("mtcnn", real_wheel("facenet_pytorch-2.6.0*.whl"), "--float")
    found = FaceCascade("mtcnn-float").detect(face_picture(eval_pack))
    np.testing.assert_allclose(found.boxes, [BOX], atol=0.01)
    np.testing.assert_allclose(found.landmarks[0], POINTS, atol=0.01)


def face_picture(pack: Path) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """A talking face, 512 pixels wide."""
    from edge.media import frames_at  # noqa: PLC0415

    (frame,) = frames_at(pack / "video" / "grid_lbax4n.mpg", [1.0], size=(512, 410))
    return frame.rgb
