"""Whatever the network says, the notes keep the rules: here one that has learned nothing."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby, pairwise
from pathlib import Path

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge.errors import UsageError
from edge.music import words
from edge.music.notes import Sampling, compose_notes
from edge.music.rules import LONG, MOST_AT_ONCE, MOST_REPEATED, RANGES, SCALE, chord_tones
from edge.music.words import STEPS, Bar, Note, chord_of
from edge.networks.composer import Composer
from tools.train.music import export, network


@pytest.fixture(scope="module")
def composer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Composer]:
    torch.manual_seed(0)
    small = network.Composer(size=32, depth=1, heads=2)
    folder = tmp_path_factory.mktemp("composer")
    exact = export.graphs(small, folder / "graphs")
    with Composer(export.write(folder / "model", small, exact, quantized=False)) as opened:
        yield opened


CHORDS = st.sampled_from(
    [chord_of(root, quality) for root in range(12) for quality in words.QUALITIES] + [words.NO_CHORD]
)
BARS = st.lists(
    st.builds(
        Bar, chords=st.tuples(CHORDS, CHORDS, CHORDS, CHORDS), density=st.integers(0, 7),
        strength=st.integers(0, 4), since=st.integers(0, 7), left=st.integers(0, 7), minor=st.booleans(),
    ),
    min_size=1, max_size=4,
)  # fmt: skip


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(bars=BARS, seed=st.integers(0, 1000))
def test_notes_keep_the_rules(composer: Composer, bars: list[Bar], seed: int) -> None:
    composed = compose_notes(bars, composer, Sampling(seed=seed, candidates=2))
    assert [bar.chords for bar in composed] == [bar.chords for bar in bars]
    for number, bar in enumerate(composed):
        assert words.density_of(len(bar.notes)) == bar.density
        for note in bar.notes:
            tones = chord_tones(bar.chords[note.step // 4])
            assert note.pitch % 12 in SCALE | tones
            assert RANGES[note.voice][0] <= note.pitch <= RANGES[note.voice][1]
            assert note.duration < LONG or note.pitch % 12 in tones
            assert STEPS * number + note.step + note.duration <= STEPS * len(bars)
        for voice, most in enumerate(MOST_AT_ONCE):
            steps = [note.step for note in bar.notes if note.voice == voice]
            assert all(steps.count(step) <= most for step in steps)
    check_overlaps(composed)
    for voice in range(len(MOST_AT_ONCE)):
        pitches = [note.pitch for bar in composed for note in bar.notes if note.voice == voice]
        runs = [len(list(group)) for _, group in groupby(pitches)]
        assert max(runs, default=0) <= MOST_REPEATED


def check_overlaps(bars: tuple[Bar, ...]) -> None:
    """The melody has one note at a time, and no voice the same pitch twice."""
    flat = [(STEPS * number + note.step, note) for number, bar in enumerate(bars) for note in bar.notes]
    melody = [(start, note) for start, note in flat if note.voice == 0]
    assert all(start + note.duration <= following for (start, note), (following, _) in pairwise(melody))
    for start, note in flat:
        again = [
            later
            for later, other in flat
            if (other.voice, other.pitch) == (note.voice, note.pitch) and later > start
        ]
        assert not again or start + note.duration <= min(again)


def test_the_seed_decides(composer: Composer) -> None:
    bars = [Bar((chord_of(0, "maj"),) * 4, 4, 2, 0, 0)] * 4
    first, same, other = (compose_notes(bars, composer, Sampling(seed=seed)) for seed in (1, 1, 2))
    assert first == same != other


def test_what_cannot_be_is_refused(composer: Composer) -> None:
    with pytest.raises(UsageError, match="at least one bar"):
        compose_notes([], composer)
    with pytest.raises(UsageError):
        Sampling(temperature=0)
    assert Path(composer.folder.path).is_dir()
    assert isinstance(compose_notes([Bar((0,) * 4, 1, 0, 0, 0)], composer)[0].notes[0], Note)
