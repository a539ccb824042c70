"""The interface of speech recognizers: a chunk of speech -> words with timestamps."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

from edge.arrays import Floats
from edge.networks.ctc import Token
from edge.text.scripts import is_ideographic
from edge.vocabulary import Word

SPIKE_TAIL_S = 0.12
"""CTC emits each token once, near its onset: a word ends at most this many seconds after its last token."""


@dataclass(frozen=True, slots=True)
class RecognitionResult:
    """Words recognized in a chunk of speech."""

    words: tuple[Word, ...]
    """In order and disjoint; seconds from the first sample of the chunk."""
    language: str
    """BCP 47 tag: en, zh, yue ..."""
    logprob: float
    """Mean natural log-probability of the recognizer's tokens; 0 is certain."""

    def __repr__(self) -> str:
        return f"RecognitionResult({len(self.words)} words, {self.language}, {self.logprob:.2f})"


class Recognizer(ABC):
    """A speech recognizer. Its networks are loaded on first use."""

    identity: tuple[str, str, str | None]
    """Key of its results: the model's id and digest, and the language that was set (BCP 47)."""
    rate_hz: int
    """Sample rate of its input."""

    @abstractmethod
    def recognize(self, samples: Floats) -> RecognitionResult:
        """Recognize samples float32[n] in -1..1 at `rate_hz`: a few to 20 seconds that end in pauses.

        Raises ModelError, MissingRuntimeError, MissingExtraError if the networks cannot be loaded.
        """

    def draft(self, samples: Floats) -> RecognitionResult:
        """Recognize speech that goes on, and will be recognized again: the times of words may be rough."""
        return self.recognize(samples)


def words_of(tokens: tuple[Token, ...], length_s: float) -> tuple[Word, ...]:
    """Group tokens into words: a word begins at a space, and at each character of a script without spaces.

    `length_s` is the length of the audio in seconds, which no word exceeds.
    """
    groups: list[list[Token]] = []
    begins = True
    for token in tokens:
        text = token.text
        begins = begins or text.startswith(" ") or is_ideographic(text[:1])
        if not text.strip():
            continue
        if begins or (text[:1].isalnum() and is_ideographic(groups[-1][-1].text[-1:])):
            groups.append([])
        groups[-1].append(token)
        begins = False
    words: list[Word] = []
    ends = [*(group[0].start for group in groups[1:]), length_s]
    for group, limit in zip(groups, ends, strict=False):  # there may be no group at all
        text = "".join(token.text for token in group).strip()
        words.append(Word(group[0].start, min(group[-1].end + SPIKE_TAIL_S, limit), text))
    return tuple(words)
