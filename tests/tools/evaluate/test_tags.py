"""Figures of tagging on rankings made by hand, and all of it on two tiny videos."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edge.errors import InputError
from edge.evidence.networks import BEST_ENCODER
from edge.models.packages import is_installed
from edge.models.store import builtin_root
from tests.media.makers import Recipe, make
from tools.evaluate import tag_scores
from tools.evaluate.tag_scores import Ranking
from tools.evaluate.tags import Video, _worst, evaluate, read_videos, table

ENCODERS = tuple(
    name
    for name in ("images", BEST_ENCODER)
    if (builtin_root() / name / "manifest.json").is_file() or is_installed(name)
)

ROWS = {
    "image", "audio", "faces", "fused", "zero_shot", "zero_shot_audio", "title", "fused_titled",
    "zero_shot_title", "zero_shot_titled", "fused_all",
}  # fmt: skip

VECTORS = {
    "dog": np.array([1, 0], np.float32),
    "puppy": np.array([0.8, 0.6], np.float32),
    "sea": np.array([0, 1], np.float32),
    "car": np.array([0, -1], np.float32),
    **{name: np.array([-1, 0], np.float32) for name in "abcdefg"},
}


def video(*tags: str, name: str = "a.mp4") -> Video:
    return Video(Path("pack", name), "", tags)


def ranking(*tags: str) -> Ranking:
    return Ranking(tags[:5], tags)


def judged(rankings: list[Ranking | None], videos: list[Video]) -> dict[str, Any]:
    return tag_scores.judged(rankings, [video.tags for video in videos], VECTORS)


def test_figures_of_one_ranking() -> None:
    row = judged([ranking("puppy", "sea", "a", "b", "c", "dog")], [video("Dog", "SEA")])
    assert row["recall_at_5"] == 1 / 2
    assert row["soft_recall_at_5"] == 1  # a puppy is nearly a dog
    assert row["precision_at_3"] == pytest.approx(1 / 3)
    assert row["map"] == pytest.approx((1 / 2 + 2 / 6) / 2)
    assert row["videos"] == 1


def test_five_of_many_tags_are_all_that_can_be_shown() -> None:
    row = judged([ranking(*"abcde")], [video(*"abcdefg")])
    assert row["recall_at_5"] == row["soft_recall_at_5"] == row["precision_at_3"] == 1
    assert row["map"] == pytest.approx(5 / 7)  # the others were not ranked


def test_rows_are_means_over_the_videos_that_have_a_ranking_and_tags() -> None:
    right, wrong = ranking("dog"), ranking("car")
    videos = [video("dog"), video("dog"), video("dog"), video()]
    row = judged([right, wrong, None, right], videos)
    assert row == {
        "recall_at_5": 0.5, "map": 0.5, "soft_recall_at_5": 0.5, "precision_at_3": pytest.approx(1 / 6),
        "recall_interval": [0.0, 1.0], "videos": 2,
    }  # fmt: skip
    nothing = judged([None], [video("dog")])
    assert nothing.keys() == row.keys()
    assert nothing["videos"] == nothing["recall_at_5"] == 0


def test_the_worst_come_first_and_those_without_tags_do_not_count() -> None:
    """Two videos of the same name in two folders may be equally bad."""
    videos = [video("dog", name="b.mp4"), video("sea"), video("car"), video(name="none.mp4")]
    found = _worst([ranking("dog"), ranking("a"), ranking("b"), ranking("c")], videos)
    assert [one["video"] for one in found] == ["a.mp4", "a.mp4", "b.mp4"]
    assert found[-1] == {"video": "b.mp4", "found": "dog", "given": "dog"}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A video with a title and audio, and one without both, each in a pack of its own."""
    folder = tmp_path_factory.mktemp("data")
    for name, header, row, audio in (
        ("tagvideos", "path,title,tags", "a.mp4,Dog barking,dog; Barking ;;zzz unheard of", ("aac",)),
        ("video", "path,tags", "b.mp4,beach;sea", ()),
    ):
        (folder / name).mkdir()
        (folder / name / "manifest.csv").write_text(f"{header}\n{name}/{row}\n")
        make(folder / name / row.split(",")[0], Recipe(seconds=2.0, audio=audio))
    return folder


def test_videos_of_both_manifests_are_read(data: Path, tmp_path: Path) -> None:
    assert read_videos(data) == [
        Video(data / "tagvideos/a.mp4", "Dog barking", ("dog", "Barking", "zzz unheard of")),
        Video(data / "video/b.mp4", "", ("beach", "sea")),
    ]
    with pytest.raises(InputError, match="has no tagged videos"):
        read_videos(tmp_path)


@pytest.mark.skipif(
    not ENCODERS, reason="no image encoder: neither models_quantized/images nor edgereel[tags]"
)
def test_two_videos_are_ranked_in_every_way(data: Path) -> None:
    result = evaluate(data, encoders=ENCODERS)
    prefixes = ["", *(f"{name}:" for name in ENCODERS[1:])]
    assert result["rows"].keys() == result["unseen"].keys() == {p + row for p in prefixes for row in ROWS}
    assert result["videos"] == 2
    assert result["encoder"] == ENCODERS[0]
    for rows in (result["rows"], result["unseen"], result["fewer"]):
        for row in rows.values():
            figures = [row[name] for name in ("recall_at_5", "map", "soft_recall_at_5", "precision_at_3")]
            assert all(0 <= figure <= 1 for figure in (*figures, *row["recall_interval"]))
    videos = {name: result["rows"][name]["videos"] for name in ROWS}
    assert videos["image"] == videos["fused"] == videos["fused_all"] == videos["zero_shot"] == 2
    assert videos["title"] == videos["fused_titled"] == videos["audio"] == videos["zero_shot_titled"] == 1
    assert videos["faces"] == 0
    assert result["rows"]["zero_shot_title"]["recall_at_5"] > 0  # its words are its tags
    lines = table(result).splitlines()
    for name in result["rows"]:
        assert any(line.startswith(f"{name} ") for line in lines)
    assert {one["video"] for one in result["worst"]} == {"a.mp4", "b.mp4"}
    assert "given: beach, sea" in lines[-1] + lines[-2]
