"""Cuts, fades and dissolves of a video, decided when all its frames are measured."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from edge_kernels.labels import runs
from numpy.typing import NDArray

from edge.arrays import Floats
from edge.evidence.motion.blends import Blend
from edge.evidence.motion.track import Transition, TransitionKind
from edge.evidence.options import MotionOptions

NEIGHBORS = 3
"""Frames on each side of a cut that it must stand out from, not counting repetitions."""

NEAR_S = 0.3
"""Seconds to the farthest of them."""

REPEATED = 0.002
"""What motion leaves unexplained of a frame that only repeats the one before."""

SURE = 0.5
"""Strength from which a cut is none of the frames of a dissolve."""

UNEXPLAINED = 0.5
"""What motion leaves unexplained of the frames of a dissolve at least, in all: less is a camera that moves."""

GROUND = 0.15
"""Distance from black or white, of full scale, up to which a frame of one color is the ground of a fade."""

MIN_RAMP = 3
"""Frames in which a fade falls or rises at least; fewer are a cut to or from one color."""

HELD_S = 2.0
"""Seconds of one color at most within one fade; longer ones are a shot of their own."""

STEADY = 0.01
"""Change of contrast, by the largest, from frame to frame up to which a fade has not begun or is over."""


@dataclass(frozen=True, slots=True)
class Found:
    """A transition in frames; `start` and `end` are indices as those of `Transition` are times."""

    kind: TransitionKind
    """A cut, a fade or a dissolve."""
    start: int
    """Index of a frame."""
    end: int
    """Index of a frame; the number of frames if the video ends in a fade."""
    strength: float
    """How sure it is, 0 to 1."""


def decide(
    times_s: NDArray[np.float64],
    end_s: float,
    unlike: Floats,
    flash: Floats,
    contrast: Floats,
    brightness: Floats,
    blends: Sequence[Blend],
    options: MotionOptions,
) -> tuple[Transition, ...]:
    """Return the transitions in order; of those that overlap, fades come before sure cuts, then dissolves."""
    dissolves = [
        Found("dissolve", one.first, one.last, max(0.0, 1 - one.error / options.blend_error / 2))
        for one in blends
        if unlike[one.first + 1 : one.last + 1].sum() >= UNEXPLAINED
    ]
    sure, unsure = [], []
    for one in cuts(times_s, unlike, flash, options):
        (sure if one.strength >= SURE else unsure).append(one)
    ground = (contrast < options.plain) & (np.minimum(brightness, 1 - brightness) <= GROUND) & (flash == 0)
    kept: list[Found] = []
    for one in [*fades(times_s, contrast, ground), *sure, *dissolves, *unsure]:
        if all(_apart(one, other) for other in kept):
            kept.append(one)
    edges = [*times_s.tolist(), end_s]
    return tuple(
        Transition(one.kind, edges[one.start], edges[one.end], float(one.strength))
        for one in sorted(kept, key=lambda one: (one.start, one.end))
    )


def cuts(
    times_s: NDArray[np.float64], unlike: Floats, flash: Floats, options: MotionOptions
) -> Iterator[Found]:
    """Yield the frames that motion does not explain, but their neighbors.

    The excess over the most unlike neighbor counts: in fast motion and noise all frames are unlike. Flashes
    are neither cuts nor neighbors.
    """
    distinct = np.flatnonzero((unlike > REPEATED) & (flash == 0))
    for place in np.flatnonzero(unlike[distinct] >= options.cut):
        frame = distinct[place]
        around = np.r_[distinct[max(0, place - NEIGHBORS) : place], distinct[place + 1 : place + 1 + NEIGHBORS]]
        near = around[np.abs(times_s[around] - times_s[frame]) <= NEAR_S]
        excess = float(unlike[frame] - unlike[near].max(initial=0))
        if excess >= options.cut:
            yield Found("cut", int(frame), int(frame), min(1.0, excess))


def fades(
    times_s: NDArray[np.float64], contrast: Floats, ground: NDArray[np.bool_]
) -> Iterator[Found]:
    """Yield the ramps of contrast to and from runs of frames that are `ground`: black or white, bool[n]."""
    for first, stop in runs(ground.astype(np.int32), 1).tolist():
        start, end = ramp(contrast[:first][::-1]), ramp(contrast[stop:])
        out, back = start >= MIN_RAMP, end >= MIN_RAMP
        last = stop + end - 1 if back else stop
        if out and back and times_s[stop - 1] - times_s[first] > HELD_S:
            yield Found("fade", first - start, first, 1.0)
            yield Found("fade", stop - 1, last, 1.0)
        elif out or back:
            yield Found("fade", first - start if out else max(0, first - 1), last, 1.0)


def ramp(contrast: Floats) -> int:
    """Return how many frames the contrast rises from the first one on, until it is steady or falls."""
    if not len(contrast):
        return 0
    largest = np.float32(0)
    for index, value in enumerate(contrast):
        if value <= largest * (1 + STEADY):
            return index
        largest = value
    return len(contrast)


def _apart(one: Found, other: Found) -> bool:
    """Return whether two transitions do not touch; a cut must be outside of the other by a frame."""
    return one.end < other.start or other.end < one.start
