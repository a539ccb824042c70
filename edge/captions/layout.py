"""Split sentences into captions, and show each as long as it takes to read, where there is a pause.

sentences -> parts of two lines -> parts that are too fast joined -> longer, up to the next one
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from edge.captions.options import LayoutOptions
from edge.text.lines import LINE_COLUMNS, columns, display_lines
from edge.text.scripts import ends_clause, joined
from edge.text.sentences import caption_of
from edge.vocabulary import Caption, Word

LAST_WORD_S = 0.05
"""Time in seconds that the last word of a caption is shown at least before the caption is gone."""

CHAINED_S = 0.5
"""A shorter gap before the next caption is closed to `LayoutOptions.gap_s`: it would flicker."""

JOINED_S = 0.5
"""Captions this close may become one."""


def lay_out(
    sentences: Iterable[Caption], options: LayoutOptions | None = None, *, duration_s: float | None = None
) -> tuple[Caption, ...]:
    """Return captions of sentences that can be read in the time that they are shown.

    Each starts with its first word. It ends after its last word, later if it is too short or too fast to read
    and there is a pause, always `gap_s` before the next one, and before `duration_s`, if that is given.
    """
    options = options or LayoutOptions()
    parts = [part for sentence in sentences for part in split_sentence(sentence, options)]
    parts = _joined(parts, options)
    starts = [*(part.start for part in parts[1:]), (duration_s or float("inf")) + options.gap_s]
    return tuple(_shown(part, start, options) for part, start in zip(parts, starts, strict=False))


def _joined(parts: Sequence[Caption], options: LayoutOptions) -> list[Caption]:
    """Join captions that cannot be shown long enough to the one before, where both fit together."""
    whole: list[Caption] = []
    for number, part in enumerate(parts):
        if whole and _fit(whole[-1], part, options):
            after = parts[number + 1].start if number + 1 < len(parts) else float("inf")
            before = _missing_s(whole[-1], part.start, options)
            if max(before, _missing_s(part, after, options)) > _missing_s(
                _both(whole[-1], part), after, options
            ):
                whole[-1] = _both(whole[-1], part)
                continue
        whole.append(part)
    return whole


def _fit(one: Caption, other: Caption, options: LayoutOptions) -> bool:
    """Return whether two captions may be shown as one."""
    is_close = other.start - one.end < JOINED_S and bool(one.words and other.words)
    is_short = other.end - one.start <= options.max_caption_s
    return is_close and is_short and _has_room(joined((one.text, other.text)), options)


def _has_room(text: str, options: LayoutOptions) -> bool:
    """Return whether a text is not too much for one caption."""
    lines = display_lines(text, options.line_columns)
    return columns(text) <= options.columns and len(lines) <= options.lines


def _both(one: Caption, other: Caption) -> Caption:
    return caption_of([*one.words, *other.words])


def _missing_s(caption: Caption, after: float, options: LayoutOptions) -> float:
    """Return the seconds that a caption is shown too short, if the next one starts at `after`."""
    return max(0.0, _wanted_s(caption, options) - (_latest(caption, after, options) - caption.start))


def _wanted_s(caption: Caption, options: LayoutOptions) -> float:
    """Return how long a caption should be shown, in seconds."""
    wanted = max(options.min_caption_s, columns(caption.text) / options.max_speed)
    return min(wanted, options.max_caption_s)


def _latest(caption: Caption, after: float, options: LayoutOptions) -> float:
    """Return when a caption must be gone: before the next one, but not much before its last word ends."""
    last = caption.words[-1].start if caption.words else caption.end
    return max(after - options.gap_s, min(last + LAST_WORD_S, caption.end), caption.start)


def _shown(caption: Caption, after: float, options: LayoutOptions) -> Caption:
    """Return the caption with the end until which it is shown."""
    latest = _latest(caption, after, options)
    end = max(caption.end, caption.start + _wanted_s(caption, options))
    if latest - end < CHAINED_S and latest - caption.start <= options.max_caption_s:
        end = latest
    end = min(end, latest)
    words = tuple(replace(word, end=min(word.end, end)) for word in caption.words)
    text = caption.text
    if options.line_columns < LINE_COLUMNS:  # else files have these lines anyway
        text = "\n".join(display_lines(text, options.line_columns))
    return replace(caption, end=end, text=text, words=words)


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
    is_long = words[-1].end - words[0].start > options.max_caption_s
    return is_long or not _has_room(joined(word.text for word in words), options)


def _best_cut(words: Sequence[Word], count: int, options: LayoutOptions) -> int:
    """Return the number of words in the first of `count` captions."""
    total = max(1, columns(joined(word.text for word in words)))
    best, least = len(words), float("inf")
    for cut in range(1, len(words)):
        if cut > 1 and _too_much(words[:cut], options):
            break
        width = columns(joined(word.text for word in words[:cut]))
        pause = words[cut].start - words[cut - 1].end
        cost = abs(width - total / count) / (total / count)
        cost -= 0.5 * ends_clause(words[cut - 1].text) + min(pause, 0.4)
        if cost < least:
            best, least = cut, cost
    return best
