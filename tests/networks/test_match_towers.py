"""The towers that ship: places of norm 1 of whatever is known, and folders that are none."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from pathlib import Path
from shutil import copytree

import numpy as np
import pytest

from edge.errors import ModelError
from edge.matching.networks import MatchNetworks
from edge.models.folder import open_folder
from edge.models.store import builtin_root
from edge.networks.match_towers import LIGHT, MODALITIES, MOTION, MatchTowers, TrackFeatures, VideoFeatures
from tools.convert.folder import rewrite


@pytest.fixture(scope="module")
def towers() -> Iterator[MatchTowers]:
    with MatchTowers() as opened:
        yield opened


@pytest.mark.parametrize("known", [one for one in product((0, 1), repeat=len(MODALITIES)) if any(one)])
def test_any_part_of_a_video_has_a_place(towers: MatchTowers, known: tuple[int, ...]) -> None:
    rng, text = np.random.default_rng(0), towers.parameters.text
    image, light, motion, words = (rng.random(size, np.float32) for size in (text, LIGHT, MOTION, text))
    given = VideoFeatures(
        image=image if known[0] else None,
        light=light if known[0] else None,
        motion=motion if known[1] else None,
        words=words if known[2] else None,
    )
    assert given.present.tolist() == list(known)
    place = towers.video(given)
    assert place.shape == (towers.size,)
    assert np.linalg.norm(place) == pytest.approx(1, abs=1e-4)
    whole = towers.video(VideoFeatures(image, light, motion, words))
    assert (place @ whole > 0.9999) == all(known)


def test_words_count_where_they_are_known(towers: MatchTowers) -> None:
    rng = np.random.default_rng(0)
    sound = rng.random(towers.parameters.sound, np.float32)
    words = rng.standard_normal(towers.parameters.text).astype(np.float32)
    silent, named = towers.track(TrackFeatures(sound)), towers.track(TrackFeatures(sound, words))
    for place in (silent, named):
        assert np.linalg.norm(place) == pytest.approx(1, abs=1e-4)
    assert silent @ named < 0.999


def test_other_models_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="expected a match-towers model, found segmenter"):
        MatchTowers(builtin_root() / "segmenter")
    folder = open_folder(copytree(builtin_root() / "matching", tmp_path / "matching"))
    given = dict(folder.manifest.parameters)
    for changed in ({"sound": 3}, {"text": 3}, {"size": 3}):
        rewrite(folder, parameters=given | changed)
        with pytest.raises(ModelError, match="does not describe match-towers"):
            MatchTowers(folder.path)


def test_towers_for_another_tagger_are_refused(tmp_path: Path) -> None:
    folder = open_folder(copytree(builtin_root() / "matching", tmp_path / "matching"))
    rewrite(folder, parameters=dict(folder.manifest.parameters) | {"sounds": "another"})
    with (
        MatchNetworks(towers=folder.path, tagger="music") as networks,
        pytest.raises(ModelError, match="of another, not musicnn-mtt"),
    ):
        _ = networks.towers
