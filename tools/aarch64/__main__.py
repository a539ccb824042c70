"""Run edge as on Linux aarch64.

    python -m tools.aarch64 setup
    python -m tools.aarch64 run cortex-a76 -m edge.cli songs concert.mp4

`setup` makes a system in `.environments/aarch64` at the root of the checkout, or in the folder that
EDGE_ENVIRONMENTS names: Debian's arm64 Python, the wheel of this checkout and the arm64 wheels that it needs.
What is there already is kept. `run` takes a processor, cortex-a72 or cortex-a76, and the arguments of Python.
qemu-user emulates: times mean nothing.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

from tools.aarch64 import packages
from tools.aarch64.steps import Steps, UnavailableError
from tools.aarch64.userland import (
    CPUINFO,
    CPUS,
    PACKAGES,
    PYTHON,
    RELEASE,
    WRAPPER,
    emulator,
    make_cpu,
    unpack_debian,
)
from tools.convert.environments import folder
from tools.progress import begin


def interpreter(cpu: str) -> Path:
    """Return the emulated Python of a processor. Raises UnavailableError with the command that makes it."""
    emulator()
    root = folder("aarch64")
    if not Steps(root).done(cpu, _listings(root)[cpu]):
        raise UnavailableError(
            "is not made, or of other sources; make it with: python -m tools.aarch64 setup"
        )
    return root / cpu / "python"


def setup() -> Path:
    """Make all that is not made yet, which takes minutes and 700 MB; returns the folder.

    Raises UnavailableError.
    """
    emulator()
    root = folder("aarch64").absolute()
    root.mkdir(parents=True, exist_ok=True)
    steps, listing = Steps(root), _listings(root)
    debian = steps.make(
        "debian", listing["debian"], lambda place: unpack_debian(place, steps), "fetching Debian's Python"
    )
    wheels = steps.make(
        "wheels",
        listing["wheels"],
        lambda place: packages.build_wheel(place, steps),
        "building the wheel: compiles the kernels for every processor, about three minutes",
    )
    site = steps.make(
        "site", listing["site"], lambda place: packages.install(place, wheels, steps), "fetching arm64 wheels"
    )
    for cpu in CPUS:
        steps.make(cpu, listing[cpu], lambda place, cpu=cpu: make_cpu(cpu, debian, site, place), cpu)  # type: ignore[misc]
    return root


def _listings(root: Path) -> dict[str, str]:
    """Return what each step is made from: a step is made again if this changes."""
    debian = "\n".join([RELEASE, *PACKAGES, ""])
    wheels = packages.fingerprint() + "\n"
    pins = (packages.ROOT / "constraints.txt").read_text(encoding="utf-8")
    site = "\n".join([wheels, PYTHON, *packages.EXTRAS, *packages.PLATFORMS, pins])
    wrapper = f"{root.absolute()}\n{emulator()}\n{WRAPPER}{CPUINFO}"
    cpus = {name: f"{wrapper}{cpu}\n{debian}{site}" for name, cpu in CPUS.items()}
    return {"debian": debian, "wheels": wheels, "site": site, **cpus}


def main(arguments: list[str] | None = None) -> int:
    """Do what the command line says; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.aarch64", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("setup", help="make the system")
    run = commands.add_parser("run", help="run the emulated Python")
    run.add_argument("cpu", choices=CPUS, help="the processor")
    run.add_argument("arguments", nargs=argparse.REMAINDER, metavar="...", help="what Python is given")
    given = parser.parse_args(arguments)
    begin()
    try:
        if given.command == "setup":
            print(setup())
            return 0
        return subprocess.run([interpreter(given.cpu), *given.arguments], check=False).returncode
    except UnavailableError as error:
        print(error, file=sys.stderr)
        return error.exit_code


if __name__ == "__main__":
    sys.exit(main())
