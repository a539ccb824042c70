"""Draw renditions of composed music: their notes, and the spectrogram of their audio."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from edge.arrays import Floats
from edge.music.mix import Score
from edge.music.templates import RATE_HZ
from edge.music.words import STEPS

COLUMNS = 2
"""Renditions beside each other."""

SIZE, HOP, TOP_HZ = 2048, 1024, 12_000
"""Samples of a window and between windows of the spectrogram, and the highest frequency that is drawn."""

RANGE_DB = 80
"""What is softer than the loudest point by this is drawn as silence."""


def draw(renditions: dict[str, tuple[Score, Floats]], file: Path) -> None:
    """Write an image of the notes and the spectrogram of each rendition, by the name of its template."""
    rows = -(-len(renditions) // COLUMNS)
    figure = Figure(figsize=(12, 3.4 * rows), layout="constrained")
    grid = figure.subplots(2 * rows, COLUMNS, squeeze=False, height_ratios=[2, 3] * rows)
    for number, (name, (score, audio)) in enumerate(renditions.items()):
        row, column = 2 * (number // COLUMNS), number % COLUMNS
        notes, spectrum = grid[row, column], grid[row + 1, column]
        step_s = score.plan.bar_s / STEPS
        for index, bar in enumerate(score.bars):
            for note in bar.notes:
                start = (index * STEPS + note.step) * step_s
                color = ("#d6336c", "#1c7ed6")[note.voice]
                notes.broken_barh([(start, note.duration * step_s)], (note.pitch - 0.4, 0.8), color=color)
        notes.set(title=f"{name}, {score.plan.tempo:.0f} bpm", ylabel="pitch", xlim=(0, score.plan.end_s))
        extent = (0.0, score.plan.end_s, 0.0, TOP_HZ / 1000)
        spectrum.imshow(spectrogram(audio), origin="lower", aspect="auto", extent=extent, cmap="magma")
        spectrum.set_ylabel("kHz")
    figure.savefig(file, dpi=80)


def spectrogram(audio: Floats) -> Floats:
    """Return decibels below the loudest point, float32[bins, frames]."""
    frames = np.lib.stride_tricks.sliding_window_view(audio.mean(axis=0), SIZE)[::HOP] * np.hanning(SIZE)
    power = np.abs(np.fft.rfft(frames)[:, : SIZE * TOP_HZ // RATE_HZ]) ** 2
    level = 10 * np.log10(power / power.max() + 10 ** (-RANGE_DB / 10))
    return np.asarray(level.T, np.float32)
