"""Compose the notes of bars: the network foretells words, and rules say which of them may come.

Several versions are composed, each in a thread, and the best is kept: the one that the network finds most
likely, less what it leaps and how it ends. The same seed gives the same notes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from edge.arrays import Floats
from edge.errors import UsageError
from edge.music import rules, words
from edge.music.rules import Draft
from edge.music.words import METRIC, NOTE, STEPS, Bar, Note
from edge.networks.composer import Composer

CONTEXT = 192
"""Words of the music before that the network reads, at most."""

LEAP = 9
"""Semitones from which a step of the melody counts as a leap."""

PENALTY = 0.05
"""What a leap, or an end outside of the chord, costs per bar, in nats."""

RECALLED = 4
"""Bars after which music comes back."""

Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Sampling:
    """How notes are drawn."""

    temperature: float = 0.9
    """Below 1 the likely notes become more likely."""
    share: float = 0.95
    """Only the likeliest values that together have this probability are drawn (nucleus sampling)."""
    candidates: int = 3
    """Pieces that are composed side by side."""
    recall: float = 3.0
    """By how many nats what was played `RECALLED` bars before is likelier than the network says."""
    seed: int = 0
    """The same one gives the same notes."""

    def __post_init__(self) -> None:
        if not 0 < self.temperature <= 2 or not 0 < self.share <= 1 or self.candidates < 1:
            raise UsageError("notes are drawn with 0 < temperature <= 2, 0 < share <= 1, candidates >= 1")


def compose_notes(
    bars: Sequence[Bar],
    composer: Composer,
    sampling: Sampling | None = None,
    *,
    before: Sequence[Bar] = (),
) -> tuple[Bar, ...]:
    """Return the bars with notes; those that they have are replaced. `before` is the music to go on from.

    Raises UsageError without bars.
    """
    if not bars:
        raise UsageError("notes need at least one bar")
    sampling = sampling or Sampling()
    with ThreadPoolExecutor(sampling.candidates) as threads:
        numbers = range(sampling.candidates)
        drafts = list(threads.map(lambda number: _draft(bars, composer, sampling, number, before), numbers))
    best = max(drafts, key=lambda draft: _worth(draft, bars))
    return tuple(
        replace(bar, notes=tuple(notes)) for bar, notes in zip(bars, _trimmed(best.notes), strict=True)
    )


def _draft(
    bars: Sequence[Bar], composer: Composer, sampling: Sampling, number: int, before: Sequence[Bar]
) -> Draft:
    """Compose one version."""
    draft = Draft(np.random.default_rng([sampling.seed, number]))
    draft.begin_bar()
    cache = composer.begin(1)
    given, beside = _opening(before, bars[0])
    while True:
        state, cache = composer.read(given[None], beside[None], cache)
        word = _next(draft, bars, state, composer, sampling, model=_model(draft, before))
        draft.take(word)
        if draft.done:
            return draft
        given, beside = word[None], _beside(draft, bars)


def _opening(before: Sequence[Bar], first: Bar) -> tuple[Ints, Ints]:
    """Return the words that are read before any is drawn, and the conditions beside them."""
    given, beside = words.encode([*before, replace(first, notes=())])
    begins = np.flatnonzero((given[:, 0] == METRIC) & (given[:, 1] == words.BAR))
    start = begins[len(given) - 1 - begins <= CONTEXT][0]
    return given[start:-1], beside[start:-1]  # all but the end


def _worth(draft: Draft, bars: Sequence[Bar]) -> float:
    """Return how likely a draft is, in nats a drawn value, less what breaks customs."""
    melody = [(number, note) for number, bar in enumerate(draft.notes) for note in bar if note.voice == 0]
    broken = sum(abs(after.pitch - note.pitch) >= LEAP for (_, note), (_, after) in pairwise(melody))
    if melody:
        number, last = melody[-1]
        broken += last.pitch % 12 not in rules.chord_tones(bars[number].chords[last.step // 4])
    return draft.likelihood / max(1, draft.drawn) - PENALTY * broken / len(bars)


def _beside(draft: Draft, bars: Sequence[Bar]) -> Ints:
    """Return the conditions beside the last word of a draft, int64[1, conditions]."""
    following = bars[min(draft.bar + 1, len(bars) - 1)].chords[0]
    return np.array([words.condition(bars[draft.bar], max(draft.step, 0), following)], np.int64)


def _model(draft: Draft, before: Sequence[Bar]) -> Sequence[Note]:
    """Return the notes of the bar that is recalled; none if there is none."""
    index = draft.bar - RECALLED
    if index >= 0:
        return draft.notes[index]
    return before[index].notes if -index <= len(before) else ()


def _next(
    draft: Draft,
    bars: Sequence[Bar],
    state: Floats,
    composer: Composer,
    sampling: Sampling,
    *,
    model: Sequence[Note],
) -> Ints:
    """Draw the next word, int64[fields], part by part; what `model` has in its place is likelier."""
    bar = bars[draft.bar]
    word = np.zeros(len(words.FIELDS), np.int64)

    def foretold() -> Sequence[Floats]:
        return [part[0] for part in composer.foretell(state, word[:1], word[2:3], word[3:4])]

    def draw(logits: Floats, allowed: NDArray[np.bool_], recalled: Iterable[int] = ()) -> int:
        return _drawn(logits, allowed, draft, sampling, recalled)

    word[0] = draw(foretold()[0], rules.families(draft, bars))
    if word[0] == METRIC:
        later = [note.step for note in model if note.step > draft.step]
        word[1] = draw(foretold()[1], rules.steps(draft, bars), later[:1])
    elif word[0] == NOTE:
        here = [note for note in model if note.step == draft.step and note.pitch not in draft.pitches]
        word[2] = draw(foretold()[2], rules.voices(draft, bar), [note.voice for note in here])
        here = [note for note in here if note.voice == word[2]]
        pitches = [note.pitch - words.LOWEST for note in here]
        word[3] = draw(foretold()[3], rules.pitches(draft, bar, int(word[2])), pitches)
        after = foretold()
        durations = [words.nearest_duration(note.duration) for note in here]
        word[4] = draw(after[4], rules.durations(draft, bars, int(word[3])), durations)
        word[5] = draw(after[5], np.ones(words.STRENGTHS, np.bool_))
    return word


def _drawn(
    logits: Floats,
    allowed: NDArray[np.bool_],
    draft: Draft,
    sampling: Sampling,
    recalled: Iterable[int],
) -> int:
    """Draw one of the allowed values. Logits are rounded, so that processors agree."""
    values = np.flatnonzero(allowed)
    if len(values) == 1:
        return int(values[0])
    rounded = np.round(logits[values].astype(np.float64), 2)
    plain = np.exp(rounded - rounded.max())
    likelier = np.where(np.isin(values, list(recalled)), rounded + sampling.recall, rounded)
    chances = np.exp((likelier - likelier.max()) / sampling.temperature)
    chances /= chances.sum()
    order = np.argsort(-chances, kind="stable")
    kept = order[: int(np.searchsorted(np.cumsum(chances[order]), sampling.share)) + 1]
    steps = np.cumsum(chances[kept])
    index = kept[
        min(int(np.searchsorted(steps, draft.rng.random() * steps[-1], side="right")), len(kept) - 1)
    ]
    draft.likelihood += float(np.log(plain[index] / plain.sum()))
    draft.drawn += 1
    return int(values[index])


def _trimmed(bars: Sequence[Sequence[Note]]) -> list[list[Note]]:
    """End the notes of the melody where its next one begins, and others where the same pitch begins again."""
    flat = [(STEPS * number + note.step, number, note) for number, bar in enumerate(bars) for note in bar]
    result: list[list[Note]] = [[] for _ in bars]
    for index, (start, number, note) in enumerate(flat):
        ends = [
            later for later, _, other in flat[index + 1 :]
            if later > start and other.voice == note.voice and (note.voice == 0 or other.pitch == note.pitch)
        ]  # fmt: skip
        result[number].append(
            replace(note, duration=min([note.duration, *(end - start for end in ends[:1])]))
        )
    return result
