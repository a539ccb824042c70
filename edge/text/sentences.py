"""Group words into sentences."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from edge.text.scripts import ends_sentence, joined
from edge.vocabulary import Caption, Word


def sentences(words: Iterable[Word], pause_s: float) -> Iterator[Caption]:
    """Yield sentences; one ends at sentence punctuation or before a pause of at least `pause_s` seconds.

    >>> words = [Word(0.0, 0.4, "Yes."), Word(0.5, 0.8, "It"), Word(0.8, 1.0, "is.")]
    >>> [sentence.text for sentence in sentences(words, pause_s=2.0)]
    ['Yes.', 'It is.']
    """
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
    """Return the caption that consists of `words`, at least one."""
    return Caption(words[0].start, words[-1].end, joined(word.text for word in words), tuple(words))
