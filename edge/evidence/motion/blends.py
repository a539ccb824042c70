"""Dissolves: frames that are blends of those before and after them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.arrays import Floats
from edge.evidence.options import MotionOptions

LAGS = (3, 6, 12, 24, 48)
"""Frames from the middle of a blend to what is taken for its ends."""

ENDS_DIFFER = 0.04
"""Mean difference of the ends at least, of full scale."""

ENDS_ALIKE = 0.75
"""Correlation of the ends at most: above, one shot changes its brightness or moves slowly."""

SPREAD = 0.25
"""Median difference of the ends at least, by their mean: text that appears changes a part of the frame."""

CAPACITY = 2 * max(LAGS) + 1


@dataclass(frozen=True, slots=True)
class Blend:
    """A dissolve, in frames."""

    first: int
    """The last frame before it."""
    last: int
    """The first frame after it."""
    error: float
    """Distance of its middle from the mean of the ends, by the distance of the ends: 0 to 0.5."""
    contrast: float
    """Mean difference of the ends, 0 to 1."""

    @property
    def weight(self) -> float:
        """Return what is largest for the best of the blends that overlap."""
        return self.contrast * (0.5 - self.error)


class BlendFinder:
    """Finds dissolves in thumbnails, of which it keeps the last 97."""

    def __init__(self, options: MotionOptions) -> None:
        self.found: list[Blend] = []
        """In order; they do not overlap."""
        self._limit = options.blend_error
        self._count = 0
        self._ring: Floats | None = None

    def accept(self, thumbnail: Floats) -> None:
        """Examine whether the frames up to this one blend into it."""
        if self._ring is None:
            self._ring = np.zeros((CAPACITY, len(thumbnail)), np.float32)
        self._ring[self._count % CAPACITY] = thumbnail
        self._count += 1
        lags = np.array([lag for lag in LAGS if 2 * lag < self._count])
        if len(lags):
            self._examine(self._ring, lags, self._count - 1)

    def _examine(self, ring: Floats, lags: NDArray[np.int64], newest: int) -> None:
        before, middle = ring[(newest - 2 * lags) % CAPACITY], ring[(newest - lags) % CAPACITY]
        behind = ring[newest % CAPACITY]
        differences = np.abs(behind - before)
        contrast = differences.mean(axis=1)
        error = np.abs(middle - (before + behind) / 2).mean(axis=1) / np.maximum(contrast, 1e-6)
        for index in np.flatnonzero((contrast >= ENDS_DIFFER) & (error <= self._limit)):
            spread = np.median(differences[index]) >= SPREAD * contrast[index]
            if spread and correlation(before[index], behind) <= ENDS_ALIKE:
                frames = newest - np.arange(2 * lags[index], -1, -1)
                ends = extent(ring[frames % CAPACITY])
                if ends is not None:
                    first, last = int(frames[0]) + ends[0], int(frames[0]) + ends[1]
                    self._add(Blend(first, last, float(error[index]), float(contrast[index])))

    def _add(self, blend: Blend) -> None:
        """Keep the better one of two that overlap."""
        if self.found and blend.first < self.found[-1].last:
            if blend.weight <= self.found[-1].weight:
                return
            self.found.pop()
            self._add(blend)
        else:
            self.found.append(blend)


def correlation(one: Floats, other: Floats) -> float:
    """Return the correlation of two thumbnails; 0 if one is of one color."""
    a, b = one - one.mean(), other - other.mean()
    norm = float(np.sqrt((a @ a) * (b @ b)))
    return float(a @ b) / norm if norm > 1e-6 else 0.0


def extent(thumbnails: Floats) -> tuple[int, int] | None:
    """Return the indices of the last frame before a blend and the first after it; None without a blend.

    `thumbnails` float32[n, cells] begin and end with the ends. Their places on the line between those, 0 to
    1, must rise steadily; a line through the middle half of the rise says where it begins and ends.
    """
    line = thumbnails[-1] - thumbnails[0]
    places = (thumbnails - thumbnails[0]) @ line / (line @ line)
    rising = np.flatnonzero(places < 0.25)[-1], np.flatnonzero(places > 0.75)[0]
    low, high = int(rising[0]), int(rising[1])
    if high - low < 2 or (np.diff(places[low : high + 1]).max() > 0.5):
        return None
    slope, start = np.polyfit(np.arange(low, high + 1), places[low : high + 1], 1)
    if slope <= 0:
        return None
    last = len(places) - 1
    return max(0, round(-start / slope)), min(last, round((1 - start) / slope))
