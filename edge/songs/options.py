"""Every choice that the search for songs makes, with its default and where that comes from."""

from __future__ import annotations

import math
from dataclasses import dataclass

from edge.errors import UsageError


@dataclass(frozen=True)
class Settings:
    """How songs are found. `Settings.as_source()` gives the method as it was published, nothing added."""

    segment_s: float = 3.0
    """Segment length in seconds: 0.5, 1, 3, 5 or 10 are usual. Shorter finds shorter songs and errs more."""
    min_run: int = 2
    """Consecutive singing segments that make a song."""
    t1: float = 0.6
    """An end segment is uncertain when p(singing) - p(speaking) is at most this, and the same for `t2`."""
    t2: float = 0.6
    """... and when p(singing) - p(other) is at most this."""
    refine_step_s: float = 1.0
    """Distance of the joints tried inside an uncertain segment, in seconds."""
    edge_is_other: bool = True
    """Music that begins or ends with the recording is a prelude or postlude (the source is silent on it)."""
    interlude_s: float = 12.0
    """Runs that only music separates are one song if the music is at most this long; 0 keeps them apart."""
    glitch_s: float = 3.0
    """A break of any label inside a song is bridged if it is at most this long; 0 bridges none."""
    exact_boundaries: bool = True
    """Place the final boundaries on the 100 ms confidences, within one segment of where segments put them."""

    def __post_init__(self) -> None:
        if not all(math.isfinite(value) for value in vars(self).values()):
            raise UsageError("settings must be finite numbers")
        if not 0.1 <= self.segment_s <= 60:
            raise UsageError(f"segment length must be 0.1 to 60 s, got {self.segment_s}")
        if self.refine_step_s < 0.1:
            raise UsageError(f"refinement step must be at least 0.1 s, got {self.refine_step_s}")
        if self.min_run < 1:
            raise UsageError(f"a song needs at least 1 segment, got {self.min_run}")
        if self.interlude_s < 0 or self.glitch_s < 0:
            raise UsageError("interlude and glitch lengths cannot be negative")

    @classmethod
    def as_source(cls, segment_s: float = 3.0) -> Settings:
        """The published method without our additions."""
        return cls(segment_s=segment_s, interlude_s=0.0, glitch_s=0.0, exact_boundaries=False)
