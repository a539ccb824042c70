"""Make a bundle for an app: networks, kernels, the C core, golden vectors, licenses, in one folder.

    python -m tools.bundle --target android-arm64 --systems songs,captions -o bundle/
    python -m tools.bundle --verify bundle/

Every network of the bundle is run on the golden recording before the bundle is written.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from edge.errors import EdgeError
from tools.bundle.contents import SYSTEMS, TARGETS
from tools.bundle.write import verify, write_bundle
from tools.compile_kernels.link import BuildError
from tools.documents import document
from tools.progress import begin


def main() -> int:
    """Make a bundle, or check one; returns the exit code."""
    options = _parser().parse_args()
    begin()
    try:
        if options.verify:
            print(f"{options.verify}: {verify(options.verify)} files, none changed")
            return 0
        made = write_bundle(
            options.target, options.systems, options.output, models=options.model, force=options.force
        )
    except (EdgeError, BuildError) as error:
        print(f"tools.bundle: {error}", file=sys.stderr)
        return error.exit_code if isinstance(error, EdgeError) else 1
    if options.json:
        rows = [vars(verdict) | {"passed": verdict.passed} for verdict in made.verdicts]
        print(document({"schema": 1, "path": str(made.path), "sizes": made.sizes, "gate": rows}))
    else:
        for name, size in made.sizes.items():
            print(f"{name:10} {size / 1000:8.0f} KB")
        print(f"wrote {made.path}; its README.md says what is in it")
    return 0


def _systems(text: str) -> list[str]:
    names = text.split(",")
    if unknown := set(names) - SYSTEMS.keys():
        raise argparse.ArgumentTypeError(
            f"unknown system {', '.join(sorted(unknown))}; there are {', '.join(SYSTEMS)}"
        )
    return names


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tools.bundle", description=__doc__.splitlines()[0])
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--target", choices=TARGETS, help="kind of device")
    what.add_argument("--verify", type=Path, metavar="DIR", help="compare a bundle with its listing")
    parser.add_argument(
        "--systems", type=_systems, default=list(SYSTEMS), metavar="NAMES",
        help=f"separated by commas, of {', '.join(SYSTEMS)}; default all",
    )  # fmt: skip
    parser.add_argument(
        "--model", action="append", default=[], metavar="ID", help="a model of your store, too; repeatable"
    )
    parser.add_argument(
        "-o", "--output", type=Path, default=Path("bundle"), metavar="DIR", help="default %(default)s"
    )
    parser.add_argument("--force", action="store_true", help="replace an existing bundle")
    parser.add_argument("--json", action="store_true", help="print sizes and the gate's table as JSON")
    return parser


if __name__ == "__main__":
    sys.exit(main())
