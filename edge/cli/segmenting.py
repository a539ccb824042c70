"""What `edge songs` and `edge label` share: networks, loaded once for all recordings."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import edge
from edge.cli.inputs import for_each, recordings
from edge.cli.parsing import add_default
from edge.cli.progress import Progress
from edge.cli.show import plural, say_model
from edge.songs.options import SongOptions
from edge.vocabulary import Evidence

if TYPE_CHECKING:
    from edge.evidence.face_track import FaceNetworks
    from edge.evidence.fused import LabelEvidence
    from edge.media import Recording
    from edge.networks.segmenter import Segmenter


@dataclass(frozen=True)
class Networks:
    """Networks that are loaded once for all recordings."""

    segmenter: Segmenter
    """Labels the audio."""
    faces: FaceNetworks
    """Examine the video."""


def add_segmenter(group: argparse._ArgumentGroup) -> None:
    """Declare the arguments."""
    add_default(group, "--segment", SongOptions, "segment_s", "segment length: 0.5, 1, 3, 5 or 10")
    group.add_argument(
        "--evidence",
        choices=get_args(Evidence),
        default="auto",
        help="audio: ignore the video; both: fail without one (default: auto, the faces if there are any)",
    )
    group.add_argument("--model", default="segmenter", metavar="ID|DIR", help="another segmenter")
    group.add_argument("--faces", default="faces", metavar="ID|DIR", help="another face detector")


def run_with_segmenter(
    options: argparse.Namespace,
    check: Callable[[argparse.Namespace, Sequence[Path]], None],
    work: Callable[[argparse.Namespace, Networks, int, Recording], None],
) -> int:
    """Check the outputs, load the networks, and call `work` for every recording; return the exit code."""
    with recordings(options) as paths:
        check(options, paths)
        with Progress("loading the segmenter", quiet=options.quiet):
            segmenter = edge.Segmenter(options.model, threads=options.threads)
        say_model(options, segmenter)
        with segmenter, edge.FaceNetworks(options.faces, threads=options.threads) as faces:
            networks = Networks(segmenter, faces)
            return for_each(options, paths, partial(work, options, networks, len(paths)))


def print_evidence(recording: Recording, evidence: LabelEvidence | None) -> None:
    """Print to stderr how many segments the video changed, if it did."""
    if evidence is not None and evidence.changed:
        what = (
            f"faces in the video changed {plural(evidence.changed, 'label')}; --evidence audio ignores them"
        )
        print(f"edge: {recording.path}: {what}", file=sys.stderr)
