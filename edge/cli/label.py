"""`edge label MEDIA... [-o FILE|DIR]`.

Label the audio of recordings: singing, speaking, music or other. Neighbors of one label are shown as one
line; --json has every segment with its four confidences.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import edge
from edge.cli.inputs import check_written, written_file
from edge.cli.parsing import add_force, add_media
from edge.cli.progress import Progress
from edge.cli.segmenting import Networks, add_segmenter, print_evidence, run_with_segmenter
from edge.cli.show import print_json, print_notes
from edge.text.clock import clock

if TYPE_CHECKING:
    from edge.evidence.segments import LabelResult
    from edge.media import Recording

FORMATS = ("csv", "txt", "TextGrid", "rttm")
"""Formats of label files."""


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_media(parser)
    out = parser.add_argument_group("output")
    out.add_argument(
        "-o", "--output", metavar="FILE|DIR", help=".csv, .txt (Audacity), .TextGrid (Praat) or .rttm"
    )
    out.add_argument("--format", choices=FORMATS, default="csv", help="in a folder (default csv)")
    add_force(out)
    labels = parser.add_argument_group("labels")
    add_segmenter(labels)


def run(options: argparse.Namespace) -> int:
    """Label each recording; write and print its labels."""
    return run_with_segmenter(options, _check, _label)


def _check(options: argparse.Namespace, paths: Sequence[Path]) -> None:
    from edge.evidence.export import check_labels  # noqa: PLC0415

    check_written(options, paths, check_labels)


def _label(options: argparse.Namespace, networks: Networks, count: int, recording: Recording) -> None:
    stage = f"{recording.path.name}: labeling"
    with Progress(stage, seconds=recording.duration_s, quiet=options.quiet) as progress:
        result = edge.label(
            recording,
            segment_s=options.segment_s,
            evidence=options.evidence,
            segmenter=networks.segmenter,
            faces=networks.faces,
            progress=progress,
        )
    if options.output:
        edge.write_labels(result, written_file(options, recording.path, count), force=options.force)
    if options.json:
        print_json(result.to_dict(), one_line=count > 1)
    elif not (options.output and options.quiet):
        print_labels(result)
    if not options.quiet:
        print_notes(recording, result.notes)
        print_evidence(recording, result.evidence)


def print_labels(result: LabelResult) -> None:
    """Print one line per run of a label, and the totals."""
    for one in result.merged:
        times = f"{clock(one.start):>9} - {clock(one.end):>9}"
        print(f"{times}  {one.label:<8}  {one.confidence[one.label]:4.0%}")
    totals = ", ".join(f"{label} {clock(seconds)}" for label, seconds in result.totals.items() if seconds)
    print(f"{result.recording.path.name}: {totals} of {clock(result.labels.duration_s)}")
