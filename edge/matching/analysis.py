"""What is known of a track of music: rhythm, key, loudness, labels and sound, from one decode."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import msgspec
import numpy as np
from numpy.typing import NDArray

from edge.arrays import Floats
from edge.decoding import prepared
from edge.errors import UsageError
from edge.evidence.collect import Collector, collect
from edge.evidence.key import Key, KeyCollector, Mode
from edge.evidence.labels import LabelCollector
from edge.evidence.loudness import LoudnessCollector
from edge.evidence.music_sound import MusicSound, MusicSoundCollector
from edge.evidence.rhythm.collect import RhythmCollector
from edge.evidence.rhythm.track import RhythmTrack
from edge.media import Recording
from edge.networks.music_tagger import MusicTagger
from edge.networks.segmenter import Segmenter
from edge.vocabulary import LABELS, Label, Progress

TAGS = ("title", "artist", "album", "genre", "mood", "comment", "description", "keywords", "grouping")
"""Keys of metadata that may say what music is about or like."""

LONGEST_TAG = 120
"""Characters of a tag that count."""


@dataclass(frozen=True, slots=True, eq=False)
class TrackAnalysis:
    """What is known of a track, but for its name."""

    rhythm: RhythmTrack
    """Tempo, beats, bars, and the level of each second."""
    key: Key | None
    """Musical key; None if no tone sounds."""
    loudness_lufs: float
    """Integrated loudness of the mono mix; -inf for silence."""
    shares: Floats
    """float32[4]: share of the time that is each of `LABELS`."""
    windows: Floats
    """float32[features]: mean of the segmenter's windows."""
    sound: MusicSound
    """What it sounds like."""
    words: tuple[str, ...]
    """Texts of the file's metadata, and what is sung or said if that was recognized."""

    def __repr__(self) -> str:
        return f"TrackAnalysis({self.rhythm!r}, {self.key.name if self.key else 'no key'})"

    def share(self, *labels: Label) -> float:
        """Return the share of the time that is one of these labels."""
        return float(sum(self.shares[LABELS.index(label)] for label in labels))

    @property
    def vocals(self) -> float:
        """Share of the time in which somebody sings or speaks."""
        return self.share(Label.SINGING, Label.SPEAKING)

    @property
    def music(self) -> float:
        """Share of the time that is music or singing."""
        return self.share(Label.MUSIC, Label.SINGING)

    def with_words(self, words: Sequence[str]) -> TrackAnalysis:
        """Return the analysis with further texts."""
        return replace(self, words=(*self.words, *words))

    def to_bytes(self) -> bytes:
        """Serialize the analysis; `from_bytes` reads it."""
        rhythm, key = self.rhythm, self.key
        arrays: tuple[NDArray[np.generic], ...] = (
            rhythm.beats_s, rhythm.downbeats, rhythm.levels_db, self.shares, self.windows,
            self.sound.tags, self.sound.vector, self.sound.timbre,
        )  # fmt: skip
        numbers = (rhythm.duration_s, rhythm.tempo, rhythm.strength, self.loudness_lufs)
        stored = tuple(array.astype(kind).tobytes() for array, kind in zip(arrays, _TYPES, strict=True))
        known = None if key is None else (key.tonic, key.mode, key.confidence)
        return msgspec.msgpack.encode((numbers, known, stored, self.words))

    @classmethod
    def from_bytes(cls, content: bytes) -> TrackAnalysis:
        """Deserialize the output of `to_bytes`. Raises UsageError for other bytes."""
        try:
            numbers, key, stored, words = msgspec.msgpack.decode(content, type=prepared(_Stored))
            arrays: list[NDArray[np.generic]] = [
                np.frombuffer(data, kind) for data, kind in zip(stored, _TYPES, strict=True)
            ]
        except (msgspec.MsgspecError, ValueError, RecursionError) as error:
            raise UsageError(f"the bytes are not the analysis of a track: {error}") from error
        beats, downbeats, levels, shares, windows, tags, vector, timbre = arrays
        duration_s, tempo, strength, loudness_lufs = numbers
        rhythm = RhythmTrack(
            duration_s, tempo, strength, _floats64(beats), downbeats.astype(np.int64), _floats(levels)
        )
        return cls(
            rhythm=rhythm,
            key=None if key is None else Key(*key),
            loudness_lufs=loudness_lufs,
            shares=_floats(shares),
            windows=_floats(windows),
            sound=MusicSound(_floats(tags), _floats(vector), _floats(timbre)),
            words=words,
        )


class TrackCollectors:
    """The collectors of what is known of a track, for one pass over its audio."""

    def __init__(self, segmenter: Segmenter, tagger: MusicTagger) -> None:
        self._labels, self._key = LabelCollector(segmenter), KeyCollector()
        self._rhythm, self._sound = RhythmCollector(self._key), MusicSoundCollector(tagger)
        self._loudness = LoudnessCollector(segmenter.rate_hz)

    @property
    def all(self) -> list[Collector]:
        """Return the collectors in the order in which they are given audio."""
        return [self._labels, self._key, self._rhythm, self._sound, self._loudness]

    def analysis(self, words: Sequence[str] = ()) -> TrackAnalysis:
        """Return what was collected, once all have finished."""
        labels = self._labels.result
        leading = np.bincount(labels.segments.argmax(axis=1), minlength=len(LABELS))
        return TrackAnalysis(
            rhythm=self._rhythm.result,
            key=self._key.result,
            loudness_lufs=self._loudness.result,
            shares=np.asarray(leading / max(1, leading.sum()), np.float32),
            windows=labels.windows[:, 0].astype(np.float32).mean(axis=0),
            sound=self._sound.result,
            words=tuple(words),
        )


def analyze_track(
    recording: Recording,
    segmenter: Segmenter,
    tagger: MusicTagger,
    *,
    progress: Progress | None = None,
) -> TrackAnalysis:
    """Decode a track once and return what is known of it.

    Memory is flat but for what is returned. Raises InputError, NoAudioError.
    """
    collectors = TrackCollectors(segmenter, tagger)
    collect(recording, collectors.all, progress=progress)
    metadata = recording.info.metadata
    given = (metadata.get(name, "")[:LONGEST_TAG] for name in TAGS)
    return collectors.analysis([" ".join(text.split()) for text in given if text.strip()])


_TYPES = ("<f8", "<i4", "<f2", "<f4", "<f2", "<f2", "<f2", "<f4")
"""Of the stored arrays."""

_Bytes = tuple[bytes, bytes, bytes, bytes, bytes, bytes, bytes, bytes]
_Stored = tuple[tuple[float, float, float, float], tuple[int, Mode, float] | None, _Bytes, tuple[str, ...]]


def _floats(array: NDArray[np.generic]) -> Floats:
    return array.astype(np.float32)


def _floats64(array: NDArray[np.generic]) -> NDArray[np.float64]:
    return array.astype(np.float64)
