"""Compile the kernels ahead of time, for all targets or some, or for this checkout."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tools.compile_kernels.build import compile_here, compile_kernels
from tools.compile_kernels.link import BuildError
from tools.compile_kernels.targets import TARGETS


def main() -> int:
    """Compile and say what was made."""
    parser = argparse.ArgumentParser(prog="python -m tools.compile_kernels", description=__doc__)
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=f"of {', '.join(TARGETS)}; default all")
    parser.add_argument(
        "-o", "--out", type=Path, default=Path("build/kernels"), metavar="DIR", help="default %(default)s"
    )
    parser.add_argument(
        "--here", action="store_true", help="for this machine only, and let this checkout use them"
    )
    options = parser.parse_args()
    if unknown := set(options.targets) - TARGETS.keys():
        parser.error(f"unknown target {', '.join(sorted(unknown))}; there are {', '.join(TARGETS)}")
    wanted = [TARGETS[name] for name in options.targets or TARGETS]
    try:
        for file in [compile_here()] if options.here else compile_kernels(wanted, options.out):
            print(f"{file}  {file.stat().st_size / 1024:.0f} KB", flush=True)
    except BuildError as error:
        print(f"tools.compile_kernels: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
