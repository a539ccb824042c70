"""Captions while somebody speaks: interim results until a passage is final."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from edge.captions.options import LiveOptions
from edge.errors import UsageError
from edge.evidence.collect import push
from edge.evidence.labels import FrameLabels
from edge.evidence.speech.chunks import Chunk, SpeechChunker
from edge.evidence.speech.recognition import recognize_chunk
from edge.evidence.speech.recognizers import Recognizer, open_recognizer
from edge.media import AudioBlock
from edge.networks.segmenter import Segmenter
from edge.text.sentences import sentences
from edge.vocabulary import Caption

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class LiveCaptions:
    """What was said since the last final result."""

    sentences: tuple[Caption, ...]
    """Times are seconds after the first sample."""
    final: bool
    """False for interim results, which the next one replaces."""


class LiveCaptionCollector:
    """Collects captions of audio that goes on, from the frame labels of a collector that stands before it.

    `take` returns what has come since it was last called. Raises UsageError if the recognizer takes another
    sample rate than the labels.
    """

    def __init__(self, labels: FrameLabels, recognizer: Recognizer, options: LiveOptions) -> None:
        if labels.rate_hz != recognizer.rate_hz:
            raise UsageError(f"the recognizer takes {recognizer.rate_hz} Hz, the labels {labels.rate_hz} Hz")
        self.rate_hz = labels.rate_hz
        self._labels, self._recognizer, self._options = labels, recognizer, options.transcript
        self._chunker = SpeechChunker(
            self._options.speech, rate_hz=labels.rate_hz, frame_s=labels.frame_s, live=True
        )
        self._labeled = 0
        self._results: list[LiveCaptions] = []

    def accept(self, block: AudioBlock) -> None:
        """See `Collector`."""
        self._chunker.accept(block.samples)
        self._recognize_labeled()

    def finish(self) -> None:
        """See `Collector`."""
        self._recognize_labeled()
        for chunk in self._chunker.finish():
            self._recognize(chunk)

    def take(self) -> list[LiveCaptions]:
        """Return the results since the last call."""
        results, self._results = self._results, []
        return results

    def _recognize_labeled(self) -> None:
        rows = self._labels.frames[self._labeled :]
        self._labeled += len(rows)
        for chunk in self._chunker.label(rows):
            self._recognize(chunk)

    def _recognize(self, chunk: Chunk) -> None:
        options = self._options.recognition
        if not chunk.final:  # the next interim result comes soon: no second look at what has no words
            options = replace(options, retry_gap_s=float("inf"))
        words = recognize_chunk(chunk, self._recognizer, options).words
        found = tuple(sentences(words, self._options.sentence_pause_s))
        if found or chunk.final:
            self._results.append(LiveCaptions(found, chunk.final))


def live_captions(
    blocks: Iterable[Floats],
    options: LiveOptions | None = None,
    *,
    recognizer: Recognizer | None = None,
    segmenter: Segmenter | None = None,
) -> Iterator[LiveCaptions]:
    """Transcribe blocks float32[n] at 16 kHz as they arrive, for example from a microphone.

    Goes on while blocks come, in half a minute's audio and 0.6 MB of labels an hour. Raises ModelError,
    MissingExtraError, and UsageError for a recognizer that takes another sample rate.
    """
    options = options or LiveOptions()
    labels = FrameLabels(segmenter or Segmenter(), chunk_s=options.interval_s)
    captions = LiveCaptionCollector(labels, recognizer or open_recognizer(), options)
    return _follow(blocks, labels, captions)


def _follow(
    blocks: Iterable[Floats], labels: FrameLabels, captions: LiveCaptionCollector
) -> Iterator[LiveCaptions]:
    for _ in push(audio_blocks(blocks), [labels, captions]):
        yield from captions.take()
    labels.finish()
    captions.finish()
    yield from captions.take()


def audio_blocks(samples: Iterable[Floats]) -> Iterator[AudioBlock]:
    """Number the samples of consecutive blocks float32[n]."""
    start = 0
    for block in samples:
        yield AudioBlock(block, start)
        start += len(block)
