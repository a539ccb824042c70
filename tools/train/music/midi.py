"""Notes of MIDI files, in beats or seconds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import mido


@dataclass(frozen=True)
class Sounded:
    """A note of a file, in beats."""

    start: float
    end: float
    pitch: int
    velocity: int
    voice: int


def sounded(song: mido.MidiFile, voices: dict[str, int], *, seconds: bool) -> list[Sounded]:
    """Return the notes of named tracks, in seconds."""
    tempo = next((m.tempo for track in song.tracks for m in track if m.type == "set_tempo"), 500_000)
    scale = tempo / 1e6 / song.ticks_per_beat if seconds else 1 / song.ticks_per_beat
    return [
        replace(note, start=note.start * scale, end=note.end * scale)
        for track in song.tracks
        if track.name in voices
        for note in of_track(track, voices[track.name])
    ]


def of_track(track: mido.MidiTrack, voice: int) -> Iterator[Sounded]:
    """Yield the notes of a track, in ticks."""
    now, open_notes = 0, dict[int, tuple[int, int]]()
    for message in track:
        now += message.time
        if message.type not in ("note_on", "note_off"):
            continue
        if message.note in open_notes:
            start, velocity = open_notes.pop(message.note)
            if now > start:
                yield Sounded(start, now, message.note, velocity, voice)
        if message.type == "note_on" and message.velocity:
            open_notes[message.note] = now, message.velocity
