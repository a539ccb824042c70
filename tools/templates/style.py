"""What a style is made of: data that `playing` and `render` turn into sound."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from edge.music.templates import Track

SECTIONS = {"intro": 4, "verse": 8, "chorus": 8, "break": 4, "fill": 1, "ending": 2}
"""Bars of each part."""

Play = Literal["chord", "strings", "arp", "picking", "power", "bass"]
"""How a layer reads its grid: chords close together or on a guitar's strings, their tones one by one;
root and fifth; bass."""

Grids = Mapping[str, str]
"""Part, or its first letter with others, -> grid; see `playing.events`."""


@dataclass(frozen=True, kw_only=True)
class Layer:
    """An instrument and what it plays."""

    sound: str
    """`gm 24` for a program of the soundfont, or a name of `synths.SOUNDS`."""
    play: Play
    grid: str | Mapping[str, str]
    """Symbols of sixteenths, or those by part; a part that is not named uses that of the verse."""
    parts: str = "ivcbfe"
    """First letters of the parts in which it plays."""
    track: Track = "chords"
    level_db: float = 0.0
    """Loudness, relative to the other layers of the track."""
    center: int = 62
    """Pitch around which it plays; for bass, the highest root is 6 above."""
    voices: int = 4
    pan: float = 0.0
    """-1 left to 1 right."""
    wide: float = 0.0
    """Detuned copies to both sides, in cents."""
    low_hz: float = 120.0
    """High-pass."""
    high_hz: float = 12_000.0
    """Low-pass."""
    drive: float = 0.0
    """Saturation, 0 to 1."""
    room: float = 0.15
    """Share of a short room."""
    strum_ms: float = 8.0
    """Time between the notes of a chord."""
    late_ms: float = 0.0
    """Behind the beat."""
    loose_ms: float = 5.0
    """Standard deviation of onsets."""
    legato: float = 1.0
    """Length of notes, as a share of what the grid says."""
    tremolo: float = 0.0
    """Depth of a tremolo, in stereo."""
    pumps: bool = True
    """Whether the kick ducks it."""


@dataclass(frozen=True, kw_only=True)
class Style:
    """A template before it is rendered."""

    id: str
    style: str
    tempo: float
    """Beats per minute; rendered at the nearest tempo whose sixteenths are whole samples."""
    minor: bool
    key: int
    moods: tuple[str, ...]
    energy: float
    instruments: tuple[str, str, str]
    """Of melody, decoration and instrument."""
    verse: str
    """Chords, see `harmony.progression`."""
    chorus: str
    pause: str
    """Chords of the break."""
    fill: str
    ending: str
    layers: tuple[Layer, ...]
    kit: str
    """Key of `drums.KITS`."""
    drums: Mapping[str, Mapping[str, str]]
    """Part -> piece -> grid; `turn` replaces the last bar of the verse and the chorus."""
    swing: float = 0.0
    swung: Literal[1, 2] = 1
    drums_db: float = 0.0
    """Loudness of the drums, relative to the other layers of the base."""
    base_db: float = 0.0
    """Loudness of the base, relative to the chords."""
    drums_room: float = 0.08
    drums_high_hz: float = 16_000.0
    drums_drive: float = 0.15
    bright_db: float = 2.5
    """Shelf above 3 kHz."""
    crash: bool = True
    """Whether the chorus begins with a crash, if the kit has one."""
    pump: float = 0.0
    """How much the kick ducks the chords, 0 to 1."""
    noise_db: float | None = None
    """Loudness of a record's crackle, if any."""
    wow: float = 0.0
    """Unsteadiness of a tape, in cents, of the chords."""
    loose_ms: float = 4.0
    """Standard deviation of the drums' onsets."""
    ring_s: float = 1.4

    @property
    def harmony(self) -> dict[str, str]:
        """Chords by part."""
        return {
            "intro": self.verse,
            "verse": self.verse,
            "chorus": self.chorus,
            "break": self.pause,
            "fill": self.fill,
            "ending": self.ending,
        }
