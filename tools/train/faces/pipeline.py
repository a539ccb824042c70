"""The whole training of the face detector: teachers' labels, network, threshold, int8, model folders."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import msgspec
import numpy as np
from edge_kernels.images import Rgb
from msgspec.structs import replace
from numpy.typing import NDArray
from torch import nn

from edge.models.arithmetic import describe
from edge.models.folder import ModelFolder, open_folder
from edge.models.frontend import ImageInput
from edge.models.manifest import Network, Tensor
from edge.networks.face_detectors import open_face_detector
from edge.networks.face_map import FaceMap, Parameters, square_crop
from edge.networks.faces import iou
from tools.convert import onnx
from tools.convert.folder import rewrite, write_folder
from tools.evaluate import faces
from tools.progress import tell
from tools.train.faces.compose import SIZES, Composer
from tools.train.faces.corpus import Sample, faceless_images, held_out, labeled_frames
from tools.train.faces.learning import Plan, train
from tools.train.faces.lessons import LESSONS, Lesson
from tools.train.faces.network import CHANNELS, CROP, REACH, STRIDE, UNIT
from tools.train.job import Job

TEACHERS = ("face-mesh", "mtcnn")

FACELESS = 14_000
"""Images without faces."""

MINED, MIN_MINED, FAR = 6000, 12, 0.1
"""Composed images that are searched for mistakes of the proposal, their smallest face in pixels, and the
overlap with a face under which it is one."""

CALIBRATION = 120
"""Composed images to calibrate on."""

LOWEST = 0.25
"""Minimum score of a cell, and lowest threshold of faces."""

FOLLOWED = 0.3
"""Minimum probability of a face that was there shortly before."""

MISSED = 0.01
"""Share of the frames of held-out people, and of images without, that do not count for the threshold."""

FRONT_END = ImageInput(mean=(127.5,) * 3, scale=(127.5,) * 3)

SMALLEST, LONGEST = 16.0, 640
"""Pixels: of the smallest face that is found reliably, and of the largest input."""

INT8 = "int8: static QDQ per channel, 7-bit weights"

LICENCE = "Apache-2.0 (weights); see CARD.md for the recordings they were trained on"


def run(job: Job) -> None:
    """Train, quantize, write both model folders, and measure them on the evaluation pack."""
    teachers = [open_face_detector(teacher) for teacher in TEACHERS]
    pack = job.data / "train"
    samples, checked = held_out(list(labeled_frames(pack, teachers)))
    empty, empty_checked = held_out(list(faceless_images(pack, teachers, FACELESS)))
    print(f"{len(samples)} frames with faces and {len(empty)} images without to train on", flush=True)
    composer = Composer(samples, empty, np.random.default_rng(1))
    networks: dict[str, nn.Module] = {}
    for role, lesson in LESSONS.items():
        plan = Plan(job.steps, lesson.batch, threads=job.threads)
        networks[role] = train(lesson, composer, plan, job.run / role)
        if role == "proposal":
            composer.mistaken = mistaken(job, networks[role], composer)
    finish(job, networks, composer, checked + empty_checked)


def mistaken(job: Job, proposal: nn.Module, composer: Composer) -> list[Rgb]:
    """Crops uint8[64, 64, 3] of composed images that the proposal takes for faces, and are none."""
    files = {role: job.run / f"{role}-mining.onnx" for role in LESSONS}
    export("proposal", proposal, files["proposal"])
    export("refinement", LESSONS["refinement"].network(), files["refinement"])
    detector, found = FaceMap(write(job.run / "mining", files, "none")), []
    for index in range(MINED):
        tell(f"image {index + 1} of {MINED}")
        image = composer.image(*SIZES[index % len(SIZES)])
        rgb = np.rint(image.pixels.transpose(1, 2, 0)).astype(np.uint8)
        boxes, _ = detector.propose(rgb, MIN_MINED)
        known = np.concatenate([image.faces.boxes, image.unclear])
        for box in boxes[iou(boxes, known).max(axis=1, initial=0) < FAR]:
            crop = square_crop(rgb, (box[:2] + box[2:]) / 2, float((box[2:] - box[:2]).max()) * REACH, CROP)
            found.append(np.rint(crop.transpose(1, 2, 0)).astype(np.uint8))
    print(f"{len(found)} crops that look like faces and are none", flush=True)
    return found


def finish(job: Job, networks: Mapping[str, nn.Module], composer: Composer, checks: Sequence[Sample]) -> None:
    """Export, quantize and write both models with the threshold that `checks` call for."""
    exact, small = {}, {}
    for role, network in networks.items():
        exact[role], small[role] = job.run / f"{role}-float.onnx", job.run / f"{role}.onnx"
        export(role, network, exact[role])
        inputs = ({"pixels": pixels} for pixels in calibration(LESSONS[role], composer))
        onnx.quantize_static(exact[role], small[role], inputs)
    write(job.float_out, exact, "none")
    min_score = threshold(FaceMap(write(job.out, small, INT8)), checks)
    for place in (job.float_out, job.out):
        folder = open_folder(place)
        rewrite(folder, parameters=folder.manifest.parameters | {"min_score": min_score})
    if (job.data / "eval" / "faces" / "manifest.csv").is_file():
        record_accuracy(job)


def export(role: str, network: nn.Module, file: Path) -> None:
    """Write a float network as ONNX; sizes of the proposal's input and numbers of crops are free."""
    free = {name: {0: "batch"} for name in ("pixels", "logits", "shapes")}
    size = (CROP, CROP)
    if role == "proposal":
        size = SIZES[0]
        free = {name: {0: "batch", 2: "rows", 3: "columns"} for name in ("logits", "shapes")}
        free["pixels"] = {0: "batch", 2: "height", 3: "width"}
    example = {"pixels": np.zeros((1, 3, *size), np.float32)}
    onnx.export(network.eval(), example, file, outputs=["logits", "shapes"], free=free)


def record_accuracy(job: Job) -> None:
    """Write into both manifests what each model finds in the evaluation pack."""
    result = faces.evaluate(job.data / "eval", models=(job.out, job.float_out))
    names = (job.out.name, job.float_out.name)
    row = result["rows"][job.out.name]
    accuracy = {
        "recordings": f"evaluation pack: {row['people']} people, {row['faceless_frames']} other frames",
        "arithmetic": describe(),
    }
    for kind, name in zip(("int8", "float"), names, strict=True):
        row = result["rows"][name]
        accuracy |= {f"{kind}_{key}": round(row[key], 4) for key in ("found", "false")}
    for place in (job.out, job.float_out):
        rewrite(open_folder(place), accuracy=accuracy)


def calibration(lesson: Lesson, composer: Composer) -> Iterator[NDArray[np.float32]]:
    """Inputs like those of the device."""
    for _ in range(CALIBRATION):
        yield lesson.draw(composer, 1)[0]


def threshold(detector: FaceMap, checks: Sequence[Sample]) -> float:
    """The score in the middle between faces of held-out people and what looks like one elsewhere."""
    faces: list[float] = []
    others: list[float] = []
    for sample in checks:
        found = detector.detect(sample.rgb, max(8, min(sample.rgb.shape[:2]) // 12))
        (faces if len(sample.faces) else others).append(float(found.scores.max(initial=0)))
    low, high = float(np.quantile(others, 1 - MISSED)), float(np.quantile(faces, MISSED))
    print(
        f"of {len(faces)} faces {MISSED:.0%} score under {high:.3f}, of {len(others)} others over {low:.3f}"
    )
    return round(max(LOWEST, (low + high) / 2), 3)


def write(folder: Path, files: Mapping[str, Path], quantization: str) -> ModelFolder:
    """A model folder; an existing card stays."""
    contents: dict[str, bytes | Path] = {f"{role}.onnx": file for role, file in files.items()}
    if (card := folder / "CARD.md").exists():
        contents[card.name] = card
    networks = {
        "proposal": _network("proposal", (3, "height", "width"), ("height / 8", "width / 8"), CHANNELS - 1),
        "refinement": _network("refinement", (3, CROP, CROP), (), CHANNELS - 2),
    }
    parameters = Parameters(
        stride=STRIDE,
        multiple=32,
        unit=UNIT,
        smallest=SMALLEST,
        longest=LONGEST,
        reach=REACH,
        min_proposal=LOWEST,
        min_score=LOWEST,
        min_followed=FOLLOWED,
    )
    return write_folder(
        folder,
        contents,
        force=True,
        id="faces",
        version="1",
        task=FaceMap.task,
        front_end=FRONT_END,
        parameters=msgspec.to_builtins(parameters),
        networks={role: replace(network, quantization=quantization) for role, network in networks.items()},
        quantization=quantization,
        licence=LICENCE,
        source="python -m tools.train faces",
    )


def _network(
    role: str, pixels: tuple[int | str, ...], cells: tuple[int | str, ...], channels: int
) -> Network:
    """What goes in and out of a network."""
    logits = ("batch", 1, *cells) if cells else ("batch",)
    return Network(
        f"{role}.onnx",
        inputs=(Tensor("pixels", "float32", ("batch", *pixels)),),
        outputs=(
            Tensor("logits", "float32", logits),
            Tensor("shapes", "float32", ("batch", channels, *cells)),
        ),
    )
