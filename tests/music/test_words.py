"""Bars become words and words become the notes of bars again."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from edge.music import words
from edge.music.words import BAR, DURATIONS, END, LOWEST, METRIC, NOTE, Bar, Note

NOTES = st.builds(
    Note,
    step=st.integers(0, 15),
    duration=st.sampled_from(DURATIONS),
    pitch=st.integers(LOWEST, LOWEST + words.PITCHES - 1),
    strength=st.integers(0, words.STRENGTHS - 1),
    voice=st.integers(0, 1),
)
CHORD = st.integers(0, words.NO_CHORD)
BARS = st.lists(
    st.builds(
        Bar,
        chords=st.tuples(CHORD, CHORD, CHORD, CHORD),
        density=st.integers(0, 7),
        strength=st.integers(0, 4),
        since=st.integers(0, 20),
        left=st.integers(0, 20),
        minor=st.booleans(),
        notes=st.lists(NOTES, max_size=12, unique_by=lambda n: (n.step, n.voice, n.pitch)).map(
            lambda notes: tuple(sorted(notes, key=lambda n: (n.step, n.voice, n.pitch)))
        ),
    ),
    min_size=1,
    max_size=6,
)


@given(bars=BARS)
def test_words_are_the_notes_of_the_bars(bars: list[Bar]) -> None:
    encoded, beside = words.encode(bars)
    assert [tuple(notes) for notes in words.decode(encoded.tolist())] == [bar.notes for bar in bars]
    assert (len(encoded), encoded[-1, 0]) == (len(beside), END)
    assert (encoded[:, 0] == METRIC).sum() == len(bars) + sum(
        len({n.step for n in bar.notes}) for bar in bars
    )
    assert (encoded[:, 0] == NOTE).sum() == sum(len(bar.notes) for bar in bars)


@given(bars=BARS)
def test_beside_every_word_is_what_holds_where_it_is(bars: list[Bar]) -> None:
    encoded, beside = words.encode(bars)
    number, step = -1, 0
    for word, row in zip(encoded[:-1].tolist(), beside[:-1].tolist(), strict=True):
        if word[0] == METRIC:
            number, step = (number + 1, 0) if word[1] == BAR else (number, word[1])
        bar = bars[number]
        assert row[0] == bar.chords[step // 4]
        assert row[2:5] == [bar.density, bar.strength, bar.minor]
        following = bars[number + 1].chords[0] if number + 1 < len(bars) else bar.chords[3]
        assert row[1] == (*bar.chords, following)[step // 4 + 1]


@given(count=st.integers(0, 60))
def test_density_is_a_level_that_notes_reach(count: int) -> None:
    level = words.density_of(count)
    assert words.DENSITIES[level] <= count
    assert level + 1 == len(words.DENSITIES) or count < words.DENSITIES[level + 1]


def test_a_pitch_outside_is_the_nearest_inside() -> None:
    bar = Bar((0, 0, 0, 0), 1, 2, 0, 0, notes=(Note(0, 4, 20, 3),))
    (notes,) = words.decode(words.encode([bar])[0].tolist())
    assert notes == [replace(bar.notes[0], pitch=LOWEST)]
    assert np.array(words.encode([bar])[1]).shape == (4, len(words.CONDITIONS))
