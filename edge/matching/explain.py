"""Draw why tracks were chosen: the video's motion and cuts over the beats and bars of each."""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from edge.evidence.motion.track import MotionTrack
from edge.evidence.plot import check_plot
from edge.files import whole_file
from edge.matching.match import MatchedTrack, MatchResult

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLORS = ("#d6336c", "#1c7ed6", "#adb5bd")
"""Colors of cuts, of bars, and of beats."""

POINTS = 1500
"""Points of a curve, at most."""

MOST = 5
"""Tracks that are drawn, at most."""


def explain_match(result: MatchResult, destination: str | PathLike[str], *, force: bool = False) -> Path:
    """Draw the cuts of a video over the beats of its tracks to a file: .png, .pdf or .svg; return its path.

    Raises MissingExtraError without matplotlib, UsageError (suffix), OutputError.
    """
    path = Path(destination)
    check_plot(path)
    from matplotlib.figure import Figure  # noqa: PLC0415 - an extra

    tracks = result.tracks[:MOST]
    figure = Figure(figsize=(12, 2 + 1.5 * len(tracks)), layout="constrained")
    axes = figure.subplots(1 + len(tracks), 1, sharex=True, squeeze=False)[:, 0]
    cuts = _cuts(result.motion)
    with whole_file(path, force=force) as draft:
        axes[0].set_title(result.recording.name or result.recording.path.name)
        _motion(axes[0], result.motion)
        for axis, track in zip(axes[1:], tracks, strict=True):
            _track(axis, track)
        for axis in axes:
            axis.vlines(cuts, 0, 1, color=COLORS[0], lw=1.2, transform=axis.get_xaxis_transform())
        axes[-1].set_xlim(0, result.length_s)
        axes[-1].set_xlabel("seconds of the video")
        figure.savefig(draft, dpi=110)
    return path


def _cuts(motion: MotionTrack | None) -> list[float]:
    return [] if motion is None else [(one.start + one.end) / 2 for one in motion.transitions]


def _motion(axes: Axes, motion: MotionTrack | None) -> None:
    if motion is not None and len(motion.times_s):
        step = -(-len(motion.times_s) // POINTS)
        count = len(motion.times_s) // step * step
        speed = motion.speed[:count].reshape(-1, step).mean(axis=1)
        axes.plot(motion.times_s[:count:step], speed, color="black", lw=0.8)
    axes.set_ylabel("motion")


def _track(axes: Axes, track: MatchedTrack) -> None:
    """Draw the level of the music, its beats and its bars, where they are in the video."""
    rhythm, at = track.analysis.rhythm, 0.0
    for part in track.arrangement.parts:
        for times, color, height in ((rhythm.beats_s, COLORS[2], 0.35), (rhythm.bars_s, COLORS[1], 0.7)):
            inside = times[(times >= part.start) & (times < part.end)] - part.start + at
            axes.vlines(inside, 0, height, color=color, lw=0.8)
        seconds, levels = _levels(track, part.start, part.end)
        where = seconds - part.start + at
        axes.fill_between(where, 0, levels, step="post", color=COLORS[1], alpha=0.12, lw=0)
        at += part.seconds
        axes.axvline(at, color="black", lw=0.5, ls=":")
    axes.set_ylim(0, 1)
    axes.set_yticks([])
    on_beat = track.arrangement.cuts_on_beat
    landed = "" if on_beat is None else f", {on_beat:.0%} of cuts on beats"
    key = "" if track.analysis.key is None else f", {track.analysis.key.name}"
    said = f"{track.path.name}: similarity {track.similarity:.2f}, {rhythm.tempo:.0f} bpm{key}{landed}"
    axes.set_title(said, fontsize=9, loc="left")


def _levels(
    track: MatchedTrack, start_s: float, end_s: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the seconds of a part of a track and its levels there, 0 to 1 for 40 dB."""
    levels = track.analysis.rhythm.levels_db
    seconds = np.arange(int(start_s), min(len(levels), int(np.ceil(end_s))))
    loudest = float(levels.max(initial=-60))
    heights = np.clip(1 + (levels[seconds].astype(np.float64) - loudest) / 40, 0, 1)
    last = heights[-1] if len(heights) else 0.0
    return np.append(seconds, end_s).astype(np.float64), np.append(heights, last)
