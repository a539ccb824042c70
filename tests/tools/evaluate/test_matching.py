"""Figures of matching by hand, and all of it on a small pack."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from edge.errors import InputError
from edge.matching.arrange import arrange
from edge.matching.match import CLOSE
from edge.music.templates import open_templates
from tests.matching.makers import rhythm_of
from tests.tools import music_makers
from tools.evaluate.matching import Sizes, _rank, _recalls, _with_rhythm, average_precision, evaluate, table
from tools.evaluate.matching_films import FILM_S, FIRST_SEED, cut_to


@pytest.mark.parametrize(
    ("right", "expected"),
    [([1, 1, 0, 0], 1.0), ([0, 1], 0.5), ([1, 0, 1], (1 + 2 / 3) / 2), ([0, 0, 1, 1], (1 / 3 + 2 / 4) / 2)],
)
def test_average_precision_of_one_ranking(right: Sequence[int], expected: float) -> None:
    scores = -np.arange(len(right), dtype=np.float32)
    assert average_precision(scores, np.array(right, bool)) == pytest.approx(expected)


def test_ranks_of_equal_scores_are_by_chance() -> None:
    rng, scores = np.random.default_rng(0), np.array([0.5, 0.9, 0.5, 0.1, 0.5], np.float32)
    assert [_rank(scores, right, rng) for right in (1, 3)] == [1, 5]
    assert {_rank(scores, 2, rng) for _ in range(50)} == {2, 3, 4}
    figures = _recalls([1, 2, 7, 30], 40)
    assert (figures["recall_at_1"], figures["recall_at_5"]) == (0.25, 0.5)
    assert (figures["median_rank"], figures["of"]) == (4.5, 40)


def test_rhythm_moves_only_the_nearest_tracks() -> None:
    scores = np.linspace(1, 0, 3 * CLOSE, dtype=np.float32)
    rhythm = np.zeros(3 * CLOSE, np.float32)
    rhythm[[CLOSE - 1, CLOSE]] = 10
    order = np.argsort(-_with_rhythm(scores, rhythm))
    assert order[0] == CLOSE - 1
    assert sorted(order[:CLOSE]) == list(range(CLOSE))
    assert order[CLOSE] == CLOSE


def test_a_film_is_cut_to_its_track() -> None:
    rhythm = rhythm_of(60, 120)
    for seed in range(10):
        film = cut_to(rhythm, np.random.default_rng(seed))
        assert film.end_s == FILM_S
        assert all(0.3 < one.start < FILM_S - 0.3 for one in film.transitions)
        away = [abs(one.start / 0.5 - round(one.start / 0.5)) * 0.5 for one in film.transitions]
        assert np.median(away) < 0.08
        assert arrange(rhythm, film, FILM_S).fit > arrange(rhythm_of(60, 97), film, FILM_S).fit
    assert len(cut_to(rhythm_of(60), np.random.default_rng(0)).transitions) > 1


def test_a_small_pack_is_matched_in_every_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EDGE_WHEELS", raising=False)
    data, run = tmp_path / "eval", tmp_path / "run"
    music_makers.pack_of_music(tmp_path / "train", ["supertux_forest.wav", "supertux_ice.wav", "other.wav"])
    music_makers.with_video(
        music_makers.with_pictures(music_makers.pack_of_music(data, ["a_Q1_b.wav", "c.wav"]))
    )
    music_makers.rendered(run / "renders", [FIRST_SEED])
    result = evaluate(data, run=run, sizes=Sizes.quick())
    renditions = len(open_templates())
    assert result["tracks"] == renditions + 2 + 2
    assert renditions + 1 <= result["films"] <= result["tracks"]
    assert result["rows"]["chance"]["median_rank"] > 5
    for row in result["rows"].values():
        assert 0 <= row["recall_at_1"] <= row["recall_at_5"] <= 1
        assert 1 <= row["median_rank"] <= row["of"] == result["tracks"]
    assert result["recall_at_5"] == result["rows"]["all"]["recall_at_5"]
    assert result["games"]["of"] == 2
    assert result["moods"] == {}
    (video,) = result["videos"]
    assert (video["about"], len(video["tracks"])) == ("beach, sea", 3)
    lines = table(result).splitlines()
    assert sum(line.startswith("| ") for line in lines) == len(result["rows"]) + 3
    assert lines[-1].startswith("- a.mp4 (beach, sea): ")
    again = evaluate(data, run=run, sizes=Sizes.quick())
    assert again["rows"] == result["rows"]


def test_a_folder_that_is_no_pack_is_refused(tmp_path: Path) -> None:
    music_makers.rendered(tmp_path / "run/renders", [FIRST_SEED])
    with pytest.raises(InputError, match="cannot be read"):
        evaluate(tmp_path, run=tmp_path / "run", sizes=Sizes.quick())
