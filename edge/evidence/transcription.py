"""Transcribe a recording in one pass: labels locate speech, a recognizer converts its chunks to words."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import takewhile

import numpy as np

from edge.cache import Cache, key
from edge.errors import UsageError
from edge.evidence.audible import AudibleCollector
from edge.evidence.collect import collect
from edge.evidence.labels import FrameLabels
from edge.evidence.options import TranscriptOptions
from edge.evidence.speech.cached import CachedRecognizer
from edge.evidence.speech.chunks import Chunk, SpeechChunker
from edge.evidence.speech.level import runs
from edge.evidence.speech.recognition import ChunkTranscript, recognize_chunk
from edge.evidence.speech.recognizer import Recognizer
from edge.evidence.stored import remembered
from edge.evidence.transcript import Transcript
from edge.media import AudioBlock, Recording
from edge.models.store import find
from edge.networks.segmenter import Segmenter
from edge.spans import merge
from edge.text.sentences import sentences
from edge.vocabulary import LABELS, Label, Progress, Span, Word

MIN_MUSIC_S = 2.0
"""Minimum length of music in seconds; anything shorter is a jingle."""

MIN_SPEAKING = 0.25
"""Minimum confidence of speaking in a filled pause; steady noise next to speech has less."""

NEAR_S = 1.5
"""Greatest distance of a filled pause to a word in seconds: where no word was recognized, a steady sound may
be anything."""


class TranscriptCollector:
    """Collector of the `Transcript` of audio. It reads the frame labels of a collector that precedes it.

    Chunks are recognized as soon as their labels are available. Raises UsageError if the recognizer needs
    another sample rate than the labels.
    """

    def __init__(
        self, labels: FrameLabels, recognizer: Recognizer, options: TranscriptOptions | None = None
    ) -> None:
        if labels.rate_hz != recognizer.rate_hz:
            raise UsageError(f"the recognizer takes {recognizer.rate_hz} Hz, the labels {labels.rate_hz} Hz")
        self.rate_hz = labels.rate_hz
        self._options = options or TranscriptOptions()
        self._labels, self._recognizer = labels, recognizer
        self._chunker = SpeechChunker(self._options.speech, rate_hz=labels.rate_hz, frame_s=labels.frame_s)
        self._audible = AudibleCollector(labels.rate_hz)
        self._labeled = 0
        self._chunks: list[ChunkTranscript] = []
        self.result: Transcript
        """Set by `finish`."""

    def accept(self, block: AudioBlock) -> None:
        """Recognize the chunks that a block completes; see `Collector`."""
        self._chunker.accept(block.samples)
        self._audible.accept(block.samples)
        self._recognize_labeled()

    def finish(self) -> None:
        """Recognize the remaining chunks and set `result`."""
        self._recognize_labeled()
        self._recognize(self._chunker.finish())
        self._audible.finish()
        duration_s = self._labels.samples / self.rate_hz
        words = [word for chunk in self._chunks for word in chunk.words]
        sounds = list(self._sounds(duration_s))
        self.result = Transcript(
            duration_s=duration_s,
            language=_language(self._chunks),
            sentences=tuple(sentences(words, self._options.sentence_pause_s)),
            levels=tuple(chunk.level for chunk in self._chunks),
            filled_pauses=tuple(
                span
                for chunk in self._chunks
                for span in chunk.filled_pauses
                if self._is_spoken(span) and _is_audible(span, sounds) and _is_near(span, words)
            ),
            music=tuple(self._music(duration_s)),
            sounds=tuple(sounds),
        )

    def _recognize_labeled(self) -> None:
        rows = self._labels.frames[self._labeled :]
        self._labeled += len(rows)
        self._recognize(self._chunker.label(rows))

    def _recognize(self, chunks: Iterable[Chunk]) -> None:
        recognition = self._options.recognition
        self._chunks += [recognize_chunk(chunk, self._recognizer, recognition) for chunk in chunks]

    def _is_spoken(self, span: Span) -> bool:
        frame_s = self._labels.frame_s
        first, stop = int(span.start / frame_s), int(np.ceil(span.end / frame_s))
        return bool(self._labels.frames[first:stop, LABELS.index(Label.SPEAKING)].mean() >= MIN_SPEAKING)

    def _sounds(self, duration_s: float) -> Iterable[Span]:
        """Yield what is above the noise floor; of voices, also what is fainter."""
        columns = [LABELS.index(Label.SINGING), LABELS.index(Label.SPEAKING)]
        voiced = self._labels.frames[:, columns].sum(axis=1) > 0.5
        for span in self._audible.spans(voiced, self._labels.frame_s):
            if span.start < duration_s:
                yield Span(span.start, min(span.end, duration_s))

    def _music(self, duration_s: float) -> Iterable[Span]:
        """Yield spans of music or singing of at least `MIN_MUSIC_S`, ignoring shorter gaps."""
        frame_s = self._labels.frame_s
        columns = [LABELS.index(Label.SINGING), LABELS.index(Label.MUSIC)]
        width = round(MIN_MUSIC_S / frame_s)
        for first, stop in merge(runs(self._labels.frames[:, columns].sum(axis=1) > 0.5), width - 1):
            if stop - first >= width:
                yield Span(first * frame_s, min(stop * frame_s, duration_s))


def collect_transcript(
    recording: Recording,
    recognizer: Recognizer,
    *,
    segmenter: Segmenter | None = None,
    options: TranscriptOptions | None = None,
    cache: Cache | None = None,
    progress: Progress | None = None,
) -> tuple[Transcript, tuple[str, ...]]:
    """Transcribe a recording; return the transcript, and notes on problems found in the file.

    With a `cache` the same content, whatever the file's name, is not decoded again, and only the new part of
    a file that has grown is recognized. Raises the errors of `collect` and `TranscriptCollector`.
    """
    options = options or TranscriptOptions()
    if cache is None:
        return _transcribe(recording, recognizer, segmenter or Segmenter(), options, progress)
    model = (segmenter.folder if segmenter else find(Segmenter.default)).manifest.digest

    def compute() -> StoredTranscript:
        known = CachedRecognizer(recognizer, cache)
        return StoredTranscript(*_transcribe(recording, known, segmenter or Segmenter(), options, progress))

    entry = transcript_key(cache, recording, recognizer, model, options)
    stored = remembered(cache, entry, StoredTranscript, compute)
    return stored.transcript, stored.notes


@dataclass(frozen=True, slots=True, eq=False)
class StoredTranscript:
    """What a cache holds of a recording."""

    transcript: Transcript
    """What is said."""
    notes: tuple[str, ...]
    """Problems found in the file, one line each."""


def transcript_key(
    cache: Cache, recording: Recording, recognizer: Recognizer, model: str, options: TranscriptOptions
) -> str:
    """Return the key of a `StoredTranscript`; `model` is the digest of the segmenter. Raises InputError."""
    audio = tuple(stream.index for stream in recording.require_audio())
    return key("transcript", cache.digest_of(recording), audio, recognizer.identity, model, options)


def _transcribe(
    recording: Recording,
    recognizer: Recognizer,
    segmenter: Segmenter,
    options: TranscriptOptions,
    progress: Progress | None,
) -> tuple[Transcript, tuple[str, ...]]:
    labels = FrameLabels(segmenter)
    transcript = TranscriptCollector(labels, recognizer, options)
    report = collect(recording, [labels, transcript], progress=progress)
    return transcript.result, tuple(report.notes())


def _is_audible(span: Span, sounds: Sequence[Span]) -> bool:
    """Return whether most of a span is above the noise floor."""
    first = bisect_left(sounds, span.start, key=lambda sound: sound.end)
    near = takewhile(lambda sound: sound.start < span.end, sounds[first:])
    return sum(span.overlap(sound) for sound in near) > span.seconds / 2


def _is_near(span: Span, words: Sequence[Word]) -> bool:
    """Return whether a word begins or ends within `NEAR_S` of a span."""
    first = bisect_left(words, span.start - NEAR_S, key=lambda word: word.end)
    return first < len(words) and words[first].start < span.end + NEAR_S


def _language(chunks: Iterable[ChunkTranscript]) -> str:
    """Return the language of most words; "und" without words."""
    counts: Counter[str] = Counter()
    for chunk in chunks:
        counts[chunk.language] += len(chunk.words)
    return max(counts, key=lambda name: counts[name]) if any(counts.values()) else "und"
