"""What several tests make: talks from a script, talks by a synthesizer, recognizers that know them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge.cache import Cache
from edge.captions.options import CaptionOptions
from edge.captions.transcribe import transcribe
from edge.evidence.options import TranscriptOptions
from edge.evidence.speech.level import SpeechLevel
from edge.evidence.speech.recognizer import RecognitionResult, Recognizer
from edge.evidence.transcript import Transcript
from edge.media import decode_audio
from edge.media.read.recording import MediaSource
from edge.networks.segmenter import Segmenter
from edge.quickcut.clean import CleanPlan, CleanResult, clean, plan_clean
from edge.quickcut.options import CleanOptions, MarkOptions, RepeatOptions
from edge.spans import intervals, merge
from edge.text.sentences import sentences
from edge.vocabulary import Progress, Span, Word
from tools.sound.signals import add_at, at_dbfs, fade
from tools.sound.speech import speak
from tools.sound.wave import write_wav

Floats = NDArray[np.float32]

RATE_HZ = 16_000

ONE = "Good evening everybody and welcome to the river hall."
TWO = "We have a full house tonight in spite of the rain."
THREE = "Thank you so much for coming and good night."

WORD, REST = 30, 2
"""Hundredths of a second of a word, and between words."""


def talk_from_script(
    script: str, *, language: str = "en", music: Sequence[Span] = (), sounds: Sequence[Span] = ()
) -> Transcript:
    """A talk: words of 0.3 s with 20 ms between them; "[1.5]" is a silence, "~" a filled pause of 0.4 s.

    A filled pause touches the words beside it. Sentences end as recognized ones do, at punctuation and at
    pauses; "/" ends one too. Of Chinese each character is a word.
    """
    parts: list[list[Word]] = [[]]
    filled_pauses: list[Span] = []
    at, rest = 0, 0
    for piece in re.findall(r"\[[\d.]+\]|~|/|[\u3000-\u9fff][。，？]*|[^\s\[\]~/\u3000-\u9fff]+", script):  # noqa: RUF001
        if piece.startswith("["):
            at, rest = at + round(100 * float(piece[1:-1])), 0
        elif piece == "~":
            filled_pauses.append(Span(at / 100, (at + 40) / 100))
            at, rest = at + 40, 0
        elif piece == "/":
            parts.append([])
        else:
            parts[-1].append(Word((at + rest) / 100, (at + rest + WORD) / 100, piece))
            at, rest = at + rest + WORD, REST
    words = [word for part in parts for word in part]
    loud = [*(Span(word.start, word.end) for word in words), *filled_pauses, *sounds]
    pause_s = TranscriptOptions().sentence_pause_s
    return Transcript(
        duration_s=at / 100,
        language=language,
        sentences=tuple(one for part in parts for one in sentences(part, pause_s)),
        levels=(level_of(loud, at / 100),),
        filled_pauses=tuple(filled_pauses),
        music=tuple(music),
        sounds=tuple(Span(*part) for part in merge(intervals(loud))),
    )


def level_of(loud: Iterable[Span], seconds: float) -> SpeechLevel:
    """Silence but for these spans."""
    values = np.zeros(round(seconds * 100), np.float16)
    for span in loud:
        values[round(span.start * 100) : round(span.end * 100)] = 1
    return SpeechLevel(0.0, values)


def words_of(transcript: Transcript) -> list[Word]:
    """All words in order."""
    return [word for sentence in transcript.sentences for word in sentence.words]


BY_LETTERS = CleanOptions(marks=MarkOptions(repeat=RepeatOptions(method="published")))
"""For recordings whose words are tones: the same words do not sound alike in them."""


@dataclass(frozen=True)
class Shot:
    """A media file and what is said in it."""

    path: Path
    transcript: Transcript

    def plan(self, options: CleanOptions | None = None) -> CleanPlan:
        """What cleaning would do."""
        return plan_clean(self.path, options or BY_LETTERS, transcript=self.transcript)

    def clean(
        self,
        destination: Path,
        options: CleanOptions | None = None,
        *,
        force: bool = False,
        progress: Progress | None = None,
    ) -> CleanResult:
        """Clean it."""
        return clean(
            self.path,
            destination,
            options or BY_LETTERS,
            transcript=self.transcript,
            force=force,
            progress=progress,
        )


@dataclass
class Take:
    """A recording in the making, and when each word is said."""

    samples: Floats
    words: list[Word] = field(default_factory=list)

    def say(self, text: str, at_s: float, *, voice: str = "en-us") -> float:
        """Put in the words one after another; returns when the last one ends."""
        for token in text.split():
            spoken = speak(token, voice=voice)
            loud = np.flatnonzero(np.abs(spoken) > 0.01)
            spoken = at_dbfs(spoken[loud[0] : loud[-1]], -20)
            add_at(self.samples, spoken, at_s)
            end_s = at_s + len(spoken) / RATE_HZ
            self.words.append(Word(at_s, end_s, token))
            at_s = end_s + 0.04
        return self.words[-1].end

    def write(self, path: Path) -> Path:
        """To a WAV file, in the noise of a room."""
        hiss = np.random.default_rng(4).standard_normal(len(self.samples)).astype(np.float32)
        write_wav(path, self.samples + at_dbfs(hiss, -66), RATE_HZ)
        return path


class Knowing(Recognizer):
    """Says those words of a recording that it is given the audio of, at least in part.

    It skips those of `skips` where there are others.
    """

    identity = ("knowing", "1", None)
    rate_hz = RATE_HZ

    def __init__(
        self, path: MediaSource, words: Iterable[Word], *, logprob: float = -0.1, skips: Sequence[Word] = ()
    ) -> None:
        self._whole = b"".join(block.samples.tobytes() for block in decode_audio(path, rate_hz=RATE_HZ))
        self._words, self._logprob = list(words), logprob
        self._skips = set(skips)
        self.asked: list[Span] = []

    def recognize(self, samples: Floats) -> RecognitionResult:
        """The words there."""
        at = self._whole.find(samples.tobytes())
        assert at >= 0, "this is no part of the recording"
        first, length_s = at / 4 / RATE_HZ, len(samples) / RATE_HZ
        self.asked.append(Span(first, first + length_s))
        said = [
            word for word in self._words if word.end > first + 0.02 and word.start < first + length_s - 0.02
        ]
        if len(others := [word for word in said if word not in self._skips]) > 2:
            said = others
        heard = (
            Word(max(word.start - first, 0.0), min(word.end - first, length_s), word.text) for word in said
        )
        return RecognitionResult(tuple(heard), "en", self._logprob)


def transcript_of(
    path: Path,
    options: TranscriptOptions | None = None,
    *,
    recognizer: Recognizer,
    segmenter: Segmenter | None = None,
    cache: Cache | None = None,
    progress: Progress | None = None,
) -> Transcript:
    """Transcribe a file and leave the layout of captions out."""
    captions = CaptionOptions(transcript=options or TranscriptOptions())
    return transcribe(
        path, captions, recognizer=recognizer, segmenter=segmenter, cache=cache, progress=progress
    ).transcript


VOWELS = {"uh": (600, 1200, 2500), "er": (500, 1500, 1700), "ah": (750, 1250, 2600), "mm": (250, 1100, 2200)}
"""Formants in Hz."""


def vowel(name: str, seconds: float, *, pitch_hz: float = 115.0, seed: int = 0) -> Floats:
    """A vowel held by a voice that is a little unsteady in pitch and level."""
    rng = np.random.default_rng(seed)
    count = round(seconds * RATE_HZ)
    t = np.arange(count) / RATE_HZ
    drift = np.interp(t, np.linspace(0, seconds, 6), rng.normal(1, 0.015, 6))
    phase = 2 * np.pi * np.cumsum(pitch_hz * drift) / RATE_HZ
    sound = np.zeros(count)
    for harmonic in range(1, int(5000 / pitch_hz)):
        hz = harmonic * pitch_hz
        gain = sum(1 / (1 + ((hz - formant) / 90) ** 2) / (1 + n) for n, formant in enumerate(VOWELS[name]))
        sound += (gain + 0.02) / harmonic**0.5 * np.sin(harmonic * phase + rng.uniform(0, 6.28))
    breath = 0.003 * rng.standard_normal(count)
    return fade(at_dbfs((sound / np.abs(sound).max() + breath).astype(np.float32), -20), 0.03, 0.04)


def in_blocks(samples: Floats, sizes: Iterable[int]) -> Iterator[Floats]:
    """Blocks of these sizes, and the rest."""
    at = 0
    for size in sizes:
        yield samples[at : at + size]
        at += size
    yield samples[at:]
