"""The audio of a video with music: the music, softer under speech, and the video's own sound; mastered."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from edge.arrays import Floats
from edge.media.ducking import duck
from edge.media.loudness import LoudnessMeter
from edge.media.master import Master
from edge.media.write.spool import Spool
from edge.vocabulary import Progress

RATE_HZ = 48_000
"""Sample rate of soundtracks."""

UNDER_SPEECH_DB = -15.0
"""Gain of the music where somebody speaks."""

SPEECH_LU, AMBIENCE_LU = 0.0, -10.0
"""How much louder than the music the video's own sound becomes by default, with and without speech in it."""

LOUDER_DB = 18.0
"""The video's own sound is made louder by no more than this: the rest would be noise."""

FADE = 480
"""Samples in which the own sound begins and ends."""

LARGEST_GAIN_DB = 30.0
"""Audio is made louder by no more than this."""

MARGIN_DB = 0.1
"""How far below its limit the true peak is held: other meters interpolate otherwise."""

NEAR_LU, PASSES, LARGEST_MORE_DB = 0.1, 3, 3.0
"""What the limiter takes is given back from this on, after so many measurements, and up to this much."""

LEAST_SLOPE = 0.25
"""Where a higher gain makes audio louder by less than this part of it, it is not raised by more."""

MakeBlocks: TypeAlias = Callable[[], Iterable[Floats]]
"""Makes stereo blocks float32[2, n] at 48 kHz, each time the same ones."""

MakeSpans: TypeAlias = Callable[[], Sequence[tuple[float, float]]]
"""Finds spans in seconds of the result, in order and disjoint."""


@dataclass(frozen=True, slots=True)
class OwnSound:
    """The sound of a video, to go with music."""

    make: MakeBlocks
    """Makes it, at the times of the result."""
    speech: MakeSpans | None = None
    """Finds where somebody speaks, and music is softer; it is not called where the sound is silent."""
    level_lu: float | None = None
    """How much louder than the music it becomes; by default 0 LU with speech, else -10 LU."""
    speech_louder_db: float = LOUDER_DB
    """Speech is made louder by no more than this."""


class Soundtrack:
    """Music and a video's own sound, at any loudness; close it, or use it in a `with` statement."""

    def __init__(
        self,
        music: MakeBlocks,
        samples: int,
        own: OwnSound | None = None,
        *,
        progress: Progress | None = None,
    ) -> None:
        """Make and measure the music, and the own sound beside it.

        samples: those of the music at 48 kHz. own: left out where it is None or silent. Raises what making
        them raises.
        """
        self._samples = samples
        self._music = Spool(music, samples / RATE_HZ)
        self._own: Spool | None = None
        self._gain, self._ducking = np.float32(1), duck([], 0)
        with ThreadPoolExecutor(1) as beside:
            sound = beside.submit(_measured, own, samples) if own else None
            self.loudness_lufs = loudness_of(counted(self._music, samples, progress))
            """Integrated loudness; -inf for silence."""
        if sound is not None:
            self._add(sound.result())

    def _add(self, sound: _Measured) -> None:
        """Add the video's own sound, unless it is silent."""
        if sound.loudness_lufs == -np.inf:
            sound.spool.close()
            return
        gain_db = 0.0
        if self.loudness_lufs > -np.inf:
            gain_db = min(sound.most_db, self.loudness_lufs + sound.level_lu - sound.loudness_lufs)
        self._own, self._gain = sound.spool, np.float32(10 ** (gain_db / 20))
        self._ducking = duck(sound.speech, UNDER_SPEECH_DB)
        self.loudness_lufs = loudness_of(self)

    @property
    def has_own_sound(self) -> bool:
        """Return whether the video's own sound is in it."""
        return self._own is not None

    def __iter__(self) -> Iterator[Floats]:
        if self._own is None:
            yield from self._music
            return
        own, start = _Rest(iter(self._own)), 0
        for block in self._music:
            count = block.shape[1]
            sound = own.take(count) * self._gain * _edges(start, count, self._samples)
            yield block * self._ducking.gains(start, count, RATE_HZ) + sound
            start += count

    def mastered(self, loudness_lufs: float, peak_dbtp: float) -> Mastered:
        """Return the audio at a loudness, with its true peak below a limit."""
        return Mastered(self, loudness_lufs, peak_dbtp, again=self._music.is_kept)

    def close(self) -> None:
        """Remove temporary files."""
        for spool in (self._music, self._own):
            if spool is not None:
                spool.close()

    def __enter__(self) -> Soundtrack:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Mastered:
    """A soundtrack at the loudness that is asked for, which is measured when it is made."""

    def __init__(
        self, audio: Soundtrack, loudness_lufs: float, peak_dbtp: float, *, again: bool = True
    ) -> None:
        """Find the gain. again: also measure what the limiter takes, to give it back."""
        self._audio, self._peak_dbtp = audio, peak_dbtp - MARGIN_DB
        self._gain_db = gain_for(audio.loudness_lufs, loudness_lufs)
        self.meter = LoudnessMeter(RATE_HZ, 2)
        """Has measured what was made: its loudness, and its true peak before encoding."""
        if again and audio.loudness_lufs > -np.inf:
            self._give_back(loudness_lufs)

    def _give_back(self, loudness_lufs: float) -> None:
        """Make up for what the limiter takes."""
        most = min(LARGEST_GAIN_DB, self._gain_db + LARGEST_MORE_DB)
        known: list[tuple[float, float]] = []
        for _ in range(PASSES):
            known.append((self._gain_db, loudness_of(self._blocks())))
            missing = loudness_lufs - known[-1][1]
            if abs(missing) < NEAR_LU or (missing > 0 and self._gain_db >= most):
                return
            self._gain_db = min(most, self._gain_db + missing / _slope(known))

    def __iter__(self) -> Iterator[Floats]:
        self.meter = LoudnessMeter(RATE_HZ, 2)
        for block in self._blocks():
            self.meter.accept(block)
            yield block

    def _blocks(self) -> Iterator[Floats]:
        master = Master(self._gain_db, self._peak_dbtp)
        for block in self._audio:
            yield master.process(block)
        yield master.flush()


def _slope(known: Sequence[tuple[float, float]]) -> float:
    """Return by how much a gain that is 1 dB higher makes the limited audio louder, from the last two."""
    if len(known) < 2:
        return 1.0
    (gain, lufs), (more, louder) = known[-2:]
    return min(1.0, max(LEAST_SLOPE, (louder - lufs) / (more - gain)))


def gain_for(loudness_lufs: float, wanted_lufs: float) -> float:
    """Return the gain in dB that makes audio of a loudness as loud as wanted; 0 for silence."""
    if loudness_lufs == -np.inf:
        return 0.0
    return float(min(LARGEST_GAIN_DB, wanted_lufs - loudness_lufs))


def counted(blocks: Iterable[Floats], total: int, progress: Progress | None) -> Iterator[Floats]:
    """Yield blocks float32[2, n], and report which share of `total` samples has been passed on."""
    done = 0
    for block in blocks:
        yield block
        done += block.shape[1]
        if progress and total:
            progress(min(1.0, done / total))


def loudness_of(blocks: Iterable[Floats]) -> float:
    """Return the integrated loudness of blocks float32[2, n] at 48 kHz in LUFS; -inf for silence."""
    meter = LoudnessMeter(RATE_HZ, 2, peaks=False)
    for block in blocks:
        meter.accept(block)
    return float(meter.integrated_lufs)


@dataclass(frozen=True, slots=True)
class _Measured:
    """A video's own sound."""

    spool: Spool
    loudness_lufs: float
    speech: Sequence[tuple[float, float]]
    level_lu: float
    most_db: float


def _measured(own: OwnSound, samples: int) -> _Measured:
    spool = Spool(own.make, samples / RATE_HZ)
    loudness = loudness_of(spool)
    speech = own.speech() if own.speech is not None and loudness > -np.inf else []
    level_lu = own.level_lu if own.level_lu is not None else SPEECH_LU if speech else AMBIENCE_LU
    most_db = own.speech_louder_db if speech else LOUDER_DB
    return _Measured(spool, loudness, speech, level_lu, most_db)


def _edges(start: int, count: int, total: int) -> Floats:
    """Return the gain of samples near the start and the end of the result."""
    at = start + np.arange(count)
    return np.clip(np.minimum(at, total - 1 - at) / FADE, 0, 1).astype(np.float32)


class _Rest:
    """Blocks, taken in other sizes."""

    def __init__(self, blocks: Iterator[Floats]) -> None:
        self._blocks = blocks
        self._rest = np.zeros((2, 0), np.float32)

    def take(self, count: int) -> Floats:
        """Return the next samples float32[2, count]; zeros after the end."""
        pieces, known = [self._rest], self._rest.shape[1]
        while known < count and (block := next(self._blocks, None)) is not None:
            pieces.append(block)
            known += block.shape[1]
        joined = np.concatenate([*pieces, np.zeros((2, max(0, count - known)), np.float32)], axis=1)
        self._rest = joined[:, count:]
        return joined[:, :count]
