"""The whole training, stage by stage; a stage whose result lies in the run folder is not done again."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from msgspec.structs import replace
from numpy.typing import NDArray
from onnxruntime import InferenceSession

from edge.models.arithmetic import describe
from edge.models.folder import open_folder
from edge.models.manifest import Network, Tensor
from edge.vocabulary import LABELS, Label
from tools.convert.folder import rewrite, write_folder
from tools.convert.segmenter import calibration
from tools.evaluate import segments
from tools.train.job import Job
from tools.train.segmenter import augment
from tools.train.segmenter.compose import STRIDE, Composer
from tools.train.segmenter.corpus import (
    FRONT_END,
    Recording,
    Take,
    held_out,
    load_takes,
    music_in,
    read_manifest,
)
from tools.train.segmenter.curves import keep_logs
from tools.train.segmenter.export import export_encoder, export_fusion, quantize_encoder, quantize_fusion
from tools.train.segmenter.fusion import Scenes, compose_scenes, load_network, temperature, train_fusion
from tools.train.segmenter.network import EMBEDDING, Confidences, Encoder
from tools.train.segmenter.rendered import rendered_takes
from tools.train.segmenter.synthetic import synthetic_takes
from tools.train.segmenter.tower import Plan, load_tower, train_tower

CONTEXT = 20
"""Output frames to each side that can change one: temporal blocks reach 16, the image part 2."""

CALIBRATION_CLIPS = 150

INT8 = {"encoder": "int8: static QDQ per channel, 7-bit weights", "fusion": "int8: dynamic, 7-bit weights"}
FLOAT = {"encoder": "none", "fusion": "none"}
"""How each network is quantized, for the manifest."""


Training = tuple[list[Take], list[Take], Plan, Path]
"""What `train_tower` takes: takes to learn from and to validate on, how, and the folder for the result."""


@dataclass(frozen=True, kw_only=True)
class SegmenterJob(Job):
    """See `python -m tools.train segmenter --help`."""

    scenes: int
    towers: int
    commercial_only: bool
    logs: Path
    """Where the logs and curves of all towers are kept."""
    music: tuple[Path, ...] = ()
    """Folders of further instrumental music."""
    batch: int = 32
    compiled: bool = True
    fusion_steps: int = 3000
    checks: int = 150
    """Validation scenes that the temperatures are fitted on."""

    def tower(self, number: int) -> Path:
        """The folder of a tower's checkpoints and log."""
        return self.run / f"tower{number}"

    def plan(self, tower: int) -> Plan:
        """The training of one tower: towers differ in their seed."""
        return Plan(
            steps=self.steps, batch=self.batch, seed=tower, threads=self.threads, compiled=self.compiled
        )


def run(job: SegmenterJob) -> None:
    """Load the data and train on it."""
    training, validation = load_data(job)
    print(f"{len(training)} takes to train on, {len(validation)} to validate", flush=True)
    run_on(job, training, validation)
    if (job.data / "eval" / "manifest.csv").is_file():
        record_accuracy(job.data / "eval", job.out, job.float_out)


def run_on(job: SegmenterJob, training: list[Take], validation: list[Take]) -> None:
    """Train the towers, merge and quantize them, train the fusion, calibrate, write both model folders."""
    job.run.mkdir(parents=True, exist_ok=True)
    train_towers(job, training, validation)
    torch.set_num_threads(job.threads)
    towers = [load_tower(job.tower(i) / "tower.pt") for i in range(job.towers)]
    encoder = Encoder([trained.tower for trained in towers])
    network = export_both(job, encoder, training)
    _, logits, truth = compose_scenes(validation, network, job.checks, seed=2)
    frame_temperature = temperature(torch.from_numpy(logits), torch.from_numpy(truth).long())
    encoder.temperature.data.fill_(frame_temperature)
    network = export_both(job, encoder, training)
    scenes, _, _ = compose_scenes(training, network, job.scenes, seed=1)
    heads = [trained.head for trained in towers]
    confidences = Confidences(train_fusion(scenes, heads, steps=job.fusion_steps)).eval()
    checks, _, _ = compose_scenes(validation, network, job.checks, seed=3)
    segment_temperature, accuracy = check_segments(confidences, checks[30])
    confidences.temperature.data.fill_(segment_temperature)
    print(
        f"temperatures: frames {frame_temperature:.2f}, segments {segment_temperature:.2f}; "
        f"{accuracy:.1%} of the clear segments of composed validation scenes are right",
        flush=True,
    )
    features = job.towers * EMBEDDING + len(LABELS)
    export_fusion(confidences, features, job.run / "fusion-float.onnx")
    quantize_fusion(job.run / "fusion-float.onnx", job.run / "fusion.onnx")
    write_model(job, job.float_out, "-float", FLOAT)
    write_model(job, job.out, "", INT8)
    keep_logs(job.run, job.logs)


def requantize(job: SegmenterJob) -> None:
    """Quantize the float networks of `job.float_out` anew, and write and score them as `job.out`."""
    job.run.mkdir(parents=True, exist_ok=True)
    windows, _ = calibration(job.data / "train")
    files = {name: job.run / name for name in ("encoder.onnx", "fusion.onnx")}
    quantize_encoder(job.float_out / "encoder.onnx", files["encoder.onnx"], (mel[None] for mel in windows))
    quantize_fusion(job.float_out / "fusion.onnx", files["fusion.onnx"])
    folder = open_folder(job.out)
    networks = _quantized(folder.manifest.networks, INT8)
    rewrite(folder, files, networks=networks, quantization=_said(INT8))
    if (job.data / "eval" / "manifest.csv").is_file():
        record_accuracy(job.data / "eval", job.out, job.float_out)


def record_accuracy(data: Path, folder: Path, float_folder: Path) -> None:
    """Write into both manifests what each model scores on a pack, before and after quantization."""
    result = segments.evaluate(data, folder=folder, float_folder=float_folder)
    accuracy = {
        "recordings": f"evaluation pack, {result['segments']} segments of 3 s",
        "arithmetic": describe(),
        "float_macro_f1": round(result["float_macro_f1"], 4),
        "int8_macro_f1": round(result["macro_f1"], 4),
        "int8_per_class_f1": {label: round(row["f1"], 4) for label, row in result["per_class"].items()},
    }
    for model in (folder, float_folder):
        rewrite(open_folder(model), accuracy=accuracy)


def export_both(job: SegmenterJob, encoder: Encoder, training: list[Take]) -> InferenceSession:
    """Write the encoder in float and in int8; returns the int8 one, running."""
    export_encoder(encoder, job.run / "encoder-float.onnx")
    quantize_encoder(job.run / "encoder-float.onnx", job.run / "encoder.onnx", calibration_clips(training))
    return load_network(job.run / "encoder.onnx")


def check_segments(confidences: Confidences, scenes: Scenes) -> tuple[float, float]:
    """The temperature of the segments with a clear truth, and the share of them that is right."""
    clear = scenes.targets.amax(-1) > 0.95
    truth = scenes.targets[clear].argmax(-1)
    with torch.no_grad():
        logits = confidences.logits(scenes.features)[clear]
    return temperature(logits, truth), float((logits.argmax(-1) == truth).float().mean())


def load_data(job: SegmenterJob) -> tuple[list[Take], list[Take]]:
    """Takes to train on, made ones included, and first takes of the held-out groups."""
    recordings = read_manifest(job.data / "train")
    outside = held_out(recordings)
    takes = load_recorded(job, recordings)
    training = [take for take in takes if take.recording.group not in outside]
    made = load_made(job, [recording for recording in recordings if recording.group not in outside])
    return training + made, [take for take in takes[::2] if take.recording.group in outside]


def load_recorded(job: SegmenterJob, recordings: list[Recording]) -> list[Take]:
    """Both takes of every recording that may be used, and of the further music."""
    cache = job.run.parent / "cache"
    takes = load_takes(recordings, cache)
    if more := [piece for folder in job.music for piece in music_in(folder)]:
        takes += load_takes(more, cache)
    return [take for take in takes if take.recording.commercial or not job.commercial_only]


def load_made(job: SegmenterJob, recordings: list[Recording]) -> list[Take]:
    """Synthetic and rendered takes; the voices among `recordings` are those that sing."""
    cache, midi = job.run.parent / "cache", job.data / "train" / "midi" / "pop909.zip"
    readers = [recording for recording in recordings if recording.label is Label.SPEAKING]
    return synthetic_takes(readers, midi, cache) + rendered_takes(midi, cache)


def train_towers(job: SegmenterJob, training: list[Take], validation: list[Take]) -> None:
    """Every tower that is not finished, each in its own process with its own seed."""
    side_by_side([(training, validation, job.plan(i), job.tower(i)) for i in range(job.towers)])


def side_by_side(towers: Sequence[Training]) -> None:
    """Run the trainings that are not finished, all at once, a process each."""
    context = multiprocessing.get_context("fork")
    workers = [
        context.Process(target=train_tower, args=tower)
        for tower in towers
        if not (tower[-1] / "tower.pt").exists()
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
        yield augment.normalize(augment.channel(power, composer.rng)).numpy()


def write_model(job: SegmenterJob, folder: Path, variant: str, quantization: Mapping[str, str]) -> None:
    """A model folder: the two networks of a variant and their manifest. An existing card stays."""
    files = {f"{role}.onnx": job.run / f"{role}{variant}.onnx" for role in ("encoder", "fusion")}
    if (card := folder / "CARD.md").exists():
        files[card.name] = card
    write_folder(
        folder,
        files,
        force=True,
        id="segmenter",
        version="1",
        task="segmenter",
        labels=LABELS,
        front_end=FRONT_END,
        parameters={"stride": STRIDE, "context": CONTEXT},
        networks=_quantized(describe_networks(job.towers), quantization),
        quantization=_said(quantization),
        licence="Apache-2.0 (weights); see CARD.md for the recordings they were trained on",
        source="python -m tools.train segmenter",
    )


def describe_networks(towers: int) -> dict[str, Network]:
    """What goes in and out of the segmenter's networks."""
    time, labels = ("batch", "frames / 8"), len(LABELS)
    return {
        "encoder": Network(
            "encoder.onnx",
            inputs=(_floats("mel", "batch", "frames", FRONT_END.n_mels),),
            outputs=(
                _floats("embedding", *time, towers, EMBEDDING),
                _floats("attention", *time, towers),
                _floats("logits", *time, labels),
            ),
        ),
        "fusion": Network(
            "fusion.onnx",
            inputs=(_floats("features", "batch", "segments", towers * EMBEDDING + labels),),
            outputs=(_floats("confidences", "batch", "segments", labels),),
        ),
    }


def _quantized(networks: Mapping[str, Network], quantization: Mapping[str, str]) -> dict[str, Network]:
    return {role: replace(network, quantization=quantization[role]) for role, network in networks.items()}


def _said(quantization: Mapping[str, str]) -> str:
    return "; ".join(f"{role} {what}" for role, what in quantization.items())


def _floats(name: str, *shape: str | int) -> Tensor:
    return Tensor(name, "float32", shape)
