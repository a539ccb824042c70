"""A user's own loops as a template.

    mine/template.json
    mine/verse.chords.wav  mine/verse.base.wav      any format that can be decoded
    mine/chorus.chords.wav mine/chorus.base.wav     and so on; missing parts are taken from the verse

`template.json` says what the loops are; chords are those that sound, a bar or two a bar, repeated:

    {"style": "indie", "tempo": 112, "key": "Em", "moods": ["happy"], "chords": ["Em", "C", "G D", "B7"]}

`chords` may also be an object of lists by part. `id` (else the folder's name), `energy`, `swing`, `swung` and
`instruments` are optional, see `edge.music.templates.Template`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Literal

import msgspec
import numpy as np
from msgspec import Meta, Struct
from scipy.signal import resample

from edge.arrays import Floats
from edge.errors import InputError
from edge.media.read.audio import decode
from edge.media.read.recording import open_recording
from edge.media.read.report import DecodeReport
from edge.media.read.resampling import AudioFormat, Blocks
from edge.music.templates import (
    BAR_MINUTE,
    INSTRUMENTS,
    PARTS,
    PLAYERS,
    RATE_HZ,
    TRACKS,
    Mood,
    PartEntry,
    PartName,
    Share,
    Template,
    TemplateEntry,
    open_templates,
)
from edge.music.words import chord_of
from tools.templates.folder import extend
from tools.templates.harmony import bar, chord

DESCRIPTION = "template.json"
"""File that describes the loops."""

TOLERANCE = 0.01
"""Largest deviation from whole bars, as a share of a bar's length times the number of bars."""

TRIMMED_S = 0.01
"""A smaller deviation is trimmed or filled; a larger one changes the speed."""

GAP = 960
"""Silent samples between parts."""

Energy = Share
Tempo = Annotated[float, Meta(ge=40, le=240)]


class Description(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Contents of `template.json`."""

    style: str
    tempo: Tempo
    key: str
    """As `C` or `F#m`."""
    chords: list[str] | dict[PartName, list[str]]
    moods: tuple[Mood, ...]
    id: Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")] | None = None
    energy: Energy = 0.5
    swing: Annotated[float, Meta(ge=0, lt=1)] = 0.0
    swung: Literal[1, 2] = 1
    instruments: dict[str, str] = {}


def add(source: Path, out: Path, *, bit_rate: int) -> Template:
    """Add the loops of a folder to the templates folder `out`, which is made if there is none.

    Raises InputError that names the first file that does not fit, and why; OutputError, ModelError.
    """
    described = describe(source / DESCRIPTION)
    bar_samples = round(BAR_MINUTE / described.tempo)
    audio: dict[str, list[Floats]] = {track: [] for track in TRACKS}
    parts, start = [], 0
    for name in _parts(source):
        loops = [_loop(_file(source, name, track), bar_samples) for track in TRACKS]
        bars = _bars(source, name, loops, bar_samples)
        for track, loop in zip(TRACKS, loops, strict=True):
            audio[track].append(np.pad(loop, ((0, 0), (0, GAP))))
        parts.append(PartEntry(name, chords_of(source, described, name, bars), start, 0))
        start += bars * bar_samples + GAP
    entry = _entry(source, described, tuple(parts), bar_samples, start)
    extend(out, entry, {track: np.concatenate(audio[track], axis=1) for track in TRACKS}, bit_rate=bit_rate)
    return next(template for template in open_templates(out) if template.id == entry.id)


def describe(file: Path) -> Description:
    """Read a description. Raises InputError."""
    try:
        described = msgspec.json.decode(file.read_bytes(), type=Description)
    except OSError as error:
        raise InputError(file, "is missing or cannot be read: it describes the loops") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InputError(file, f"does not describe loops: {error}") from error
    if unknown := set(described.instruments) - set(PLAYERS):
        raise InputError(file, f"has an instrument for {min(unknown)!r}; there are {', '.join(PLAYERS)}")
    if unknown := set(described.instruments.values()) - set(INSTRUMENTS):
        raise InputError(file, f"names the instrument {min(unknown)!r}; there are {', '.join(INSTRUMENTS)}")
    return described


def chords_of(
    source: Path, described: Description, part: PartName, bars: int
) -> tuple[tuple[int, int, int, int], ...]:
    """Chords of each beat of a part, moved to C major or A minor. Raises InputError."""
    file = source / DESCRIPTION
    named = described.chords
    written: Sequence[str] = named if isinstance(named, list) else named.get(part, named.get("verse", []))
    if not written or bars % len(written):
        raise InputError(file, f"has chords for {len(written)} bars; the {part} has {bars}")
    down = _tonic(file, described.key)
    try:
        once = [bar(text) for text in written]
    except ValueError as error:
        raise InputError(file, str(error)) from error
    numbers = [tuple(chord_of(beat.root - down, beat.quality) for beat in beats) for beats in once]
    return tuple(numbers[number % len(numbers)] for number in range(bars))  # type: ignore[misc]


def _tonic(file: Path, key: str) -> int:
    """Semitones from C, or from A in minor, up to the key, -6 to 5. Raises InputError."""
    try:
        tonic = chord(key)
    except ValueError as error:
        raise InputError(file, f"has no key: {error}") from error
    if tonic.quality not in ("maj", "min") or len(tonic.tones) != 3 or "/" in key:
        raise InputError(file, f"has the key {key!r}; keys are written as C or F#m")
    return (tonic.root - (9 if tonic.quality == "min" else 0) + 6) % 12 - 6


def _parts(source: Path) -> list[PartName]:
    """The parts that have files. Raises InputError without a verse."""
    found = [name for name in PARTS if any(_files(source, name, track) for track in TRACKS)]
    if "verse" not in found:
        raise InputError(
            source, "has no verse: there must be verse.chords and verse.base, such as verse.base.wav"
        )
    return found


def _files(source: Path, part: str, track: str) -> list[Path]:
    return sorted(source.glob(f"{part}.{track}.*"))


def _file(source: Path, part: str, track: str) -> Path:
    """The file of a track of a part. Raises InputError unless there is one."""
    found = _files(source, part, track)
    if len(found) != 1:
        what = "has no file" if not found else f"has {len(found)} files"
        raise InputError(source, f"{what} for the {track} of the {part}: one {part}.{track}.wav is needed")
    return found[0]


def _loop(file: Path, bar_samples: int) -> Floats:
    """Decode a loop of whole bars, float32[2, n]; small deviations are corrected. Raises InputError."""
    sound = _decoded(file)
    bars = max(1, round(sound.shape[1] / bar_samples))
    wanted = bars * bar_samples
    if abs(sound.shape[1] - wanted) > TOLERANCE * wanted:
        length = f"{sound.shape[1] / RATE_HZ:.2f} s are {sound.shape[1] / bar_samples:.2f} bars"
        raise InputError(file, f"is not a whole number of bars: {length} at this tempo")
    if abs(sound.shape[1] - wanted) > TRIMMED_S * RATE_HZ:
        return np.asarray(resample(sound, wanted, axis=1), np.float32)
    return np.pad(sound, ((0, 0), (0, max(0, wanted - sound.shape[1]))))[:, :wanted]


def _decoded(file: Path) -> Floats:
    """Decode any file to float32[2, n] at 48 kHz. Raises InputError."""
    to, blocks = AudioFormat(RATE_HZ, "stereo", step=65_536), Blocks(2, 65_536, 0, None)
    pieces = [piece.samples.copy() for piece in decode(open_recording(file), to, blocks, DecodeReport())]
    return np.ascontiguousarray(np.concatenate(pieces).T)


def _bars(source: Path, part: str, loops: Sequence[Floats], bar_samples: int) -> int:
    """Bars of both loops. Raises InputError if they differ."""
    first, second = (int(loop.shape[1]) // bar_samples for loop in loops)
    if first != second:
        raise InputError(source, f"has a {part} of {first} bars of chords, and {second} of base")
    return first


def _entry(
    source: Path, described: Description, parts: tuple[PartEntry, ...], bar_samples: int, samples: int
) -> TemplateEntry:
    """What the manifest says of the loops. Raises InputError."""
    name = described.id or source.resolve().name.lower().replace(" ", "-").replace("_", "-")
    instruments: Mapping[str, str] = dict(zip(PLAYERS, ("soft lead", "bell", "electric piano"), strict=True))
    entry = {
        "id": name,
        "style": described.style,
        "moods": described.moods,
        "bar_samples": bar_samples,
        "samples": samples,
        "minor": described.key.endswith("m"),
        "key": _tonic(source / DESCRIPTION, described.key),
        "swing": described.swing,
        "swung": described.swung,
        "energy": described.energy,
        "instruments": {**instruments, **described.instruments},
        "parts": msgspec.to_builtins(parts),
    }
    try:
        return msgspec.convert(entry, TemplateEntry)
    except msgspec.ValidationError as error:
        raise InputError(source / DESCRIPTION, f"does not describe loops: {error}") from error
