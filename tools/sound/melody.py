"""Songs as notes: a melody apart from its accompaniment, from POP909 or (in `compose`) from nothing."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path, PurePosixPath

import numpy as np

from tools.sound.drums import CLAP, CRASH, HAT, KICK, OPEN_HAT, RIDE, SNARE
from tools.sound.midifile import Track, read_midi
from tools.sound.patch import Program
from tools.sound.synth import Note

SHORTEST_S = 0.04
"""Shorter notes in a MIDI file are slips of the player's hand."""


@dataclass(frozen=True)
class Arrangement:
    """A song: what is sung, what accompanies it, how long it is."""

    melody: list[Note]
    """One voice, in order, without overlaps."""
    accompaniment: list[Note]
    seconds: float
    beats: tuple[float, ...] = ()
    """Times of the beats in seconds, the first of each bar among them; empty if unknown."""
    downbeat: int = 0
    """Which of the first four beats begins a bar."""

    @property
    def notes(self) -> list[Note]:
        """Melody and accompaniment together: the instrumental version."""
        return sorted([*self.melody, *self.accompaniment])

    def between(self, start_s: float, end_s: float) -> Arrangement:
        """The stretch [start, end), moved to time zero; notes that cross its ends are cut there."""
        return Arrangement(
            _cut(self.melody, start_s, end_s),
            _cut(self.accompaniment, start_s, end_s),
            end_s - start_s,
            tuple(beat - start_s for beat in self.beats if start_s <= beat < end_s),
            (self.downbeat - sum(beat < start_s for beat in self.beats)) % 4,
        )


def pop909_songs(pack: Path) -> list[str]:
    """Names of the songs in a POP909 zip ("001" ...), in order."""
    with zipfile.ZipFile(pack) as archive:
        paths = [PurePosixPath(name) for name in archive.namelist()]
    return sorted(path.stem for path in paths if path.suffix == ".mid" and path.stem == path.parent.name)


def load(pack: Path, name: str) -> Arrangement:
    """One song of a POP909 zip: its MELODY track, and BRIDGE (strings) with PIANO as accompaniment.

    Raises KeyError if the pack has no such song, ValueError if its MIDI file is damaged.
    """
    with zipfile.ZipFile(pack) as archive:
        tracks = {track.name: track for track in read_midi(archive.read(f"POP909/{name}/{name}.mid"))}
        rows = [row.split() for row in archive.read(f"POP909/{name}/beat_midi.txt").decode().splitlines()]
    melody = monophonic(_notes(tracks["MELODY"], Program.LEAD))
    accompaniment = _notes(tracks["BRIDGE"], Program.STRINGS) + _notes(tracks["PIANO"], Program.PIANO)
    beats = tuple(float(row[0]) for row in rows)
    downbeat = next((i for i, row in enumerate(rows[:4]) if float(row[-1]) == 1.0), 0)
    seconds = max(note.end_s for note in [*melody, *accompaniment]) + 1.0
    return Arrangement(melody, sorted(accompaniment), seconds, beats, downbeat)


def monophonic(notes: Sequence[Note]) -> list[Note]:
    """The notes as one voice: each ends where the next begins; of simultaneous ones the highest stays."""
    ordered = sorted(notes, key=lambda note: (note.start_s, -note.midi))
    voice: list[Note] = []
    for note in ordered:
        if voice and note.start_s - voice[-1].start_s < SHORTEST_S:
            continue
        if voice and voice[-1].end_s > note.start_s:
            voice[-1] = replace(voice[-1], seconds=note.start_s - voice[-1].start_s)
        voice.append(note)
    return voice


def dress(song: Arrangement, rng: np.random.Generator) -> Arrangement:
    """The same notes for a random band: other programs, at times a bass, a pad and drums."""
    melody = _pick(rng, "lead chip flute strings bell piano brass guitar pluck organ")
    comp = _pick(rng, "piano piano pluck pluck organ bell guitar chip strings")
    bridge = _pick(rng, "strings lead flute brass bell pluck")
    bass = Program.BASS if rng.random() < 0.6 else comp
    to = {Program.PIANO: comp, Program.STRINGS: bridge}
    band = [
        replace(
            n, program=bass if n.midi < 48 and n.program is Program.PIANO else to.get(n.program, n.program)
        )
        for n in song.accompaniment
    ]
    if rng.random() < 0.35:
        held = [n for n in song.accompaniment if n.midi >= 48 and n.seconds > 0.4]
        band += [replace(n, program=Program.PAD, velocity=0.5 * n.velocity) for n in held]
    if rng.random() < 0.6:
        band += drum_part(song.beats[song.downbeat :], rng)
    dressed = [replace(n, program=melody) for n in song.melody]
    return replace(song, melody=dressed, accompaniment=sorted(band))


def drum_part(beats: Sequence[float], rng: np.random.Generator) -> list[Note]:
    """A pattern over the beats, the first of which begins a bar of four: one groove, a few fills."""
    cymbal = int(rng.choice([HAT, HAT, RIDE, OPEN_HAT]))
    back = int(rng.choice([SNARE, SNARE, CLAP]))
    kicks = rng.random(8) < (1.0, 0.1, 0.25, 0.3, 0.8, 0.2, 0.3, 0.2)  # per eighth of the bar
    eighths = rng.random() < 0.7
    part: list[Note] = []
    for i, (now, then) in enumerate(pairwise(beats)):
        half = (now + then) / 2
        part.append(_hit(now, cymbal, 0.6))
        if eighths:
            part.append(_hit(half, cymbal, 0.4))
        if i % 4 in (1, 3):
            part.append(_hit(now, back, 0.8))
        part += [_hit(at, KICK, 0.9) for k, at in enumerate((now, half)) if kicks[2 * (i % 4) + k]]
        if i % 16 == 0 and rng.random() < 0.5:
            part.append(_hit(now, CRASH, 0.6))
        if i % 16 == 15 and rng.random() < 0.6:
            part += [_hit(now + k * (then - now) / 4, 50 - 3 * k, 0.7) for k in range(4)]
    return part


def _hit(start_s: float, key: int, velocity: float) -> Note:
    return Note(start_s, 0.1, key, velocity, Program.DRUMS)


def _pick(rng: np.random.Generator, names: str) -> Program:
    return Program(str(rng.choice(names.split())))


def _notes(track: Track, program: Program) -> list[Note]:
    return [
        Note(n.start_s, n.end_s - n.start_s, n.key, n.velocity / 127, program)
        for n in track.notes
        if n.end_s - n.start_s >= SHORTEST_S
    ]


def _cut(notes: Sequence[Note], start_s: float, end_s: float) -> list[Note]:
    inside = [n for n in notes if n.end_s - SHORTEST_S > start_s and n.start_s + SHORTEST_S < end_s]
    return [
        replace(
            n,
            start_s=max(n.start_s, start_s) - start_s,
            seconds=min(n.end_s, end_s) - max(n.start_s, start_s),
        )
        for n in inside
    ]
