"""How found rhythms and keys are scored."""

from __future__ import annotations

import numpy as np
import pytest

from edge.music.templates import open_templates
from tools.evaluate.rhythm import Found, Scores, analyzed, f_measure, key_score
from tools.evaluate.rhythm_tracks import Track, looped

NOTHING = np.zeros(0)


def found(tonic: int, *, minor: bool = False, tempo: float = 100.0) -> Found:
    return Found(tempo, NOTHING, None, tonic, minor)


def known(tonic: float, *, minor: bool = False) -> Track:
    return Track("made", np.zeros(16_000, np.float32), 100.0, tonic, minor)


def test_keys_are_scored_as_mirex_does() -> None:
    assert [key_score(known(2.0), found(tonic)) for tonic in (2, 9, 7, 3)] == [1, 0.5, 0.5, 0]
    assert [key_score(known(2.0), found(tonic, minor=True)) for tonic in (11, 2, 5)] == [0.3, 0.2, 0]
    assert [key_score(known(2.0, minor=True), found(tonic)) for tonic in (5, 2, 11)] == [0.3, 0.2, 0]
    assert [key_score(known(11.6), found(tonic)) for tonic in (11, 0)] == [0, 1]
    assert [key_score(known(11.5), found(tonic)) for tonic in (11, 0)] == [1, 1]


def test_each_beat_is_found_once() -> None:
    true = np.array([1.0, 2.0, 3.0])
    assert f_measure(true + 0.06, true) == 1
    assert f_measure(true + 0.08, true) == 0
    assert f_measure(np.array([0.95, 1.0, 1.05]), true) == pytest.approx(1 / 3)
    assert f_measure(NOTHING, true) == 0


def test_octaves_of_a_tempo_are_scored_apart() -> None:
    scores = Scores()
    for tempo in (103.0, 206.0, 33.0, 75.0):
        scores.add(known(0.0), found(0, tempo=tempo), 0.1)
    summary = scores.summary()
    assert (summary["tempo"], summary["tempo_octaves"]) == (0.25, 0.75)
    assert summary["seconds_per_minute"] == pytest.approx(6)


def test_a_looped_template_has_its_tempo_and_key() -> None:
    template = next(one for one in open_templates() if one.id == "house-124")
    track, scores = looped(template), Scores()
    scores.add(track, analyzed(track.samples), 0.0)
    assert scores.summary()["tempo"] == 1
    assert scores.summary()["beats"] > 0.95
