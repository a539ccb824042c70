"""Live captions: interim results until a passage is final."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from edge.arrays import Floats
from edge.captions.options import LiveOptions
from edge.errors import UsageError
from edge.evidence.labels import FrameLabels
from edge.evidence.live import follow
from edge.evidence.speech.chunks import Chunk, SpeechChunker
from edge.evidence.speech.recognition import recognize_chunk
from edge.evidence.speech.recognizer import Recognizer
from edge.evidence.speech.recognizers import open_recognizer
from edge.media import AudioBlock
from edge.networks.segmenter import Segmenter
from edge.text.sentences import sentences
from edge.vocabulary import Caption

INTERIM_SHARE: Final = 0.2
"""Share of the time that interim results may take: speech that goes on is recognized again for each."""


@dataclass(frozen=True, slots=True)
class LiveCaptions:
    """The speech since the last final result."""

    sentences: tuple[Caption, ...]
    """Times are seconds from the first sample."""
    final: bool
    """False for interim results, which the next one replaces."""

    def __repr__(self) -> str:
        return f"LiveCaptions({len(self.sentences)} sentences, final={self.final})"


class LiveCaptionCollector:
    """Collector of live captions. It reads the frame labels of a collector that is fed before it.

    `take` returns the results since the last call. Interim results come as often as the options say, but take
    a fifth of the time at most. Raises UsageError if the recognizer needs another sample rate than the
    labels.
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
        self._rests_until = 0.0
        """Monotonic time before which there is no interim result."""
        self._results: list[LiveCaptions] = []

    def accept(self, block: AudioBlock) -> None:
        """Process one block; see `Collector`."""
        self._chunker.accept(block.samples)
        self._recognize_labeled()

    def finish(self) -> None:
        """Recognize the remaining speech; see `Collector`."""
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
        options, started = self._options.recognition, time.monotonic()
        if not chunk.final:  # the next interim result comes soon: do not retry gaps
            if started < self._rests_until:
                return
            options = replace(options, retry_gap_s=float("inf"))
        words = recognize_chunk(chunk, self._recognizer, options).words
        if not chunk.final:
            now = time.monotonic()
            self._rests_until = now + (now - started) * (1 / INTERIM_SHARE - 1)
        spoken = tuple(sentences(words, self._options.sentence_pause_s))
        if spoken or chunk.final:
            self._results.append(LiveCaptions(spoken, chunk.final))


def live_captions(
    blocks: Iterable[Floats],
    options: LiveOptions | None = None,
    *,
    recognizer: Recognizer | None = None,
    segmenter: Segmenter | None = None,
) -> Iterator[LiveCaptions]:
    """Transcribe blocks float32[n] at 16 kHz as they arrive, for example from a microphone.

    Runs until `blocks` ends. Memory use is half a minute of audio, and 0.6 MB of labels per hour. Raises
    ModelError, MissingExtraError, and UsageError for a recognizer with another sample rate.
    """
    options = options or LiveOptions()
    labels = FrameLabels(segmenter or Segmenter(), chunk_s=options.interval_s)
    captions = LiveCaptionCollector(labels, recognizer or open_recognizer(), options)
    return follow(blocks, [labels], [captions])
