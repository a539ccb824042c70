"""Motion tracks: how fast the frames of a video move, and where its shots change."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from edge.arrays import Floats
from edge.decoding import prepared
from edge.errors import UsageError
from edge.vocabulary import Span

TransitionKind = Literal["cut", "fade", "dissolve"]
"""How one shot becomes the next: at once, through frames of one color, or blended."""


@dataclass(frozen=True, slots=True)
class Transition:
    """Where one shot becomes the next."""

    kind: TransitionKind
    """A cut, a fade or a dissolve."""
    start: float
    """Seconds: of a cut, the time of the first frame of the new shot; else of the last frame before it."""
    end: float
    """Seconds: of a cut as `start`; else of the first frame that shows the new shot alone."""
    strength: float
    """How sure it is, 0 to 1."""


@dataclass(frozen=True, slots=True, eq=False)
class MotionTrack:
    """Motion between the n frames of a video, and its transitions."""

    times_s: NDArray[np.float64]
    """float64[n]: start of the display of each frame, ascending."""
    end_s: float
    """End of the display of the last frame in seconds."""
    speed: Floats
    """float32[n]: mean length of the motion since the frame before, frame heights per second; 0 at a cut."""
    saliency: Floats
    """float32[n]: how far what moves most moves apart from the camera, in frame heights per second."""
    brightness: Floats
    """float32[n]: mean luma, 0 to 1."""
    transitions: tuple[Transition, ...]
    """In order; they do not overlap."""
    notes: tuple[str, ...] = ()
    """What could not be decoded, one line each."""

    def __repr__(self) -> str:
        count = len(self.transitions)
        return f"MotionTrack({self.end_s:.1f} s, {len(self.times_s)} frames, {count} transitions)"

    @property
    def shots(self) -> tuple[Span, ...]:
        """Spans between transitions: what is neither in one of them nor of no length."""
        edges = [0.0, *(edge for one in self.transitions for edge in (one.start, one.end)), self.end_s]
        return tuple(
            Span(start, end) for start, end in zip(edges[::2], edges[1::2], strict=True) if end > start
        )

    def to_bytes(self) -> bytes:
        """Serialize the track; `from_bytes` reads it."""
        arrays = [array.tobytes() for array in (self.times_s, self.speed, self.saliency, self.brightness)]
        transitions = [(one.kind, one.start, one.end, one.strength) for one in self.transitions]
        return msgspec.msgpack.encode([_FORMAT, self.end_s, arrays, transitions, self.notes])

    @classmethod
    def from_bytes(cls, content: bytes) -> MotionTrack:
        """Deserialize the output of `to_bytes`. Raises UsageError for other bytes."""
        try:
            _, end_s, stored, transitions, notes = msgspec.msgpack.decode(content, type=prepared(_Stored))
            times_s, speed, saliency, brightness = _arrays(stored)
            found = tuple(Transition(*one) for one in transitions)
            _check(times_s, end_s, found)
        except (msgspec.MsgspecError, ValueError, RecursionError) as error:
            raise UsageError(f"the bytes are not a motion track: {error}") from error
        return cls(times_s, end_s, speed, saliency, brightness, found, notes)


_FORMAT: Literal["motion 1"] = "motion 1"
_Arrays = tuple[bytes, bytes, bytes, bytes]
_Stored = tuple[
    Literal["motion 1"],
    float,
    _Arrays,
    list[tuple[TransitionKind, float, float, float]],
    tuple[str, ...],
]


def _arrays(stored: _Arrays) -> Iterator[NDArray[Any]]:
    """Yield the arrays. Raises ValueError unless they have one length and are finite."""
    types = (np.float64, np.float32, np.float32, np.float32)
    arrays = [np.frombuffer(data, dtype) for data, dtype in zip(stored, types, strict=True)]
    if len({len(array) for array in arrays}) != 1 or not all(np.isfinite(array).all() for array in arrays):
        raise ValueError("its arrays contradict each other")
    yield from arrays


def _check(times_s: NDArray[np.float64], end_s: float, transitions: tuple[Transition, ...]) -> None:
    """Raise ValueError unless all times ascend from 0 to the end."""
    edges = [0.0, *(edge for one in transitions for edge in (one.start, one.end)), end_s]
    shown = np.concatenate([[0.0], times_s, [end_s]])
    if not (np.diff(edges) >= 0).all() or not (np.diff(shown) >= 0).all():
        raise ValueError("its times do not ascend")
