"""Collect the rhythm of a recording: onsets in one pass, then tempo, beats and bars."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edge.arrays import Floats
from edge.evidence.chroma import HOP_S, ChromaStream, harmony_changes
from edge.evidence.collect import collect
from edge.evidence.key import Key, KeyCollector
from edge.evidence.levels import FrameLevels
from edge.evidence.rhythm.bars import find_downbeats
from edge.evidence.rhythm.beats import even, refine, track
from edge.evidence.rhythm.onsets import FRAME_S, RATE_HZ, OnsetStream
from edge.evidence.rhythm.tempo import local_tempos, pulses
from edge.evidence.rhythm.track import RhythmTrack
from edge.media import AudioBlock
from edge.media.read.recording import MediaSource
from edge.vocabulary import Progress

LATE_S = 0.004
"""How much later than an attack its onset is strongest, in seconds."""

LOW = 0.75
"""Weight of the low onsets beside all onsets, for beats."""

FEWEST = 4
"""Beats of a pulse."""

QUIET = 0.2
"""Onset strength within two seconds, as a share of its mean, below which there are no beats."""


class RhythmCollector:
    """Collector of the `RhythmTrack` of a recording; memory grows by 2 MB per hour.

    With a `KeyCollector`, which must come before it, both share one chroma.
    """

    rate_hz = RATE_HZ

    def __init__(self, key: KeyCollector | None = None) -> None:
        self._chroma = ChromaStream() if key is None else key.chroma
        self._own = key is None
        self._onsets, self._levels = OnsetStream(), FrameLevels(RATE_HZ)
        self._samples = 0
        self.result: RhythmTrack
        """Set by `finish`."""

    def accept(self, block: AudioBlock) -> None:
        """Analyze one block; see `Collector`."""
        self._samples += len(block.samples)
        self._onsets.accept(block.samples)
        self._levels.accept(block.samples)
        if self._own:
            self._chroma.accept(block.samples)

    def finish(self) -> None:
        """Find the tempo, beats and bars, and set `result`."""
        self._onsets.finish()
        self._levels.finish()
        if self._own:
            self._chroma.finish()
        duration_s = self._samples / RATE_HZ
        harmony = harmony_changes(self._chroma.frames)
        tempo, strength, beats, downbeats = _rhythm(self._onsets.onsets, harmony)
        self.result = RhythmTrack(
            duration_s=duration_s,
            tempo=tempo,
            strength=strength,
            beats_s=np.clip(beats * FRAME_S - LATE_S, 0, duration_s),
            downbeats=downbeats,
            levels_db=self._levels.levels_db,
        )


def collect_rhythm(media: MediaSource, *, progress: Progress | None = None) -> RhythmTrack:
    """Decode a recording and return its rhythm. Raises the errors of `collect`."""
    return collect_rhythm_and_key(media, progress=progress)[0]


def collect_rhythm_and_key(
    media: MediaSource, *, progress: Progress | None = None
) -> tuple[RhythmTrack, Key | None]:
    """Decode a recording once and return its rhythm and its key. Raises the errors of `collect`."""
    key = KeyCollector()
    rhythm = RhythmCollector(key)
    collect(media, [key, rhythm], progress=progress)
    return rhythm.result, key.result


def _rhythm(onsets: Floats, harmony: Floats) -> tuple[float, float, NDArray[np.float64], NDArray[np.int64]]:
    """Return tempo, strength, beats in frames, and which of these are downbeats."""
    pulse = pulses(onsets)
    local = local_tempos(pulse, harmony, HOP_S)
    evened = np.stack([even(pulse[:, 0]), even(pulse[:, 1])], axis=1)
    attack = evened[:, 0] + np.float32(LOW) * evened[:, 1]
    beats = refine(track(attack, local.periods(len(pulse))), attack)
    beats = _ended(beats[local.clear(beats) & _loud(pulse[:, 0], beats)], attack)
    if len(beats) < FEWEST:
        return 0.0, local.strength, np.zeros(0), np.zeros(0, np.int64)
    changes = np.interp(beats * FRAME_S, np.arange(len(harmony)) * HOP_S, harmony).astype(np.float32)
    tempo = 60 / FRAME_S / float(np.median(np.diff(beats)))
    return tempo, local.strength, beats, find_downbeats(beats, evened, changes, local.triple_odds)


def _ended(beats: NDArray[np.float64], attack: Floats) -> NDArray[np.float64]:
    """Return the beats from the first to the last one with an onset."""
    if not len(beats):
        return beats
    at = np.clip(np.round(beats).astype(np.int64), 1, max(1, len(attack) - 2))
    onsets = np.maximum(np.maximum(attack[at - 1], attack[at]), attack[at + 1])
    sounding = np.flatnonzero(onsets >= QUIET * np.median(onsets))
    return beats[sounding[0] : sounding[-1] + 1]


def _loud(pulse: Floats, beats: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return at which beats there are onsets around."""
    sums = np.cumsum(np.pad(pulse, (1, 0)), dtype=np.float64)
    around = round(2 / FRAME_S)
    at = np.round(beats).astype(np.int64)
    first, end = np.maximum(at - around, 0), np.minimum(at + around, len(pulse))
    return np.asarray((sums[end] - sums[first]) / (end - first) >= QUIET * sums[-1] / max(1, len(pulse)))
