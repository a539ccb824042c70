"""A minimal Standard MIDI File reader: notes per track, in seconds by the file's tempo map.

Formats 0 and 1 with metrical time; everything but notes, tempi and track names is skipped.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

DEFAULT_TEMPO_US = 500_000
"""Microseconds per quarter note before the first tempo event (Standard MIDI Files 1.0)."""

NOTE_OFF, NOTE_ON, PROGRAM_CHANGE, CHANNEL_PRESSURE = 0x8, 0x9, 0xC, 0xD
META_NAME, META_TEMPO, META = 0x03, 0x51, 0xFF


@dataclass(frozen=True)
class MidiNote:
    """A note as the file has it, with times in seconds."""

    start_s: float
    end_s: float
    key: int
    velocity: int


@dataclass(frozen=True)
class Track:
    """One track chunk."""

    name: str
    notes: tuple[MidiNote, ...]


@dataclass(frozen=True)
class _Event:
    tick: int
    status: int
    """The status byte; 0xFF for a meta event."""
    kind: int
    """The meta type, else the first data byte."""
    data: bytes


def read_midi(data: bytes) -> list[Track]:
    """The tracks of a Standard MIDI File. Raises ValueError where the bytes are not one."""
    if data[:4] != b"MThd" or len(data) < 14:
        raise ValueError("not a Standard MIDI File: no MThd header")
    division = int.from_bytes(data[12:14], "big")
    if division & 0x8000:
        raise ValueError("SMPTE time division is not supported; save the file with metrical time")
    try:
        tracks = [list(_events(chunk)) for chunk in _chunks(data)]
    except IndexError:
        raise ValueError("the MIDI file is cut short inside a track") from None
    tempi = sorted(
        (event.tick, int.from_bytes(event.data, "big"))
        for track in tracks
        for event in track
        if event.status == META and event.kind == META_TEMPO
    )
    return [_track(events, tempi, division) for events in tracks]


def _chunks(data: bytes) -> Iterator[bytes]:
    at = 8 + int.from_bytes(data[4:8], "big")
    while at + 8 <= len(data):
        size = int.from_bytes(data[at + 4 : at + 8], "big")
        if data[at : at + 4] == b"MTrk":
            yield data[at + 8 : at + 8 + size]
        at += 8 + size


def _number(data: bytes, at: int) -> tuple[int, int]:
    """A variable-length quantity and the offset after it."""
    value = 0
    while True:
        value = value << 7 | data[at] & 0x7F
        at += 1
        if data[at - 1] < 0x80:
            return value, at


def _events(data: bytes) -> Iterator[_Event]:
    at = tick = status = 0
    while at < len(data):
        delta, at = _number(data, at)
        tick += delta
        if data[at] >= 0x80:  # else running status: the byte already is data
            status, at = data[at], at + 1
        if status >= 0xF0:  # meta or system exclusive
            kind = data[at]
            size, at = _number(data, at + (status == META))
            yield _Event(tick, status, kind, data[at : at + size])
        else:
            size = 1 if status >> 4 in (PROGRAM_CHANGE, CHANNEL_PRESSURE) else 2
            yield _Event(tick, status, data[at], data[at + 1 : at + size])
        at += size


def _track(events: list[_Event], tempi: list[tuple[int, int]], division: int) -> Track:
    ticks = np.array([0, *(tick for tick, _ in tempi)], np.float64)
    tick_s = np.array([DEFAULT_TEMPO_US, *(tempo for _, tempo in tempi)], np.float64) / division * 1e-6
    starts = np.concatenate([[0.0], np.cumsum(np.diff(ticks) * tick_s[:-1])])

    def seconds(tick: int) -> float:
        piece = int(np.searchsorted(ticks, tick, side="right")) - 1
        return float(starts[piece] + (tick - ticks[piece]) * tick_s[piece])

    name, notes, open_notes = "", [], dict[tuple[int, int], tuple[int, int]]()
    for event in events:
        kind, channel = event.status >> 4, event.status & 0xF
        if event.status == META and event.kind == META_NAME:
            name = event.data.decode("latin-1").strip()
        elif kind in (NOTE_ON, NOTE_OFF):
            if held := open_notes.pop((channel, event.kind), None):
                notes.append(MidiNote(seconds(held[0]), seconds(event.tick), event.kind, held[1]))
            if kind == NOTE_ON and event.data[0]:
                open_notes[channel, event.kind] = (event.tick, event.data[0])
    return Track(name, tuple(sorted(notes, key=lambda note: (note.start_s, note.key))))
