"""A picture of what was heard: the four confidences over time, with the songs marked."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from edge.cache import default_root
from edge.errors import EdgeError
from edge.files import whole_file
from edge.songs.search import Found
from edge.vocabulary import LABELS

COLOURS = ("#c2185b", "#1565c0", "#2e7d32", "#757575")
"""Singing, speaking, music, other."""

MAX_POINTS = 4000
"""Frames are averaged down to about this many, so that three hours draw as fast as three minutes."""


def plot(found: Found, file: Path, *, force: bool = False) -> None:
    """Draw `found` to an image file; the suffix chooses the format (.png, .pdf, .svg).

    Raises OutputError if it cannot be written, EdgeError if matplotlib is not installed.
    """
    os.environ.setdefault("MPLCONFIGDIR", str(default_root().parent / "matplotlib"))  # its list of fonts
    try:
        from matplotlib.figure import Figure  # noqa: PLC0415
    except ImportError as error:
        raise EdgeError("plots need matplotlib: pip install 'edgereel[plot]'") from error

    evidence = found.evidence
    factor = max(1, len(evidence.frames) // MAX_POINTS)
    frames = np.stack(
        [
            piece.mean(axis=0)
            for piece in np.array_split(evidence.frames, max(1, len(evidence.frames) // factor))
        ]
    )
    times = (np.arange(len(frames)) + 0.5) * found.duration_s / len(frames) / 60
    edges = np.array([s.start for s in found.segments] + [found.duration_s]) / 60
    figure = Figure(figsize=(14, 7), layout="constrained")
    rows = figure.subplots(len(LABELS), 1, sharex=True, sharey=True)
    for row, label, colour, column in zip(rows, LABELS, COLOURS, range(len(LABELS)), strict=True):
        row.fill_between(times, frames[:, column], color=colour, alpha=0.35, linewidth=0)
        row.stairs(evidence.segments[:, column], edges, color=colour, linewidth=1.5, baseline=None)
        for number, song in enumerate(found.songs, 1):
            row.axvspan(song.start / 60, song.end / 60, color="#ffb300", alpha=0.22, linewidth=0)
            if column == 0:
                row.annotate(str(number), (song.start / 60, 1.04), annotation_clip=False)
        row.set_ylabel(label)
        row.set_ylim(0, 1)
    rows[0].set_title(
        f"{found.media.path.name}: {len(found.songs)} song{'s' * (len(found.songs) != 1)}", loc="left", pad=16
    )
    rows[-1].set_xlim(0, max(edges[-1], 1e-3))
    rows[-1].set_xlabel("minutes (filled: every 100 ms; lines: segments; shaded: songs)")
    with whole_file(file, force=force) as draft:
        try:
            figure.savefig(draft, dpi=100)
        except ValueError as error:
            raise EdgeError(f"{file}: {error}".splitlines()[0]) from error
