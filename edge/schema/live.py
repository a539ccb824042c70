"""The JSON lines of `edge listen`: one event a line, distinguished by `event`."""

from __future__ import annotations

from typing import TypeAlias

from msgspec import Struct

from edge.schema.parts import VERSION, Caption, Song


class Event(Struct, frozen=True, kw_only=True, tag_field="event"):
    """What all events begin with. Times are seconds from the first sample."""

    schema: int = VERSION
    """Version of the event."""


class LevelEvent(Event, frozen=True, kw_only=True, tag="level"):
    """How loud the audio is, five times a second."""

    end: float
    """End of the fifth of a second."""
    rms_db: float
    """RMS level in dBFS, at least -120."""
    peak_db: float
    """Highest sample in dBFS."""


class LabelEvent(Event, frozen=True, kw_only=True, tag="label"):
    """What the audio is, once a second and about 2 s after it."""

    start: float
    """When this label began."""
    end: float
    """Time up to which the audio is labeled."""
    label: str
    """singing, speaking, music or other."""
    confidence: dict[str, float]
    """Confidence of each label over the last 3 s."""
    new: bool
    """Whether the label has changed."""


class CaptionsEvent(Event, frozen=True, kw_only=True, tag="captions"):
    """What is said since the last final event."""

    final: bool
    """False for interim results, which the next one replaces."""
    captions: tuple[Caption, ...]
    """Sentences in order."""


class SongEvent(Event, frozen=True, kw_only=True, tag="song"):
    """A song that has ended."""

    song: Song
    """The song, with its file if it was cut."""


class DropEvent(Event, frozen=True, kw_only=True, tag="drop"):
    """Audio was lost; there it is taken to be silent."""

    end: float
    """When this became known."""
    dropped: float
    """Seconds that were lost since the beginning."""


class EndEvent(Event, frozen=True, kw_only=True, tag="end"):
    """The last event."""

    seconds: float
    """Length of the audio."""
    dropped: float
    """Seconds of it that were lost."""
    captions: int
    """Number of final captions."""
    songs: int
    """Number of songs."""
    processor: float
    """Processor time that it took, in seconds."""
    joules: float | None
    """Energy of the whole device meanwhile; null where the system does not expose it."""
    notes: tuple[str, ...] = ()
    """Problems found, one line each."""


Events: TypeAlias = LevelEvent | LabelEvent | CaptionsEvent | SongEvent | DropEvent | EndEvent
"""A line of `edge listen --json`."""
