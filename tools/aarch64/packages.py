"""edge's wheel, built from this checkout, and the arm64 wheels that it depends on."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

from tools.aarch64.steps import Steps, UnavailableError
from tools.aarch64.userland import PYTHON

ROOT = Path(__file__).parents[2]
EXTRAS = ("captions", "tags", "litert")
"""What is installed of edge: all that recognizes, tags and runs networks."""
SOURCES = ("docopt",)
"""Dependencies of dependencies that have no wheel; pure Python, so that one built here serves."""
GLIBC = range(36, 16, -1)
"""Minor versions of glibc whose wheels run on Debian 12, which has 2.36."""
BUILT_FROM = ("pyproject.toml", "edge", "kernels", "models_quantized", "tools/wheel", "tools/compile_kernels")

PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input")
PLATFORMS = (*(f"manylinux_2_{minor}_aarch64" for minor in GLIBC), "manylinux2014_aarch64")


def fingerprint() -> str:
    """Return a digest of what the wheel is built from."""
    digest = hashlib.sha256()
    for name in BUILT_FROM:
        top = ROOT / name
        for file in sorted(top.rglob("*")) if top.is_dir() else [top]:
            inside = file.relative_to(ROOT)
            if file.is_file() and not {"__pycache__", "lib"} & set(inside.parts):
                digest.update(f"{inside}\0{hashlib.sha256(file.read_bytes()).hexdigest()}\n".encode())
    return digest.hexdigest()


def build_wheel(place: Path, steps: Steps) -> None:
    """Build the wheel into `place`: compiles the kernels for every processor. Raises UnavailableError."""
    steps.call([*PIP, "wheel", "--no-deps", "--wheel-dir", str(place), str(ROOT)])


def install(place: Path, wheels: Path, steps: Steps) -> None:
    """Install the wheel with `EXTRAS` and arm64 wheels in the versions of constraints.txt.

    pip judges dependencies that only some versions of Python have by the one that runs it, not by Debian's.
    Raises UnavailableError.
    """
    pins = ROOT / "constraints.txt"
    steps.call([*PIP, "wheel", "--no-deps", "--wheel-dir", str(wheels), "-c", str(pins), *SOURCES])
    built = sorted(wheels.glob("edgereel-*.whl"))
    if not built:
        raise UnavailableError(f"no wheel of edge in {wheels}")
    steps.call(
        [
            *PIP, "install", "--no-compile", "--target", str(place), "--only-binary=:all:",
            "--implementation", "cp", "--python-version", PYTHON,
            *(part for name in PLATFORMS for part in ("--platform", name)),
            "--find-links", str(wheels), "-c", str(pins),
            f"edgereel[{','.join(EXTRAS)}] @ {built[-1].as_uri()}",
        ]
    )  # fmt: skip
