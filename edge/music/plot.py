"""Plot composed music: motion, density and strength, cuts and beats, the notes, and the waveform."""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from edge.evidence.plot import check_plot
from edge.files import whole_file
from edge.music.compose import Composition
from edge.music.mix import mix
from edge.music.templates import RATE_HZ
from edge.music.words import STEPS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLORS = ("#d6336c", "#1c7ed6", "#adb5bd")
"""Colors of melody, decoration and what is in the background."""

POINTS = 2000
"""Points of a curve or of the waveform, at most."""


def plot_music(music: Composition, destination: str | PathLike[str], *, force: bool = False) -> Path:
    """Draw music over its video to a file: .png, .pdf or .svg; return its path.

    Raises MissingExtraError without matplotlib, UsageError (suffix), OutputError.
    """
    path = Path(destination)
    check_plot(path)
    from matplotlib.figure import Figure  # noqa: PLC0415 - an extra

    figure = Figure(figsize=(12, 9), layout="constrained")
    axes = figure.subplots(4, 1, sharex=True, height_ratios=(2, 2, 3, 1))
    with whole_file(path, force=force) as draft:
        _motion(axes[0], music)
        _levels(axes[1], music)
        _roll(axes[2], music)
        _waveform(axes[3], music)
        template = music.choice.template
        axes[0].set_title(f"{template.id} ({template.style}), {music.plan.tempo:.1f} beats per minute")
        axes[3].set_xlabel("seconds")
        figure.savefig(draft, dpi=110)
    return path


def _motion(axes: Axes, music: Composition) -> None:
    times = music.choice.warp.moved(music.motion.times_s)
    for values, name, color in (
        (music.motion.speed, "speed", COLORS[1]), (music.motion.saliency, "saliency", COLORS[0]),
    ):  # fmt: skip
        step = -(-len(times) // POINTS)
        count = len(times) // step * step
        axes.plot(
            times[:count:step], values[:count].reshape(-1, step).mean(axis=1), color=color, label=name, lw=0.8
        )
    for cut in music.cuts_s:
        axes.axvline(cut, color="black", lw=0.8)
    axes.set_ylabel("heights per second")
    axes.legend(loc="upper right", fontsize=8)


def _levels(axes: Axes, music: Composition) -> None:
    bars, bar_s = music.plan.bars, music.plan.bar_s
    edges = [*(number * bar_s for number in range(len(bars))), music.plan.end_s]
    axes.stairs([bar.density for bar in bars], edges, color=COLORS[1], label="density")
    axes.stairs([bar.strength for bar in bars], edges, color=COLORS[0], label="strength")
    for section in music.plan.sections:
        start = section.first * bar_s
        axes.axvline(start, color=COLORS[2], lw=0.8)
        axes.text(start, 7.2, f" {section.bars[0].part}", fontsize=7, va="top", clip_on=True)
    axes.set_ylim(-0.3, 7.3)
    axes.set_ylabel("level")
    axes.legend(loc="lower right", fontsize=8)


def _roll(axes: Axes, music: Composition) -> None:
    step_s, key = music.plan.bar_s / STEPS, music.choice.template.key
    for number, bar in enumerate(music.bars):
        for note in bar.notes:
            start = (number * STEPS + note.step) * step_s
            axes.broken_barh(
                [(start, note.duration * step_s)], (note.pitch + key - 0.45, 0.9), color=COLORS[note.voice]
            )
    strong = np.arange(0, music.plan.end_s, music.plan.bar_s / 2)
    axes.vlines(strong, *axes.get_ylim(), color=COLORS[2], lw=0.3)
    for cut in music.cuts_s:
        axes.axvline(cut, color="black", lw=0.8)
    axes.set_ylabel("pitch")


def _waveform(axes: Axes, music: Composition) -> None:
    size = -(-music.score.samples // POINTS)
    peaks, rest = list[float](), np.zeros(0, np.float32)
    for block in mix(music.score):
        joined = np.concatenate([rest, np.abs(block).max(axis=0)])
        whole = len(joined) // size * size
        peaks += joined[:whole].reshape(-1, size).max(axis=1).tolist()
        rest = joined[whole:]
    times = np.arange(len(peaks)) * size / RATE_HZ
    axes.fill_between(times, np.negative(peaks), peaks, color=COLORS[2], lw=0)
    axes.set_ylabel("mix")
