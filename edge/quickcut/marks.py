"""Divide a recording into items: speech, other sound, and what could be removed: blanks, fillers, repeats.

Items are disjoint and in order. In doubt nothing is marked, because a wrong cut is far worse than a missed
filler. So a blank is near the recording's noise floor, and has no word, voice or music in it.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from edge import schema
from edge.evidence.transcript import Transcript
from edge.quickcut.fillers import find_fillers
from edge.quickcut.options import Level, MarkOptions
from edge.quickcut.repeats import find_repeats
from edge.quickcut.takes import Voices, find_takes
from edge.spans import intervals, merge, subtract
from edge.text.clock import clock
from edge.text.scripts import joined
from edge.vocabulary import Span, Word


class Kind(StrEnum):
    """Kind of an item."""

    SPEECH = "speech"
    """Words that are neither a filler nor part of a repeated take."""
    BLANK = "blank"
    """Silence of at least `MarkOptions.min_silence_s`."""
    SOUND = "sound"
    """Sound away from words: music, noises, voices that were not recognized."""
    FILLER = "filler"
    """A filler word or phrase, or a filled pause that no word covers."""
    REPEAT = "repeat"
    """A take that a later one repeats."""


NEAR_S = 0.5
"""Sound this close to a word, in seconds, belongs to it: breath, reverberation."""

MARGIN_S = 0.2
"""Silence in seconds that belongs to sound away from words: it starts and ends below the noise floor."""


@dataclass(frozen=True, slots=True)
class Item:
    """A span of the recording and its kind."""

    start: float
    """Seconds of the recording."""
    end: float
    """Seconds of the recording."""
    kind: Kind
    """Kind of the item."""
    text: str
    """Words of the item; empty for blanks, sounds and filled pauses."""
    remove: bool
    """Whether cleaning removes it."""
    reason: str
    """Why it was marked; empty for speech."""
    score: float | None = None
    """Confidence of the reason, 0 to 1, where it was measured."""

    def to_document(self) -> schema.Item:
        """Return the item in the form of JSON documents."""
        score = None if self.score is None else schema.share(self.score)
        times = schema.seconds(self.start), schema.seconds(self.end)
        return schema.Item(*times, self.kind.value, self.text, self.remove, self.reason, score)


def mark(
    transcript: Transcript,
    options: MarkOptions | None = None,
    *,
    duration_s: float | None = None,
    voices: Voices | None = None,
) -> list[Item]:
    """Return the items of a recording, in order: speech, sounds, blanks, fillers and repeats.

    `duration_s` is the length of the recording if that is longer than its audio; `voices` compares passages
    of the audio, to tell takes from similar sentences and from other speakers.
    """
    options, duration_s = options or MarkOptions(), duration_s or transcript.duration_s
    spoken = _said(transcript, options, voices)
    ends = [item.end for item in spoken]
    for span in transcript.filled_pauses:
        index = bisect_right(ends, span.start)
        if index == len(spoken) or spoken[index].start >= span.end:
            spoken.insert(index, _filled_pause(span, options))
            ends.insert(index, span.end)
    sounds = list(_sounds(spoken, transcript, options, duration_s))
    audible = merge(intervals([*spoken, *sounds, *transcript.sounds, *transcript.music]))
    silent = [Span(*part) for part in subtract((0.0, duration_s), audible)]
    blanks = [_blank(span, options) for span in silent if span.seconds >= options.min_silence_s]
    return sorted([*spoken, *sounds, *blanks], key=lambda item: item.start)


@dataclass(frozen=True, slots=True)
class _Mark:
    """The mark of a word; consecutive words with equal marks form one item."""

    sentence: int
    kind: Kind = Kind.SPEECH
    first: int = 0
    """Index of the first word of the filler or repeat."""
    reason: str = ""
    score: float | None = None


def _said(transcript: Transcript, options: MarkOptions, voices: Voices | None) -> list[Item]:
    """Return all words as items, in order."""
    words: list[Word] = []
    marks: list[_Mark] = []
    for number, sentence in enumerate(transcript.sentences):
        whole = Word(sentence.start, sentence.end, sentence.text)
        words += sentence.words or (whole,)
        marks += [_Mark(number)] * (len(words) - len(marks))
    fillers = list(find_fillers(words, transcript.language, options.level, options.extra_fillers))
    for filler in fillers:
        reason = f"the filler {filler.name!r}"
        for index in range(filler.first, filler.stop):
            marks[index] = _Mark(marks[index].sentence, Kind.FILLER, filler.first, reason)
    for part, mark in _repeats(words, marks, transcript, options, voices):
        if marks[part.start].kind is not Kind.REPEAT:
            marks[part.start : part.stop] = [mark] * len(part)
    starts = [
        at
        for at in range(len(words))
        if at == 0 or marks[at] != marks[at - 1] or _parted(words, marks, at, transcript, options)
    ]
    parts = pairwise([*starts, len(words)])
    return [_item(words[first:stop], marks[first], options) for first, stop in parts]


def _parted(
    words: Sequence[Word], marks: Sequence[_Mark], at: int, transcript: Transcript, options: MarkOptions
) -> bool:
    """Return whether a blank or filled pause precedes a word; filled pauses inside a take do not count."""
    start, end = words[at - 1].end, words[at].start
    if end - start >= options.min_silence_s:
        return True
    first = bisect_left(transcript.filled_pauses, start, key=lambda span: span.start)
    has_filled_pause = first < len(transcript.filled_pauses) and transcript.filled_pauses[first].end <= end
    return has_filled_pause and marks[at].kind is not Kind.REPEAT


def _repeats(
    words: Sequence[Word],
    marks: Sequence[_Mark],
    transcript: Transcript,
    options: MarkOptions,
    voices: Voices | None,
) -> Iterator[tuple[range, _Mark]]:
    """Yield words that are said again later: whole sentences, and parts of sentences between pauses.

    Both are needed, because one of two takes may be transcribed as two sentences, or two takes as one.
    """
    for pause_s in (math.inf, options.take_pause_s):
        spoken = {
            part: unit
            for part in _units(words, marks, pause_s)
            if (unit := [words[at] for at in part if marks[at].kind is not Kind.FILLER])
        }
        parts, units = list(spoken), list(spoken.values())
        if options.repeat.method == "published":
            repeats = find_repeats([joined(word.text for word in unit) for unit in units], options.repeat)
        else:
            repeats = find_takes(
                units, transcript.language, options.repeat, voices=voices, sounds=transcript.sounds
            )
        for repeat in repeats:
            part, kept = parts[repeat.sentence], parts[repeat.kept]
            text = joined(words[at].text for at in kept)
            reason = f"repeated at {clock(words[kept.start].start)}: {text}"
            sentence = marks[part.start].sentence
            yield part, _Mark(sentence, Kind.REPEAT, part.start, reason, repeat.score)


def _units(words: Sequence[Word], marks: Sequence[_Mark], pause_s: float) -> Iterator[range]:
    """Yield ranges of words of one sentence without a pause of at least `pause_s` between them."""
    first = 0
    for at in range(1, len(words) + 1):
        if (
            at == len(words)
            or marks[at].sentence != marks[at - 1].sentence
            or words[at].start - words[at - 1].end >= pause_s
        ):
            yield range(first, at)
            first = at


def _item(words: Sequence[Word], mark: _Mark, options: MarkOptions) -> Item:
    text = joined(word.text for word in words)
    asked = {Kind.FILLER: options.fillers, Kind.REPEAT: options.repeats}.get(mark.kind, False)
    remove = asked and options.level is not Level.OFF
    return Item(words[0].start, words[-1].end, mark.kind, text, remove, mark.reason, mark.score)


def _sounds(
    spoken: Sequence[Item], transcript: Transcript, options: MarkOptions, duration_s: float
) -> Iterator[Item]:
    """Yield sound away from words; what is less than a blank apart is one item."""
    speech = merge(intervals(spoken), options.min_silence_s)
    near = merge((start - NEAR_S, end + NEAR_S) for start, end in speech)
    sounds = merge(intervals([*transcript.sounds, *transcript.music]))
    away = [part for sound in sounds for part in subtract(sound, near)]
    wide = [(max(0.0, start - MARGIN_S), min(duration_s, end + MARGIN_S)) for start, end in away]
    beside = merge((start - NEAR_S + MARGIN_S, end + NEAR_S - MARGIN_S) for start, end in speech)
    for start, end in (
        part for sound in merge(wide, options.min_silence_s) for part in subtract(sound, beside)
    ):
        span = Span(start, end)
        music_s = sum(span.overlap(music) for music in transcript.music)
        reason = "music" if music_s > span.seconds / 2 else "sound without words"
        remove = options.sounds and options.level is not Level.OFF
        yield Item(start, end, Kind.SOUND, "", remove, reason)


def _filled_pause(span: Span, options: MarkOptions) -> Item:
    remove = options.fillers and options.level is not Level.OFF
    return Item(span.start, span.end, Kind.FILLER, "", remove, "a filled pause that no word covers")


def _blank(span: Span, options: MarkOptions) -> Item:
    remove = options.blanks and options.level is not Level.OFF
    reason = f"silence of {span.seconds:.1f} s"
    return Item(span.start, span.end, Kind.BLANK, "", remove, reason)
