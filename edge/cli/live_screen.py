"""What `edge listen` shows: finished captions, songs and changes of the label, and a line of the state."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import Final

from edge import schema
from edge.analysis.live import LiveDrop, LiveEvent
from edge.captions.live import LiveCaptions
from edge.cli.cost import Cost
from edge.cli.show import plural
from edge.evidence.live import LiveLabel, LiveLevel
from edge.media.read.live_input import LiveInput
from edge.songs.song import Song
from edge.text.clock import clock, whole_clock
from edge.text.lines import columns, plain_line

METER: Final = 16
"""Columns of the level meter."""
QUIETEST_DB: Final = -60.0
"""Level at which the meter is empty; it is full at 0 dBFS."""
CLIPPED_DB: Final = -0.1
"""Peak from which the meter says that the input is too loud."""
EVERY_S: Final = 0.1
"""Seconds between updates of the line."""
LATE_S: Final = 2.0
"""Seconds of waiting audio from which the line says so."""
USUAL: Final = 80
"""Columns of a terminal that does not say."""
LONGEST: Final = 20
"""Characters of a word that is left out whole."""
CLEAR: Final = "\r\x1b[K"
"""Return to the start of the line, and clear it."""


class LiveScreen:
    """Prints events as lines; `line` shows the state below them, on stderr, if that is a terminal."""

    def __init__(self, source: LiveInput, *, lines: bool, line: bool) -> None:
        self._source, self._lines = source, lines
        self._line = line and sys.stderr.isatty()
        self._level: LiveLevel | None = None
        self._label: LiveLabel | None = None
        self._interim, self._state = "", ""
        self._songs = self._captions = 0
        self._next = 0.0

    def __enter__(self) -> LiveScreen:
        return self

    def __exit__(self, *_: object) -> None:
        self._clear()

    def finishing(self) -> None:
        """Show that the end was asked for, and what is left is being finished."""
        self._state = "finishing, once more to leave now"
        self._next = 0.0

    def show(self, event: LiveEvent, file: Path | None) -> None:
        """Show an event, and the file that was written for it."""
        if isinstance(event, LiveLevel):
            self._level = event
        elif isinstance(event, LiveLabel):
            self._label = event
            if event.is_new:
                self._print(f"{clock(event.start):>9}  {event.label} {event.confidence[event.label]:.0%}")
        elif isinstance(event, LiveCaptions):
            self._show_captions(event)
        elif isinstance(event, Song):
            self._songs += 1
            times = f"{clock(event.start):>9} - {clock(event.end):>9}"
            written = f"  {file}" if file else ""
            self._print(f"{times}  song {self._songs}, singing {event.confidence:.0%}{written}")
        elif isinstance(event, LiveDrop):
            self._print(f"{clock(event.end):>9}  {event.dropped_s:.1f} s of audio lost so far")
        self._show_line()

    def summary(self) -> str:
        """Return a line of what was found."""
        lost = self._source.dropped_s
        found = f"{plural(self._captions, 'caption')}, {plural(self._songs, 'song')}"
        return f"{clock(self._source.position_s)}: {found}" + (
            f", {lost:.1f} s of audio lost" if lost else ""
        )

    def document(self, cost: Cost) -> schema.EndEvent:
        """Return what was found in the form of JSON lines."""
        return schema.EndEvent(
            seconds=schema.seconds(self._source.position_s),
            dropped=schema.seconds(self._source.dropped_s),
            captions=self._captions,
            songs=self._songs,
            processor=round(cost.processor_s, 3),
            joules=None if cost.joules is None else round(cost.joules, 1),
            notes=self._source.notes,
        )

    def _show_captions(self, event: LiveCaptions) -> None:
        if not event.final:
            self._interim = " ".join(plain_line(one.text) for one in event.sentences)
            return
        self._interim = ""
        for one in event.sentences:
            self._captions += 1
            self._print(f"{clock(one.start):>9} - {clock(one.end):>9}  {plain_line(one.text)}")

    def _print(self, line: str) -> None:
        if self._lines:
            self._clear()
            print(line, flush=True)
            self._next = 0.0

    def _clear(self) -> None:
        if self._line:
            print(CLEAR, end="", file=sys.stderr, flush=True)

    def _show_line(self) -> None:
        now = time.monotonic()
        if self._line and now >= self._next:
            self._next = now + EVERY_S
            width = os.get_terminal_size(sys.stderr.fileno()).columns or USUAL
            text = fitted(self._text(), self._interim, width - 1)
            print(f"{CLEAR}{text}", end="", file=sys.stderr, flush=True)

    def _text(self) -> str:
        parts = [whole_clock(int(self._level.end)) if self._level else "0:00"]
        if self._level is not None:
            parts.append(meter(self._level))
        if self._label is not None:
            parts.append(f"{self._label.label} {self._label.confidence[self._label.label]:.0%}")
        if self._source.dropped_s:
            parts.append(f"{self._source.dropped_s:.1f} s lost")
        if self._source.behind_s > LATE_S:
            parts.append(f"{self._source.behind_s:.0f} s behind")
        return "  ".join([*parts, *filter(None, [self._state])])


def meter(level: LiveLevel) -> str:
    """Return a bar of the RMS level with a mark at the peak, and the level in dBFS.

    >>> from edge.evidence.live import LiveLevel
    >>> meter(LiveLevel(1.0, -30.0, -15.0))
    '[========   |    ] -30 dB'
    """
    filled, peak = (
        max(0, min(METER, round((db / -QUIETEST_DB + 1) * METER))) for db in (level.rms_db, level.peak_db)
    )
    bar = list("=" * filled + " " * (METER - filled))
    if peak > filled:
        bar[peak - 1] = "|"
    loud = " too loud" if level.peak_db >= CLIPPED_DB else ""
    return f"[{''.join(bar)}] {max(level.rms_db, QUIETEST_DB):3.0f} dB{loud}"


def fitted(state: str, speech: str, width: int) -> str:
    """Return a line of the state and the end of the speech, of at most `width` columns.

    >>> fitted("0:12", "and that was the first song", 20)
    '0:12  … first song'
    """
    room = width - columns(state) - 2
    if not speech or room < 8:
        return state[:width]
    if columns(speech) > room:
        while columns(speech) > room - 2:
            speech = speech.partition(" ")[2] if " " in speech[:LONGEST] else speech[1:]
        speech = f"… {speech}"
    return f"{state}  {speech}"
