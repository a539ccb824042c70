"""Time code: numbers of frames as text, hours:minutes:seconds:frames (SMPTE 12M)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

_TEXT = re.compile(r"(\d\d):(\d\d):(\d\d)([:;.,])(\d{2,3})")


@dataclass(frozen=True, slots=True)
class Timecode:
    """The place of a frame, or of a sample, on a clock that begins at midnight."""

    frame: int
    """Frames since 00:00:00:00."""
    rate: Fraction
    """Frames per second; of a sample, its rate."""
    drop: bool = False
    """Whether numbers are skipped so that the text follows the clock, see `drops`."""

    @property
    def seconds(self) -> Fraction:
        """Return the seconds since 00:00:00:00."""
        return self.frame / self.rate

    def after(self, seconds: Fraction) -> Timecode:
        """Return the time code of the frame nearest to so many seconds later."""
        return Timecode(self.frame + round(seconds * self.rate), self.rate, self.drop)

    def __str__(self) -> str:
        return timecode_text(self.frame, self.rate, drop=self.drop)


def drops(rate: Fraction) -> bool:
    """Return whether drop-frame time code exists: for 29.97, 59.94 and 119.88 frames per second.

    Two numbers (of 30 a second) are skipped each minute, but not each tenth.

    >>> [drops(Fraction(n, 1001)) for n in (24000, 30000, 30030)]
    [False, True, False]
    """
    whole = round(rate)
    return whole > 0 and whole % 30 == 0 and abs(rate / whole - Fraction(1000, 1001)) < Fraction(1, 5000)


def timecode_text(frame: int, rate: Fraction, *, drop: bool = False) -> str:
    """Format a frame number; after 24 hours it begins anew.

    >>> timecode_text(1800, Fraction(30000, 1001))
    '00:01:00:00'
    >>> timecode_text(1800, Fraction(30000, 1001), drop=True)
    '00:01:00;02'
    """
    whole = round(rate)
    if drop:
        skipped = whole // 15
        tens, rest = divmod(frame, whole * 600 - 9 * skipped)
        minutes = max(rest - skipped, 0) // (whole * 60 - skipped)
        frame += (9 * tens + minutes) * skipped
    seconds, frames = divmod(frame, whole)
    hours, minutes = seconds // 3600 % 24, seconds // 60 % 60
    return f"{hours:02}:{minutes:02}:{seconds % 60:02}{';' if drop else ':'}{frames:02}"


def timecode_of(text: str, rate: Fraction) -> Timecode | None:
    """Return the time code that a text says at a rate; None if it is none.

    A semicolon, point or comma before the frames means drop-frame, where the rate has it.

    >>> timecode_of("14:09:42;10", Fraction(30000, 1001)).frame
    1527940
    """
    found = _TEXT.fullmatch(text.strip())
    whole = round(rate)
    if found is None or whole <= 0:
        return None
    hours, minutes, seconds, frames = (int(found[k]) for k in (1, 2, 3, 5))
    if minutes >= 60 or seconds >= 60 or frames >= whole:
        return None
    drop = found[4] != ":" and drops(rate)
    minutes += hours * 60
    frame = (minutes * 60 + seconds) * whole + frames
    return Timecode(frame - drop * (whole // 15) * (minutes - minutes // 10), rate, drop)
