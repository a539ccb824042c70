"""A user's own loops become a template: checked, moved to C or A minor, found again sample by sample."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edge.arrays import Floats
from edge.music.templates import open_templates
from edge.music.words import chord_of
from tools.sound.wave import write_wav
from tools.templates.__main__ import main

RATE_HZ = 44_100
TEMPO = 120
BAR = 2 * RATE_HZ

DESCRIPTION = {"style": "indie", "tempo": TEMPO, "key": "Em", "moods": ["happy"], "chords": ["Em", "C G"]}


def tones(pitches: tuple[int, ...], samples: int) -> Floats:
    t = np.arange(samples) / RATE_HZ
    return np.asarray(
        sum(0.1 * np.sin(2 * np.pi * 440 * 2 ** ((p - 69) / 12) * t) for p in pitches), np.float32
    )


def clicks(samples: int) -> Floats:
    rng = np.random.default_rng(0)
    fade = np.exp(-(np.arange(samples) % (RATE_HZ // 2)) / 900)
    return np.asarray(0.3 * rng.standard_normal(samples) * fade, np.float32)


def loops(folder: Path, bars: int = 4, **changes: Any) -> Path:
    folder.mkdir()
    (folder / "template.json").write_text(json.dumps({**DESCRIPTION, **changes}))
    bar = np.concatenate(
        [tones((64, 67, 71), BAR), tones((60, 64, 67), BAR // 2), tones((55, 59, 62), BAR // 2)]
    )
    write_wav(folder / "verse.chords.wav", np.tile(bar, bars // 2), RATE_HZ)
    write_wav(folder / "verse.base.wav", clicks(bars * BAR), RATE_HZ)
    return folder


def test_loops_become_a_template(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source, out = loops(tmp_path / "My_loops"), tmp_path / "out"
    write_wav(source / "chorus.chords.wav", tones((64, 67, 71), 2 * BAR), RATE_HZ)
    write_wav(source / "chorus.base.wav", clicks(2 * BAR - 700), RATE_HZ)  # a little short
    assert main(["add", str(source), "--out", str(out)]) == 0
    assert capsys.readouterr().out == f"added my-loops (120 beats per minute): {out}\n"
    (template,) = open_templates(out)
    assert (template.id, template.minor, template.key, template.bar_samples) == ("my-loops", True, -5, 96_000)
    am, f, c = chord_of(9, "min"), chord_of(5, "maj"), chord_of(0, "maj")
    verse = template.parts["verse"]
    assert verse.chords == ((am, am, am, am), (f, f, c, c)) * 2
    assert template.parts["chorus"].bars == 2
    assert template.parts["break"].chords == verse.chords  # what is missing is the verse, or its end
    assert template.parts["fill"].chords == verse.chords[-1:]
    assert template.parts["fill"].start == verse.start + 3 * 96_000
    part = template.read("base")[0, verse.start : verse.start + 4 * 96_000]
    onsets = [
        int(np.abs(part[start - 2000 : start + 2000]).argmax()) for start in range(24_000, 4 * 96_000, 24_000)
    ]
    assert np.abs(np.median(onsets) - 2000) < 480  # beats lie where they were


def test_another_template_is_added_and_the_same_is_replaced(tmp_path: Path) -> None:
    out = tmp_path / "out"
    for name, mood in (("one", "calm"), ("two", "sad")):
        assert main(["add", str(loops(tmp_path / name, moods=[mood])), "--out", str(out)]) == 0
    again = loops(tmp_path / "again", id="one", moods=["epic"], bars=2)
    assert main(["add", str(again), "--out", str(out)]) == 0
    found = {template.id: template for template in open_templates(out)}
    assert {name: template.moods for name, template in found.items()} == {"one": ("epic",), "two": ("sad",)}
    assert found["one"].read("chords").shape == (2, found["one"].samples)


def test_bars_that_are_a_little_long_keep_their_beats(tmp_path: Path) -> None:
    source = loops(tmp_path / "long")
    slow = np.interp(np.arange(round(4.03 * BAR)) * 4 / 4.03, np.arange(4 * BAR), clicks(4 * BAR))
    write_wav(source / "verse.base.wav", slow.astype(np.float32), RATE_HZ)
    assert main(["add", str(source), "--out", str(tmp_path / "out")]) == 0
    (template,) = open_templates(tmp_path / "out")
    base = template.read("base")[0, : 4 * 96_000]
    last = base[15 * 24_000 - 3000 : 15 * 24_000 + 3000]
    assert 2700 < np.flatnonzero(np.abs(last) > 0.3 * np.abs(last).max())[0] < 3300


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"tempo": 100}, r"is not a whole number of bars: 8.00 s are 3.33 bars"),
        ({"key": "H"}, "'H' is not a chord"),
        ({"key": "E7"}, "keys are written as C or F#m"),
        ({"chords": ["Em", "C", "G"]}, "has chords for 3 bars; the verse has 4"),
        ({"chords": ["Em C G"]}, "one, two or four chords, not 3"),
        ({"moods": ["drowsy"]}, "drowsy"),
        ({"temp": 100}, "unknown field `temp`"),
        ({"instruments": {"melody": "tuba"}}, "names the instrument 'tuba'"),
        ({"id": "No Id"}, "does not describe loops"),
    ],
)
def test_each_mistake_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], changes: dict[str, Any], complaint: str
) -> None:
    source = loops(tmp_path / "mine", **changes)
    assert main(["add", str(source), "--out", str(tmp_path / "out")]) == 3
    error = capsys.readouterr().err
    assert complaint in error
    assert error.count("\n") == 1
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("name", "complaint"),
    [
        ("template.json", "is missing or cannot be read"),
        ("verse.base.wav", "has no file for the base of the verse"),
        ("verse.*", "has no verse"),
    ],
)
def test_a_missing_file_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, complaint: str
) -> None:
    source = loops(tmp_path / "mine")
    for file in source.glob(name):
        file.unlink()
    assert main(["add", str(source), "--out", str(tmp_path / "out")]) == 3
    assert complaint in capsys.readouterr().err


def test_what_is_no_audio_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = loops(tmp_path / "mine")
    (source / "verse.base.wav").write_bytes(b"RIFF nothing")
    assert main(["add", str(source), "--out", str(tmp_path / "out")]) == 3
    assert "verse.base.wav" in capsys.readouterr().err
