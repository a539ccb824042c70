"""The shipped segmenter for every runtime: one family of model folders, from the same float networks.

    float ONNX -> fixed shapes, LSTM unrolled -> LiteRT, float and int8
                                              -> Paddle-Lite, float and int8 weights, for x86 and Arm

Calibrated on training recordings that lie in `EDGE_DATA`. Made once for given weights and kept in a cache
folder; `python -m tools.bench runtimes` scores them all.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge.errors import EdgeError
from edge.media import decode_audio
from edge.models.folder import ModelFolder, open_folder
from edge.models.segmenter import Segmenter
from tools.convert.environments import Inputs
from tools.convert.folder import write_folder
from tools.convert.kinds import KINDS, Workbench, fingerprint
from tools.convert.pipeline import describe_network
from tools.convert.sources import open_source
from tools.evaluate.pack import RATE_HZ, Entry, read_pack
from tools.train.segmenter import fixed

FLOAT = fixed.FLOAT

RECORDINGS = 60
"""Training recordings to calibrate on, as many of each class."""

SPEC = "tools.train.segmenter.fixed"

FAMILY: dict[str, tuple[str, str]] = {
    "segmenter-litert-float": ("tflite", "tflite"),
    "segmenter-litert": ("tflite-int8", "tflite-dynamic"),
    "segmenter-paddle-float": ("nb-x86", "nb-x86"),
    "segmenter-paddle": ("nb-x86-weights", "nb-x86-weights"),
    "segmenter-paddle-int8": ("nb-x86-int8", "nb-x86"),
    "segmenter-paddle-arm": ("nb-arm-weights", "nb-arm-weights"),
    "segmenter-paddle-arm-fp16": ("nb-arm-fp16", "nb-arm-fp16"),
}
"""Id -> kinds of the encoder and of the fusion."""

Floats = NDArray[np.float32]


def make_family(
    data: Path,
    cache: Path,
    ids: Sequence[str] = tuple(FAMILY),
    tell: Callable[[str], None] = lambda what: None,
) -> tuple[dict[str, ModelFolder], dict[str, str]]:
    """The members of the family by id, made where `cache` does not hold them; and why some cannot be made.

    `data` holds the training recordings to calibrate on. Raises InputError if there are none.
    """
    place = cache / fingerprint(*(file.read_bytes() for file in sorted(FLOAT.glob("*.onnx"))), str(FAMILY))
    made, failed = {}, {}
    benches: dict[str, Workbench] = {}
    for name in ids:
        try:
            if not (place / name / "manifest.json").exists():
                tell(f"making {name}")
                benches = benches or _benches(data, place / "scratch")
                _make(name, place, benches)
            made[name] = open_folder(place / name)
        except EdgeError as error:
            failed[name] = str(error)
    return made, failed


def _make(name: str, place: Path, benches: Mapping[str, Workbench]) -> None:
    """Write one member into `place`."""
    files, networks = {}, {}
    for role, kind in zip(("encoder", "fusion"), (KINDS[kind] for kind in FAMILY[name]), strict=True):
        bench = benches["recurrent" if role == "fusion" and kind.suffix == ".nb" else role]
        file = f"{role}{kind.suffix}"
        files[file] = bench.make(kind)
        networks[role] = describe_network(bench, kind, file, bench.source.run(bench.calibration[:1])[0])
    manifest = open_folder(FLOAT).manifest
    write_folder(
        place / name,
        files,
        force=True,
        id=name,
        version=manifest.version,
        task=manifest.task,
        labels=manifest.labels,
        front_end=manifest.front_end,
        parameters=manifest.parameters,
        networks=networks,
        quantization=", ".join(f"{role}: {network.quantization}" for role, network in networks.items()),
        licence=manifest.licence,
        source=f"{manifest.source}, then tools.convert.segmenter",
    )


def _benches(data: Path, scratch: Path) -> dict[str, Workbench]:
    """Where the networks are made: the encoder, the fusion in single steps, and as a recurrent operation."""
    windows, features = calibration(data)
    sources = {
        "encoder": (f"{SPEC}:encoder", {"mel": windows}, ("embedding", "attention", "logits"), {}),
        "fusion": (f"{SPEC}:fusion", {"features": features}, ("confidences",), {}),
        "recurrent": (f"{SPEC}:fusion", {"features": features}, ("confidences",), {"unrolled": False}),
    }
    benches = {}
    for name, (spec, inputs, outputs, settings) in sources.items():
        ((key, arrays),) = inputs.items()
        examples: list[Inputs] = [{key: array[None]} for array in arrays]
        source = open_source(spec, examples[0], outputs=outputs, settings=settings)
        benches[name] = Workbench(source, examples, scratch / name)
    return benches


def calibration(data: Path) -> tuple[list[Floats], list[Floats]]:
    """Real inputs from training recordings: mel windows [1280, 64] and feature rows [176, features].

    Windows run over the joints of recordings of all classes, as the product's run over those of a programme.
    """
    segmenter = Segmenter(FLOAT)
    front, rng = segmenter.front_end, np.random.default_rng(7)
    sounds = [_samples(entry, 20.0) for entry in _chosen(read_pack(data))]
    rng.shuffle(sounds)
    stream = front.stream()
    for sound in sounds:
        stream.accept(sound)
    mel = stream.get()
    windows = [mel[start : start + fixed.FRAMES] for start in range(0, len(mel) - fixed.FRAMES, fixed.FRAMES)]
    rows = segmenter.listen(iter(sounds)).windows[:, 0].astype(np.float32)
    features = []
    for length in (176, 176, 120, 60, 20, 5, 1):
        start = int(rng.integers(max(1, len(rows) - length)))
        padded = np.zeros((fixed.SEGMENTS, rows.shape[1]), np.float32)
        piece = rows[start : start + length]
        padded[: len(piece)] = piece
        features.append(padded)
    return windows, features


def _chosen(entries: Sequence[Entry]) -> list[Entry]:
    """`RECORDINGS` of all classes alike, picked by a hash of their names."""
    ordered = sorted(entries, key=lambda entry: hashlib.sha256(entry.path.name.encode()).hexdigest())
    labels = {entry.label for entry in entries}
    share = RECORDINGS // len(labels)
    return [entry for label in sorted(labels) for entry in [e for e in ordered if e.label is label][:share]]


def _samples(entry: Entry, seconds: float) -> Floats:
    """The first seconds of a recording, float32[n] at the front end's rate."""
    blocks = [block.samples for block in decode_audio(entry.path, rate_hz=RATE_HZ)]
    return np.concatenate(blocks)[: int(seconds * RATE_HZ)]
