"""Audio segmenter: an encoder of log-mel frames, and an LSTM that fuses the features of segments.

    samples -> log-mel -> encoder (int8, chunk by chunk) -> every 100 ms: embedding, attention score and four
    confidences -> windows of those, pooled (`pooling`) -> fusion LSTM -> four confidences a segment

The receptive field of the encoder is bounded, so chunks with that much context give the same result as one
run over the whole recording. Encoding and fusion are separate steps, so that features of the video can be
added at the fusion.
"""

from __future__ import annotations

from typing import Annotated

import numpy as np
from msgspec import Meta, Struct
from numpy.typing import NDArray

from edge.arrays import Floats
from edge.errors import ModelError
from edge.models.frontend import LogMel
from edge.models.session import Session
from edge.networks.base import Network
from edge.networks.pooling import EncodedFrames
from edge.vocabulary import LABELS

CHUNK_S = 12.0
"""Seconds of new audio per run of the encoder: longer takes more memory, shorter repeats 2 s of context."""

SEQUENCE = 176
"""Segments per run of the fusion LSTM."""
SEQUENCE_CONTEXT = 24
"""Segments at each side of a run that are context only."""


class Parameters(Struct, frozen=True, forbid_unknown_fields=True):
    """Parameters in the manifest of a segmenter."""

    stride: Annotated[int, Meta(ge=1)]
    """Mel frames per output frame of the encoder."""
    context: Annotated[int, Meta(ge=0)]
    """Output frames on each side of a frame that can change its output."""


class Segmenter(Network[LogMel, Parameters]):
    """An audio segmenter, by default the one that ships with the package; one per process is enough.

    The input of networks with a fixed length (LiteRT, Paddle-Lite) is padded: the encoder's with silence
    after the end, the fusion's with rows of zeros, which it masks.
    """

    task = "segmenter"
    front_end_type = LogMel
    parameters_type = Parameters
    roles = ("encoder", "fusion")
    default = "segmenter"

    @property
    def rate_hz(self) -> int:
        """Sample rate of the encoder's input."""
        return self.front_end.rate_hz

    @property
    def frame_s(self) -> float:
        """Seconds per output frame of the encoder."""
        return self.parameters.stride * self.front_end.hop / self.rate_hz

    @property
    def features(self) -> int:
        """Size of a row of the fusion's input."""
        return fixed_axis(self.sessions["fusion"], axis=2) or 0

    def encoder(self, chunk_s: float = CHUNK_S, *, quiet_db: float | None = None) -> EncoderStream:
        """Return an encoder for one stream of audio that runs every `chunk_s` seconds.

        Shorter chunks reduce latency and cost more: each is computed with 2 s of context on both sides.
        A chunk of digital silence is not run. With `quiet_db`, nor is one in which no band has more power
        than in white noise of that RMS level in dBFS: it counts as silence, with its context.
        """
        return EncoderStream(self, max(1, round(chunk_s / self.frame_s)), quiet_db)

    def fuse(self, features: NDArray[np.float16], known: Floats | None = None) -> Floats:
        """Classify consecutive segments: features [m, features] to confidences float32[m, 4].

        `known` is the result for the first of these segments: what nothing that follows can change is kept.
        """
        step = (fixed_axis(self.sessions["fusion"], axis=1) or SEQUENCE) - 2 * SEQUENCE_CONTEXT
        done = 0 if known is None else max(0, len(known) - SEQUENCE_CONTEXT) // step * step
        parts = [] if known is None else [known[:done]]
        for start in range(done, len(features), step):
            first = max(0, start - SEQUENCE_CONTEXT)
            stop = min(len(features), start + step)
            confidences = self.fuse_batch(features[None, first : stop + SEQUENCE_CONTEXT])[0]
            parts.append(confidences[start - first : stop - first])
        return np.concatenate(parts) if parts else np.zeros((0, len(LABELS)), np.float32)

    def fuse_batch(self, features: NDArray[np.float16]) -> Floats:
        """Classify short sequences: features [batch, segments, features] to float32[batch, segments, 4]."""
        fusion = self.sessions["fusion"]
        sequence_length = fixed_axis(fusion, axis=1)
        if sequence_length is None:
            return fusion.run(features.astype(np.float32))[0]
        rows = np.zeros((1, sequence_length, features.shape[2]), np.float32)
        parts = []
        for sequence in features:
            rows[0, : len(sequence)] = sequence
            rows[0, len(sequence) :] = 0
            parts.append(fusion.run(rows)[0][0, : len(sequence)])
        return np.stack(parts)

    def _check(self) -> None:
        if self.folder.manifest.labels != LABELS:
            raise ModelError(self.folder.path, f"expected a segmenter with the labels {', '.join(LABELS)}")


class EncoderStream:
    """Encode samples incrementally, `chunk` frames at a time, with the context that the network needs.

    The network runs once on silence of each length that occurs; later silence has the same outputs.
    """

    def __init__(self, segmenter: Segmenter, chunk: int, quiet_db: float | None = None) -> None:
        self._front_end = segmenter.front_end
        self._session = segmenter.sessions["encoder"]
        self._stride, self._context = segmenter.parameters.stride, segmenter.parameters.context
        self._window = fixed_axis(self._session, axis=1)
        self._chunk = chunk if self._window is None else self._window // self._stride - 2 * self._context
        self._mel_stream = self._front_end.stream()
        self._silence = self._front_end.mel(np.zeros(self._front_end.window, np.float32))
        """float32[1, n_mels]: a mel frame of digital silence, which no frame is below."""
        self._quiet = self._silence
        if quiet_db is not None:
            self._quiet = np.maximum(self._silence, self._front_end.flat(quiet_db))
        self._silent: dict[int, EncodedFrames] = {}
        """Outputs for silence by the number of mel frames."""
        self.silent = 0
        """Output frames so far that count as silence."""
        self._mel = np.zeros((0, self._front_end.n_mels), np.float32)
        self._before = 0
        """Output frames of context at the start of `_mel`."""
        self._samples = 0
        self._done = 0

    def accept(self, samples: Floats) -> list[EncodedFrames]:
        """Process samples float32[n]; return the frames that are complete."""
        self._samples += len(samples)
        self._mel_stream.accept(samples)
        self._mel = np.concatenate([self._mel, self._mel_stream.get()])
        complete = []
        while len(self._mel) >= (needed := (self._before + self._chunk + self._context) * self._stride):
            complete.append(self._run(self._mel[:needed], self._chunk))
            self._done += self._chunk
            keep = min(self._context, self._before + self._chunk)
            self._mel = self._mel[(self._before + self._chunk - keep) * self._stride :]
            self._before = keep
        return complete

    def finish(self) -> list[EncodedFrames]:
        """Return the remaining frames: as many as cover all samples."""
        hop, stride = self._front_end.hop, self._stride
        rest = -(-self._samples // (hop * stride)) - self._done
        if rest <= 0:
            return []
        needed = (self._before + rest) * stride
        missing = needed - len(self._mel)
        self._mel_stream.accept(np.zeros(missing * hop + self._front_end.window, np.float32))
        mel = np.concatenate([self._mel, self._mel_stream.get(missing)])
        return [self._run(mel[:needed], rest)]

    def _run(self, mel: Floats, count: int) -> EncodedFrames:
        wanted = slice(self._before, self._before + count)
        if not (mel <= self._quiet).all():
            return self._encode(mel)[wanted]
        self.silent += count
        if len(mel) not in self._silent:
            self._silent[len(mel)] = self._encode(np.repeat(self._silence, len(mel), axis=0))
        return self._silent[len(mel)][wanted]

    def _encode(self, mel: Floats) -> EncodedFrames:
        if self._window is not None and len(mel) < self._window:
            mel = np.concatenate([mel, np.repeat(self._silence, self._window - len(mel), axis=0)])
        embedding, attention, logits = self._session.run(mel[None])
        return EncodedFrames(embedding[0], attention[0], logits[0])


def fixed_axis(session: Session, axis: int) -> int | None:
    """Return the size of an axis of the first input; None if it is free."""
    size = session.inputs[0].shape[axis]
    return size if isinstance(size, int) else None
