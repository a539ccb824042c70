"""Position the decoded frames of a stream on the recording's timeline, whatever their timestamps say."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator
from fractions import Fraction
from itertools import islice

from av.audio.frame import AudioFrame

from edge.media.read.container import DECODE_ERRORS
from edge.media.read.report import DecodeReport
from edge.media.read.resampling import AudioFormat, AudioPiece, Run
from edge.media.time import pts_seconds

GAP_S = 0.02
"""Timestamp errors up to this many seconds are muxer jitter; beyond, audio is missing or duplicated."""

CONFIRM_S = 0.2
"""Seconds of frames that may have a wrong timestamp: in a DVD, those of a packet and the one after it."""

REWIND_S = 10.0
"""A timestamp further back than this many seconds means damage or a joined recording, not an overlap."""


class Placer:
    """Resamples the frames of a stream and positions each piece: `accept` them in order, then `flush`.

    Pieces may have gaps or overlap: see `Blocks`. A jump of the timestamps is believed unless those that
    follow refute it: then the frame follows the one before. So does one whose timestamp is beyond `end_s`
    (container seconds), or after a gap of `longest_gap_s`.
    """

    def __init__(
        self,
        to: AudioFormat,
        *,
        origin: Fraction,
        end_s: float,
        report: DecodeReport,
        longest_gap_s: float = math.inf,
    ) -> None:
        self._to, self._origin, self._end_s, self._report = to, origin, end_s, report
        self._longest_gap_s = longest_gap_s
        self._run: Run | None = None
        self._shift_s = 0.0  # correction of the timestamps that follow an ignored one
        self._held: deque[AudioFrame] = deque()  # the first jumps; whether to believe it is not known yet

    def accept(self, frame: AudioFrame) -> Iterator[AudioPiece]:
        """Add the next frame; yield what is ready."""
        self._held.append(frame)
        yield from self._place_held(last=False)

    def flush(self) -> Iterator[AudioPiece]:
        """Yield all that is held back; frames may follow."""
        yield from self._place_held(last=True)
        if self._run is not None:
            yield from self._run.finish()

    def _place_held(self, *, last: bool) -> Iterator[AudioPiece]:
        while self._held:
            jump_s = 0.0 if self._run is None else self._run.jump_s(self._held[0], self._shift_s)
            if self._run is not None and abs(jump_s) > GAP_S:
                refuted = self._is_refuted(self._run)
                if refuted is None and not last:
                    return
                jump_s = self._believed_s(self._run, jump_s, refuted=bool(refuted))
            yield from self._push(self._held.popleft(), jump_s)

    def _is_refuted(self, run: Run) -> bool | None:
        """Return whether timestamps soon after a jump are those of a recording without it; None: unknown."""
        at_s = self._held[0].samples / self._held[0].sample_rate
        for later in islice(self._held, 1, None):
            if later.pts is not None and abs(run.jump_s(later, self._shift_s) - at_s) <= GAP_S:
                return True
            at_s += later.samples / later.sample_rate
            if at_s > CONFIRM_S:
                return False
        return None

    def _believed_s(self, run: Run, jump_s: float, *, refuted: bool) -> float:
        """Return the seconds by which the recording jumps where a timestamp does."""
        is_possible = -REWIND_S < jump_s < min(self._end_s - run.end_s, self._longest_gap_s)
        self._report.jumps += not is_possible
        if refuted or not is_possible:
            self._shift_s -= 0.0 if refuted else jump_s
            return 0.0
        return jump_s

    def _first(self, frame: AudioFrame) -> Run:
        """Begin where the first frame says, or, if that is beyond the end, where the recording begins."""
        start_s = None
        if (late_s := float(pts_seconds(frame) - self._origin)) > self._end_s - float(self._origin):
            self._report.jumps += 1
            self._shift_s, start_s = -late_s, float(self._origin)
        return Run(frame, self._to, self._origin, start_s, self._report)

    def _push(self, frame: AudioFrame, jump_s: float) -> Iterator[AudioPiece]:
        if self._run is not None and (abs(jump_s) > GAP_S or not self._run.accepts(frame)):
            yield from self._run.finish()
            self._report.gaps += jump_s > GAP_S
            self._report.filled_s += max(jump_s, 0.0) if jump_s > GAP_S else 0.0
            self._run = Run(frame, self._to, self._origin, self._run.end_s + jump_s, self._report)
        self._run = self._run or self._first(frame)
        try:
            yield from self._run.push(frame)
        except DECODE_ERRORS:
            self._report.bad_packets += 1
