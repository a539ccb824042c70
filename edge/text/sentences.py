"""Words to sentences."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from edge.text.scripts import ends_sentence, joined
from edge.vocabulary import Caption, Word


def sentences(words: Iterable[Word], pause_s: float) -> Iterator[Caption]:
    """Group words at punctuation that ends a sentence and at pauses of `pause_s` seconds."""
    held: list[Word] = []
    for word in words:
        if held and word.start - held[-1].end >= pause_s:
            yield caption_of(held)
            held = []
        held.append(word)
        if ends_sentence(word.text):
            yield caption_of(held)
            held = []
    if held:
        yield caption_of(held)


def caption_of(words: Sequence[Word]) -> Caption:
    """Return the caption of words, at least one."""
    return Caption(words[0].start, words[-1].end, joined(word.text for word in words), tuple(words))
