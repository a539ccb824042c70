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
"""What motion leaves unexplained of the frames of a dissolve at least, in all; less is a moving camera."""

GROUND = 0.15
"""Distance from black or white, of full scale, up to which a frame of one color is the ground of a fade."""

MIN_RAMP = 3
"""Frames in which a fade falls or rises at least; fewer are a cut to or from one color."""

HELD_S = 2.0
"""Seconds of one color at most within one fade; longer ones are a shot of their own."""

STEADY = 0.01
"""Rise of contrast from frame to frame, by what it was, up to which a fade is over or has not begun."""


@dataclass(frozen=True, slots=True, eq=False)
class Signs:
    """What is known of n frames that tells transitions."""

    times_s: NDArray[np.float64]
    """float64[n]: start of the display of each frame."""
    end_s: float
    """End of the display of the last frame in seconds."""
    unlike: Floats
    """float32[n]: part of a frame, 0 to 1, that motion from the frame before does not explain."""
    flash: Floats
    """float32[n]: 1 for the frames of a flash and the first one after it, else 0."""
    contrast: Floats
    """float32[n]: standard deviation of the luma, of full scale."""
    brightness: Floats
    """float32[n]: mean luma, 0 to 1."""


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


def decide(signs: Signs, blends: Sequence[Blend], options: MotionOptions) -> tuple[Transition, ...]:
    """Return the transitions in order; of those that overlap, fades come before sure cuts, then dissolves."""
    sure: list[Found] = []
    unsure: list[Found] = []
    for one in cuts(signs, options):
        (sure if one.strength >= SURE else unsure).append(one)
    kept: list[Found] = []
    for one in [*fades(signs, options), *sure, *dissolves(signs, blends, options), *unsure]:
        if all(one.end < other.start or other.end < one.start for other in kept):
            kept.append(one)
    edges = [*signs.times_s.tolist(), signs.end_s]
    return tuple(
        Transition(one.kind, edges[one.start], edges[one.end], float(one.strength))
        for one in sorted(kept, key=lambda one: (one.start, one.end))
    )


def cuts(signs: Signs, options: MotionOptions) -> Iterator[Found]:
    """Yield the frames that motion does not explain, but their neighbors.

    The excess over the most unlike neighbor counts: in fast motion and noise all frames are unlike. Flashes
    are neither cuts nor neighbors.
    """
    times_s, unlike = signs.times_s, signs.unlike
    distinct = np.flatnonzero((unlike > REPEATED) & (signs.flash == 0))
    for place in np.flatnonzero(unlike[distinct] >= options.cut):
        frame = distinct[place]
        around = np.r_[
            distinct[max(0, place - NEIGHBORS) : place], distinct[place + 1 : place + 1 + NEIGHBORS]
        ]
        near = around[np.abs(times_s[around] - times_s[frame]) <= NEAR_S]
        excess = float(unlike[frame] - unlike[near].max(initial=0))
        if excess >= options.cut:
            yield Found("cut", int(frame), int(frame), min(1.0, excess))


def dissolves(signs: Signs, blends: Sequence[Blend], options: MotionOptions) -> Iterator[Found]:
    """Yield the blends that motion does not explain."""
    for one in blends:
        if signs.unlike[one.first + 1 : one.last + 1].sum() >= UNEXPLAINED:
            yield Found("dissolve", one.first, one.last, max(0.0, 1 - one.error / options.blend_error / 2))


def fades(signs: Signs, options: MotionOptions) -> Iterator[Found]:
    """Yield the ramps of contrast to and from runs of frames that are black or white.

    A long run is a shot of its own, with a fade on each side.
    """
    contrast, times_s = signs.contrast, signs.times_s
    plain = (contrast < options.plain) & (signs.flash == 0)
    ground = plain & (np.minimum(signs.brightness, 1 - signs.brightness) <= GROUND)
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
