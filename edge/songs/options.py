"""Settings of song detection, with the origin of each default."""

from __future__ import annotations

import math
from dataclasses import astuple, dataclass

from edge.errors import UsageError


@dataclass(frozen=True, slots=True)
class SongOptions:
    """Settings of `find_songs`; `SongOptions.as_published()` is the published method (US 12,387,762 B2)."""

    segment_s: float = 3.0
    """Segment length in seconds, usually 0.5, 1, 3, 5 or 10. Shorter: finds shorter songs, more errors."""
    min_run: int = 2
    """Minimum number of consecutive singing segments in a song."""
    speech_margin: float = 0.6
    """An end segment is uncertain if p(singing) - p(speaking) is at most this, and `other_margin` too."""
    other_margin: float = 0.6
    """An end segment is uncertain if p(singing) - p(other) is at most this, and `speech_margin` too."""
    refine_step_s: float = 1.0
    """Distance in seconds between the joints that are tried inside an uncertain segment."""
    edge_is_other: bool = True
    """Count music at the recording's edge as prelude or postlude; the published method does not say."""
    max_interlude_s: float = 15.0
    """Longest music between two runs of one song, in seconds; 0 joins none. An extension.

    A gap of several kinds may take up a share of each of these lengths, 1 in all.
    """
    max_rest_s: float = 7.0
    """Longest near silence inside a song, in seconds; 0 joins none. An extension."""
    max_gap_s: float = 5.0
    """Longest talk and other sounds inside a song, in seconds; 0 bridges none. An extension."""
    rest_below_db: float = 25.0
    """How far below the median level of the singing near silence is, in dB."""
    refine_on_frames: bool = True
    """Move boundaries to the likeliest 100-ms frame within one segment. An extension."""

    def __post_init__(self) -> None:
        if not all(math.isfinite(value) for value in astuple(self)):
            raise UsageError("options must be finite numbers")
        if not 0.1 <= self.segment_s <= 60:
            raise UsageError(f"segment length must be 0.1 to 60 s, got {self.segment_s}")
        if self.refine_step_s < 0.1:
            raise UsageError(f"refinement step must be at least 0.1 s, got {self.refine_step_s}")
        if self.min_run < 1:
            raise UsageError(f"a song needs at least 1 segment, got {self.min_run}")
        if min(self.max_interlude_s, self.max_gap_s, self.max_rest_s, self.rest_below_db) < 0:
            raise UsageError("lengths of interludes, gaps and rests cannot be negative")

    @classmethod
    def as_published(cls, segment_s: float = 3.0) -> SongOptions:
        """Return the options of the published method (US 12,387,762 B2), without extensions."""
        return cls(
            segment_s=segment_s,
            max_interlude_s=0.0,
            max_gap_s=0.0,
            max_rest_s=0.0,
            refine_on_frames=False,
        )
