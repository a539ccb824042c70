"""`edge label MEDIA`."""

from __future__ import annotations

import argparse

from edge.cli import show
from edge.cli.songs import listen, settings


def run(options: argparse.Namespace) -> None:
    """Label the segments and show them."""
    found = listen(options, settings(options))
    if options.json:
        show.print_json({"media": show.media(found), "segments": show.segments(found)})
    else:
        for segment in found.segments:
            times = f"{show.clock(segment.start):>9} - {show.clock(segment.end):>9}"
            confidences = "  ".join(f"{label} {p:.2f}" for label, p in segment.confidence.items())
            print(f"{times}  {segment.label:<8}  {confidences}")
    show.print_notes(found)
