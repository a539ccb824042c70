"""What can be left out of an installation, in steps: `edge songs` and `edge doctor` are run after each."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from msgspec import Struct

from edge.errors import EdgeError
from tools.progress import each
from tools.size.install import SONG_MODELS, environment
from tools.sound.sample import render_sample

KERNELS = "x86-64-v3"
"""Target whose library of kernels stays in the last steps."""


@dataclass(frozen=True)
class Step:
    """What is left out, under `site-packages`."""

    what: str
    """What it is."""
    patterns: tuple[str, ...]
    """Files and folders."""
    keep: tuple[str, ...] = ()
    """Names among them that stay."""
    strip: bool = False
    """Strip the files of symbols instead of deleting them."""


STEPS = (
    Step("onnxruntime's library for other languages", ("onnxruntime/capi/libonnxruntime.so*",)),
    Step(
        "onnxruntime's converters",
        tuple(f"onnxruntime/{n}" for n in ("transformers", "quantization", "tools")),
    ),
    Step("NumPy's tests", ("numpy/**/tests",)),
    Step("symbols of PyAV (`strip --strip-unneeded`)", ("av/**/*.so",), strip=True),
    Step("models but those for songs", ("edge/models/builtin/*",), keep=SONG_MODELS),
    Step("kernels for other processors", ("edge_kernels/lib/*.so",), keep=(f"edge-kernels-{KERNELS}.so",)),
    Step("bytecode, which makes every start slower", ("**/__pycache__",)),
)
"""Steps in order. NumPy's own libraries do not survive `strip`."""


class Trimmed(Struct, frozen=True):
    """An installation after a step."""

    what: str
    """What was left out."""
    size: int
    """Bytes of all that is left."""


def measure(wheel: Path) -> list[Trimmed]:
    """Take the steps in a fresh environment. Raises EdgeError where edge does not find the same any more."""
    with tempfile.TemporaryDirectory() as folder, environment(wheel) as python:
        sample = Path(folder, "sample.mp4")
        render_sample(sample)
        (packages,) = python.parents[1].glob("lib/python*/site-packages")
        expected = _found(python, sample)
        rows = [Trimmed("nothing", _size(packages))]
        for step in each(STEPS, "step"):
            _take(step, packages)
            if _found(python, sample) != expected:
                raise EdgeError(f"edge songs finds something else without {step.what}")
            rows.append(Trimmed(step.what, _size(packages)))
    return rows


def _take(step: Step, packages: Path) -> None:
    found = [
        path for pattern in step.patterns for path in packages.glob(pattern) if path.name not in step.keep
    ]
    if not found:
        raise EdgeError(f"there is no {' or '.join(step.patterns)}")
    if step.strip:
        subprocess.run(["strip", "--strip-unneeded", *found], check=True)
        return
    for path in found:
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


def _found(python: Path, sample: Path) -> str:
    """Return the songs of the sample, and that edge's doctor has no complaint."""
    with tempfile.TemporaryDirectory() as cache:
        settings = {"EDGE_CACHE": cache, "PYTHONDONTWRITEBYTECODE": "1", "PATH": os.environ["PATH"]}
        said = []
        for command in (["songs", str(sample), "--json"], ["doctor", "--json"]):
            done = subprocess.run(
                [python, "-m", "edge.cli", *command],
                env=settings,
                capture_output=True,
                text=True,
                check=False,
            )
            if done.returncode:
                raise EdgeError((done.stderr.strip().splitlines() or ["no message"])[-1])
            said.append(done.stdout)
    return str(json.loads(said[0])["songs"])


def _size(packages: Path) -> int:
    return sum(path.stat().st_size for path in _files(packages) if not path.is_symlink())


def _files(packages: Path) -> Iterator[Path]:
    yield from (path for path in packages.rglob("*") if path.is_file())
