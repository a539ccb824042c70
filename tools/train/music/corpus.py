"""Pieces of the packs as bars: notes on a grid of sixteenths, chords by the beat, transposed to C or A minor.

POP909 (Wang et al. 2020): pop songs as MIDI with melody, second voice and piano, and beats, chords and keys
as text. Nottingham: folk tunes with chords. Bars of other than four beats end a piece, and others begin after
them.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path, PurePosixPath

import mido
import numpy as np
from numpy.typing import NDArray

from edge.errors import InputError
from edge.music import words
from edge.music.words import Bar, Note
from tools.progress import each
from tools.train.music.harmony import estimated_key, longest_key, named_chord, shift, sounding_chord
from tools.train.music.midi import Sounded, of_track, sounded

MIN_BARS = 8
"""Shorter pieces are left out."""

REST = 4
"""Sixteenths without melody before its first note in a bar, from which that bar begins a phrase."""

LONGEST_PHRASE = 8
"""Bars after which a phrase ends if the melody does not."""


@dataclass(frozen=True)
class Piece:
    """A piece, or the part of one between bars that are left out."""

    name: str
    """Of the file that it is from; parts of one have the same."""
    bars: tuple[Bar, ...]


def read_corpus(folder: Path) -> list[Piece]:
    """Return the pieces of the packs in `folder`. Raises InputError if one cannot be read."""
    return [*_read(folder / "pop909.zip", _pop909), *_read(folder / "nottingham.zip", _nottingham)]


def read_pop909(file: Path) -> list[Piece]:
    """Return the pieces of a file with POP909's folders. Raises InputError if it cannot be read."""
    return _read(file, _pop909)


def _read(file: Path, reader: object) -> list[Piece]:
    try:
        with zipfile.ZipFile(file) as pack:
            names = sorted(name for name in pack.namelist() if name.endswith(".mid"))
            return [piece for name in each(names, file.stem) for piece in reader(pack, name)]  # type: ignore[operator]
    except (OSError, zipfile.BadZipFile) as error:
        raise InputError(file, f"cannot be read: {error}") from error


def _pop909(pack: zipfile.ZipFile, name: str) -> Iterator[Piece]:
    folder = PurePosixPath(name).parent
    beats = np.loadtxt(io.BytesIO(pack.read(f"{folder}/beat_midi.txt")))
    song = mido.MidiFile(file=io.BytesIO(pack.read(name)))
    tonic, minor = longest_key(pack.read(f"{folder}/key_audio.txt").decode())
    times = beats[:, 0]
    notes = [
        replace(note, start=_beat(note.start, times), end=_beat(note.end, times))
        for note in sounded(song, {"MELODY": 0, "BRIDGE": 1}, seconds=True)
    ]
    chords = [words.NO_CHORD] * len(times)
    for line in pack.read(f"{folder}/chord_midi.txt").decode().splitlines():
        start, end, chord = line.split("\t")
        first, last = round(_beat(float(start), times)), round(_beat(float(end), times))
        for beat in range(max(0, first), min(last, len(chords))):
            chords[beat] = named_chord(chord, tonic, minor)
    downbeats = np.flatnonzero(beats[:, 2]).tolist()
    yield from _pieces(f"pop909/{folder.name}", notes, chords, downbeats, tonic=tonic, minor=minor)


def _nottingham(pack: zipfile.ZipFile, name: str) -> Iterator[Piece]:
    song = mido.MidiFile(file=io.BytesIO(pack.read(name)))
    signatures = [message for track in song.tracks for message in track if message.type == "time_signature"]
    if not signatures or any((one.numerator, one.denominator) != (4, 4) for one in signatures):
        return
    melody, *others = [track for track in song.tracks if any(message.type == "note_on" for message in track)]
    voices = {id(track): voice for voice, track in enumerate((melody, *others[:1]))}
    sounded = [
        note for track in song.tracks if id(track) in voices for note in of_track(track, voices[id(track)])
    ]
    sounded = [
        replace(one, start=one.start / song.ticks_per_beat, end=one.end / song.ticks_per_beat)
        for one in sounded
    ]
    if not sounded:
        return
    length = int(np.ceil(max(one.end for one in sounded)))
    tonic, minor = estimated_key(sounded)
    chords = [sounding_chord(sounded, beat, tonic, minor) for beat in range(length)]
    notes = [one for one in sounded if one.voice == 0]
    yield from _pieces(name, notes, chords, list(range(0, length, 4)), tonic=tonic, minor=minor)


def _pieces(
    name: str,
    notes: Sequence[Sounded],
    chords: Sequence[int],
    downbeats: Sequence[int],
    *,
    tonic: int,
    minor: bool,
) -> Iterator[Piece]:
    """Split at bars that have not four beats."""
    velocities = np.array([note.velocity for note in notes] or [64], float)
    up = shift(tonic, minor)
    onsets: dict[int, list[tuple[Note, int]]] = {}
    for one in notes:
        start = round(4 * one.start)
        note = Note(
            0,
            max(1, round(4 * one.end) - start),
            _inside(one.pitch + up),
            _level(one.velocity, velocities),
            one.voice,
        )
        onsets.setdefault(start, []).append((note, one.velocity))
    bars: list[Bar] = []
    for first, following in [*pairwise(downbeats), (downbeats[-1], downbeats[-1] + 4)]:
        whole = following - first == 4 and following <= len(chords)
        if whole:
            bars.append(_bar(onsets, chords, first, minor, velocities))
        if (not whole or following == downbeats[-1] + 4) and bars:
            yield from _kept(name, bars)
            bars = []


def _kept(name: str, bars: list[Bar]) -> Iterator[Piece]:
    """Yield the bars from the first to the last with notes, in phrases, if they are enough."""
    full = [number for number, bar in enumerate(bars) if bar.notes]
    if full and full[-1] - full[0] + 1 >= MIN_BARS:
        yield Piece(name, tuple(in_phrases(bars[full[0] : full[-1] + 1])))


def in_phrases(bars: Sequence[Bar]) -> list[Bar]:
    """Return the bars with their places in phrases: one begins where the melody comes in after a rest."""
    starts, silent = list[int](), REST
    for number, bar in enumerate(bars):
        melody = [note for note in bar.notes if note.voice == 0]
        first = min((note.step for note in melody), default=words.STEPS)
        late = not starts or number - starts[-1] >= LONGEST_PHRASE
        if late or (melody and silent + first >= REST and number - starts[-1] >= 2):
            starts.append(number)
        ends = max((note.step + note.duration for note in melody), default=-silent)
        silent = max(0, words.STEPS - ends) if melody else silent + words.STEPS
    ends_at = [*starts[1:], len(bars)]
    return [
        replace(bar, since=number - start, left=end - 1 - number)
        for start, end in zip(starts, ends_at, strict=True)
        for number, bar in enumerate(bars[start:end], start)
    ]


def _bar(
    onsets: dict[int, list[tuple[Note, int]]],
    chords: Sequence[int],
    first: int,
    minor: bool,
    velocities: NDArray[np.float64],
) -> Bar:
    found = [
        (replace(note, step=step), velocity)
        for step in range(words.STEPS)
        for note, velocity in onsets.get(4 * first + step, ())
    ]
    notes = tuple(
        sorted(
            {(n.step, n.voice, n.pitch): n for n, _ in found}.values(),
            key=lambda n: (n.step, n.voice, n.pitch),
        )
    )
    mean = float(np.mean([velocity for _, velocity in found])) if found else float(velocities.mean())
    strength = _level(mean, velocities, words.BAR_STRENGTHS)
    one, two, three, four = chords[first : first + 4]
    return Bar((one, two, three, four), words.density_of(len(notes)), strength, 0, 0, minor, notes)


def _level(velocity: float, velocities: NDArray[np.float64], levels: int = words.STRENGTHS) -> int:
    """Return how hard a note is played, against the piece's: its middle is the middle level."""
    spread = max(float(velocities.std()), 4.0)
    position = 0.5 + (velocity - float(velocities.mean())) / (4 * spread)
    return int(np.clip(position * levels, 0, levels - 1))


def _inside(pitch: int) -> int:
    """Return the pitch, moved by octaves into the range."""
    while pitch < words.LOWEST:
        pitch += 12
    while pitch >= words.LOWEST + words.PITCHES:
        pitch -= 12
    return pitch


def _beat(time_s: float, times: NDArray[np.float64]) -> float:
    """Return a time in beats; outside of them the first or last tempo goes on."""
    last = len(times) - 1
    if time_s >= times[-1]:
        return float(last + (time_s - times[-1]) / max(times[-1] - times[-2], 1e-3))
    return float(np.interp(time_s, times, np.arange(last + 1)))
