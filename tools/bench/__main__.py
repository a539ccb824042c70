"""`python -m tools.bench WHAT`: how fast and small, beside what else is."""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType

from edge.errors import EdgeError
from tools import progress
from tools.bench import (
    captions,
    core,
    kernels,
    matching,
    motion,
    music,
    pictures,
    runtimes,
    songs,
    start,
    tags,
)
from tools.bench.compiled import as_in_a_wheel
from tools.bench.rows import Row, device, document, table
from tools.paths import data_root

SYSTEMS: dict[str, ModuleType] = {
    "captions": captions,
    "core": core,
    "matching": matching,
    "motion": motion,
    "music": music,
    "pictures": pictures,
    "tags": tags,
}
"""Each has `Sizes`, `bench(data, sizes)` and `describe(rows)`."""

WHAT = ["songs", *SYSTEMS, "start", "kernels", "runtimes"]


def main() -> int:
    """Run one benchmark and print its table or its JSON document."""
    parser = argparse.ArgumentParser(prog="python -m tools.bench", description=__doc__)
    parser.add_argument("what", choices=WHAT)
    parser.add_argument("--data", type=Path, default=data_root() / "eval", help="folder with a manifest.csv")
    parser.add_argument(
        "--minutes", type=float, metavar="N", help="length of the audio (default: songs 60, kernels 10)"
    )
    parser.add_argument("--quick", action="store_true", help="small sizes and one round: does it run?")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    options = parser.parse_args()
    on = device()
    progress.begin()
    try:
        rows, summary = _measured(options)
    except EdgeError as error:
        print(f"tools.bench: {error}", file=sys.stderr)
        return error.exit_code
    print(document(rows, on) if options.json else f"{table(rows)}\n{summary}")
    return 0


def _measured(options: argparse.Namespace) -> tuple[list[Row], str]:
    """The rows, and what is to be said under their table."""
    data, quick = options.data.resolve(), options.quick
    if options.what == "start":
        rows = start.bench(data, quick)
        return rows, start.describe(rows)
    if options.what == "runtimes":
        with as_in_a_wheel():
            rows, failed = runtimes.bench(data, quick)
        return rows, runtimes.describe(rows, failed)
    if system := SYSTEMS.get(options.what):
        with as_in_a_wheel():
            rows = system.bench(data, system.Sizes.quick() if quick else system.Sizes())
        return rows, system.describe(rows)
    if options.what == "kernels":
        size = kernels.Sizes.quick() if quick else kernels.Sizes()
        rows = kernels.bench(replace(size, minutes=options.minutes or size.minutes))
        return rows, kernels.describe(rows)
    sizes = songs.Sizes.quick() if quick else songs.Sizes()
    with as_in_a_wheel():
        rows = songs.bench(data, replace(sizes, minutes=options.minutes or sizes.minutes))
    return rows, songs.describe(rows)


if __name__ == "__main__":
    sys.exit(main())
