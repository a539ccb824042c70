"""The segmenter at work: a stream of samples in, confidences of frames and of segments out.

    samples -> log-mel -> encoder (int8, chunk by chunk) -> every 100 ms: embeddings, attention scores and
    four confidences -> windows of those, pooled -> fusion LSTM -> four confidences each

The encoder sees a bounded stretch around each frame, so chunks with that much context give what one run over
the whole recording would give. Windows are pooled from the same frames at every place where one may be asked
for: the segments themselves and the windows that boundary refinement slides, so nothing is decoded twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from msgspec import Meta, Struct
from numpy.typing import DTypeLike, NDArray

from edge.errors import ModelError, UsageError
from edge.models.folder import ModelFolder
from edge.models.frontend import LogMel
from edge.models.session import Session, SessionSettings
from edge.models.store import find
from edge.vocabulary import LABELS

CHUNK_S = 12.0
"""Seconds of new sound per run of the encoder: longer wastes memory, shorter repeats the 2 s of context."""

SEQUENCE = 176
"""Segments that the fusion LSTM reads at once, and below how many of them to each side are only context."""
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


class Parameters(Struct, frozen=True, forbid_unknown_fields=True):
    """What a segmenter's manifest says beside its front end and labels."""

    stride: Annotated[int, Meta(ge=1)]
    """Mel frames per output frame of the encoder."""
    context: Annotated[int, Meta(ge=0)]
    """Output frames to each side of a frame that can change its output."""


class Segmenter:
    """The shipped model, or another by its id or folder, loaded and ready; one per process is enough.

    Networks with a fixed length (LiteRT, Paddle-Lite) get their input filled up: the encoder with silence
    after the end, the fusion with rows of zeros, which it leaves out.

    Raises ModelError if the folder is damaged or not a segmenter, MissingRuntimeError if its runtime is not
    installed.
    """

    def __init__(
        self, model: Path | str = "segmenter", *, threads: int = 1, settings: SessionSettings | None = None
    ) -> None:
        self.folder: ModelFolder = find(model)
        self.front_end, parameters = self.folder.description("segmenter", LogMel, Parameters)
        if self.folder.manifest.labels != LABELS:
            raise ModelError(self.folder.path, f"is no segmenter with labels {', '.join(LABELS)}")
        self._stride, self._context = parameters.stride, parameters.context
        self.encoder = Session(self.folder, "encoder", settings=settings, threads=threads)
        self.fusion = Session(self.folder, "fusion", settings=settings, threads=threads)
        self._window = _fixed(self.encoder, axis=1)
        self._sequence = _fixed(self.fusion, axis=1)
        self._features = _fixed(self.fusion, axis=2) or 0

    @property
    def rate_hz(self) -> int:
        """Sample rate that `listen` expects."""
        return self.front_end.rate_hz

    @property
    def frame_s(self) -> float:
        """Seconds per output frame."""
        return self._stride * self.front_end.hop / self.rate_hz

    def close(self) -> None:
        """Give back what the runtimes hold."""
        self.encoder.close()
        self.fusion.close()

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

    def confidences(self, blocks: Iterable[Floats], *, chunk_s: float = CHUNK_S) -> Iterator[Floats]:
        """Hear a recording as it comes: confidences float32[n, 4] of its frames, `chunk_s` at a time.

        They are those of `Evidence.frames`, and come as soon as the sound that they need is there: about 2 s
        after it. Shorter chunks come sooner and cost more: each is heard with 2 s to both sides of it.
        """
        for frames in self._encode(iter(blocks), max(1, round(chunk_s / self.frame_s))):
            yield _softmax(frames.logits)

    def classify_sequence(self, features: NDArray[np.float16]) -> Floats:
        """Confidences float32[m, 4] of consecutive segments from their features [m, features]."""
        pieces = []
        step = (self._sequence or SEQUENCE) - 2 * SEQUENCE_CONTEXT
        for start in range(0, len(features), step):
            first = max(0, start - SEQUENCE_CONTEXT)
            stop = min(len(features), start + step)
            piece = self.classify(features[None, first : stop + SEQUENCE_CONTEXT])[0]
            pieces.append(piece[start - first : stop - first])
        return np.concatenate(pieces) if pieces else np.zeros((0, len(LABELS)), np.float32)

    def classify(self, features: NDArray[np.float16]) -> Floats:
        """Confidences float32[batch, segments, 4] of short sequences [batch, segments, features]."""
        if self._sequence is None:
            return self.fusion.run(features.astype(np.float32))[0]
        rows = np.zeros((1, self._sequence, features.shape[2]), np.float32)
        pieces = []
        for sequence in features:
            rows[0, : len(sequence)] = sequence
            rows[0, len(sequence) :] = 0
            pieces.append(self.fusion.run(rows)[0][0, : len(sequence)])
        return np.stack(pieces)

    def _whole(self, seconds: float, what: str) -> int:
        frames = round(seconds / self.frame_s)
        if frames < 1 or abs(frames * self.frame_s - seconds) > 1e-9:
            raise UsageError(f"{what} {seconds} s is not a multiple of {self.frame_s} s")
        return frames

    def _encode(self, blocks: Iterator[Floats], chunk: int) -> Iterator[_Frames]:
        """Run the encoder over the stream, `chunk` frames at a time with the context it can see."""
        front, stride, context = self.front_end, self._stride, self._context
        if self._window is not None:
            chunk = self._window // stride - 2 * context
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
        if self._window is not None and len(mel) < self._window:
            silence = self.front_end.normalise(np.zeros((1, mel.shape[1]), np.float32))
            mel = np.concatenate([mel, np.repeat(silence, self._window - len(mel), axis=0)])
        embedding, attention, logits = self.encoder.run(mel[None])
        kept = slice(before, before + count)
        return _Frames(embedding[0, kept], attention[0, kept], logits[0, kept])


def _fixed(session: Session, axis: int) -> int | None:
    """The size of an axis of the first input; None if it is free."""
    size = session.inputs[0].shape[axis]
    return size if isinstance(size, int) else None


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
