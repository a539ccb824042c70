"""The audio of a video with music: the music, softer under speech, and the video's own sound."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from edge.arrays import Floats
from edge.evidence.ducking import duck, spoken
from edge.evidence.labels import LabelTrack
from edge.media.loudness import LoudnessMeter
from edge.media.read.stretch import stretched_audio
from edge.music.compose import Composition
from edge.music.mix import mix
from edge.music.spool import Spool
from edge.music.templates import RATE_HZ
from edge.vocabulary import Progress

UNDER_SPEECH_DB = -15.0
"""Gain of the music where somebody speaks."""

SPEECH_LU, AMBIENCE_LU = 0.0, -10.0
"""How much louder than the music the video's own sound becomes, with and without speech in it."""

LOUDER_DB = 18.0
"""The video's own sound is made louder by no more than this: the rest would be noise."""

FADE = 480
"""Samples in which the own sound begins and ends."""


Labels: TypeAlias = Callable[[], LabelTrack]
"""Labels a video when it is called."""


class Program:
    """The audio of a composition, still at any loudness; close it, or use it in a `with` statement."""

    def __init__(
        self,
        music: Composition,
        *,
        own: bool,
        labels: Labels | None = None,
        progress: Progress | None = None,
    ) -> None:
        """Render the music. own: whether the video's own sound is kept, where it has any that is not silent.

        labels: returns those of the video, for music that is softer under speech.

        Raises InputError, ModelError.
        """
        self._total, end_s = music.score.samples, music.plan.end_s
        self._music = Spool(lambda: mix(music.score), end_s)
        self._own: Spool | None = None
        self._gain, self._ducking = np.float32(1), duck([], 0)
        with ThreadPoolExecutor(1) as beside:
            sound = beside.submit(_measured, music, labels) if own else None
            self.loudness_lufs = loudness_of(counted(self._music, self._total, progress))
            """Integrated loudness; -inf for silence."""
        if sound is not None:
            self._add(sound.result())

    def _add(self, sound: _Own) -> None:
        """Add the video's own sound, unless it is silent."""
        if sound.loudness_lufs == -np.inf:
            sound.spool.close()
            return
        over = SPEECH_LU if sound.speech else AMBIENCE_LU
        gain_db = min(LOUDER_DB, self.loudness_lufs + over - sound.loudness_lufs)
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
            sound = own.take(count) * self._gain * _edges(start, count, self._total)
            yield block * self._ducking.gains(start, count, RATE_HZ) + sound
            start += count

    def close(self) -> None:
        """Remove temporary files."""
        for spool in (self._music, self._own):
            if spool is not None:
                spool.close()

    def __enter__(self) -> Program:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@dataclass(frozen=True, slots=True)
class _Own:
    """A video's own sound at its new times."""

    spool: Spool
    loudness_lufs: float
    speech: list[tuple[float, float]]
    """Where somebody speaks, in seconds."""


def _measured(music: Composition, labels: Labels | None) -> _Own:
    """Decode the own sound of a video."""
    warp, recording = music.choice.warp, music.recording
    spool = Spool(lambda: stretched_audio(recording, warp.video_s, warp.music_s, RATE_HZ), music.plan.end_s)
    loudness = loudness_of(spool)
    spans = [] if labels is None or loudness == -np.inf else spoken(labels())
    moved = [warp.moved(span).tolist() for span in spans]
    return _Own(spool, loudness, [(start, end) for start, end in moved])


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
