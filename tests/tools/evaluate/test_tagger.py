"""Taggers beside their teacher: one that is the same, and what is measured of another."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edge.errors import InputError
from tests.tools.music_makers import pack_of_music
from tools.evaluate.tagger import _nearness, evaluate, table


def test_a_tagger_is_as_near_as_can_be_to_itself(tmp_path: Path) -> None:
    pack = pack_of_music(tmp_path / "pack", ["a.wav", "b.wav"])
    result = evaluate(pack, teacher="music")
    assert result["recordings"] == 2
    (row,) = result["rows"]
    assert (row["vector"], row["tags"], row["best_tag"]) == (1, 1, 1)
    assert row["ms"] > 0
    assert table(result).splitlines()[2].startswith("| music | 1.000 | 1.000 | 1.000 | ")
    with pytest.raises(InputError, match=r"manifest\.csv: cannot be read"):
        evaluate(tmp_path, teacher="music")


def test_nearness_is_of_the_variance_of_the_teacher() -> None:
    rng = np.random.default_rng(0)
    tags, scale = rng.random((50, 4), np.float32), np.arange(1, 9, dtype=np.float32)
    vectors, noise = (rng.standard_normal((50, 8), np.float32) * scale for _ in range(2))
    near = _nearness((tags, vectors + 0.5 * noise), (tags, vectors))
    assert near["vector"] == pytest.approx(0.75, abs=0.05)
    assert near["tags"] == 1
    means = np.full_like(vectors, 1) * vectors.mean(axis=0)
    assert _nearness((tags[::-1], means), (tags, vectors))["vector"] == pytest.approx(0, abs=1e-4)
