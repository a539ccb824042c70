"""Describe notes by a vector: how lively, bright, syncopated and sustained they are, in what phrases.

The vector chooses a template, a mood and instruments where the user does not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np

from edge.music.templates import Template
from edge.music.words import BAR_STRENGTHS, STEPS, STRENGTHS, Bar, Note

MAJOR: Final = (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88)
MINOR: Final = (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17)
"""How well each pitch class fits a key, from its tonic on (Krumhansl and Kessler 1982)."""

PLACES: Final[Mapping[str, tuple[float, float]]] = {
    "happy": (0.85, 0.65), "playful": (0.75, 0.5), "energetic": (0.6, 0.95), "epic": (0.45, 0.85),
    "tense": (0.15, 0.7), "sad": (0.15, 0.2), "dreamy": (0.55, 0.2), "calm": (0.7, 0.15),
}  # fmt: skip
"""Valence and arousal of moods, 0 to 1 (after Russell 1980)."""

BUSY = 10.0
"""Notes of a bar that count as fully lively."""

SUSTAINED_STEPS = 4.0
"""Mean duration in sixteenths from which a melody is for an instrument that sustains."""

DECAYING: Final = frozenset(
    ("nylon string", "steel string", "harp", "marimba", "bell", "synth pluck", "electric piano")
)
"""Instruments whose notes fade by themselves."""

SUSTAINING: Final = "soft lead"
"""Instrument of long notes where the template's own would have faded."""


@dataclass(frozen=True, slots=True)
class MusicVector:
    """What notes are like; shares are 0 to 1."""

    valence: float
    """How bright: major rather than minor."""
    arousal: float
    """How lively: many, strong notes."""
    syncopation: float
    """Share of notes that begin between beats and last over the next."""
    sustain_steps: float
    """Mean duration in sixteenths."""
    phrase_bars: float
    """Mean bars between rests of at least a beat."""

    @property
    def mood(self) -> str:
        """The mood that is nearest."""
        return min(PLACES, key=self.distance_to)

    def distance_to(self, mood: str) -> float:
        """Return how far a mood is in valence and arousal."""
        valence, arousal = PLACES[mood]
        return float(np.hypot(valence - self.valence, arousal - self.arousal))


def describe(bars: Sequence[Bar]) -> MusicVector:
    """Return the vector of notes in C major or A minor. Without notes it is in the middle."""
    notes = [note for bar in bars for note in bar.notes]
    if not notes:
        return MusicVector(0.5, 0.0, 0.0, 0.0, float(len(bars)))
    melody = [note for note in notes if note.voice == 0] or notes
    busy = min(1.0, len(notes) / len(bars) / BUSY)
    strength = float(np.mean([note.strength for note in notes])) / (STRENGTHS - 1)
    return MusicVector(
        valence=brightness(bars),
        arousal=0.6 * busy + 0.4 * strength,
        syncopation=float(np.mean([_syncopated(note) for note in notes])),
        sustain_steps=float(np.mean([note.duration for note in melody])),
        phrase_bars=_phrase(bars),
    )


def brightness(bars: Sequence[Bar]) -> float:
    """Return how much better notes fit C major than A minor: 0.5 is as well as.

    >>> scale = [Note(step, 2, 60 + pitch, 4) for step, pitch in enumerate((0, 4, 7, 0, 4, 7))]
    >>> brightness([Bar((0, 0, 0, 0), 3, 2, 0, 0, notes=tuple(scale))]) > 0.5
    True
    """
    weights = np.zeros(12)
    for bar in bars:
        for note in bar.notes:
            weights[note.pitch % 12] += note.duration * (2 if note.step % 8 == 0 else 1)
    if not weights.any():
        return 0.5
    major = float(np.corrcoef(weights, MAJOR)[0, 1])
    minor = float(np.corrcoef(weights, np.roll(MINOR, 9))[0, 1])
    return float(1 / (1 + np.exp(-6 * (major - minor))))


def fit(vector: MusicVector, template: Template, mood: str | None = None) -> float:
    """Return how badly a template fits a vector, from 0; a mood that is asked for replaces the vector's."""
    moods = [mood] if mood else list(template.moods)
    if mood and mood not in template.moods:
        return 10.0
    distance = min((vector.distance_to(one) for one in moods), default=1.0) if not mood else 0.0
    key = 0.3 * abs((0.2 if template.minor else 0.8) - vector.valence)
    groove = 0.3 * abs(min(1.0, template.swing * 3) * 0.4 - vector.syncopation)
    return distance + abs(template.energy - vector.arousal) + key + groove


def instruments(vector: MusicVector, template: Template, chosen: Mapping[str, str]) -> dict[str, str]:
    """Return the instrument of each voice: the chosen one, one that suits the notes, or the template's."""
    result = dict(template.instruments)
    if vector.sustain_steps >= SUSTAINED_STEPS and result["melody"] in DECAYING - {"electric piano"}:
        result["melody"] = SUSTAINING
    return {**result, **chosen}


def strength_of(arousal: float) -> int:
    """Return the level of strength of bars that are this lively."""
    return min(BAR_STRENGTHS - 1, int(arousal * BAR_STRENGTHS))


def _syncopated(note: Note) -> bool:
    """Return whether a note begins between beats and lasts over the next one."""
    within = note.step % 4
    return within != 0 and note.duration > 4 - within


def _phrase(bars: Sequence[Bar]) -> float:
    """Return the mean bars between rests of the melody of a beat or more."""
    events = sorted(
        (STEPS * number + note.step, note.duration)
        for number, bar in enumerate(bars)
        for note in bar.notes
        if note.voice == 0
    )
    rests = sum(after - start - duration >= STEPS // 4 for (start, duration), (after, _) in pairwise(events))
    return len(bars) / (rests + 1)
