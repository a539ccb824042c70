"""`python -m tools.bench songs|start`: how fast and how small, beside what else does the job."""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path

from edge.errors import EdgeError
from tools.bench import songs, start
from tools.bench.rows import device, document, table
from tools.paths import data_root


def main() -> int:
    """Run one benchmark and print its table or its JSON document."""
    parser = argparse.ArgumentParser(prog="python -m tools.bench", description=__doc__)
    parser.add_argument("what", choices=["songs", "start"])
    parser.add_argument("--data", type=Path, default=data_root() / "eval", help="folder with a manifest.csv")
    parser.add_argument(
        "--minutes", type=float, metavar="N", help="songs: length of the recording (default 60)"
    )
    parser.add_argument("--quick", action="store_true", help="small sizes and one round: does it run?")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    options = parser.parse_args()
    on = device()
    try:
        if options.what == "songs":
            sizes = songs.Sizes.quick() if options.quick else songs.Sizes()
            rows = songs.bench(
                options.data.resolve(), replace(sizes, minutes=options.minutes or sizes.minutes)
            )
            summary = songs.describe(rows)
        else:
            rows = start.bench(options.data.resolve(), options.quick)
            summary = start.describe(rows)
    except EdgeError as error:
        print(f"tools.bench: {error}", file=sys.stderr)
        return error.exit_code
    print(document(rows, on) if options.json else f"{table(rows)}\n{summary}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
