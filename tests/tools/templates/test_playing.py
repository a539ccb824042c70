"""Notes of templates: chords by name, laid out near each other, in the bars in which they stand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.music.words import STEPS
from tools.templates.harmony import SUFFIXES, chord, lead, on_strings, progression
from tools.templates.playing import Time, play
from tools.templates.style import SECTIONS
from tools.templates.styles import STYLES
from tools.templates.treat import limited, loudness

CHORDS = st.builds(
    lambda root, suffix: chord(root + suffix),
    st.sampled_from(("C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")),
    st.sampled_from(sorted(SUFFIXES)),
)


@given(chords=st.lists(CHORDS, min_size=1, max_size=6), center=st.integers(55, 76), voices=st.integers(2, 4))
def test_voices_hold_chord_tones_and_move_little(chords: list, center: int, voices: int) -> None:  # type: ignore[type-arg]
    held: tuple[int, ...] = ()
    for now in chords:
        before, held = held, lead(now, held, center, voices)
        assert {(pitch - now.root) % 12 for pitch in held} <= {tone % 12 for tone in now.tones}
        assert list(held) == sorted(set(held))
        assert len(held) <= voices + (len(now.tones) > 4)
        assert abs(np.mean(held) - center) <= 14
        if before:
            assert np.mean([min(abs(pitch - other) for other in before) for pitch in held]) <= 7


@given(now=CHORDS)
def test_a_guitar_plays_chord_tones_within_four_frets(now: object) -> None:
    pitches = on_strings(now)  # type: ignore[arg-type]
    tones = {(tone + now.root) % 12 for tone in now.tones}  # type: ignore[attr-defined]
    assert {pitch % 12 for pitch in pitches} <= tones
    assert list(pitches) == sorted(pitches)
    assert len(pitches) >= 3
    assert pitches[-1] <= 68


@pytest.mark.parametrize("style", STYLES.values(), ids=STYLES)
def test_every_layer_stays_in_its_bars_and_chords(style) -> None:  # type: ignore[no-untyped-def]
    time = Time(96_000, lambda step: step * 96_000 / STEPS)
    for layer in style.layers:
        assert layer.parts
        played = 0
        for part, bars in SECTIONS.items():
            chords = progression(style.harmony[part], bars)
            hits = play(layer, part, chords, time, minor=style.minor, rng=np.random.default_rng(1))
            played += len(hits)
            for hit in hits:
                assert 0 <= hit.start < bars * 96_000 + 4800
                assert 0 < hit.force <= 1
                assert 20 <= hit.pitch <= 108
                beats = {
                    max(0, min(4 * bars - 1, int((hit.start + late) / 24_000))) for late in (-4800, 0, 1200)
                }
                tones = {
                    (tone + chords[beat // 4][beat % 4].root) % 12
                    for beat in beats
                    for tone in chords[beat // 4][beat % 4].tones
                }
                assert layer.play == "bass" or hit.pitch % 12 in tones
        assert played


def test_loudness_is_that_of_the_standard() -> None:
    tone = np.sin(2 * np.pi * 997 * np.arange(48_000 * 3) / 48_000).astype(np.float32)
    assert loudness(np.stack([tone, 0 * tone])) == pytest.approx(-3.01, abs=0.02)  # BS.1770, annex 1
    assert np.abs(limited(3 * tone, 0.8)).max() <= 0.8


@pytest.mark.parametrize(
    ("name", "complaint"),
    [("H7", "from A to G"), ("Cfoo", "after its root"), ("", "from A to G"), ("C/E7", "one note")],
)
def test_what_is_no_chord_is_said(name: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        chord(name)
