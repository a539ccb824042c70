"""Loops follow each other without gaps or clicks, at any speed; what is rendered once can be read again."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from edge.arrays import Floats
from edge.media.write.spool import Spool
from edge.music.loops import Loop, open_loop, played, speed_for
from edge.music.plan import PlannedBar
from edge.music.templates import Template, open_templates
from edge.music.vectors import brightness, describe
from edge.music.words import Bar, Note

BARS = [
    *(PlannedBar("verse", number, False, 3, 4) for number in range(8)),
    *(PlannedBar("verse", number, number == 2, 3, 4) for number in range(3)),
    *(PlannedBar("chorus", number, False, 3, 4) for number in range(4)),
    PlannedBar("ending", 0, False, 3, 4),
    PlannedBar("ending", 1, False, 3, 4),
]


@pytest.fixture(scope="module")
def template() -> Template:
    return next(one for one in open_templates() if one.id == "pop-100")


def joined(loop: Loop, bars: list[PlannedBar]) -> Floats:
    edges = [round(number * loop.bar_samples) for number in range(len(bars) + 1)]
    total = np.zeros((2, edges[-1] + 10 * 48_000), np.float32)
    for start, (block, ring) in zip(edges, played(loop, bars, edges, "base"), strict=False):
        total[:, start : start + block.shape[1]] += block
        end = start + block.shape[1]
        total[:, end : end + ring.shape[1]] += ring
    return total[:, : edges[-1]]


def test_bars_in_a_row_are_the_file_as_it_is(template: Template) -> None:
    loop = open_loop(template, "base", Fraction(1))
    verse = template.parts["verse"]
    whole = loop.samples[:, verse.start : verse.start + 8 * template.bar_samples]
    gain = 10 ** (1 / 20)  # of the highest strength
    np.testing.assert_allclose(joined(loop, BARS[:8]), whole * gain, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("tempo", [88.0, 100.0, 112.0])
def test_other_tempos_change_pitch_and_length_together(template: Template, tempo: float) -> None:
    speed = speed_for(tempo, template)
    loop = open_loop(template, "chords", speed)
    assert float(template.tempo * speed) == pytest.approx(tempo, rel=1e-4)
    assert loop.samples.shape[1] == pytest.approx(template.samples / speed, abs=64)
    before = np.abs(np.fft.rfft(template.read("chords")[0, :480_000], 1 << 20))
    after = np.abs(np.fft.rfft(loop.samples[0, : round(480_000 / speed)], 1 << 20))
    peaks = [200 + spectrum[200:20_000].argmax() for spectrum in (before, after)]
    assert peaks[1] / peaks[0] == pytest.approx(float(speed), rel=2e-3)


def test_joins_do_not_click(template: Template) -> None:
    loop = open_loop(template, "chords", Fraction(1))
    edges = [round(number * loop.bar_samples) for number in range(len(BARS) + 1)]
    total = np.zeros((2, edges[-1] + 480_000), np.float32)
    for start, (block, ring) in zip(edges, played(loop, BARS, edges, "chords"), strict=False):
        total[:, start : start + block.shape[1]] += block
        total[:, start + block.shape[1] : start + block.shape[1] + ring.shape[1]] += ring
    steep = np.abs(np.diff(total[0], 2))
    jumps = [8, 11, 15]  # where a part does not go on
    near = max(steep[edges[bar] - 200 : edges[bar] + 20].max() for bar in jumps)
    assert near <= np.abs(np.diff(loop.samples[0], 2)).max() * 10 ** (1 / 20) * 1.05


def test_what_is_spooled_is_made_once() -> None:
    made = list[int]()

    def blocks() -> list[Floats]:
        made.append(1)
        rng = np.random.default_rng(0)
        return [rng.random((2, size)).astype(np.float32) for size in (3, 1000, 0, 77)]

    for seconds, times in ((10.0, 1), (1e6, 3)):
        made.clear()
        with Spool(blocks, seconds) as spool:
            readings = [np.concatenate(list(spool), axis=1) for _ in range(3)]
        assert len(made) == times
        assert all((reading == readings[0]).all() for reading in readings)


def test_vectors_say_what_notes_are_like() -> None:
    chords = (0, 0, 0, 0)
    major = [Note(4 * number, 4, 60 + pitch, 6) for number, pitch in enumerate((0, 4, 7, 12))]
    minor = [Note(4 * number, 4, 57 + pitch, 1) for number, pitch in enumerate((0, 3, 7, 12))]
    bright, dark = (Bar(chords, 3, 2, 0, 0, notes=tuple(notes)) for notes in (major, minor))
    assert brightness([bright]) > 0.6
    assert brightness([dark]) < 0.4
    assert describe([bright]).arousal > describe([dark]).arousal
    busy = Bar(chords, 7, 4, 0, 0, notes=tuple(Note(step, 1, 60 + step % 5, 7) for step in range(16)))
    assert describe([busy]).mood in {"happy", "energetic", "playful", "epic", "tense"}
    assert describe([dark]).mood in {"sad", "dreamy", "calm"}
    assert describe([]).phrase_bars == 0
