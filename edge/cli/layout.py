"""Arguments of commands that lay out captions."""

from __future__ import annotations

import argparse
from dataclasses import asdict, replace

from edge.captions.options import LAYOUTS, LayoutOptions
from edge.cli.parsing import add_default, chosen


def add_layout(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    layout = parser.add_argument_group("captions on screen")
    layout.add_argument("--layout", choices=LAYOUTS, default="default", help="a broadcaster's numbers")
    add_default(layout, "--columns", LayoutOptions, "columns", "widest caption, of all lines together")
    add_default(layout, "--line-columns", LayoutOptions, "line_columns", "widest line, at most 42")
    add_default(
        layout, "--min-caption", LayoutOptions, "min_caption_s", "shortest time, where there is a pause"
    )
    add_default(layout, "--max-caption", LayoutOptions, "max_caption_s", "longest time")
    add_default(layout, "--max-speed", LayoutOptions, "max_speed", "columns a second, where there is a pause")
    add_default(layout, "--caption-gap", LayoutOptions, "gap_s", "time between captions")


def layout_options(options: argparse.Namespace) -> LayoutOptions:
    """Return the layout of the command line: a broadcaster's, with what was typed. Raises UsageError."""
    usual = asdict(LayoutOptions())
    typed = {name: value for name, value in chosen(options, LayoutOptions).items() if value != usual[name]}
    return replace(LAYOUTS[options.layout], **typed)
