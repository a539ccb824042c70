"""Label tracks: four confidences for every 100 ms and for each segment of a recording."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.arrays import Floats
from edge.errors import UsageError
from edge.evidence import stored
from edge.evidence.collect import collect
from edge.evidence.levels import FrameLevels
from edge.media import AudioBlock, DecodeReport, Recording
from edge.networks.pooling import EncodedFrames, GrowingArray, WindowPooler
from edge.networks.segmenter import CHUNK_S, Segmenter
from edge.vocabulary import LABELS, Progress


@dataclass(frozen=True, slots=True, eq=False)
class LabelTrack:
    """Output of the segmenter for a recording. Confidence columns are in the order of `LABELS`."""

    duration_s: float
    """Length of the audio in seconds."""
    frame_s: float
    """Seconds per row of `frames`."""
    frames: Floats
    """float32[n, 4]: confidences of each frame."""
    levels_db: Floats
    """float32[n]: RMS level of each frame in dBFS."""
    segment_s: float
    """Length of a segment in seconds; the last one may be shorter."""
    segments: Floats
    """float32[m, 4]: confidences of each segment; rows sum to 1."""
    step_s: float
    """Distance between the windows in `windows` in seconds."""
    windows: NDArray[np.float16]
    """float16[m, k, features] of windows as long as a segment; [i, j] starts j steps into segment i."""

    def __repr__(self) -> str:
        return f"LabelTrack({self.duration_s:.1f} s, {len(self.segments)} segments of {self.segment_s:g} s)"

    def to_bytes(self) -> bytes:
        """Serialize the track; `from_bytes` reads it."""
        return stored.to_bytes(self)

    @classmethod
    def from_bytes(cls, content: bytes) -> LabelTrack:
        """Deserialize the output of `to_bytes`. Raises UsageError for other bytes."""
        return stored.from_bytes(content, cls)


class FrameLabels:
    """Collector of confidences for frames of 100 ms, available about 2 s after the audio.

    `quiet_db` is the level up to which audio counts as silence, see `Segmenter.encoder`.
    """

    def __init__(
        self, segmenter: Segmenter, *, chunk_s: float = CHUNK_S, quiet_db: float | None = None
    ) -> None:
        self.segmenter = segmenter
        self.rate_hz, self.frame_s = segmenter.rate_hz, segmenter.frame_s
        self.samples = 0
        """Number of samples so far."""
        self._stream = segmenter.encoder(chunk_s, quiet_db=quiet_db)
        self._frames = GrowingArray((len(LABELS),), np.float32)

    @property
    def silent(self) -> int:
        """Number of frames that count as silence, for which the network did not run."""
        return self._stream.silent

    @property
    def frames(self) -> Floats:
        """Return the confidences float32[n, 4] of all frames so far."""
        return self._frames.array

    def accept(self, block: AudioBlock) -> None:
        """Label one block; see `Collector`."""
        self.samples += len(block.samples)
        for encoded in self._stream.accept(block.samples):
            self._add(encoded)

    def finish(self) -> None:
        """Label the remaining samples; see `Collector`."""
        for encoded in self._stream.finish():
            self._add(encoded)

    def _add(self, encoded: EncodedFrames) -> None:
        self._frames.append(encoded.confidences)


class LabelCollector(FrameLabels):
    """Collector of the `LabelTrack` of a recording, which takes 2.5 MB of memory per hour at the defaults.

    Raises UsageError if `segment_s` or `step_s` is not a multiple of the segmenter's frame of 0.1 s.
    """

    def __init__(
        self,
        segmenter: Segmenter,
        *,
        segment_s: float = 3.0,
        step_s: float = 1.0,
        chunk_s: float = CHUNK_S,
        quiet_db: float | None = None,
    ) -> None:
        super().__init__(segmenter, chunk_s=chunk_s, quiet_db=quiet_db)
        self._levels = FrameLevels(round(self.frame_s * self.rate_hz))
        self._segment, self._step = (
            self._to_frames(segment_s, "segment length"),
            self._to_frames(step_s, "step"),
        )
        self._pooler = WindowPooler(self._segment, self._step, segmenter.features)
        self._known = (0, np.zeros((0, len(LABELS)), np.float32))
        """The segments of the last track and the first one's number: most of them stay as they are."""
        self.result: LabelTrack
        """Set by `finish`."""

    def accept(self, block: AudioBlock) -> None:
        """Label and measure one block; see `Collector`."""
        super().accept(block)
        self._levels.accept(block.samples)

    def finish(self) -> None:
        """Compute the segments and set `result`."""
        super().finish()
        self._levels.finish()
        self._pooler.finish()
        self.result = self._track(0, self.samples / self.rate_hz)

    @property
    def complete(self) -> int:
        """Number of segments that are labeled."""
        return len(self._pooler.windows)

    def recent(self, first: int) -> LabelTrack:
        """Return the track of the complete segments from segment `first` on, whose start is its time zero."""
        return self._track(first, (self.complete - first) * self._segment * self.frame_s)

    def _add(self, encoded: EncodedFrames) -> None:
        super()._add(encoded)
        self._pooler.accept(encoded)

    def _track(self, first: int, duration_s: float) -> LabelTrack:
        """Return the track of all segments from `first` on."""
        windows = self._pooler.windows[first:]
        known = self._known[1] if self._known[0] == first else None
        self._known = (first, self.segmenter.fuse(windows[:, 0], known))
        part = slice(first * self._segment, (first + len(windows)) * self._segment)
        return LabelTrack(
            duration_s=duration_s,
            frame_s=self.frame_s,
            frames=self.frames[part],
            levels_db=self._levels.levels_db[part],
            segment_s=self._segment * self.frame_s,
            segments=self._known[1],
            step_s=self._step * self.frame_s,
            windows=windows,
        )

    def _to_frames(self, seconds: float, what: str) -> int:
        frames = round(seconds / self.frame_s)
        if frames < 1 or abs(frames * self.frame_s - seconds) > 1e-9:
            raise UsageError(f"{what} {seconds} s is not a multiple of {self.frame_s} s")
        return frames


def collect_labels(
    recording: Recording,
    segmenter: Segmenter,
    *,
    segment_s: float = 3.0,
    step_s: float = 1.0,
    progress: Progress | None = None,
) -> tuple[LabelTrack, DecodeReport]:
    """Decode a recording and return its labels. Raises the errors of `collect` and `LabelCollector`."""
    labels = LabelCollector(segmenter, segment_s=segment_s, step_s=step_s)
    report = collect(recording, [labels], progress=progress)
    return labels.result, report


def label_samples(
    blocks: Iterable[Floats],
    segmenter: Segmenter,
    *,
    segment_s: float = 3.0,
    step_s: float = 1.0,
    chunk_s: float = CHUNK_S,
    quiet_db: float | None = None,
) -> LabelTrack:
    """Label audio in memory: blocks float32[n] of any size, at the segmenter's sample rate."""
    labels = LabelCollector(segmenter, segment_s=segment_s, step_s=step_s, chunk_s=chunk_s, quiet_db=quiet_db)
    for samples in blocks:
        labels.accept(AudioBlock(samples, labels.samples))
    labels.finish()
    return labels.result
