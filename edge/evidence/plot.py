"""Plot labels and songs over time."""

from __future__ import annotations

import os
from collections.abc import Sequence
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from edge.cache import default_root
from edge.errors import UsageError, require
from edge.evidence.labels import LabelTrack
from edge.files import whole_file
from edge.text.clock import clock
from edge.vocabulary import LABELS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLORS = ("#d6336c", "#1c7ed6", "#2f9e44", "#adb5bd")
"""Colors of singing, speaking, music, other."""

MAX_POINTS = 4000
"""Frames are averaged to about this number, so that three hours draw as fast as three minutes."""


class PlottedSong(Protocol):
    """A song as it is plotted; times are seconds."""

    @property
    def start(self) -> float:
        """Return the start."""

    @property
    def end(self) -> float:
        """Return the end."""

    @property
    def prelude(self) -> float:
        """Return the length of the music before the singing."""

    @property
    def postlude(self) -> float:
        """Return the length of the music after the singing."""


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


def draw(title: str, labels: LabelTrack, songs: Sequence[PlottedSong] = ()) -> Figure:
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


def _draw_songs(axes: Axes, songs: Sequence[PlottedSong], duration_s: float) -> None:
    """Draw a bar for each song with its number and times; the sung part is darker."""
    for number, song in enumerate(songs, 1):
        axes.broken_barh([(song.start, (song.end - song.start))], (0, 1), color="#ffd8a8")
        sung = (song.end - song.start) - song.prelude - song.postlude
        axes.broken_barh([(song.start + song.prelude, sung)], (0, 1), color="#ffa94d")
        wide = (song.end - song.start) > duration_s / 12
        text = f"{number}   {clock(song.start)} - {clock(song.end)}" if wide else str(number)
        middle = song.start + (song.end - song.start) / 2
        axes.text(middle, 0.5, text, ha="center", va="center", fontsize=9, clip_on=True)
    axes.set_ylim(0, 1)
    axes.set_yticks([0.5], ["songs"])
    _bare(axes)


def _draw_band(axes: Axes, labels: LabelTrack) -> None:
    """Plot one band, colored by the label of each segment."""
    for index, column in enumerate(labels.segments.argmax(axis=1).tolist()):
        start = index * labels.segment_s
        seconds = min(labels.segment_s, labels.duration_s - start)
        axes.broken_barh([(start, seconds)], (0, 1), color=COLORS[column], linewidth=0)
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
