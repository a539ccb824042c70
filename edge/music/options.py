"""Settings of composed music."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import get_args

from edge.errors import UsageError
from edge.vocabulary import Sound


@dataclass(frozen=True, slots=True)
class MusicOptions:
    """Settings of `compose_music`; the defaults are the command line's."""

    style: str | None = None
    """Style of the template; by default the one that fits the video and its notes."""
    mood: str | None = None
    """Mood of the template; by default the one that fits the video and its notes."""
    template: str | None = None
    """Id of the template; by default the best one of the style and mood."""
    avoid: tuple[str, ...] = ()
    """Ids of templates that are not chosen."""
    tempo: float | None = None
    """Beats per minute; by default those by which most cuts land on strong beats."""
    instruments: Mapping[str, str] = field(default_factory=dict)
    """Instrument of melody, decoration or instrument, FILE.sf2#N, or "none"; by default the template's."""
    seed: int = 0
    """The same seed gives the same notes."""
    denser: int = 0
    """Levels of density that are added; negative for calmer music."""
    stronger: int = 0
    """Levels of strength that are added; negative for softer music."""
    max_speed_change: float = 0.05
    """How much faster or slower the video may become so that cuts land on beats; 0 leaves it as it is."""
    sound: Sound = "duck"
    """What becomes of the video's own sound."""
    loudness_lufs: float = -14.0
    """Loudness of the result after ITU-R BS.1770."""
    peak_dbtp: float = -1.0
    """Limit of the true peak in dBTP."""

    def __post_init__(self) -> None:
        if self.sound not in get_args(Sound):
            raise UsageError(f"the video's sound can be {', '.join(get_args(Sound))}, not {self.sound!r}")
        if self.tempo is not None and not 40 <= self.tempo <= 240:
            raise UsageError(f"a tempo is 40 to 240 beats per minute, not {self.tempo:g}")
        if not 0 <= self.max_speed_change <= 0.2:
            raise UsageError("the video's speed can change by 0 to 0.2")
        if not -40 <= self.loudness_lufs <= -5 or not -20 <= self.peak_dbtp <= 0:
            raise UsageError("music needs a loudness of -40 to -5 LUFS and a peak of -20 to 0 dBTP")
        if not 0 <= self.seed < 2**32:
            raise UsageError("a seed is a whole number from 0 to 4294967295")
