"""Train the image encoder, quantize it, and write the model folders.

pictures and video frames of a pack -> what the teacher says of each view -> student of 64 pixels
-> float model, static int8 model -> accuracy on the evaluation pack's pictures
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from edge.models.arithmetic import describe
from edge.models.folder import ModelFolder, open_folder
from edge.models.frontend import ImageInput
from edge.models.manifest import Network, Tensor
from edge.networks.image_encoder import ImageEncoder, Parameters
from edge.networks.images import prepare
from tools.convert import onnx
from tools.convert.folder import rewrite, write_folder
from tools.evaluate import images
from tools.train.images.corpus import SIDE, Corpus, collect
from tools.train.images.learning import Plan, train
from tools.train.job import Job

FRONT_END = ImageInput(width=SIDE, height=SIDE, fit="crop", mean=(127.5,) * 3, scale=(127.5,) * 3)

CALIBRATION = 256
"""Views that the ranges of activations are taken from."""

INT8 = "static int8: weights of 7 bits with a scale for each output, activations of 8"

LICENCE = "Apache-2.0 (weights); see CARD.md for the images they were trained on"


@dataclass(frozen=True, kw_only=True)
class ImagesJob(Job):
    """The training of the image encoder."""

    teacher: str = "efficientnet-lite2"
    """Id or folder of the encoder that teaches."""


def run(job: ImagesJob) -> None:
    """Train, quantize, write both model folders, and measure them on the evaluation pack."""
    with ImageEncoder(job.teacher, threads=job.threads) as teacher:
        labels = teacher.labels
        corpus = collect(job.data / "train", teacher, job.run / "teacher")
    print(f"{len(corpus.views)} views to learn from", flush=True)
    network = train(corpus, Plan(job.steps, threads=job.threads), job.run)
    exact, small = job.run / "float.onnx", job.run / "int8.onnx"
    example = {"image": np.zeros((1, 3, SIDE, SIDE), np.float32)}
    onnx.export(network, example, exact, outputs=["logits"])
    onnx.quantize_static(exact, small, ({"image": pixels} for pixels in calibration(corpus)))
    write(job.float_out, exact, labels, "none")
    write(job.out, small, labels, INT8)
    if (job.data / "eval/images/labels.csv").is_file():
        record_accuracy(job)


def calibration(corpus: Corpus) -> Iterator[NDArray[np.float32]]:
    """Yield inputs like those of the device."""
    for index in np.random.default_rng(0).permutation(len(corpus.views))[:CALIBRATION]:
        yield prepare(corpus.views[index], FRONT_END)


def write(folder: Path, file: Path, labels: tuple[str, ...], quantization: str) -> ModelFolder:
    """Write a model folder; an existing card stays."""
    contents: dict[str, bytes | Path] = {"encoder.onnx": file}
    if (card := folder / "CARD.md").exists():
        contents[card.name] = card
    network = Network(
        "encoder.onnx",
        inputs=(Tensor("image", "float32", (1, 3, SIDE, SIDE)),),
        outputs=(Tensor("logits", "float32", (1, len(labels))),),
        quantization=quantization,
    )
    return write_folder(
        folder,
        contents,
        force=True,
        id="images",
        version="1",
        task=ImageEncoder.task,
        labels=labels,
        front_end=FRONT_END,
        parameters=msgspec.to_builtins(Parameters(size=len(labels))),
        networks={"encoder": network},
        quantization=quantization,
        licence=LICENCE,
        source="python -m tools.train images",
    )


def record_accuracy(job: ImagesJob) -> None:
    """Write into both manifests how often each model is right about the evaluation pack's pictures."""
    result = images.evaluate(job.data / "eval", models=(job.out, job.float_out))
    accuracy = {"recordings": "pictures of the evaluation pack", "arithmetic": describe()}
    for kind, place in (("int8", job.out), ("float", job.float_out)):
        for size, part in result["rows"][place.name]["sizes"].items():
            accuracy |= {f"{kind}_{key}_{size}": round(part[key], 4) for key in ("top1", "top5")}
    for place in (job.out, job.float_out):
        rewrite(open_folder(place), accuracy=accuracy)
