"""Settings of matching."""

from __future__ import annotations

from dataclasses import dataclass
from typing import get_args

from edge.errors import UsageError
from edge.vocabulary import Sound


@dataclass(frozen=True, slots=True)
class MatchOptions:
    """Settings of `match_music` and `add_music`; the defaults are the command line's."""

    count: int = 5
    """Number of tracks."""
    no_vocals: bool = False
    """Leave out tracks in which somebody sings or speaks."""
    sound: Sound = "duck"
    """What becomes of the video's own sound."""
    own_level_lu: float | None = None
    """Loudness of the video's own sound above the music's in LU; by default 0 with speech in it, else -10."""
    fade_s: float = 2.0
    """Seconds in which the music fades out before the video ends."""
    loudness_lufs: float = -14.0
    """Loudness of the result after ITU-R BS.1770."""
    peak_dbtp: float = -1.0
    """Limit of the true peak in dBTP."""

    def __post_init__(self) -> None:
        if self.count < 1:
            raise UsageError(f"at least one track can be asked for, not {self.count}")
        if self.sound not in get_args(Sound):
            raise UsageError(f"the video's sound can be {', '.join(get_args(Sound))}, not {self.sound!r}")
        if self.own_level_lu is not None and not -40 <= self.own_level_lu <= 40:
            raise UsageError("the video's own sound can be -40 to 40 LU above the music")
        if not 0 <= self.fade_s <= 60:
            raise UsageError("music can fade out in 0 to 60 seconds")
        if not -40 <= self.loudness_lufs <= -5 or not -20 <= self.peak_dbtp <= 0:
            raise UsageError("music needs a loudness of -40 to -5 LUFS and a peak of -20 to 0 dBTP")
