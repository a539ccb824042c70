"""Plot labels and songs over time."""

from __future__ import annotations

import os
from collections.abc import Sequence
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from edge.cache import default_root
from edge.errors import UsageError, require
from edge.evidence.labels import LabelTrack
from edge.evidence.segments import label_segments
from edge.files import whole_file
from edge.songs.song import Song
from edge.text.clock import clock
from edge.vocabulary import LABELS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLORS = ("#d6336c", "#1c7ed6", "#2f9e44", "#adb5bd")
"""Colors of singing, speaking, music, other."""

MAX_POINTS = 4000
"""Frames are averaged to about this number, so that three hours draw as fast as three minutes."""


def check_plot(file: str | PathLike[str]) -> None:
    """Check before the work that `plot` can write `file`.

    Raises MissingExtraError without matplotlib, UsageError for a suffix that it cannot write.
    """
    os.environ.setdefault("MPLCONFIGDIR", str(default_root().parent / "matplotlib"))  # for its font cache
    require("matplotlib", "plots", "plot")
    from matplotlib.backend_bases import FigureCanvasBase  # noqa: PLC0415 - an extra

    known = FigureCanvasBase.get_supported_filetypes()
    if Path(file).suffix.lower().lstrip(".") not in known:
        raise UsageError(f"{file}: plots are written as {', '.join(f'.{name}' for name in sorted(known))}")


def save(figure: Figure, file: str | PathLike[str], *, force: bool = False) -> None:
    """Save a figure to an image file; the suffix chooses the format (.png, .pdf, .svg).

    Raises MissingExtraError without matplotlib, UsageError for an unknown suffix, OutputError.
    """
    check_plot(file)
    with whole_file(Path(file), force=force) as draft:
        figure.savefig(draft, dpi=110)


def draw(title: str, songs: Sequence[Song], labels: LabelTrack) -> Figure:
    """Plot songs, a band of labels, and below them the confidences. Raises MissingExtraError."""
    check_plot("figure.png")
    from matplotlib.figure import Figure  # noqa: PLC0415 - an extra
    from matplotlib.ticker import FuncFormatter, MaxNLocator  # noqa: PLC0415

    figure = Figure(figsize=(14, 5), layout="constrained")
    top, band, bottom = figure.subplots(
        3, 1, sharex=True, gridspec_kw={"height_ratios": (1.1, 0.5, 3), "hspace": 0.02}
    )
    _draw_songs(top, songs, labels.duration_s)
    _draw_band(band, labels)
    _draw_confidences(bottom, labels)
    bottom.set_xlim(0, max(labels.duration_s, 1e-3))
    bottom.xaxis.set_major_locator(MaxNLocator(12, steps=[1, 1.5, 2, 3, 6, 10]))
    bottom.xaxis.set_major_formatter(FuncFormatter(lambda seconds, _: clock(seconds).removesuffix(".0")))
    top.set_title(title, loc="left")
    return figure


def _draw_songs(axes: Axes, songs: Sequence[Song], duration_s: float) -> None:
    """Draw a bar for each song with its number and times; the sung part is darker."""
    for number, song in enumerate(songs, 1):
        axes.broken_barh([(song.start, song.seconds)], (0, 1), color="#ffd8a8")
        sung = song.seconds - song.prelude - song.postlude
        axes.broken_barh([(song.start + song.prelude, sung)], (0, 1), color="#ffa94d")
        wide = song.seconds > duration_s / 12
        text = f"{number}   {clock(song.start)} - {clock(song.end)}" if wide else str(number)
        middle = song.start + song.seconds / 2
        axes.text(middle, 0.5, text, ha="center", va="center", fontsize=9, clip_on=True)
    axes.set_ylim(0, 1)
    axes.set_yticks([0.5], ["songs"])
    _bare(axes)


def _draw_band(axes: Axes, labels: LabelTrack) -> None:
    """Draw one band, colored by the label of each segment."""
    for segment in label_segments(labels):
        color = COLORS[LABELS.index(segment.label)]
        axes.broken_barh([(segment.start, segment.end - segment.start)], (0, 1), color=color, linewidth=0)
    axes.set_ylim(0, 1)
    axes.set_yticks([0.5], ["label"])
    _bare(axes)


def _draw_confidences(axes: Axes, labels: LabelTrack) -> None:
    """Draw the four confidences of the frames, stacked to 1."""
    frames = _thinned(labels.frames)
    times = (np.arange(len(frames)) + 0.5) * labels.duration_s / max(1, len(frames))
    axes.stackplot(times, frames.T, colors=COLORS, labels=[label.value for label in LABELS], linewidth=0)
    axes.set_ylim(0, 1)
    axes.set_ylabel("confidence")
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.1), ncols=len(LABELS), frameon=False)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)


def _bare(axes: Axes) -> None:
    axes.tick_params(length=0)
    for spine in axes.spines.values():
        spine.set_visible(False)


def _thinned(frames: NDArray[np.float32]) -> NDArray[np.float32]:
    """Average consecutive frames to about `MAX_POINTS` rows."""
    count = max(1, min(len(frames), MAX_POINTS))
    return np.stack([part.mean(axis=0) for part in np.array_split(frames, count)])
