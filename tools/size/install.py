"""What `pip install` puts on disk, by package: plain and with each extra, in fresh environments."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from msgspec import Struct

from edge.errors import EdgeError
from tools.progress import each

EXTRAS = (
    "jit", "litert", "text", "tags", "captions", "live", "timelines", "plot", "burn", "sherpa", "music",
    "studio",
)  # fmt: skip
"""Extras of the runtime; the others are for a workstation."""

SONG_MODELS = ("segmenter", "faces", "lips", "face-fusion")
"""Models that finding songs takes."""

INSIDE = """
import json, platform
from importlib.metadata import distributions
sizes = {}
for one in distributions():
    for file in one.files or ():
        path = file.locate()
        if path.is_file() and "/bin/" not in str(file):
            sizes.setdefault(one.metadata["Name"].lower(), {})[str(file)] = path.stat().st_size
print(json.dumps({"machine": platform.machine(), "python": platform.python_version(), "sizes": sizes}))
"""
"""Program that lists the files of all packages, with their bytes."""

Sizes = dict[str, int]
"""Bytes by name."""


class Installed(Struct, frozen=True, kw_only=True):
    """What installations weigh. Bytes are those of the files, bytecode included."""

    machine: str
    """Architecture."""
    python: str
    """Version of Python."""
    wheel: int
    """Bytes of edge's wheel."""
    plain: Sizes
    """Of each package of a plain installation."""
    edge: Sizes
    """Of the parts of edge: code, kernels, each model that ships."""
    ffmpeg: Sizes
    """Of the libraries that PyAV brings."""
    extras: dict[str, Sizes]
    """By extra, of each package that it adds."""


def measure(wheel: Path, extras: Sequence[str] = EXTRAS) -> Installed:
    """Install the wheel and each of its extras into environments of their own. Raises EdgeError."""
    found = {name: _installed(wheel, name) for name in each(["", *extras], "installation")}
    files = found[""]["sizes"]
    plain = {name: sum(sizes.values()) for name, sizes in files.items()}
    return Installed(
        machine=found[""]["machine"],
        python=found[""]["python"],
        wheel=wheel.stat().st_size,
        plain=_falling(plain),
        edge=_falling(_grouped(files["edgereel"])),
        ffmpeg=_falling(
            {
                Path(name).name.rsplit("-", 1)[0]: size
                for name, size in files["av"].items()
                if ".libs/" in name
            }
        ),
        extras={
            extra: _falling(
                {
                    name: sum(sizes.values())
                    for name, sizes in found[extra]["sizes"].items()
                    if name not in plain
                }
            )
            for extra in extras
        },
    )


def _installed(wheel: Path, extra: str) -> dict[str, Any]:
    with environment(wheel, extra) as python:
        listed = subprocess.run([python, "-c", INSIDE], capture_output=True, text=True, check=True)
        return dict(json.loads(listed.stdout))


@contextmanager
def environment(wheel: Path, extra: str = "") -> Iterator[Path]:
    """Install a wheel into a fresh environment, and yield its Python. Raises EdgeError."""
    with tempfile.TemporaryDirectory() as folder:
        python = Path(folder, "bin", "python")
        wanted = f"edgereel[{extra}] @ {wheel.resolve().as_uri()}" if extra else str(wheel.resolve())
        pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "-q", wanted]
        for command in ([sys.executable, "-m", "venv", "--without-pip", folder], pip):
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                lines = done.stderr.strip().splitlines() or ["no message"]
                raise EdgeError(f"edgereel[{extra}] cannot be installed: {lines[-1]}")
        yield python


def _grouped(files: Sizes) -> Sizes:
    """Add up the parts of edge: each model, each library of kernels, and the code."""
    parts: Sizes = {}
    for name, size in files.items():
        path = Path(name)
        if path.parts[:3] == ("edge", "models", "builtin"):
            part = f"models: {path.parts[3]}"
        elif path.parent.name == "lib":
            part = f"kernels: {path.name}"
        else:
            part = "code"
        parts[part] = parts.get(part, 0) + size
    return parts


def _falling(sizes: Sizes) -> Sizes:
    return dict(sorted(sizes.items(), key=lambda item: -item[1]))
