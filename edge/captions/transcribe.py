"""Captions of a recording: speech found, recognised, and written as sentences with the times of their words.

decode -> speech in chunks -> recogniser (edge.evidence.speech) -> sentences
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge.cache import Cache, CachedRecognizer, key
from edge.errors import NoAudioError
from edge.evidence.speech.recognition import SPOKEN, Ear, Said, recognize
from edge.evidence.speech.recognizers import Recognizer, open_recognizer
from edge.evidence.transcript import Captioned, Settings, restored, stored
from edge.media import AudioBlock, Health, MediaInfo, decode_audio, probe
from edge.models.store import find
from edge.networks.segmenter import Segmenter
from edge.text.sentences import sentences
from edge.vocabulary import Span, Word

Floats = NDArray[np.float32]

Progress = Callable[[float], None]
"""Called now and then with the share of the work that is done, 0 to 1."""


def caption(
    path: Path | str,
    settings: Settings | None = None,
    *,
    recognizer: Recognizer | None = None,
    segmenter: Segmenter | None = None,
    audio_stream: int | None = None,
    cache: Cache | None = None,
    progress: Progress | None = None,
) -> Captioned:
    """Write down what is said in a recording, video or audio, in any container that FFmpeg reads.

    The recording is decoded once and never held in memory. `recognizer` and `segmenter` save loading the
    models again; `audio_stream` is an index from `media.audio`. With a `cache` a recording that was heard
    before, whatever its name, is not heard again, nor is the beginning of one that has grown.

    Raises InputError if it cannot be read, NoAudioError if there is nothing to hear, ModelError.
    """
    settings, recognizer = settings or Settings(), recognizer or open_recognizer()
    media = probe(path)
    if cache is None:
        return _listen(media, settings, recognizer, segmenter, audio_stream=audio_stream, progress=progress)
    model = (segmenter.folder if segmenter else find("segmenter")).manifest.digest
    at = key("captions", cache.content_digest(media.path), audio_stream, recognizer.identity, model, settings)
    found = restored(cache.get(at), media, settings)
    if found is None:
        known = CachedRecognizer(recognizer, cache)
        found = _listen(media, settings, known, segmenter, audio_stream=audio_stream, progress=progress)
        cache.put(at, stored(found))
    return found


def _listen(
    media: MediaInfo,
    settings: Settings,
    recognizer: Recognizer,
    segmenter: Segmenter | None,
    *,
    audio_stream: int | None,
    progress: Progress | None,
) -> Captioned:
    segmenter, health = segmenter or Segmenter(), Health()
    counter = _Counter(media.duration_s * segmenter.rate_hz, progress)
    blocks = decode_audio(media.path, rate_hz=segmenter.rate_hz, stream=audio_stream, health=health)
    ear = Ear(segmenter)
    heard = list(recognize(counter.count(blocks), ear, recognizer, settings))
    if not counter.samples:
        raise NoAudioError(media.path, "holds no sound")
    duration_s = counter.samples / segmenter.rate_hz
    return Captioned(
        media=media,
        duration_s=duration_s,
        language=_language(heard),
        sentences=list(sentences(_words(heard), settings.captions)),
        loudness=[one.loudness for one in heard],
        hesitations=[span for one in heard for span in one.hesitations if ear.speaking(span) >= SPOKEN],
        music=[Span(one.start, min(one.end, duration_s)) for one in ear.music],
        settings=settings,
        notes=health.notes(),
    )


class _Counter:
    """Counts the samples that go by, and reports."""

    def __init__(self, total: float, progress: Progress | None) -> None:
        self._total, self._progress = total, progress
        self.samples = 0

    def count(self, blocks: Iterable[AudioBlock]) -> Iterator[Floats]:
        for block in blocks:
            yield block.samples
            self.samples = block.start + len(block.samples)
            if self._progress and self._total > 0:
                self._progress(min(1.0, self.samples / self._total))


def _words(heard: Iterable[Said]) -> Iterator[Word]:
    for one in heard:
        yield from one.words


def _language(heard: list[Said]) -> str:
    counts: dict[str, int] = {}
    for one in heard:
        counts[one.language] = counts.get(one.language, 0) + len(one.words)
    return max(counts, key=lambda name: counts[name], default="und") if any(counts.values()) else "und"
