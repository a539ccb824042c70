"""Write docs/cli.md from `--help` and docs/schemas from the types of the JSON documents.

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

from edge.cli import COMMANDS, build_parser
from edge.schema import DOCUMENTS

DOCS = Path(__file__).parents[2] / "docs"
COLUMNS = "100"
"""Width of the help texts."""


def pages() -> Iterator[tuple[Path, str]]:
    """Yield each file and its text."""
    yield DOCS / "cli.md", cli_page()
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
