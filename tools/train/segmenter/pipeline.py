"""The whole training, stage by stage; a stage whose result lies in the run folder is not done again."""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from edge.vocabulary import LABELS, Label
from tools.train.segmenter import augment
from tools.train.segmenter.compose import STRIDE, Composer
from tools.train.segmenter.corpus import FRONT_END, Take, held_out, load_takes, read_manifest
from tools.train.segmenter.export import export_encoder, export_fusion, quantize_encoder, quantize_fusion
from tools.train.segmenter.fusion import compose_scenes, load_network, temperature, train_fusion
from tools.train.segmenter.network import EMBEDDING, Encoder
from tools.train.segmenter.synthetic import synthetic_takes
from tools.train.segmenter.tower import Plan, load_tower, train_tower

CONTEXT = 20
"""Output frames to each side that can change one: temporal blocks reach 16, the image part 2."""

VALIDATION_SCENES = 150
CALIBRATION_CLIPS = 150


@dataclass(frozen=True)
class Job:
    """What to train from and where to write; see `python -m tools.train segmenter --help`."""

    data: Path
    run: Path
    out: Path
    float_out: Path
    steps: int
    scenes: int
    towers: int
    threads: int
    commercial_only: bool


def run(job: Job) -> None:
    """Train the towers, merge and quantize them, train the fusion, write both model folders."""
    job.run.mkdir(parents=True, exist_ok=True)
    training, validation = load_data(job)
    print(f"{len(training)} takes to train on, {len(validation)} to validate", flush=True)
    train_towers(job, training, validation)
    encoder = Encoder([load_tower(job.run / f"tower{i}" / "tower.pt").tower for i in range(job.towers)])
    float_encoder, int8_encoder = job.run / "encoder-float.onnx", job.run / "encoder.onnx"
    export_encoder(encoder, float_encoder)
    quantize_encoder(float_encoder, int8_encoder, calibration_clips(training))
    network = load_network(int8_encoder)
    scenes, _, _ = compose_scenes(training, network, job.scenes, seed=1)
    fusion = train_fusion(scenes)
    checks, logits, truth = compose_scenes(validation, network, VALIDATION_SCENES, seed=2)
    heat = temperature(torch.from_numpy(logits), torch.from_numpy(truth).long())
    with torch.no_grad():
        encoder.temperature.fill_(heat)
        targets = checks[30].targets
        sure = targets.amax(-1) > 0.95
        guess = fusion(checks[30].features)
        cool = temperature(guess[sure], targets[sure].argmax(-1))
        for parameter in (*fusion.alone.parameters(), *fusion.context.parameters()):
            parameter.div_(cool)
    agreement = float((guess.argmax(-1) == targets.argmax(-1))[sure].float().mean())
    print(
        f"temperatures: frames {heat:.2f}, segments {cool:.2f}; composed validation {agreement:.3f}",
        flush=True,
    )
    export_encoder(encoder, float_encoder)
    quantize_encoder(float_encoder, int8_encoder, calibration_clips(training))
    float_fusion, int8_fusion = job.run / "fusion-float.onnx", job.run / "fusion.onnx"
    export_fusion(fusion, job.towers * EMBEDDING, float_fusion)
    quantize_fusion(float_fusion, int8_fusion)
    write_folder(job, job.float_out, float_encoder, float_fusion, "none")
    write_folder(
        job, job.out, int8_encoder, int8_fusion, "int8: encoder static QDQ per channel, fusion dynamic"
    )


def load_data(job: Job) -> tuple[list[Take], list[Take]]:
    """Takes to train on, synthetic ones included, and first takes of the held-out groups."""
    recordings = read_manifest(job.data / "train")
    outside = held_out(recordings)
    cache = job.run.parent / "cache"
    takes = load_takes(recordings, cache)
    readers = [r for r in recordings if r.label is Label.SPEAKING and r.group not in outside]
    training = [
        take
        for take in takes
        if take.recording.group not in outside and (take.recording.commercial or not job.commercial_only)
    ]
    training += synthetic_takes(readers, job.data / "train" / "midi" / "pop909.zip", cache)
    return training, [take for take in takes[::2] if take.recording.group in outside]


def train_towers(job: Job, training: list[Take], validation: list[Take]) -> None:
    """Every tower that is not finished, each in its own process with its own seed."""
    context = multiprocessing.get_context("fork")
    workers = [
        context.Process(
            target=train_tower,
            args=(
                training,
                validation,
                Plan(steps=job.steps, seed=i, threads=job.threads),
                job.run / f"tower{i}",
            ),
        )
        for i in range(job.towers)
        if not (job.run / f"tower{i}" / "tower.pt").exists()
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    if any(worker.exitcode for worker in workers):
        raise SystemExit("a tower's training failed; run the same command to go on from its last checkpoint")


def calibration_clips(takes: list[Take]) -> Iterator[NDArray[np.float32]]:
    """Inputs like those of the device: composed clips after the channel, without SpecAugment."""
    composer = Composer(takes, np.random.default_rng(3))
    torch.manual_seed(3)
    for _ in range(CALIBRATION_CLIPS):
        power = torch.from_numpy(composer.clip(100 * STRIDE).power.copy())[None]
        yield augment.normalise(augment.channel(power, composer.rng)).numpy()


def write_folder(job: Job, folder: Path, encoder: Path, fusion: Path, quantization: str) -> None:
    """A model folder: the two networks and their manifest. An existing card stays."""
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(encoder, folder / "encoder.onnx")
    shutil.copy(fusion, folder / "fusion.onnx")
    files = ("encoder.onnx", "fusion.onnx")
    features = job.towers * EMBEDDING
    manifest: dict[str, Any] = {
        "schema": 1,
        "id": "segmenter",
        "version": "1",
        "task": "segmenter",
        "labels": list(LABELS),
        "front_end": asdict(FRONT_END),
        "stride": STRIDE,
        "context": CONTEXT,
        "networks": {
            "encoder": {
                "file": "encoder.onnx",
                "inputs": {"mel": ["batch", "frames", FRONT_END.n_mels]},
                "outputs": {
                    "embedding": ["batch", "frames / 8", job.towers, EMBEDDING],
                    "attention": ["batch", "frames / 8", job.towers],
                    "logits": ["batch", "frames / 8", len(LABELS)],
                },
            },
            "fusion": {
                "file": "fusion.onnx",
                "inputs": {"features": ["batch", "segments", features]},
                "outputs": {"confidences": ["batch", "segments", len(LABELS)]},
            },
        },
        "quantization": quantization,
        "licence": "Apache-2.0 (weights); see CARD.md for the recordings they were trained on",
        "source": "python -m tools.train segmenter",
        "files": {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in files},
    }
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
