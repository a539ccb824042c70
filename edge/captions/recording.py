"""Captions of a recording: speech found, recognised, and written as sentences with the times of their words.

decode -> speech in chunks (edge.captions.speech) -> recogniser -> doubtful text left out -> sentences
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from edge.captions import sentences as grouping
from edge.captions.cache import Cache, CachedRecognizer, key
from edge.captions.hesitation import hesitations
from edge.captions.recognizers import Heard, Recognizer, open_recognizer
from edge.captions.sentences import CaptionSettings
from edge.captions.speech import (
    Chunk,
    Listener,
    SpeechSettings,
    chunks,
    joined_runs,
    loudness,
    runs,
    sounding,
)
from edge.errors import NoAudioError
from edge.media import AudioBlock, Health, MediaInfo, decode_audio, probe
from edge.models.segmenter import Segmenter
from edge.models.store import find
from edge.spans import outside
from edge.vocabulary import LABELS, Caption, Label, Span, Word

Floats = NDArray[np.float32]

ROOM_S = 0.2
"""Seconds around speech that is recognised once more."""

SCRAP_S = 0.1
"""Less sound than this at the end of a word, beyond a silence, may be a neighbour's."""

SHORTEST_S = 0.03
"""No word is trimmed to less."""

SPOKEN = 0.25
"""Confidence of speaking of a hesitation; a steady noise beside speech has less."""

MUSIC_S = 2.0
"""Shorter music is a jingle at most."""

Progress = Callable[[float], None]
"""Called now and then with the share of the work that is done, 0 to 1."""


@dataclass(frozen=True)
class Settings:
    """Every choice on the way to captions."""

    speech: SpeechSettings = field(default_factory=SpeechSettings)
    captions: CaptionSettings = field(default_factory=CaptionSettings)
    doubt: float = -0.8
    """Text with a lower mean log-probability is left out: what recognisers write for noise."""
    missed_s: float = 0.8
    """Speech of this length without any word is recognised once more."""
    loops: int = 5
    """Text that says the same words this often in a row is a recogniser going round in circles: said once."""


@dataclass(frozen=True)
class Loudness:
    """How loud a stretch of speech is, see `edge.captions.speech.loudness`."""

    start: float
    """Seconds."""
    values: NDArray[np.float16]
    """float16[n], one every `LEVEL_S`."""


@dataclass(frozen=True)
class Captioned:
    """What is said in a recording."""

    media: MediaInfo
    duration_s: float
    """Length of the sound in seconds."""
    language: str
    """Of most of the words, as in BCP 47; "und" where nothing is said."""
    sentences: list[Caption]
    """In order, disjoint; each with the times of its words."""
    loudness: list[Loudness]
    """Of every stretch of speech, whether or not the recogniser had words for it."""
    hesitations: list[Span]
    """Sounds such as "um" that the text leaves out."""
    music: list[Span]
    """Where there is music or singing."""
    settings: Settings
    notes: list[str]
    """One line for each thing that was wrong with the file; empty for a sound one."""

    @property
    def media_s(self) -> float:
        """Length of the recording in seconds: of its sound or its picture, whichever is longer."""
        return max(self.duration_s, self.media.duration_s)

    @property
    def sounding(self) -> list[Span]:
        """Where voices sound, by labels and level."""
        return [
            Span(one.start + span.start, one.start + span.end)
            for one in self.loudness
            for span in sounding(one.values.astype(np.float32))
        ]

    @property
    def captions(self) -> list[Caption]:
        """The sentences in portions to be shown."""
        settings = self.settings.captions
        return [part for one in self.sentences for part in grouping.captions(one, settings)]


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
    ear = _Ear(segmenter)
    heard = list(recognize(counter.count(blocks), ear, recognizer, settings))
    if not counter.samples:
        raise NoAudioError(media.path, "holds no sound")
    return Captioned(
        media=media,
        duration_s=counter.samples / segmenter.rate_hz,
        language=_language(heard),
        sentences=list(grouping.sentences(_words(heard), settings.captions)),
        loudness=[one.loudness for one in heard],
        hesitations=[span for one in heard for span in one.hesitations if ear.speaking(span) >= SPOKEN],
        music=ear.music,
        settings=settings,
        notes=health.notes(),
    )


@dataclass(frozen=True)
class Said:
    """What was recognised in a chunk. Times are seconds of the recording."""

    words: tuple[Word, ...]
    language: str
    log_probability: float
    loudness: Loudness
    hesitations: tuple[Span, ...]


def recognize(
    blocks: Iterable[Floats], listener: Listener, recognizer: Recognizer, settings: Settings
) -> Iterator[Said]:
    """What is said, chunk by chunk, as blocks float32[n] at the listener's rate arrive."""
    for chunk in chunks(blocks, listener, settings.speech):
        yield said(chunk, recognizer, settings)


def said(chunk: Chunk, recognizer: Recognizer, settings: Settings) -> Said:
    """What is said in a chunk, on the recording's clock, without what is not to be believed.

    Recognisers skip what they take for a slip, above all a sentence that is said twice. So what sounds for
    long and has no word is recognised once more, by itself.
    """
    rate_hz = recognizer.rate_hz
    loud = loudness(chunk.samples, rate_hz)
    voiced = sounding(loud)
    heard = recognizer.recognize(chunk.samples)
    words = list(trimmed(believable(heard, settings), voiced))
    missed = [part for span in voiced for part in outside(span, _spans(words))] if words else []
    for part in missed:
        if part.seconds >= settings.missed_s:
            begin = max(0, round((part.start - ROOM_S) * rate_hz))
            again = recognizer.recognize(chunk.samples[begin : round((part.end + ROOM_S) * rate_hz)])
            more = (moved(word, begin / rate_hz) for word in believable(again, settings))
            words += trimmed(more, [part])
    words.sort(key=lambda word: word.start)
    zero = chunk.start / rate_hz
    unsaid = hesitations(chunk.samples, rate_hz, loud, words)
    return Said(
        tuple(moved(word, zero) for word in words),
        heard.language,
        heard.log_probability,
        Loudness(zero, loud.astype(np.float16)),
        tuple(Span(zero + one.start, zero + one.end) for one in unsaid),
    )


def trimmed(words: Iterable[Word], voiced: Sequence[Span]) -> Iterator[Word]:
    """Words without the silence that alignment gave them at their ends.

    A word is from the first to the last of its sounds that is not a mere scrap of a neighbour's.
    """
    for word in words:
        parts = [
            (max(word.start, one.start), min(word.end, one.end))
            for one in voiced
            if one.start < word.end and word.start < one.end
        ]
        sounds = [part for part in parts if part[1] - part[0] >= SCRAP_S] or sorted(parts, key=_length)[-1:]
        if sounds and sounds[-1][1] - sounds[0][0] >= SHORTEST_S:
            yield replace(word, start=sounds[0][0], end=sounds[-1][1])
        else:
            yield word


def _length(part: tuple[float, float]) -> float:
    return part[1] - part[0]


def moved(word: Word, by_s: float) -> Word:
    """The word so much later."""
    return replace(word, start=word.start + by_s, end=word.end + by_s)


def _spans(words: Iterable[Word]) -> list[Span]:
    return [Span(word.start, word.end) for word in words]


def believable(heard: Heard, settings: Settings) -> tuple[Word, ...]:
    """The words of a chunk: none if the recogniser was not sure, loops said once."""
    if heard.log_probability < settings.doubt:
        return ()
    return _without_loops(heard.words, settings.loops)


def _without_loops(words: tuple[Word, ...], loops: int) -> tuple[Word, ...]:
    texts = [word.text.strip(".,!?").lower() for word in words]
    at = 0
    while at < len(texts):
        for length in range(1, (len(texts) - at) // loops + 1):
            turns = 1
            phrase = texts[at : at + length]
            while texts[at + turns * length : at + (turns + 1) * length] == phrase:
                turns += 1
            if turns >= loops:
                stop = at + turns * length
                return (*words[: at + length], *_without_loops(words[stop:], loops))
        at += 1
    return words


class _Ear:
    """A segmenter that remembers what it heard, frame by frame."""

    def __init__(self, segmenter: Segmenter) -> None:
        self._segmenter = segmenter
        self._heard: list[NDArray[np.float16]] = []
        self.rate_hz, self.frame_s = segmenter.rate_hz, segmenter.frame_s

    def confidences(self, blocks: Iterable[Floats], *, chunk_s: float) -> Iterator[Floats]:
        """See `Listener`."""
        for rows in self._segmenter.confidences(blocks, chunk_s=chunk_s):
            self._heard.append(rows.astype(np.float16))
            yield rows

    def speaking(self, span: Span) -> float:
        """Mean confidence that somebody speaks."""
        first, stop = int(span.start / self.frame_s), int(np.ceil(span.end / self.frame_s))
        return float(self._rows[first:stop, LABELS.index(Label.SPEAKING)].mean())

    @property
    def music(self) -> list[Span]:
        """Stretches of music or singing of `MUSIC_S` at least, but for breaks that are shorter."""
        musical = self._rows[:, [LABELS.index(Label.SINGING), LABELS.index(Label.MUSIC)]].sum(axis=1) > 0.5
        width = round(MUSIC_S / self.frame_s)
        found = joined_runs(runs(musical), width)
        return [Span(a * self.frame_s, b * self.frame_s) for a, b in found if b - a >= width]

    @property
    def _rows(self) -> NDArray[np.float16]:
        self._heard = [np.concatenate([np.zeros((0, len(LABELS)), np.float16), *self._heard])]
        return self._heard[0]


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
