"""Align a text whose alignment as a whole is doubtful: words that are recognized in short pieces are anchors.

    samples -> pieces between pauses -> words of each, aligned -> anchors in the text -> the rest between them

A wrong word in a long chunk shifts all that follow; in a piece of a few seconds it cannot go far.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher

from edge.arrays import Floats
from edge.evidence.speech.alignment import Aligner
from edge.evidence.speech.level import sounding, speech_level
from edge.evidence.speech.spoken import text_tokens
from edge.evidence.speech.word_times import evened, moved
from edge.networks.phone_models import RATE_HZ
from edge.vocabulary import Word

PIECE_S, PAUSE_S = 2.0, 0.2
"""Shortest piece, and shortest pause between pieces, in seconds."""

LETTERS, LETTERS_PER_S = 5, 25
"""Fewest letters of an anchor, and most letters between anchors in a second."""

ROOM_S = 0.1
"""Seconds around a piece that are recognized with it: half a pause, so pieces are disjoint."""


def align_by_pieces(
    aligner: Aligner, samples: Floats, text: str, recognize: Callable[[Floats], str]
) -> tuple[Word, ...]:
    """Return the words of `text` with their times in seconds from the first of samples float32[n], 16 kHz.

    `recognize` returns the text of a piece of the samples.
    """
    known = [word for piece in _pieces(samples) for word in _aligned(aligner, samples, piece, recognize)]
    tokens = text_tokens(text)
    words: list[Word] = []
    first, begin = 0, 0.0
    end_s = len(samples) / RATE_HZ
    for anchor in [*_anchors(tokens, known, end_s), _Anchor(len(tokens), (), end_s, end_s)]:
        words += _between(aligner, samples, tokens[first : anchor.first], (begin, anchor.start))
        texts = tokens[anchor.first : anchor.first + len(anchor.words)]
        words += [replace(word, text=text) for word, text in zip(anchor.words, texts, strict=True)]
        first, begin = anchor.first + len(anchor.words), anchor.end
    return evened(words)


@dataclass(frozen=True, slots=True)
class _Anchor:
    """Tokens from `first` on that were recognized in a piece."""

    first: int
    words: Sequence[Word]
    start: float
    end: float

    @property
    def letters(self) -> int:
        return sum(len(_plain(word.text)) for word in self.words)


def _anchors(tokens: Sequence[str], known: Sequence[Word], end_s: float) -> list[_Anchor]:
    """Return the anchors between which there is time for the other tokens."""
    plain = [_plain(token) for token in tokens]
    matcher = SequenceMatcher(None, plain, [_plain(word.text) for word in known], autojunk=False)
    found = []
    for at, there, count in matcher.get_matching_blocks():
        part = known[there : there + count]
        if count and sum(map(len, plain[at : at + count])) >= LETTERS:
            found.append(_Anchor(at, part, part[0].start, part[-1].end))
    bounds = [_Anchor(0, (), 0.0, 0.0), *found, _Anchor(len(tokens), (), end_s, end_s)]
    at = 1
    while at < len(bounds):
        one, other = bounds[at - 1], bounds[at]
        letters = sum(map(len, plain[one.first + len(one.words) : other.first]))
        if letters <= LETTERS_PER_S * (other.start - one.end) or len(bounds) == 2:
            at += 1
            continue
        weaker = at if at < len(bounds) - 1 and (at == 1 or other.letters < one.letters) else at - 1
        del bounds[max(1, weaker)]
        at = max(1, at - 1)
    return bounds[1:-1]


def _pieces(samples: Floats) -> Iterator[tuple[float, float]]:
    """Yield the pieces between pauses, in seconds, each as short as `PIECE_S` allows."""
    loud = sounding(speech_level(samples, RATE_HZ), pause_s=PAUSE_S)
    begin: float | None = None
    for span in loud:
        begin = span.start if begin is None else begin
        if span.end - begin >= PIECE_S or span is loud[-1]:
            yield begin, span.end
            begin = None


def _aligned(
    aligner: Aligner, samples: Floats, piece: tuple[float, float], recognize: Callable[[Floats], str]
) -> list[Word]:
    """Recognize a piece and return its words, if they could be aligned."""
    start_s = max(0.0, piece[0] - ROOM_S)
    part = samples[round(start_s * RATE_HZ) : round((piece[1] + ROOM_S) * RATE_HZ)]
    found = aligner.align(part, recognize(part))
    return [moved(word, start_s) for word in found.words] if found.is_certain else []


def _between(
    aligner: Aligner, samples: Floats, tokens: Sequence[str], span: tuple[float, float]
) -> list[Word]:
    """Align the tokens between two anchors with the audio there."""
    if not tokens:
        return []
    start, end = span[0], max(span[1], span[0])
    part = samples[round(start * RATE_HZ) : round(end * RATE_HZ)]
    return [moved(word, start) for word in aligner.align(part, " ".join(tokens)).words]


def _plain(token: str) -> str:
    return "".join(filter(str.isalnum, token.casefold()))
