"""Words to sentences, and sentences to captions that can be read in the time that they are shown."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from edge.errors import UsageError
from edge.text.scripts import ends_clause, ends_sentence, joined
from edge.vocabulary import Caption, Word


@dataclass(frozen=True)
class CaptionSettings:
    """How much a caption holds."""

    pause_s: float = 0.8
    """A pause this long ends a sentence, whatever the marks say."""
    columns: int = 84
    """Width of a caption: two lines of 42, the usual for television. East Asian characters take two."""
    longest_s: float = 7.0
    """Seconds that a caption is shown at most."""

    def __post_init__(self) -> None:
        if self.pause_s <= 0 or self.columns < 10 or self.longest_s <= 0:
            raise UsageError("captions need pauses and lengths above 0, and 10 columns at least")


def sentences(words: Iterable[Word], settings: CaptionSettings) -> Iterator[Caption]:
    """Words in order, grouped at marks that end a sentence and at long pauses; each comes when it is over."""
    held: list[Word] = []
    for word in words:
        if held and word.start - held[-1].end >= settings.pause_s:
            yield caption_of(held)
            held = []
        held.append(word)
        if ends_sentence(word.text):
            yield caption_of(held)
            held = []
    if held:
        yield caption_of(held)


def captions(sentence: Caption, settings: CaptionSettings) -> list[Caption]:
    """A sentence in as few captions as it fits in, of about the same width, parted where clauses end."""
    if not sentence.words:
        return [sentence]
    width = _columns(sentence.text)
    seconds = sentence.end - sentence.start
    count = max(-(-width // settings.columns), int(-(-seconds // settings.longest_s)))
    parts, rest = [], list(sentence.words)
    while rest and (count > 1 or _too_much(rest, settings)):
        cut = _best_cut(rest, max(count, 2), settings)
        if cut == len(rest):
            break
        parts.append(rest[:cut])
        rest, count = rest[cut:], count - 1
    return [caption_of(part) for part in [*parts, rest] if part]


def caption_of(words: Sequence[Word]) -> Caption:
    """The caption of words, at least one."""
    return Caption(words[0].start, words[-1].end, joined(word.text for word in words), tuple(words))


def _too_much(words: Sequence[Word], settings: CaptionSettings) -> bool:
    wide = _columns(joined(word.text for word in words)) > settings.columns
    return wide or words[-1].end - words[0].start > settings.longest_s


def _best_cut(words: Sequence[Word], count: int, settings: CaptionSettings) -> int:
    """How many words go into the first of `count` captions."""
    total = max(1, _columns(joined(word.text for word in words)))
    best, least = len(words), float("inf")
    for cut in range(1, len(words)):
        width = _columns(joined(word.text for word in words[:cut]))
        long = words[cut - 1].end - words[0].start
        if cut > 1 and (width > settings.columns or long > settings.longest_s):
            break
        pause = words[cut].start - words[cut - 1].end
        cost = abs(width - total / count) / (total / count)
        cost -= 0.5 * ends_clause(words[cut - 1].text) + min(pause, 0.4)
        if cost < least:
            best, least = cut, cost
    return best


def _columns(text: str) -> int:
    """Width in columns of a terminal: wide characters take two, combining ones none."""
    return sum(
        0 if unicodedata.combining(one) else 2 if unicodedata.east_asian_width(one) in "WF" else 1
        for one in text
    )
