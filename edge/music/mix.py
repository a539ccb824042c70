"""Mix music: loops and instruments bar by bar, with levels and reverberation.

Stems are what is added up; their sum is the mix.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Final

import numpy as np
from edge_kernels.mixing import Reverb, Room

from edge.arrays import Floats
from edge.media.ahead import ahead
from edge.music import loops
from edge.music.instruments import play
from edge.music.perform import VOICES, perform
from edge.music.plan import Plan
from edge.music.soundfonts import parse_preset, play_preset
from edge.music.templates import RATE_HZ, TRACKS, Template, Track
from edge.music.words import Bar

STEMS: Final = (*TRACKS, *VOICES, "reverb")
"""What is mixed."""

LEVELS_DB: Final[Mapping[str, float]] = {
    "chords": -1.0, "base": 0.0, "melody": -2.0, "decoration": -7.0, "instrument": -11.0,
}  # fmt: skip
"""Gain of each stem."""

SENDS: Final[Mapping[str, float]] = {
    "chords": 0.10, "base": 0.02, "melody": 0.22, "decoration": 0.30, "instrument": 0.26,
}  # fmt: skip
"""How much of each stem is reverberated."""

FADE_OUT_S = 0.8
"""Seconds in which the end fades, at most a third of the music."""

NONE = "none"
"""Instrument of a voice that is silent."""


@dataclass(frozen=True, slots=True)
class Score:
    """All that is needed to play music."""

    plan: Plan
    """Bars and sections."""
    bars: tuple[Bar, ...]
    """Notes of each bar of the plan."""
    template: Template
    """What loops are played."""
    speed: Fraction
    """How much faster than they were made."""
    instruments: Mapping[str, str]
    """Instrument of each of `VOICES`."""
    seed: int
    """Of the performance."""

    @property
    def samples(self) -> int:
        """Length in samples at 48 kHz."""
        return round(self.plan.end_s * RATE_HZ)


def stems(score: Score) -> Iterator[dict[str, Floats]]:
    """Yield the stems of each bar, float32[2, n]; the same score gives the same ones.

    Raises ModelError if the template is damaged, UsageError for an unknown instrument.
    """
    edges = _edges(score)
    sources: dict[str, Iterator[tuple[Floats, Floats]]] = {
        track: _loop(score, track, edges) for track in TRACKS
    }
    sources |= {voice: ahead(_voice(score, voice, edges)) for voice in VOICES}
    rings = {name: np.zeros((2, 0), np.float32) for name in sources}
    reverb, fade = Reverb(Room(RATE_HZ)), _fade(score.samples)
    for start, end in pairwise(edges):
        bar = dict[str, Floats]()
        for name, source in sources.items():
            samples, rings[name] = _overlapped(next(source), rings[name], end - start)
            bar[name] = samples * np.float32(10 ** (LEVELS_DB[name] / 20))
        sent = sum(
            (bar[name] * np.float32(share) for name, share in SENDS.items()), np.zeros((2, 1), np.float32)
        )
        bar["reverb"] = reverb(sent)
        fading = fade[max(0, start - score.samples + len(fade)) : max(0, end - score.samples + len(fade))]
        for samples in bar.values():
            samples[:, end - start - len(fading) :] *= fading
        yield bar


def mix(score: Score) -> Iterator[Floats]:
    """Yield the sum of the stems of each bar, float32[2, n]."""
    for bar in stems(score):
        yield np.sum(list(bar.values()), axis=0, dtype=np.float32)


def _edges(score: Score) -> list[int]:
    """Return the samples at which bars begin, and the end of the music."""
    bar = score.template.bar_samples / score.speed
    return [*(round(number * bar) for number in range(len(score.bars))), score.samples]


def _loop(score: Score, track: Track, edges: Sequence[int]) -> Iterator[tuple[Floats, Floats]]:
    return loops.played(loops.open_loop(score.template, track, score.speed), score.plan.bars, edges, track)


def _voice(score: Score, voice: str, edges: Sequence[int]) -> Iterator[tuple[Floats, Floats]]:
    """Yield what a voice plays in each bar, which may be longer than the bar."""
    instrument, nothing = score.instruments[voice], np.zeros((2, 0), np.float32)
    speed = float(score.speed)
    bars = perform(score.bars, voice, score.template, speed, score.seed)
    if preset := parse_preset(instrument):
        counts = (end - start for start, end in pairwise(edges))
        for samples in play_preset(preset, bars, counts, speed, RATE_HZ):
            yield samples, nothing
        return
    for notes in bars:
        silent = instrument == NONE or not notes
        yield nothing if silent else play(instrument, notes, RATE_HZ), nothing


def _overlapped(played: tuple[Floats, Floats], before: Floats, count: int) -> tuple[Floats, Floats]:
    """Return `count` samples of a bar with what rings from the one before, and what rings on after it.

    played: a bar, which may be longer, and what rings after its end.
    """
    samples, ring = played
    length = max(count + ring.shape[1], samples.shape[1], before.shape[1])
    total = np.zeros((2, length), np.float32)
    total[:, : samples.shape[1]] += samples
    total[:, : before.shape[1]] += before
    total[:, count : count + ring.shape[1]] += ring
    return total[:, :count], total[:, count:]


def _fade(samples: int) -> Floats:
    """Return the gain of the last samples, falling to 0 as a cosine."""
    count = min(round(FADE_OUT_S * RATE_HZ), samples // 3)
    return np.asarray(0.5 + 0.5 * np.cos(np.linspace(0, np.pi, count)), np.float32)
