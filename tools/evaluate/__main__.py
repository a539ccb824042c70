"""`python -m tools.evaluate WHAT [--data DIR] [--json]`: how good it is, on real recordings.

All but segments, robustness, songs and cuts need models in the store: see `python -m tools.importers`.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from edge.errors import EdgeError
from tools import progress
from tools.documents import document
from tools.evaluate import (
    captions,
    cuts,
    faces,
    images,
    lips,
    matching,
    motion,
    music,
    quickcut,
    reading,
    recognition,
    rhythm,
    robustness,
    segments,
    sentences,
    songs,
    tagger,
    tags,
)
from tools.paths import data_root

WHAT: dict[str, ModuleType] = {
    "segments": segments,
    "songs": songs,
    "robustness": robustness,
    "faces": faces,
    "lips": lips,
    "sentences": sentences,
    "recognition": recognition,
    "reading": reading,
    "captions": captions,
    "quickcut": quickcut,
    "cuts": cuts,
    "images": images,
    "tags": tags,
    "motion": motion,
    "music": music,
    "tagger": tagger,
    "rhythm": rhythm,
    "matching": matching,
}
"""Each has `evaluate(data) -> dict` and `table(result) -> str`."""

QUICK: dict[str, dict[str, Any]] = {
    "songs": {"recordings": 2},
    "quickcut": {"count": 1},
    "cuts": {"count": 5},
    "lips": {"films": 1},
    "motion": {"films": 2, "pans": 4},
    "music": {"sizes": music.Sizes.quick()},
    "rhythm": {"sizes": rhythm.Sizes.quick()},
    "matching": {"sizes": matching.Sizes.quick()},
}
"""Of how little `--quick` makes do; the others are as quick as the pack is small."""

SHIPPED = ("segments", "songs")
"""What `all` stands for: the models that ship."""


def main() -> int:
    """Run one evaluation, or those of what ships, and print its table or its JSON document."""
    parser = argparse.ArgumentParser(prog="python -m tools.evaluate", description=__doc__)
    parser.add_argument("what", choices=[*WHAT, "all"], nargs="?", default="all")
    parser.add_argument("--data", type=Path, default=data_root() / "eval", help="folder with a manifest.csv")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument("--quick", action="store_true", help="few composed recordings: does it run?")
    parser.add_argument("--count", type=int, metavar="N", help="cuts: how many are made")
    parser.add_argument(
        "--plots", type=Path, metavar="DIR",
        help="songs: draw the recordings with errors; music: draw six renditions",
    )  # fmt: skip
    options = parser.parse_args()
    progress.begin()
    names = SHIPPED if options.what == "all" else (options.what,)
    try:
        results = {name: WHAT[name].evaluate(options.data, **_more(name, options)) for name in names}
    except EdgeError as error:
        print(f"tools.evaluate: {error}", file=sys.stderr)
        return error.exit_code
    if options.json:
        print(document(results if options.what == "all" else results[options.what]))
    else:
        print("\n\n".join(WHAT[name].table(result) for name, result in results.items()))
    return 0


def _more(name: str, options: argparse.Namespace) -> dict[str, Any]:
    """What else an evaluation is told."""
    plots = {"plots": options.plots} if name in {"songs", "music"} else {}
    count = {"count": options.count} if name == "cuts" and options.count else {}
    return plots | (QUICK.get(name, {}) if options.quick else {}) | count


if __name__ == "__main__":
    sys.exit(main())
