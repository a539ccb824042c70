"""The templates that ship: what the manifest says of them is what can be decoded."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.arrays import Floats
from edge.errors import ModelError, UsageError
from edge.models.folder import open_folder
from edge.models.store import builtin_root
from edge.music.rules import SHAPES
from edge.music.templates import (
    BAR_MINUTE,
    MOODS,
    RATE_HZ,
    TASK,
    Part,
    Template,
    open_templates,
    swung_step,
)
from edge.music.words import QUALITIES
from tools.convert.folder import rewrite

TEMPLATES = {template.id: template for template in open_templates()}

BARS = {"intro": 4, "verse": 8, "chorus": 8, "break": 4, "fill": 1, "ending": 2}


def test_there_is_one_for_every_tempo_and_mood() -> None:
    assert len({template.style for template in TEMPLATES.values()}) >= 10
    tempos = np.array([template.tempo for template in TEMPLATES.values()])
    assert all(np.abs(tempos / tempo - 1).min() <= 0.12 for tempo in range(66, 177))
    assert {mood for template in TEMPLATES.values() for mood in template.moods} == set(MOODS)
    assert {template.minor for template in TEMPLATES.values()} == {False, True}
    for template in TEMPLATES.values():
        assert template.tempo * template.bar_samples == pytest.approx(BAR_MINUTE)
        assert {name: part.bars for name, part in template.parts.items()} == BARS
        assert template.parts["verse"].chords != template.parts["chorus"].chords


@pytest.mark.slow
@pytest.mark.parametrize("template", TEMPLATES.values(), ids=TEMPLATES)
def test_a_template_sounds_as_its_manifest_says(template: Template) -> None:
    chords, base = template.read("chords"), template.read("base")
    assert chords.shape == base.shape == (2, template.samples)
    both = chords + base
    assert np.abs(both).max() < 1
    for part in template.parts.values():
        bars = part.bars * template.bar_samples
        assert rms(both[:, part.start : part.start + bars]) > 0.01
        end = part.start + bars + part.ring
        assert rms(both[:, end - 200 : end + 200]) < 1e-3  # all has faded, and the next has not begun
    last = template.parts["ending"]
    after = last.start + last.bars * template.bar_samples
    assert rms(both[:, after : after + 4800]) > 1e-3  # the last hit rings on, and is not cut
    ranks = [
        rank for name in ("verse", "chorus") for rank in chord_ranks(template, chords, template.parts[name])
    ]
    assert np.mean(np.array(ranks) < 3) >= 0.75


def chord_ranks(template: Template, chords: Floats, part: Part) -> list[int]:
    """How many of the 12 transpositions of the manifest's chord are more audible than it, in each bar."""
    ranks = []
    for number, (first, *_, last) in enumerate(part.chords):
        if first == last:
            start = part.start + number * template.bar_samples
            classes = chroma(chords[:, start : start + template.bar_samples].mean(axis=0))
            root, quality = divmod(first, len(QUALITIES))
            tones = np.array(SHAPES[QUALITIES[quality]]) + root + template.key
            shares = [classes[(tones + shift) % 12].sum() for shift in range(12)]
            ranks.append(int((np.array(shares) > shares[0]).sum()))
    return ranks


def chroma(samples: Floats) -> Floats:
    """Energy of each pitch class from 100 to 1500 Hz, float32[12]."""
    power = np.abs(np.fft.rfft(samples * np.hanning(len(samples)))) ** 2
    frequencies = np.fft.rfftfreq(len(samples), 1 / RATE_HZ)
    audible = (frequencies > 100) & (frequencies < 1500)
    classes = np.round(12 * np.log2(frequencies[audible] / 440) + 69).astype(int) % 12
    return np.bincount(classes, power[audible], 12).astype(np.float32)


def rms(samples: Floats) -> float:
    return float(np.sqrt(np.mean(samples**2)))


@given(swing=st.floats(0, 0.6), swung=st.sampled_from((1, 2)))
def test_swing_moves_only_what_is_between_pairs(swing: float, swung: int) -> None:
    places = [swung_step(step, swing, swung) for step in range(17)]
    assert (np.diff(places) > 0).all()
    assert places[:: 2 * swung] == pytest.approx(range(0, 17, 2 * swung))
    assert places[swung] == pytest.approx(swung * (1 + swing))


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(shutil.copytree(builtin_root() / TASK, tmp_path_factory.mktemp("folder") / TASK))


def test_a_damaged_folder_is_refused(copied: Path) -> None:
    file = next(copied.glob("*.base.opus"))
    good = file.read_bytes()
    try:
        file.write_bytes(good[:-1] + bytes([good[-1] ^ 1]))
        with pytest.raises(ModelError, match="SHA-256 differs"):
            open_templates(copied)
    finally:
        file.write_bytes(good)


def overlapping(entry: dict[str, Any]) -> None:
    entry["parts"][1]["start"] -= 2000


def of_no_mood(entry: dict[str, Any]) -> None:
    entry["moods"] = ["drowsy"]


def without_verse(entry: dict[str, Any]) -> None:
    entry["parts"] = [part for part in entry["parts"] if part["name"] != "verse"]


def renamed(entry: dict[str, Any]) -> None:
    entry["id"] = "other"


def of_other_chords(entry: dict[str, Any]) -> None:
    entry["parts"][0]["chords"][0][0] = 99


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (overlapping, "begins before the part before it has ended"),
        (of_no_mood, "drowsy"),
        (without_verse, "needs one verse"),
        (renamed, r"does not name other\.chords\.opus"),
        (of_other_chords, "<= 72"),
    ],
)
def test_a_wrong_description_is_refused(
    copied: Path, tmp_path: Path, change: Callable[[dict[str, Any]], None], complaint: str
) -> None:
    folder = open_folder(copied)
    described = {"templates": [dict(entry) for entry in folder.manifest.parameters["templates"]]}
    change(described["templates"][0])
    wrong = rewrite(folder, path=tmp_path / TASK, parameters=described)
    with pytest.raises(ModelError, match=complaint):
        open_templates(wrong.path)


def test_audio_of_another_length_is_refused(copied: Path, tmp_path: Path) -> None:
    folder = open_folder(copied)
    first, second, *_ = folder.manifest.parameters["templates"]
    swapped = {f"{first['id']}.base.opus": folder.read(f"{second['id']}.base.opus")}
    wrong = rewrite(folder, swapped, path=tmp_path / TASK)
    template = next(template for template in open_templates(wrong.path) if template.id == first["id"])
    assert template.read("chords").shape == (2, template.samples)
    with pytest.raises(ModelError, match="does not fit its manifest"):
        template.read("base")
    with pytest.raises(UsageError, match="chords and base"):
        template.read("drums")  # type: ignore[arg-type]
