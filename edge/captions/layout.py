"""Split sentences into captions that can be read in the time that they are shown."""

from __future__ import annotations

from collections.abc import Sequence

from edge.captions.options import LayoutOptions
from edge.text.lines import columns
from edge.text.scripts import ends_clause, joined
from edge.text.sentences import caption_of
from edge.vocabulary import Caption, Word


def split_sentence(sentence: Caption, options: LayoutOptions) -> list[Caption]:
    """Split a sentence into as few captions as possible, of about equal width, preferably after clauses."""
    if not sentence.words:
        return [sentence]
    width = columns(sentence.text)
    seconds = sentence.end - sentence.start
    count = max(-(-width // options.columns), int(-(-seconds // options.max_caption_s)))
    parts, rest = [], list(sentence.words)
    while rest and (count > 1 or _too_much(rest, options)):
        cut = _best_cut(rest, max(count, 2), options)
        if cut == len(rest):
            break
        parts.append(rest[:cut])
        rest, count = rest[cut:], count - 1
    return [caption_of(part) for part in [*parts, rest] if part]


def _too_much(words: Sequence[Word], options: LayoutOptions) -> bool:
    wide = columns(joined(word.text for word in words)) > options.columns
    return wide or words[-1].end - words[0].start > options.max_caption_s


def _best_cut(words: Sequence[Word], count: int, options: LayoutOptions) -> int:
    """Return the number of words in the first of `count` captions."""
    total = max(1, columns(joined(word.text for word in words)))
    best, least = len(words), float("inf")
    for cut in range(1, len(words)):
        width = columns(joined(word.text for word in words[:cut]))
        long = words[cut - 1].end - words[0].start
        if cut > 1 and (width > options.columns or long > options.max_caption_s):
            break
        pause = words[cut].start - words[cut - 1].end
        cost = abs(width - total / count) / (total / count)
        cost -= 0.5 * ends_clause(words[cut - 1].text) + min(pause, 0.4)
        if cost < least:
            best, least = cut, cost
    return best
