"""Report of the problems found while decoding."""

from __future__ import annotations

from dataclasses import dataclass

TRUNCATION_S = 0.5
"""A stream that ends this many seconds early counts as truncated; rounding by encoders is less."""

OPPOSITE_S = 1.0
"""Opposite channels are reported if they last longer than this many seconds."""


@dataclass(slots=True)
class DecodeReport:
    """Problems found while decoding; complete once the decoder is exhausted."""

    bad_packets: int = 0
    """Damaged packets that were skipped."""
    gaps: int = 0
    """Gaps in the audio longer than 20 ms."""
    filled_s: float = 0.0
    """Seconds of silence inserted into the gaps."""
    jumps: int = 0
    """Timestamps outside of the recording that were ignored."""
    opposite_s: float = 0.0
    """Seconds in which two channels were opposite, so that their mean would be silence, and one was used."""
    decoded_s: float = 0.0
    """End of the decoded audio, or of video frames decoded in order, in seconds of the recording."""
    declared_s: float | None = None
    """End declared by the file's header; None if it declares none."""
    frames: int = 0
    """Video frames decoded, those on the way to the wanted ones too."""
    gave_up: str | None = None
    """Why decoding stopped before the end of the file; None if it did not."""
    tracks: str = ""
    """Which of several audio streams are decoded; empty if there is one."""
    finished: bool = False
    """Whether the end of the file was reached, not just the end of the requested range."""

    @property
    def truncated(self) -> bool:
        """Return whether the file ends noticeably before its declared end."""
        return self.finished and self.missing_s > TRUNCATION_S

    @property
    def missing_s(self) -> float:
        """Return the seconds between the end of what was decoded and its declared end; at least 0."""
        return 0.0 if self.declared_s is None else max(0.0, self.declared_s - self.decoded_s)

    def notes(self) -> list[str]:
        """Return one line per kind of problem, after `tracks`; empty for an undamaged file.

        >>> DecodeReport(bad_packets=2).notes()
        ['2 damaged packets skipped']
        """
        lines = [self.tracks] if self.tracks else []
        if self.gave_up is not None:
            lines.append(f"decoding stopped at {self.decoded_s:.1f} s: {self.gave_up}")
        if self.truncated:
            lines.append(f"the file ends {self.missing_s:.1f} s before its declared {self.declared_s:.1f} s")
        if self.bad_packets:
            lines.append(f"{_count(self.bad_packets, 'damaged packet')} skipped")
        if self.gaps:
            lines.append(f"{_count(self.gaps, 'gap')} filled with {self.filled_s:.2f} s of silence")
        if self.jumps:
            lines.append(f"{_count(self.jumps, 'impossible timestamp')} ignored")
        if self.opposite_s > OPPOSITE_S:
            lines.append(f"the channels are opposite for {self.opposite_s:.1f} s; there the left one is used")
        return lines


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
