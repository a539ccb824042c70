"""`python -m tools.templates render | add DIR`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from edge.errors import EdgeError
from tools.templates.folder import extend

BIT_RATE = 58_000
"""Of each track, in bits per second."""


def main(arguments: list[str] | None = None) -> int:
    """Run a command; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tools.templates", description=__doc__)
    actions = parser.add_subparsers(required=True, metavar="ACTION")
    rendering = actions.add_parser("render", help="render the templates that ship")
    rendering.add_argument("--out", type=Path, default=Path("models_quantized/templates"))
    rendering.add_argument("--only", metavar="ID", nargs="*", help="these, beside those that are there")
    rendering.set_defaults(run=_render)
    adding = actions.add_parser("add", help="add recorded loops as a template")
    adding.add_argument("source", type=Path, metavar="DIR", help="folder with template.json and loops")
    adding.add_argument(
        "--out", type=Path, default=Path("templates"), help="templates folder to make or extend"
    )
    adding.set_defaults(run=_add)
    options = parser.parse_args(arguments)
    try:
        options.run(options)
    except EdgeError as error:
        print(f"tools.templates: {error}", file=sys.stderr)
        return error.exit_code
    return 0


def _render(options: argparse.Namespace) -> None:
    from tools.templates.render import render  # noqa: PLC0415 - SciPy takes a second
    from tools.templates.styles import STYLES  # noqa: PLC0415

    for style in STYLES.values():
        if options.only is None or style.id in options.only:
            made = render(style)
            tracks = {"chords": made.chords, "base": made.base}
            folder = extend(options.out, made.entry, tracks, bit_rate=BIT_RATE, shipped=True)
            size = sum(folder.file(f"{style.id}.{track}.opus").stat().st_size for track in tracks)
            print(f"{style.id:<24}{made.chords.shape[1] / 48_000:7.1f} s {size / 1000:8.0f} kB", flush=True)


def _add(options: argparse.Namespace) -> None:
    from tools.templates.loops import add  # noqa: PLC0415

    template = add(options.source, options.out, bit_rate=BIT_RATE)
    print(f"added {template.id} ({template.tempo:g} beats per minute): {options.out}")


if __name__ == "__main__":
    sys.exit(main())
