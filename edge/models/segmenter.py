"""The segmenter at work: a stream of samples in, confidences of frames and of segments out.

    samples -> log-mel -> encoder (int8, chunk by chunk) -> every 100 ms: embeddings, attention scores and
    four confidences -> windows of those, pooled -> fusion LSTM -> four confidences each

The encoder sees a bounded stretch around each frame, so chunks with that much context give what one run over
the whole recording would give. Windows are pooled from the same frames at every place where one may be asked
for: the segments themselves and the windows that boundary refinement slides, so nothing is decoded twice.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from edge.errors import ModelError, UsageError
from edge.models.manifest import Manifest, builtin_folder, load_manifest
from edge.models.session import Session
from edge.vocabulary import LABELS

CHUNK_S = 12.0
"""Seconds of new sound per run of the encoder: longer wastes memory, shorter repeats the 2 s of context."""

SEQUENCE = 128
"""Segments that the fusion LSTM reads at once, and below how many to each side as context."""
SEQUENCE_CONTEXT = 24

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Evidence:
    """What the segmenter heard in one recording. Confidence columns are in the order of `LABELS`."""

    duration_s: float
    """Length of the sound in seconds."""
    frame_s: float
    """Seconds per row of `frames`."""
    frames: Floats
    """float32[n, 4]: confidences of each short frame."""
    segment_s: float
    """Length of a segment in seconds; the last one may be shorter."""
    segments: Floats
    """float32[m, 4]: confidences of each segment, each row summing to 1."""
    step_s: float
    """Distance of the windows of `windows` in seconds."""
    windows: NDArray[np.float16]
    """float16[m, k, features]: of windows as long as a segment; [i, j] starts j steps into segment i."""


@dataclass(frozen=True)
class _Frames:
    """Encoder output for n frames of 100 ms."""

    embedding: Floats
    """float32[n, towers, features]"""
    attention: Floats
    """float32[n, towers]: scores whose softmax over a window weighs its frames."""
    logits: Floats
    """float32[n, 4]"""


class Segmenter:
    """The shipped model, or the one in `folder`, loaded and ready; one per process is enough.

    Raises ModelError if the folder is damaged or not a segmenter.
    """

    def __init__(self, folder: Path | None = None, *, threads: int = 1) -> None:
        self.manifest: Manifest = load_manifest(folder or builtin_folder("segmenter"))
        if self.manifest.task != "segmenter" or self.manifest.labels != LABELS:
            raise ModelError(self.manifest.folder, f"is not a segmenter with labels {', '.join(LABELS)}")
        self._encoder = Session(self.manifest, "encoder", threads=threads)
        self._fusion = Session(self.manifest, "fusion", threads=threads)
        self._features = self._fusion.width

    @property
    def rate_hz(self) -> int:
        """Sample rate that `listen` expects."""
        return self.manifest.front_end.rate_hz

    @property
    def frame_s(self) -> float:
        """Seconds per output frame."""
        return self.manifest.stride * self.manifest.front_end.hop / self.rate_hz

    def listen(
        self,
        blocks: Iterator[Floats],
        *,
        segment_s: float = 3.0,
        step_s: float = 1.0,
        chunk_s: float = CHUNK_S,
    ) -> Evidence:
        """Hear a whole recording, float32 blocks of any size at `rate_hz`.

        Only the evidence grows with its length, by 2.5 MB an hour at the default settings.
        `segment_s` and `step_s` are multiples of `frame_s`, else UsageError.
        """
        segment, step = self._whole(segment_s, "segment length"), self._whole(step_s, "step")
        pooler = _WindowPooler(segment, step, self._features)
        total = 0

        def counted() -> Iterator[Floats]:
            nonlocal total
            for block in blocks:
                total += len(block)
                yield block

        confidences = _Rows((len(LABELS),), np.float32)
        for frames in self._encode(counted(), max(1, round(chunk_s / self.frame_s))):
            confidences.append(_softmax(frames.logits))
            pooler.accept(frames)
        windows = pooler.finish()
        return Evidence(
            duration_s=total / self.rate_hz,
            frame_s=self.frame_s,
            frames=confidences.array,
            segment_s=segment * self.frame_s,
            segments=self.classify_sequence(windows[:, 0]),
            step_s=step * self.frame_s,
            windows=windows,
        )

    def classify_sequence(self, features: NDArray[np.float16]) -> Floats:
        """Confidences float32[m, 4] of consecutive segments from their features [m, features]."""
        pieces = []
        for start in range(0, len(features), SEQUENCE):
            first = max(0, start - SEQUENCE_CONTEXT)
            stop = min(len(features), start + SEQUENCE)
            piece = self.classify(features[None, first : stop + SEQUENCE_CONTEXT])[0]
            pieces.append(piece[start - first : stop - first])
        return np.concatenate(pieces) if pieces else np.zeros((0, len(LABELS)), np.float32)

    def classify(self, features: NDArray[np.float16]) -> Floats:
        """Confidences float32[batch, segments, 4] of short sequences [batch, segments, features]."""
        return self._fusion.run(features.astype(np.float32))[0]

    def _whole(self, seconds: float, what: str) -> int:
        frames = round(seconds / self.frame_s)
        if frames < 1 or abs(frames * self.frame_s - seconds) > 1e-9:
            raise UsageError(f"{what} {seconds} s is not a multiple of {self.frame_s} s")
        return frames

    def _encode(self, blocks: Iterator[Floats], chunk: int) -> Iterator[_Frames]:
        """Run the encoder over the stream, `chunk` frames at a time with the context it can see."""
        front, stride, context = self.manifest.front_end, self.manifest.stride, self.manifest.context
        stream = front.stream()
        parts: list[Floats] = []
        held, before, samples, done = 0, 0, 0, 0
        for block in blocks:
            samples += len(block)
            stream.accept(block)
            parts.append(stream.get())
            held += len(parts[-1])
            while held >= (before + chunk + context) * stride:
                mel = np.concatenate(parts)
                yield self._run_encoder(mel[: (before + chunk + context) * stride], before, chunk)
                done += chunk
                keep = min(context, before + chunk)
                parts = [mel[(before + chunk - keep) * stride :]]
                held, before = len(parts[0]), keep
        rest = -(-samples // (front.hop * stride)) - done
        if rest > 0:
            missing = (before + rest) * stride - held
            stream.accept(np.zeros(missing * front.hop + front.window, np.float32))
            parts.append(stream.get(missing))
            yield self._run_encoder(np.concatenate(parts)[: (before + rest) * stride], before, rest)

    def _run_encoder(self, mel: Floats, before: int, count: int) -> _Frames:
        embedding, attention, logits = self._encoder.run(mel[None])
        kept = slice(before, before + count)
        return _Frames(embedding[0, kept], attention[0, kept], logits[0, kept])


class _WindowPooler:
    """Pools windows of `segment` frames starting every `step` frames of each segment, as frames arrive."""

    def __init__(self, segment: int, step: int, features: int) -> None:
        self._segment = segment
        self._offsets = range(0, segment, step)
        self._held: list[_Frames] = []
        self._windows = _Rows((len(self._offsets), features), np.float16)

    def accept(self, frames: _Frames) -> None:
        """Take the next frames."""
        held = _join([*self._held, frames])
        ready = len(held.attention) // self._segment - 1  # the last windows of a segment reach into the next
        for _ in range(ready):
            held = self._pool(held)
        self._held = [held]

    def finish(self) -> NDArray[np.float16]:
        """All windows float16[segments, offsets, features]; those past the end shrink to what there is."""
        held = self._held[0] if self._held else None
        while held is not None and len(held.attention):
            held = self._pool(held)
        return self._windows.array

    def _pool(self, held: _Frames) -> _Frames:
        """Pool one segment's windows; returns the frames after the segment."""
        rows = []
        for offset in self._offsets:
            start = min(offset, len(held.attention) - 1)
            window = slice(start, start + self._segment)
            weights = np.exp(held.attention[window] - held.attention[window].max(axis=0))
            weights /= weights.sum(axis=0)
            pooled = np.einsum("ft,ftd->td", weights, held.embedding[window]).ravel()
            mean = _softmax(held.logits[window]).mean(axis=0)
            rows.append(np.concatenate([pooled, np.log(mean + 1e-4)]))
        self._windows.append(np.stack(rows)[None])
        rest = slice(self._segment, None)
        return _Frames(held.embedding[rest], held.attention[rest], held.logits[rest])


class _Rows:
    """Rows in one array that doubles when it is full.

    A list of small arrays would do, but they would lie between the large temporaries of the heap and keep
    the memory of those from going back: 20 MB an hour.
    """

    def __init__(self, shape: tuple[int, ...], dtype: DTypeLike) -> None:
        self._rows: NDArray[Any] = np.zeros((64, *shape), dtype)
        self._count = 0

    @property
    def array(self) -> NDArray[Any]:
        """All rows so far."""
        return self._rows[: self._count]

    def append(self, rows: NDArray[Any]) -> None:
        """Add rows [n, *shape]."""
        needed = self._count + len(rows)
        if needed > len(self._rows):
            grown = np.zeros((max(needed, 2 * len(self._rows)), *self._rows.shape[1:]), self._rows.dtype)
            grown[: self._count] = self.array
            self._rows = grown
        self._rows[self._count : needed] = rows
        self._count = needed


def _join(pieces: list[_Frames]) -> _Frames:
    return _Frames(
        np.concatenate([piece.embedding for piece in pieces]),
        np.concatenate([piece.attention for piece in pieces]),
        np.concatenate([piece.logits for piece in pieces]),
    )


def _softmax(logits: Floats) -> Floats:
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True), np.float32)
