"""Settings of tagging."""

from __future__ import annotations

from dataclasses import dataclass, field

from edge.errors import UsageError
from edge.evidence.options import ExcerptOptions

MAX_TITLE = 1000
"""Characters of a title that are read; what is longer than that is no title."""


@dataclass(frozen=True, slots=True)
class TagOptions:
    """Settings of `tag`; the defaults are the command line's."""

    count: int = 5
    """Number of tags."""
    min_similarity: float = 0.0
    """Tags that fit less than this are left out: the cosine of the video's and the tag's place, -1 to 1."""
    timeline: bool = False
    """Tag every section of about a minute, too."""
    excerpts: ExcerptOptions = field(default_factory=ExcerptOptions)
    """Which frames and which audio are examined."""

    def __post_init__(self) -> None:
        if self.count < 1 or not -1 <= self.min_similarity <= 1:
            raise UsageError("tags need count >= 1 and -1 <= min_similarity <= 1")
