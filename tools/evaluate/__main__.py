"""`python -m tools.evaluate segments|songs [--data DIR] [--json]`: how good it is, on real recordings."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from edge.errors import EdgeError
from tools.evaluate import segments, songs
from tools.paths import data_root


def main() -> int:
    """Run one evaluation, or both, and print its table or its JSON document."""
    parser = argparse.ArgumentParser(prog="python -m tools.evaluate", description=__doc__)
    parser.add_argument("what", choices=["segments", "songs", "all"], nargs="?", default="all")
    parser.add_argument("--data", type=Path, default=data_root() / "eval", help="folder with a manifest.csv")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument("--plots", type=Path, metavar="DIR", help="songs: draw the recordings with errors")
    options = parser.parse_args()
    try:
        results = {}
        if options.what in ("segments", "all"):
            results["segments"] = segments.evaluate(options.data)
        if options.what in ("songs", "all"):
            results["songs"] = songs.evaluate(options.data, options.plots)
    except EdgeError as error:
        print(f"tools.evaluate: {error}", file=sys.stderr)
        return error.exit_code
    if options.json:
        json.dump(results if options.what == "all" else results[options.what], sys.stdout, indent=2)
        print()
    else:
        tables = {"segments": segments.table, "songs": songs.table}
        print("\n\n".join(tables[name](result) for name, result in results.items()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
