"""Write docs/cli.md from `--help`, docs/schemas from the types of the JSON documents, docs/benchmarks.md from
the measurements in docs/benchmarks, and docs/size.md from those in docs/sizes and from the code.

`--check` writes nothing and exits with 1 if a file is not what the code gives.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec

from edge.bench.report import markdown, read_bench
from edge.cli import COMMANDS, build_parser
from edge.schema import DOCUMENTS
from tools.size import page as size

DOCS = Path(__file__).parents[2] / "docs"
COLUMNS = "100"
"""Width of the help texts."""

BENCHMARKS = """\
# Benchmarks

What `edge bench` measures on the devices that we have. Measure yours, and compare it with one of these:

    edge bench -o mine.json --compare docs/benchmarks/FILE.json

Each stage runs in processes of its own, on a recording of half a minute that comes with the package, made by
a synthesizer (`python -m tools.golden`).

- median, 90%: of the time of a run, without the first in a process
- speed: how many times as fast as real time, or runs per second
- memory: peak resident memory of the process
- cold: from the start of a process to the first result, with the files in the system's cache
- error and limit: how far the outputs are from those of a processor whose int8 sums are exact, and how far
  they may be; a speed counts only with it

An error of 0 is that of a device like the one that the golden outputs were made on.
"""
"""Beginning of docs/benchmarks.md."""


def pages() -> Iterator[tuple[Path, str]]:
    """Yield each file and its text."""
    yield DOCS / "cli.md", cli_page()
    yield DOCS / "benchmarks.md", benchmarks_page()
    yield DOCS / "size.md", size.page(DOCS / "sizes")
    for name, document in DOCUMENTS.items():
        schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **msgspec.json.schema(document)}
        yield DOCS / "schemas" / f"{name}.json", json.dumps(schema, indent=2) + "\n"


def cli_page() -> str:
    """Return the help of `edge` and of every command."""
    os.environ["COLUMNS"] = COLUMNS
    parser = build_parser("all")
    parts = ["# Command line", "Made from `edge --help` by `python -m tools.docs`."]
    parts.append(f"## edge\n\n```text\n{parser.format_help().strip()}\n```")
    for name in COMMANDS:
        text = parser.choices()[name].format_help().strip()
        schema = (
            f"\n\nWith `--json`: [schemas/{name}.json](schemas/{name}.json)." if name in DOCUMENTS else ""
        )
        parts.append(f"## edge {name}\n\n```text\n{text}\n```{schema}")
    return "\n\n".join(parts) + "\n"


def benchmarks_page() -> str:
    """Return the measurements of each device."""
    parts = [BENCHMARKS.strip()]
    for path in sorted((DOCS / "benchmarks").glob("*.json")):
        document = read_bench(path)
        name = document.device.board or document.device.processor
        parts.append(f"## {name}\n\n[{path.name}](benchmarks/{path.name})\n\n{markdown(document)}")
    return "\n\n".join(parts) + "\n"


def _words(path: Path) -> list[str]:
    """Words of a file; versions of Python break the lines of a usage differently."""
    return path.read_text("utf-8").split()


def main() -> int:
    """Write or check; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tools.docs", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit with 1 if a file is stale")
    check = parser.parse_args().check
    stale = [path for path, text in pages() if not path.exists() or _words(path) != text.split()]
    for path in stale:
        print(f"{path.relative_to(DOCS.parent)}: {'stale; run python -m tools.docs' if check else 'written'}")
    if not check:
        for path, text in pages():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
    return int(check and bool(stale))


if __name__ == "__main__":
    sys.exit(main())
