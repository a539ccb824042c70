"""The whole training of the fusion: scenes, network, model folders, and what each kind of evidence adds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from edge.models.arithmetic import describe
from edge.models.folder import open_folder
from edge.models.manifest import Network, Tensor
from edge.networks.face_fusion import COLUMNS, FaceFusion
from edge.networks.lips import LipNetwork
from edge.networks.segmenter import Segmenter
from edge.vocabulary import LABELS
from tools.convert.folder import rewrite, write_folder
from tools.evaluate.clips import read_clips
from tools.evaluate.pack import read_pack
from tools.progress import tell
from tools.train.face_fusion.fusion import PARTS, Confidences, FusionNetwork, answers, scored, train_fusion
from tools.train.face_fusion.scenes import Scene, Stage, read_scenes, write_scenes
from tools.train.job import Job
from tools.train.lips import pipeline as lips
from tools.train.lips.corpus import load_clips
from tools.train.segmenter.export import export_fusion, quantize_fusion

VIEWS = 6
"""Scenes that are made of one sound."""

CHECKED = 60
"""Sounds of the evaluation pack that are composed."""

INT8 = "int8: dynamic per channel, 7-bit weights"

LICENCE = "Apache-2.0 (weights); see CARD.md for the recordings they were trained on"


@dataclass(frozen=True, kw_only=True)
class FusionJob(Job):
    """See `python -m tools.train face-fusion --help`."""

    lips_run: Path
    """Run folder of the lip network's training: its networks that do not know some people read their lips."""
    lips_steps: int
    sounds: int
    """Sounds of scenes, for each fold of people."""


def run(job: FusionJob) -> None:
    """Compose, train, export, quantize, write both model folders, and measure them on the evaluation pack."""
    job.run.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(job.threads)
    scenes = training_scenes(job)
    networks = {
        part: train_fusion(scenes, columns=columns, steps=job.steps) for part, columns in PARTS.items()
    }
    whole = networks["+ synchrony"]
    exact, small = job.run / "float.onnx", job.run / "int8.onnx"
    export_fusion(Confidences(whole), len(LABELS) + len(COLUMNS), exact)
    quantize_fusion(exact, small)
    write(job.float_out, exact, "none")
    write(job.out, small, INT8)
    if (job.data / "eval" / "faces" / "manifest.csv").is_file():
        record_accuracy(job, networks)


def training_scenes(job: FusionJob) -> list[Scene]:
    """Scenes of the training pack, kept in the run folder; lips are read by networks new to them."""
    file = job.run / "scenes.npz"
    if not file.exists():
        lips_job = Job(
            data=job.data,
            run=job.lips_run,
            out=job.run / "lips",
            float_out=job.run / "lips-float",
            steps=job.lips_steps,
            threads=job.threads,
        )
        calibration = lips.check(lips_job)
        entries, rng, scenes = read_pack(job.data / "train"), np.random.default_rng(1), list[Scene]()
        with Segmenter() as segmenter:
            for model, clips in lips.left_out_models(lips_job):
                with LipNetwork(model) as network:
                    stage = Stage(entries, clips, (segmenter, network), rng, calibration)
                    scenes += counted(stage.scenes(job.sounds, VIEWS), job.sounds * VIEWS)
        write_scenes(scenes, file)
    return read_scenes(file)


def checked_scenes(job: FusionJob) -> list[Scene]:
    """Scenes of people and sounds of the evaluation pack, as the model that ships reads their lips."""
    file = job.run / "scenes-eval.npz"
    if not file.exists():
        pack = job.data / "eval"
        clips = load_clips(read_clips(pack), job.lips_run / "cache")
        with Segmenter() as segmenter, LipNetwork() as network:
            stage = Stage(read_pack(pack), clips, (segmenter, network), np.random.default_rng(2))
            write_scenes(list(counted(stage.scenes(CHECKED, VIEWS), CHECKED * VIEWS)), file)
    return read_scenes(file)


def counted(scenes: Iterator[Scene], count: int) -> Iterator[Scene]:
    """Yield the scenes, and say how many of `count` there are."""
    for number, scene in enumerate(scenes, 1):
        tell(f"scene {number} of {count}")
        yield scene


def write(folder: Path, network: Path, quantization: str) -> None:
    """A model folder; an existing card stays."""
    files = {"fusion.onnx": network}
    if (card := folder / "CARD.md").exists():
        files[card.name] = card
    features = Tensor("features", "float32", ("batch", "segments", len(LABELS) + len(COLUMNS)))
    confidences = Tensor("confidences", "float32", ("batch", "segments", len(LABELS)))
    write_folder(
        folder,
        files,
        force=True,
        id="face-fusion",
        version="1",
        task=FaceFusion.task,
        front_end=None,
        parameters={},
        labels=LABELS,
        networks={"fusion": Network("fusion.onnx", (features,), (confidences,), quantization=quantization)},
        quantization=quantization,
        licence=LICENCE,
        source="python -m tools.train face-fusion",
    )


def record_accuracy(job: FusionJob, networks: Mapping[str, FusionNetwork]) -> None:
    """Print what each part of the evidence adds, and write it into both manifests."""
    scenes = checked_scenes(job)
    results = {part: scored(scenes, answers(network, scenes)) for part, network in networks.items()}
    for kind, folder in (("float", job.float_out), ("int8", job.out)):
        with FaceFusion(folder) as fusion:
            results[kind] = scored(scenes, [fusion.fuse(scene.confidences, scene.rows) for scene in scenes])
    results["segmenter"] = scored(scenes, [scene.confidences for scene in scenes])
    for name, cases in results.items():
        print(name, {case: round(share, 3) for case, share in cases.items()}, flush=True)
    accuracy = {
        "recordings": f"{len(scenes)} scenes of sounds and faces of the evaluation pack; means of the cases",
        "arithmetic": describe(),
        **{name: round(float(np.mean(list(cases.values()))), 4) for name, cases in results.items()},
    }
    for folder in (job.float_out, job.out):
        rewrite(open_folder(folder), accuracy=accuracy)
