"""The music tagger that ships, on excerpts of any length, and folders that are none."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from shutil import copytree

import numpy as np
import pytest

from edge.errors import ModelError
from edge.models.folder import open_folder
from edge.models.store import builtin_root
from edge.networks.music_tagger import MusicTagger
from tests.matching.makers import band
from tools.convert.folder import rewrite


@pytest.fixture(scope="module")
def tagger() -> Iterator[MusicTagger]:
    with MusicTagger() as opened:
        yield opened


def test_an_excerpt_has_tags_and_a_vector(tagger: MusicTagger) -> None:
    assert tagger.excerpt / tagger.rate_hz == pytest.approx(3, abs=0.1)
    samples = band(4, rate_hz=tagger.rate_hz)
    found = tagger.tag(samples[: tagger.excerpt])
    assert found.tags.shape == (len(tagger.labels),)
    assert found.vector.shape == (tagger.parameters.size,)
    assert ((found.tags >= 0) & (found.tags <= 1)).all()
    assert np.isfinite(found.vector).all()
    longer = tagger.tag(samples)
    np.testing.assert_array_equal(longer.vector, found.vector)
    hiss = 0.1 * np.random.default_rng(0).standard_normal(tagger.excerpt).astype(np.float32)
    assert np.abs(tagger.tag(hiss).vector - found.vector).mean() > 0.1


@pytest.mark.parametrize("count", [1, 100, 20_000])
def test_short_excerpts_are_repeated(tagger: MusicTagger, count: int) -> None:
    samples = band(2, rate_hz=tagger.rate_hz)[8000 : 8000 + count]
    whole = np.tile(samples, tagger.excerpt // count + 1)
    np.testing.assert_array_equal(tagger.tag(samples).tags, tagger.tag(whole).tags)


@pytest.mark.parametrize("level", [0.0, 1.0, 100.0])
def test_silence_and_noise_of_any_level_have_finite_answers(tagger: MusicTagger, level: float) -> None:
    hiss = level * np.random.default_rng(0).standard_normal(tagger.excerpt).astype(np.float32)
    found = tagger.tag(hiss)
    assert np.isfinite(found.vector).all()
    assert np.isfinite(found.tags).all()


def test_other_models_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="expected a music-tagger model, found segmenter"):
        MusicTagger(builtin_root() / "segmenter")
    folder = open_folder(copytree(builtin_root() / "music", tmp_path / "music"))
    given = dict(folder.manifest.parameters)
    for changed in ({"size": 100}, {"frames": 50}):
        rewrite(folder, parameters=given | changed)
        with pytest.raises(ModelError, match="does not describe a music-tagger"):
            MusicTagger(folder.path)
    rewrite(folder, parameters=given, labels=folder.manifest.labels[:-1])
    with pytest.raises(ModelError, match="does not describe a music-tagger"):
        MusicTagger(folder.path)
