"""The whole training: corpus -> checks on people left out -> networks -> float and int8 model folders."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from edge.arrays import Floats
from edge.models.folder import open_folder
from edge.models.manifest import Network, Tensor
from edge.networks.lips import LipNetwork
from tools.convert.folder import rewrite, write_folder
from tools.evaluate import lips
from tools.evaluate.clips import read_clips
from tools.evaluate.lip_scores import Judged, Window, places
from tools.train.job import Job
from tools.train.lips.bursts import UNKNOWN, Burst
from tools.train.lips.calibration import Calibration, calibrated
from tools.train.lips.compose import Composer
from tools.train.lips.corpus import RATE, Clip, load_clips
from tools.train.lips.export import export_motion, export_synchrony, quantize_motion
from tools.train.lips.folds import folds
from tools.train.lips.network import EMBEDDING, FEATURES, SOUND
from tools.train.lips.render import GEOMETRY, augmented, plain
from tools.train.lips.sounds import load_sounds
from tools.train.lips.training import Networks, Plan, train

FRAME_S = 0.1
"""Seconds between crops."""
MIN_FRAMES, MAX_FRAMES = 8, 40
"""Crops of a burst."""
CALIBRATION_BATCHES = 30
FOLDS = 3
"""Parts that people are divided into for the checks."""

INT8 = {"motion": "int8: static QDQ per channel, 7-bit weights", "synchrony": "none"}
FLOAT = {"motion": "none", "synchrony": "none"}
"""How each network is quantized, for the manifest; the synchrony network is too small to gain."""


def run(job: Job) -> None:
    """Check, train on everybody, export, quantize, write both model folders and score them."""
    calibration = check(job)
    clips, sounds = load_data(job)
    networks = train(clips, sounds, Plan(steps=job.steps), job.run / "all")
    write_models(job, networks, calibration, calibration_crops(clips, sounds))
    if (job.data / "eval" / "faces" / "manifest.csv").is_file():
        record_accuracy(job.data / "eval", job.out, job.float_out)


def check(job: Job) -> Calibration:
    """Leave out each fold of the people in turn, and print how the others' networks judge them.

    What they say of them calibrates the networks that know everybody; kept as `calibration.json`.
    """
    parts = []
    for model, unknown in left_out_models(job):
        with LipNetwork(model) as network:
            parts.append(lips.judged(left_out(unknown), network))
        people = len({clip.listed.group for clip in unknown})
        print(f"{people} people left out: {_rounded(parts[-1].scores())}", flush=True)
    calibration = calibrated(parts)
    whole = Judged(
        [window for part in parts for window in part.windows],
        calibration.producing(np.concatenate([part.producing for part in parts])),
        [pair for part in parts for pair in part.pairs],
        calibration.synchrony(np.concatenate([part.fits for part in parts])),
    )
    print(f"all, with {calibration}: {_rounded(whole.scores())}", flush=True)
    calibration.write(job.run / "calibration.json")
    return calibration


def left_out_models(job: Job) -> Iterator[tuple[Path, list[Clip]]]:
    """Train without each fold of the people in turn; yield the int8 model and the clips of those people.

    The models are not calibrated: `check` fits that.
    """
    clips, sounds = load_data(job)
    for number, out in enumerate(folds(clips, FOLDS)):
        place = job.run / f"fold{number}"
        scratch = replace(job, run=place, out=place / "int8", float_out=place / "float")
        if not (scratch.out / "manifest.json").exists():
            known = [clip for clip in clips if clip.listed.group not in out]
            networks = train(known, sounds, Plan(steps=job.steps), place)
            write_models(scratch, networks, Calibration(), calibration_crops(known, sounds))
        yield scratch.out, [clip for clip in clips if clip.listed.group in out]


def load_data(job: Job) -> tuple[list[Clip], dict[str, list[Floats]]]:
    """The clips and sounds of the training pack."""
    torch.set_num_threads(job.threads)
    cache, pack = job.run / "cache", job.data / "train"
    return load_clips(read_clips(pack), cache), load_sounds(pack, cache)


def left_out(clips: Sequence[Clip]) -> list[Window]:
    """The windows of clips, from their patches, as `tools.evaluate.lips` has them from frames."""
    return [window for clip in clips for window in _windows(clip)]


def _windows(clip: Clip) -> Iterator[Window]:
    listed = clip.listed
    for label, start, stop in places(listed):
        middles = np.arange(start, stop) * FRAME_S + FRAME_S / 2
        positions = np.clip(np.rint(middles * RATE - 0.5), 0, len(clip.seen) - 1)
        if clip.seen[positions.astype(int)].all():
            silence = np.zeros((stop - start, SOUND), np.float32)
            crops = plain(Burst(clip, positions, UNKNOWN, silence, UNKNOWN))
            sound = clip.sound if listed.in_sync else None
            yield Window(listed.group, label, start, crops, sound, listed.path.stem)


def calibration_crops(clips: Sequence[Clip], sounds: Mapping[str, list[Floats]]) -> list[NDArray[np.uint8]]:
    """Crops like those of the device, uint8[batch, t, height, width]."""
    rng = np.random.default_rng(3)
    composer = Composer(clips, sounds, rng)
    return [augmented(composer.batch(8), rng).numpy() for _ in range(CALIBRATION_BATCHES)]


def write_models(
    job: Job, networks: Networks, calibration: Calibration, crops: Sequence[NDArray[np.uint8]]
) -> None:
    """Export the networks, quantize the one of motion, and write both folders."""
    files = {name: job.run / f"{name}.onnx" for name in ("motion", "motion-int8", "synchrony")}
    export_motion(networks, calibration.producing, files["motion"])
    export_synchrony(networks, calibration.synchrony, files["synchrony"])
    quantize_motion(files["motion"], files["motion-int8"], crops)
    write_model(job.float_out, files["motion"], files["synchrony"], FLOAT)
    write_model(job.out, files["motion-int8"], files["synchrony"], INT8)


def write_model(folder: Path, motion: Path, synchrony: Path, quantization: Mapping[str, str]) -> None:
    """A model folder: two networks and their manifest. An existing card stays."""
    files = {"motion.onnx": motion, "synchrony.onnx": synchrony}
    if (card := folder / "CARD.md").exists():
        files[card.name] = card
    write_folder(
        folder,
        files,
        force=True,
        id="lips",
        version="1",
        task="lips",
        front_end=None,
        parameters={
            **{name: getattr(GEOMETRY, name) for name in GEOMETRY.__struct_fields__},
            "frame_s": FRAME_S,
            "min_frames": MIN_FRAMES,
            "max_frames": MAX_FRAMES,
        },
        networks=describe_networks(quantization),
        quantization="; ".join(f"{role} {what}" for role, what in quantization.items()),
        licence="Apache-2.0 (weights); see CARD.md for the recordings they were trained on",
        source="python -m tools.train lips",
    )


def describe_networks(quantization: Mapping[str, str]) -> dict[str, Network]:
    """What goes in and out of the networks."""
    time = ("batch", "frames")
    crops = Tensor("crops", "uint8", (*time, GEOMETRY.height, GEOMETRY.width))
    features = _floats("features", *time, FEATURES)
    return {
        "motion": Network(
            "motion.onnx",
            inputs=(crops,),
            outputs=(_floats("embedding", "batch", EMBEDDING), _floats("producing", "batch"), features),
            quantization=quantization["motion"],
        ),
        "synchrony": Network(
            "synchrony.onnx",
            inputs=(features, _floats("sound", *time, SOUND)),
            outputs=(_floats("synchrony", "batch"),),
            quantization=quantization["synchrony"],
        ),
    }


def record_accuracy(data: Path, folder: Path, float_folder: Path) -> None:
    """Write into both manifests how each model scores on a pack, before and after quantization."""
    result = lips.evaluate(data, folder=folder, float_folder=float_folder, films=0)
    print(lips.table(result), flush=True)
    names = ("moving_recall", "still_recall", "nonspeech_called_speech")
    accuracy = {
        "recordings": f"evaluation pack, {result['windows']} windows of up to 3 s, people count the same",
        "arithmetic": result["arithmetic"],
        **{f"float_{name}": round(result["float"][name], 4) for name in names if name in result},
        **{f"int8_{name}": round(result[name], 4) for name in names if name in result},
        "int8_synchrony": {k: round(v, 4) for k, v in result["synchrony"].items() if isinstance(v, float)},
    }
    for model in (folder, float_folder):
        rewrite(open_folder(model), accuracy=accuracy)


def _rounded(scores: Mapping[str, Any]) -> dict[str, Any]:
    """Numbers as they are read."""
    return {
        name: _rounded(value) if isinstance(value, dict) else np.round(value, 3).tolist()
        for name, value in scores.items()
    }


def _floats(name: str, *shape: str | int) -> Tensor:
    return Tensor(name, "float32", shape)
