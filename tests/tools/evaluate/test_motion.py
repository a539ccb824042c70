"""Films composed with known transitions, and how what is found in them is scored."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from edge_kernels.images import Rgb

from edge.errors import InputError
from edge.media.read.gray import gray_frames
from tools.evaluate.camera import HEIGHT, WIDTH, camera, moved
from tools.evaluate.motion import judged, spearman
from tools.evaluate.shots import RECIPES, Change, Recipe, compose, pack_sources, write


def plain(level: int) -> Rgb:
    """A gray gradient, lightest at the right."""
    ramp = np.linspace(level - 30, level + 30, WIDTH)
    return np.repeat(np.tile(ramp, (HEIGHT, 1))[..., None], 3, axis=2).round().astype(np.uint8)


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    folder = tmp_path / "video"
    folder.mkdir()
    rows = ["path,seconds"]
    for number, level in enumerate((50, 100, 150, 200)):
        write(folder / f"{number}.mp4", [plain(level)] * 60)
        rows.append(f"video/{number}.mp4,2.4")
    (folder / "manifest.csv").write_text("\n".join(rows), encoding="utf-8")
    return tmp_path


def test_a_clip_with_a_cut_is_two_sources(pack: Path, tmp_path: Path) -> None:
    sources = pack_sources(pack, {"1.mp4": (1.2,)})
    assert [one.path.name for one in sources] == ["0.mp4", "1.mp4", "1.mp4", "2.mp4", "3.mp4"]
    assert sources[1].last_s == 1.2 < sources[2].first_s
    with pytest.raises(InputError, match="has no clips"):
        pack_sources(tmp_path / "nothing", {})


@pytest.mark.slow
@pytest.mark.parametrize("recipe", [RECIPES[0], RECIPES[3]], ids=lambda recipe: recipe.name)
def test_a_film_changes_where_it_says(pack: Path, tmp_path: Path, recipe: Recipe) -> None:
    film = compose(tmp_path / "film.mp4", pack_sources(pack, {}), [], recipe, 3)
    levels = np.array([frame.gray.mean() for frame in gray_frames(film.path, pixels=14_400)])
    assert len(levels) == film.frames
    assert all(one.end < other.start for one, other in pairwise(film.changes))
    steps = np.abs(np.diff(levels))
    inside = np.zeros(len(steps), bool)
    for change in film.changes:
        first = change.start - 1 if change.kind == "cut" else change.start
        inside[first : max(change.end, first + 1)] = True
        if change.kind == "fade":
            darkest = levels[change.start : change.end].min(), levels[change.start : change.end].max()
            assert darkest[0] < 2 or darkest[1] > 253
    assert steps[~inside].max() < 1.5
    assert steps[inside].max() > 20


def test_cuts_count_at_their_frame_and_gradual_ones_by_overlap() -> None:
    known = (Change("cut", 50, 50), Change("dissolve", 100, 120), Change("fade", 200, 230))
    found = {"cut": [(2.0, 2.0), (2.04, 2.04), (4.2, 4.2)], "dissolve": [(4.1, 4.9)], "fade": [(9.0, 9.9)]}
    assert judged(known, found) == {"cut": [1, 1, 2], "fade": [0, 1, 1], "dissolve": [1, 1, 1]}


def test_a_camera_moves_what_it_sees() -> None:
    image = np.random.default_rng(0).integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8)
    (still, shifted) = moved([image, image], np.array([[0.0, 0.0, 1.0], [7.0, 3.0, 1.0]]))
    np.testing.assert_array_equal(still, image)
    np.testing.assert_array_equal(shifted[:-3, :-7], image[3:, 7:])
    assert camera(np.random.default_rng(1), 30).shape == (30, 3)


def test_ranks_correlate() -> None:
    values = np.array([0.1, 5.0, 2.0, 3.0])
    assert spearman(values, np.exp(values)) == pytest.approx(1)
    assert spearman(values, -values) == pytest.approx(-1)
