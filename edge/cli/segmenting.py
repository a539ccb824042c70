"""What `edge songs` and `edge label` share: a segmenter, loaded once for all recordings."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import edge
from edge.cli.inputs import for_each, recordings
from edge.cli.parsing import add_default
from edge.cli.progress import Progress
from edge.cli.show import say_model
from edge.songs.options import SongOptions

if TYPE_CHECKING:
    from edge.media import Recording
    from edge.networks.segmenter import Segmenter


def add_segmenter(group: argparse._ArgumentGroup) -> None:
    """Declare the arguments."""
    add_default(group, "--segment", SongOptions, "segment_s", "segment length: 0.5, 1, 3, 5 or 10")
    group.add_argument("--model", default="segmenter", metavar="ID|DIR", help="another segmenter")


def run_with_segmenter(
    options: argparse.Namespace,
    check: Callable[[argparse.Namespace, Sequence[Path]], None],
    work: Callable[[argparse.Namespace, Segmenter, int, Recording], None],
) -> int:
    """Check the outputs, load the segmenter, and call `work` for every recording; return the exit code."""
    with recordings(options) as paths:
        check(options, paths)
        with Progress("loading the segmenter", quiet=options.quiet):
            segmenter = edge.Segmenter(options.model, threads=options.threads)
        say_model(options, segmenter)
        with segmenter:
            return for_each(options, paths, partial(work, options, segmenter, len(paths)))
