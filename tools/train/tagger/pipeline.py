"""Train the music tagger, quantize it, and write the model folders.

recordings of a pack -> spectrograms -> what the teacher says of them, varied -> student
-> float model, static int8 model -> how near both are to the teacher on the evaluation pack
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
from edge.models.manifest import Network, Tensor
from edge.networks.music_tagger import MusicTagger, Parameters
from tools.convert import onnx
from tools.convert.folder import rewrite, write_folder
from tools.evaluate import tagger
from tools.importers import musicnn
from tools.importers.install import Target
from tools.importers.sources import open_source
from tools.train.job import Job
from tools.train.tagger.corpus import collect
from tools.train.tagger.learning import Plan, train
from tools.train.tagger.spectra import STEP

CALIBRATION = 200
"""Excerpts that the ranges of activations are taken from."""

INT8 = "static int8: weights of 7 bits with a scale for each output, activations of 8"

LICENCE = "Apache-2.0 (weights); see CARD.md for the recordings and the teacher they were trained with"


@dataclass(frozen=True, kw_only=True)
class TaggerJob(Job):
    """The training of the music tagger."""

    teacher: Path | None = None
    """Wheel or folder of musicnn, if not installed."""
    device: str = "cpu"
    """Where to train: `cuda` takes 6 minutes, a processor days, because the teacher answers at each step."""


def run(job: TaggerJob) -> None:
    """Train, quantize, write both model folders, and measure them on the evaluation pack."""
    front_end, frames = musicnn.FRONT_END, musicnn.FRAMES
    teacher = musicnn.build(open_source(musicnn.PACKAGE, job.teacher))
    excerpts = collect(job.data / "train", front_end, job.run / "mels.npz")
    print(f"{len(excerpts)} excerpts to learn from", flush=True)
    network = train(excerpts, teacher, frames, Plan(job.steps, device=job.device), job.run)
    exact, small = job.run / "float.onnx", job.run / "int8.onnx"
    example = {"mel": np.zeros((1, frames, front_end.n_mels), np.float32)}
    onnx.export(network, example, exact, outputs=["tags", "vector"])
    onnx.quantize_static(exact, small, ({"mel": mel} for mel in calibration(excerpts, frames)))
    write(job.float_out, exact, "none")
    write(job.out, small, INT8)
    if (job.data / "eval/manifest.csv").is_file():
        record_agreement(job)


def calibration(excerpts: NDArray[np.uint8], frames: int) -> Iterator[NDArray[np.float32]]:
    """Yield inputs like those of the device."""
    for index in np.random.default_rng(0).permutation(len(excerpts))[:CALIBRATION]:
        yield excerpts[index][None, :frames].astype(np.float32) * np.float32(STEP)


def write(folder: Path, file: Path, quantization: str) -> ModelFolder:
    """Write a model folder; an existing card stays."""
    contents: dict[str, bytes | Path] = {"tagger.onnx": file}
    if (card := folder / "CARD.md").exists():
        contents[card.name] = card
    sizes = Parameters(size=200, frames=musicnn.FRAMES, space=musicnn.SPACE)
    network = Network(
        "tagger.onnx",
        inputs=(Tensor("mel", "float32", (1, sizes.frames, musicnn.MELS)),),
        outputs=(
            Tensor("tags", "float32", (1, len(musicnn.LABELS))),
            Tensor("vector", "float32", (1, sizes.size)),
        ),
        quantization=quantization,
    )
    return write_folder(
        folder,
        contents,
        force=True,
        id="music",
        version="1",
        task=MusicTagger.task,
        labels=musicnn.LABELS,
        front_end=musicnn.FRONT_END,
        parameters=msgspec.to_builtins(sizes),
        networks={"tagger": network},
        quantization=quantization,
        licence=LICENCE,
        source="python -m tools.train tagger",
    )


def record_agreement(job: TaggerJob) -> None:
    """Write into both manifests how near each model is to the teacher on the evaluation pack."""
    source = open_source(musicnn.PACKAGE, job.teacher)
    teacher = musicnn.run(source, Target(job.run, "musicnn", force=True), data=None)
    models = (job.out, job.float_out)
    result = tagger.evaluate(job.data / "eval", teacher=teacher.path, models=models)
    accuracy = {"recordings": "music and singing of the evaluation pack", "arithmetic": describe()}
    for kind, row in zip(("int8", "float"), result["rows"], strict=True):
        accuracy |= {f"{kind}_{key}": row[key] for key in ("vector", "tags", "best_tag")}
    for place in (job.out, job.float_out):
        rewrite(open_folder(place), accuracy=accuracy)
