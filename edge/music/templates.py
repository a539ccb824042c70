"""Templates: loops of chords and base, rendered before, over which melodies are composed.

A templates folder is a model folder without networks. Its manifest describes the templates in `parameters`;
each has two files, Opus in Ogg, of one length: `ID.chords.opus` and `ID.base.opus` (drums and bass). A file
holds the parts of the piece one after the other: the bars of a part, then its ring, in which its last notes
fade. Parts are played in any order by adding the ring of one to the start of the next.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from os import PathLike
from typing import Annotated, Final, Literal, get_args

import av
import numpy as np
from msgspec import Meta, Struct

from edge.arrays import Floats
from edge.errors import ModelError, UsageError
from edge.models.folder import ModelFolder
from edge.models.store import find
from edge.music.words import NO_CHORD, STEPS

TASK: Final = "templates"
"""Task in the manifest."""

RATE_HZ: Final = 48_000
"""Sample rate of the files."""

BAR_MINUTE: Final = 4 * 60 * RATE_HZ
"""Samples of a bar of 4/4 times its tempo in beats per minute."""

Track = Literal["chords", "base"]
"""One of the two files of a template."""

TRACKS: Final[tuple[Track, ...]] = ("chords", "base")
"""Both."""

Mood = Literal["happy", "calm", "sad", "tense", "epic", "playful", "dreamy", "energetic"]
"""What a template may be good for."""

MOODS: Final[tuple[Mood, ...]] = get_args(Mood)
"""All of them."""

PartName = Literal["intro", "verse", "chorus", "break", "fill", "ending"]
"""A part of a piece."""

PARTS: Final[tuple[PartName, ...]] = get_args(PartName)
"""Names of parts; every template has a verse."""

INSTRUMENTS: Final = (
    "nylon string",
    "steel string",
    "harp",
    "electric piano",
    "bell",
    "marimba",
    "soft lead",
    "bright lead",
    "flute",
    "pad",
    "strings",
    "synth pluck",
)
"""Instruments that play what is composed."""

PLAYERS: Final = ("melody", "decoration", "instrument")
"""Voices that have a default instrument."""

Share = Annotated[float, Meta(ge=0, le=1)]
"""A number from 0 to 1."""
Count = Annotated[int, Meta(ge=0)]
"""A whole number from 0."""
Positive = Annotated[int, Meta(ge=1)]
"""A whole number from 1."""
ChordNumber = Annotated[int, Meta(ge=0, le=NO_CHORD)]
"""A chord as in `edge.music.words`."""


class PartEntry(Struct, frozen=True, forbid_unknown_fields=True):
    """A part in the manifest; as `Part`."""

    name: PartName
    """One of `PARTS`."""
    chords: Annotated[
        tuple[tuple[ChordNumber, ChordNumber, ChordNumber, ChordNumber], ...], Meta(min_length=1)
    ]
    """Chord of each beat of each bar."""
    start: Count
    """First sample."""
    ring: Count
    """Samples after the bars."""


class TemplateEntry(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A template in the manifest; as `Template`."""

    id: Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]
    """Id, unique in the folder."""
    style: Annotated[str, Meta(min_length=1, max_length=40)]
    """Style in words."""
    moods: tuple[Mood, ...]
    """Some of `MOODS`."""
    bar_samples: Positive
    """Samples of a bar."""
    samples: Positive
    """Samples of each file."""
    minor: bool
    """Whether it is in minor."""
    key: Annotated[int, Meta(ge=-6, le=6)]
    """Semitones above C, or above A in minor."""
    swing: Annotated[float, Meta(ge=0, lt=1)]
    """As in `Template`."""
    swung: Literal[1, 2]
    """As in `Template`."""
    energy: Share
    """0 to 1."""
    instruments: dict[str, str]
    """Instruments of `PLAYERS`."""
    parts: Annotated[tuple[PartEntry, ...], Meta(min_length=1)]
    """In the order of the files."""


class TemplatesParameters(Struct, frozen=True, forbid_unknown_fields=True):
    """Parameters of the manifest of a templates folder."""

    templates: Annotated[tuple[TemplateEntry, ...], Meta(min_length=1)]
    """All templates of the folder."""


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a template: bars that follow each other, then `ring` samples in which the last notes fade."""

    name: str
    """One of `PARTS`."""
    chords: tuple[tuple[int, int, int, int], ...]
    """Chord of each beat of each bar, as in `edge.music.words`: in C major or A minor."""
    start: int
    """First sample in both files."""
    ring: int
    """Samples after the bars, in which the notes of the last bar fade."""

    @property
    def bars(self) -> int:
        """Return the number of bars."""
        return len(self.chords)


@dataclass(frozen=True, slots=True)
class Template:
    """Loops of chords and base in one style."""

    id: str
    """Id, unique in its folder."""
    style: str
    """Style in words."""
    moods: tuple[str, ...]
    """Some of `MOODS`."""
    tempo: float
    """Beats per minute: `BAR_MINUTE / bar_samples`."""
    bar_samples: int
    """Samples of a bar."""
    samples: int
    """Samples of each file."""
    minor: bool
    """Whether it is in minor: chords are then written in A minor, else in C major."""
    key: int
    """Semitones above C, or above A in minor, at which it is played."""
    swing: float
    """How late the second of two `swung` notes comes, as a share of one: 0 straight, 1/3 as in triplets."""
    swung: int
    """Sixteenths of the notes that swing: 1 for sixteenths, 2 for eighths."""
    energy: float
    """0 to 1."""
    instruments: Mapping[str, str]
    """Default instrument of each of `PLAYERS`, out of `INSTRUMENTS`."""
    parts: Mapping[str, Part]
    """Parts by name: all of `PARTS`; those that the folder lacks are the verse, or its last bars."""
    folder: ModelFolder = field(repr=False, compare=False)
    """Folder of the files."""

    def read(self, track: Track) -> Floats:
        """Decode a file, float32[2, samples] at 48 kHz. Raises ModelError if it is damaged, UsageError."""
        if track not in TRACKS:
            raise UsageError(f"a template has the tracks {' and '.join(TRACKS)}, not {track!r}")
        name = file_of(self.id, track)
        return _decoded(self.folder.read(name), self.folder, name, self.samples)

    def place(self, step: float) -> float:
        """Return the sample of a bar at which a sixteenth begins, with swing; fractions lie between."""
        return swung_step(step, self.swing, self.swung) * self.bar_samples / STEPS


def swung_step(step: float, swing: float, swung: int) -> float:
    """Return where in straight sixteenths a swung one lies: pairs of `swung` sixteenths are long and short.

    >>> [round(swung_step(step, 1 / 3, 2), 2) for step in (0, 1, 2, 3, 4)]
    [0.0, 1.33, 2.67, 3.33, 4.0]
    """
    pair, within = divmod(step, 2 * swung)
    return float(
        np.interp(within, (0, swung, 2 * swung), (0, swung * (1 + swing), 2 * swung)) + pair * 2 * swung
    )


def file_of(template: str, track: Track) -> str:
    """Return the name of the file of a track of a template."""
    return f"{template}.{track}.opus"


def open_templates(folder: str | PathLike[str] | None = None) -> tuple[Template, ...]:
    """Open all templates of a folder, or of the model with this id; by default those that ship.

    Raises ModelError if it is missing or damaged, or if its description is not consistent.
    """
    opened = find(TASK if folder is None else folder)
    _, parameters = opened.description(TASK, type(None), TemplatesParameters)
    found = tuple(_template(entry, opened) for entry in parameters.templates)
    if len({template.id for template in found}) < len(found):
        raise ModelError(opened.path, "describes two templates with one id")
    return found


def _template(entry: TemplateEntry, folder: ModelFolder) -> Template:
    """Return the template that an entry of the manifest describes. Raises ModelError."""
    if wrong := _wrong(entry, folder):
        raise ModelError(folder.path, f"does not describe the template {entry.id!r}: {wrong}")
    parts: dict[str, Part] = {
        part.name: Part(part.name, part.chords, part.start, part.ring) for part in entry.parts
    }
    verse = parts["verse"]
    for name in set(PARTS) - parts.keys():
        parts[name] = _from_verse(name, verse, entry.bar_samples)
    fields = {name: getattr(entry, name) for name in TemplateEntry.__struct_fields__ if name != "parts"}
    return Template(**fields, tempo=BAR_MINUTE / entry.bar_samples, parts=parts, folder=folder)


def _from_verse(name: str, verse: Part, bar_samples: int) -> Part:
    """Return a part that a template lacks: the verse, or its last bars."""
    bars = min(verse.bars, {"fill": 1, "ending": 2}.get(name, verse.bars))
    start = verse.start + (verse.bars - bars) * bar_samples
    return Part(name, verse.chords[-bars:], start, verse.ring)


def _wrong(entry: TemplateEntry, folder: ModelFolder) -> str | None:
    """Return what is inconsistent in an entry."""
    names = [part.name for part in entry.parts]
    if "verse" not in names or len(set(names)) < len(names):
        return "it needs one verse, and no part twice"
    end = 0
    for part in entry.parts:
        if part.start < end:
            return f"its part {part.name!r} begins before the part before it has ended"
        end = part.start + len(part.chords) * entry.bar_samples + part.ring
    if end > entry.samples:
        return f"its parts end at sample {end}, its files at {entry.samples}"
    if missing := [
        file for track in TRACKS if (file := file_of(entry.id, track)) not in folder.manifest.files
    ]:
        return f"the manifest does not name {missing[0]}"
    if set(entry.instruments) != set(PLAYERS) or not set(entry.instruments.values()) <= set(INSTRUMENTS):
        return f"it needs an instrument for each of {', '.join(PLAYERS)}, out of {', '.join(INSTRUMENTS)}"
    return None


def _decoded(content: bytes, folder: ModelFolder, name: str, count: int) -> Floats:
    """Decode `count` samples of stereo at 48 kHz, without the decoder's delay. Raises ModelError."""
    out, end = np.empty((2, count), np.float32), 0
    try:
        with av.open(io.BytesIO(content), "r", format="ogg") as container:
            for frame in container.decode(audio=0):
                if _fits(frame):
                    block = frame.to_ndarray()[:, : max(0, count - end)]
                    out[:, end : end + block.shape[1]] = block
                    end += frame.samples
    except (av.FFmpegError, ValueError, LookupError) as error:
        raise ModelError(folder.file(name), f"cannot be decoded ({error})") from error
    if not end:
        raise ModelError(folder.file(name), "holds no stereo audio at 48 kHz")
    if end != count:
        found = f"{end} samples, the manifest says {count}"
        raise ModelError(folder.file(name), f"does not fit its manifest: it has {found}")
    return out


def _fits(frame: av.AudioFrame) -> bool:
    """Return whether a frame is as templates are stored."""
    return frame.sample_rate == RATE_HZ and len(frame.layout.channels) == 2 and frame.format.name == "fltp"
