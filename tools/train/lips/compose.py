"""Bursts of training: talking, sung and still lips, with the sound that fits them and with other sounds.

There is no recording of singing faces in the corpus: talking faces are re-timed onto songs (`retime`). Lips
that move without a voice are made too: slowed, chewing and smiling ones, single movements; and lips that
cannot move, on heads and cameras that do.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from edge.arrays import Floats
from tools.evaluate.clips import NONSPEECH, SILENT, TALKING
from tools.train.lips.bursts import UNKNOWN, Burst, Positions, Stretch, stretches
from tools.train.lips.corpus import RATE, Clip
from tools.train.lips.retime import USUAL, bounced, envelope, ranked, retimed

SHIFT_FRAMES = 7
"""A sound shifted by more tenths of a second does not fit."""
SINGING_COLUMN, SPEAKING_COLUMN = 1, 2
"""Columns of the sound, after the level."""


class Composer:
    """Draws bursts. Groups are drawn first, so that nobody counts more for having more clips."""

    def __init__(
        self, clips: Sequence[Clip], sounds: Mapping[str, list[Floats]], rng: np.random.Generator
    ) -> None:
        self.rng = rng
        self._sounds = sounds
        self._talking, self._silent = stretches(clips, TALKING), stretches(clips, SILENT, 15)
        self._nonspeech = stretches(clips, NONSPEECH, 15)
        self._in_sync = {
            group: kept
            for group, found in self._talking.items()
            if (kept := [s for s in found if s.clip.listed.in_sync and s.clip.sound is not None])
        }

    def batch(self, size: int) -> list[Burst]:
        """Bursts of one length, of all kinds."""
        frames = int(self.rng.choice([10, 12, 16, 20, 24, 30, 30]))
        makers: list[tuple[float, Callable[[int], Burst | None]]] = [
            (0.09, self.talking), (0.25, self.with_own_sound), (0.11, self.singing), (0.04, self.dubbed),
            (0.13, self.silent), (0.12, self.nonspeech), (0.04, self.frozen), (0.05, self.slowed),
            (0.07, self.mimed), (0.05, self.grimacing), (0.05, self.yawning),
        ]  # fmt: skip
        weights = np.array([weight for weight, _ in makers])
        bursts: list[Burst] = []
        while len(bursts) < size:
            _, make = makers[self.rng.choice(len(makers), p=weights / weights.sum())]
            if (burst := make(frames)) is not None:
                bursts.append(burst)
        return bursts

    def talking(self, frames: int) -> Burst | None:
        """Speech, with any sound and none."""
        stretch = self._drawn(self._talking)
        positions = self._played(stretch, frames, USUAL * self.rng.uniform(0.85, 1.2))
        burst = Burst(stretch.clip, positions, 1.0, self._some_sound(frames), UNKNOWN)
        return burst if burst.alive else None

    def with_own_sound(self, frames: int) -> Burst | None:
        """Speech with its sound, with it shifted, or with another."""
        stretch = self._drawn(self._in_sync)
        sound = stretch.clip.sound
        assert sound is not None
        speed = self.rng.uniform(0.85, 1.15) if self.rng.random() < 0.5 else 1.0
        pace: Positions = np.arange(frames, dtype=np.float64) * speed
        last = int(min(stretch.stop / RATE * 10, len(sound)) - pace[-1] - 1)
        first = int(np.ceil(stretch.start / RATE * 10))
        if last < first:
            return None
        at = int(self.rng.integers(first, last + 1))
        positions = np.clip(np.rint((at + pace) * USUAL + 0.75), stretch.start, stretch.stop - 1)
        if not (burst := Burst(stretch.clip, positions, 1.0, sound[:frames], 1.0)).alive:
            return None
        starts = np.arange(int(len(sound) - pace[-1]))
        starts = starts[np.abs(starts - at) > SHIFT_FRAMES]
        if self.rng.random() < 0.5:
            own = resampled(sound, at + float(self.rng.choice([-1, -0.5, 0, 0, 0.5, 1])) + pace)
            burst = replace(burst, sound=own)
        elif len(starts) and self.rng.random() < 0.5:
            burst = replace(burst, sound=resampled(sound, float(self.rng.choice(starts)) + pace), fits=0.0)
        else:
            burst = replace(burst, sound=self._voice(frames), fits=0.0)
        if self.rng.random() < 0.3:
            burst = replace(burst, positions=positions[::-1].copy(), sound=burst.sound[::-1].copy())
        return burst

    def singing(self, frames: int) -> Burst | None:
        """A talking face re-timed onto a song."""
        return self._retimed(frames, "singing", SINGING_COLUMN)

    def dubbed(self, frames: int) -> Burst | None:
        """A talking face re-timed onto the speech of somebody else."""
        return self._retimed(frames, "speaking", SPEAKING_COLUMN)

    def silent(self, frames: int) -> Burst:
        """A face that listens."""
        stretch = self._drawn(self._silent)
        positions = self._played(stretch, frames, USUAL * self.rng.uniform(0.3, 1.2))
        return Burst(stretch.clip, positions, 0.0, self._some_sound(frames), self._heard())

    def nonspeech(self, frames: int) -> Burst:
        """Chewing, smiles, grimaces, coughs."""
        stretch = self._drawn(self._nonspeech)
        positions = self._played(stretch, frames, USUAL * self.rng.uniform(0.6, 1.2))
        return Burst(stretch.clip, positions, 0.0, self._some_sound(frames), self._heard())

    def frozen(self, frames: int) -> Burst:
        """One picture of a face, or two or three that alternate."""
        stretch = self._drawn(self._any())
        at = self.rng.integers(stretch.start, stretch.stop)
        reach = 0.4 * self.rng.random() if self.rng.random() < 0.4 else 0.0
        swing = reach * np.sin(self.rng.uniform(0.2, 2) * np.arange(frames))
        positions = np.clip(at + swing, stretch.start, stretch.stop - 1)
        return Burst(stretch.clip, positions, 0.0, self._some_sound(frames), self._heard())

    def slowed(self, frames: int) -> Burst:
        """Lips slower than any speech: slow motion, forth and back."""
        stretch = self._drawn(self._talking)
        positions = self._played(stretch, frames, USUAL * self.rng.uniform(0.04, 0.18), whole=False)
        return Burst(stretch.clip, positions, 0.0, self._some_sound(frames), self._heard())

    def mimed(self, frames: int) -> Burst:
        """A still face that is made to chew or to smile."""
        still = self.silent(frames) if self.rng.random() < 0.6 else self.frozen(frames)
        motion = str(self.rng.choice(["chew", "smile", "turn"]))
        return Burst(still.clip, still.positions, 0.0, still.sound, still.fits, motion)

    def grimacing(self, frames: int) -> Burst:
        """Lips at rest but for one movement: those of a talker, held before it and after."""
        stretch = self._drawn(self._talking)
        opening = stretch.clip.opening[stretch.start : stretch.stop]
        rest = int(self.rng.choice(np.argsort(opening)[: max(1, len(opening) // 4)]))
        length = int(self.rng.integers(2, max(3, frames // 3) + 1))
        hold = int(self.rng.integers(0, frames // 2 + 1))
        way = np.concatenate([np.arange(length), np.full(hold, length), np.arange(length)[::-1]])
        start = int(self.rng.integers(-length, frames - length))
        way = np.concatenate([np.zeros(max(0, start), int), way[max(0, -start) :], np.zeros(frames, int)])
        places = rest + way[:frames] * self.rng.uniform(0.4, USUAL) + 0.3 * np.sin(np.arange(frames))
        last = len(stretch) - 1.0
        positions = stretch.start + last - np.abs(last - np.abs(places) % (2 * last))
        return Burst(stretch.clip, positions, 0.0, self._some_sound(frames), self._heard())

    def yawning(self, frames: int) -> Burst:
        """A mouth that opens once, stays so, and closes: a talker's frames, re-timed."""
        stretch = self._drawn(self._talking)
        many = bounced(np.arange(8 * frames) + self.rng.integers(len(stretch)), len(stretch))
        middle, width = self.rng.uniform(0, frames), self.rng.uniform(4, 12)
        wanted = np.clip(1.5 * np.cos(np.clip((np.arange(frames) - middle) / width, -1.57, 1.57)), 0, 1)
        path = retimed(ranked(stretch.clip.opening[stretch.start + many]), wanted.astype(np.float32))
        positions = (stretch.start + many[path]).astype(np.float64)
        return Burst(stretch.clip, positions, 0.0, self._some_sound(frames), self._heard())

    def _retimed(self, frames: int, kind: str, column: int) -> Burst | None:
        sound = self._cut(int(self.rng.integers(len(self._sounds[kind]))), kind, frames)
        wanted = envelope(sound, column)
        if wanted.max() < 0.4 or wanted.std() < 0.1:
            return None
        stretch = self._drawn(self._talking)
        many = bounced(np.arange(8 * frames) + self.rng.integers(len(stretch)), len(stretch))
        opening = stretch.clip.opening[stretch.start + many]
        path = retimed(ranked(opening), ranked(wanted))
        positions = (stretch.start + many[path]).astype(np.float64)
        burst = Burst(stretch.clip, positions, 1.0, sound, 1.0)
        again = (np.diff((ranked(burst.opening) > 0.5).astype(int)) > 0).sum()
        if not burst.alive or again < len(wanted) // 12 or np.corrcoef(burst.opening, wanted)[0, 1] < 0.6:
            return None
        if self.rng.random() < 0.5:
            return burst
        return Burst(stretch.clip, positions, 1.0, self._voice(frames, kind), 0.0)

    def _any(self) -> dict[str, list[Stretch]]:
        kinds = (self._talking, self._talking, self._silent, self._nonspeech)
        return kinds[self.rng.integers(len(kinds))]

    def _drawn(self, groups: dict[str, list[Stretch]]) -> Stretch:
        found = groups[list(groups)[self.rng.integers(len(groups))]]
        return found[self.rng.integers(len(found))]

    def _played(self, stretch: Stretch, frames: int, speed: float, *, whole: bool = True) -> Positions:
        """Positions from a random one on, forth and back where the stretch is too short."""
        length = (frames - 1) * speed
        room = len(stretch) - 1 - length
        first = self.rng.uniform(0, room) if room > 0 else self.rng.uniform(0, 2 * len(stretch))
        places = first + np.arange(frames) * speed
        period = 2.0 * (len(stretch) - 1)
        places = places % period
        places = stretch.start + np.minimum(places, period - places)
        return np.asarray(np.rint(places) if whole else places)

    def _heard(self) -> float:
        """Truth of lips that make no sound, with any sound: mostly not worth learning."""
        return 0.0 if self.rng.random() < 0.3 else UNKNOWN

    def _some_sound(self, frames: int) -> Floats:
        kind = str(self.rng.choice(["singing", "speaking", "music", "other"], p=[0.35, 0.35, 0.2, 0.1]))
        return self._cut(int(self.rng.integers(len(self._sounds[kind]))), kind, frames)

    def _voice(self, frames: int, kind: str | None = None) -> Floats:
        """Somebody else's voice."""
        if kind is None:
            kind = "own" if self.rng.random() < 0.6 else "speaking"
        if kind == "own":
            sound = self._drawn(self._in_sync).clip.sound
            if sound is not None and len(sound) >= frames:
                at = self.rng.integers(len(sound) - frames + 1)
                return sound[at : at + frames]
            kind = "speaking"
        return self._cut(int(self.rng.integers(len(self._sounds[kind]))), kind, frames)

    def _cut(self, index: int, kind: str, frames: int) -> Floats:
        sound = self._sounds[kind][index]
        at = self.rng.integers(len(sound) - frames + 1)
        return sound[at : at + frames]


def resampled(sound: Floats, times: Positions) -> Floats:
    """Sound float32[m, 5] at float64[t] places between its rows, float32[t, 5]."""
    every = np.arange(len(sound))
    return np.stack([np.interp(times, every, column) for column in sound.T], 1).astype(np.float32)
