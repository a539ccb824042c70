"""What went wrong while decoding, counted instead of hidden."""

from __future__ import annotations

from dataclasses import dataclass

TRUNCATION_S = 0.5
"""A stream that ends this much before its declared end is called truncated; encoders' rounding is less."""


@dataclass(slots=True)
class DecodeReport:
    """Filled in while a recording is decoded; complete once the decoder is exhausted."""

    bad_packets: int = 0
    """Packets that could not be decoded and were skipped."""
    gaps: int = 0
    """Holes in the audio longer than 20 ms."""
    filled_s: float = 0.0
    """Seconds of silence put into those holes."""
    jumps: int = 0
    """Timestamps that leapt out of the recording and were not believed."""
    decoded_s: float = 0.0
    """Where the decoded audio ended, in seconds after the recording's zero."""
    declared_s: float | None = None
    """Where the file's header says it ends; None if the header does not say."""
    gave_up: str | None = None
    """Why decoding stopped before the end of the file, if it did."""
    finished: bool = False
    """The end of the file was reached (not just the end of the range asked for)."""

    @property
    def truncated(self) -> bool:
        """The file ends noticeably before its declared end."""
        return self.finished and self.missing_s > TRUNCATION_S

    @property
    def missing_s(self) -> float:
        """Seconds between where the audio ended and where it was declared to end; never negative."""
        return 0.0 if self.declared_s is None else max(0.0, self.declared_s - self.decoded_s)

    def notes(self) -> list[str]:
        """One human line for each thing worth telling; empty for a sound file."""
        lines = []
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
        return lines


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
