"""The shipped segmenter for every runtime: one family of model folders, from the same float networks.

    float ONNX -> fixed shapes, LSTM unrolled -> LiteRT, float and int8
                                              -> Paddle-Lite, float and int8 weights, for x86 and Arm

    python -m tools.convert.segmenter [ID ...] -o DIR

Calibrated on training recordings that lie in `EDGE_DATA`. Made once for given weights and kept in `runs/`;
`python -m tools.bench runtimes` scores them all.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge.errors import EdgeError
from edge.evidence.labels import label_samples
from edge.media import decode_audio
from edge.models.folder import ModelFolder, open_folder
from edge.models.manifest import Network
from edge.models.store import builtin_root
from edge.networks.segmenter import Segmenter
from tools.convert.environments import Inputs
from tools.convert.folder import rewrite, write_folder
from tools.convert.kinds import KINDS, Workbench, fingerprint
from tools.convert.pipeline import describe_network
from tools.convert.sources import open_source
from tools.evaluate.pack import RATE_HZ, Entry, read_pack
from tools.paths import data_root
from tools.train.segmenter import FLOAT, fixed

RECORDINGS = 60
"""Training recordings to calibrate on, as many of each class."""

CACHE = Path(__file__).parents[2] / "runs" / "runtimes"
"""Where the members are kept once they are made."""

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
    data: Path, cache: Path = CACHE, ids: Sequence[str] = tuple(FAMILY)
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
                print(f"making {name}", file=sys.stderr, flush=True)
                benches = benches or _benches(data, place / "scratch")
                _make(name, place, benches)
            made[name] = open_folder(place / name)
        except EdgeError as error:
            failed[name] = str(error)
    return made, failed


def _make(name: str, place: Path, benches: Mapping[str, Workbench]) -> None:
    """Write one member into `place`."""
    files: dict[str, bytes | Path] = {}
    networks: dict[str, Network] = {}
    for role, kind in zip(("encoder", "fusion"), (KINDS[kind] for kind in FAMILY[name]), strict=True):
        bench = benches["recurrent" if role == "fusion" and kind.suffix == ".nb" else role]
        file = f"{role}{kind.suffix}"
        files[file] = bench.make(kind)
        networks[role] = describe_network(bench, kind, file, bench.source.run(bench.calibration[:1])[0])
    manifest = open_folder(FLOAT).manifest
    files["CARD.md"] = _card(name, networks)
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


def _card(name: str, networks: Mapping[str, Network]) -> bytes:
    """The shipped model's card, and before it what is different here."""
    lines = [
        f"- {role}: `{network.file}`, quantization {network.quantization}"
        for role, network in networks.items()
    ]
    head = (
        f"# {name}\n\nThe segmenter below for another runtime, with fixed shapes.\n\n"
        + "\n".join(lines)
        + "\n\n`python -m tools.bench runtimes` scores and times it beside the others.\n\n"
    )
    return head.encode() + open_folder(builtin_root() / "segmenter").read("CARD.md")


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
    rows = label_samples(sounds, segmenter).windows[:, 0].astype(np.float32)
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


def main() -> int:
    """Write members of the family into a folder."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.convert.segmenter", description=__doc__.splitlines()[0]
    )
    parser.add_argument(
        "ids", nargs="*", metavar="ID", help=f"which ones (default: all): {', '.join(FAMILY)}"
    )
    parser.add_argument(
        "-o", "--output", type=Path, required=True, metavar="DIR", help="where the folders go"
    )
    parser.add_argument("--data", type=Path, default=data_root() / "train", help="recordings to calibrate on")
    parser.add_argument("--force", action="store_true", help="replace folders that exist")
    options = parser.parse_args()
    if unknown := set(options.ids) - FAMILY.keys():
        parser.error(f"no member of the family: {', '.join(sorted(unknown))}")
    try:
        made, failed = make_family(options.data, ids=options.ids or tuple(FAMILY))
        for name, folder in made.items():
            print(rewrite(folder, path=options.output / name, force=options.force).path)
    except EdgeError as error:
        print(f"tools.convert.segmenter: {error}", file=sys.stderr)
        return error.exit_code
    for name, reason in failed.items():
        print(f"tools.convert.segmenter: {name}: {reason}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
