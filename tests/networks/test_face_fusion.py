"""What the shipped fusion makes of audio and faces."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from edge.arrays import Floats
from edge.errors import ModelError, UsageError
from edge.models.folder import open_folder
from edge.models.store import builtin_root
from edge.networks.face_fusion import COLUMNS, SEQUENCE, FaceFusion, video_row
from edge.vocabulary import LABELS, Label
from tools.convert.folder import rewrite

SINGS = video_row(share=1, side=0.3, score=0.9, faces=1, producing=0.95, synchrony=0.9)
OUT_OF_STEP = video_row(share=1, side=0.3, score=0.9, faces=1, producing=0.95, synchrony=0.05)
STILL = video_row(share=1, side=0.3, score=0.9, faces=1, producing=0.02, synchrony=0.2)


@pytest.fixture(scope="module")
def fusion() -> Iterator[FaceFusion]:
    with FaceFusion() as opened:
        yield opened


def sounds_like(label: Label, segments: int) -> Floats:
    """Confidences of audio that is quite sure."""
    confidences = np.full((segments, len(LABELS)), 0.04, np.float32)
    confidences[:, LABELS.index(label)] = 0.88
    return confidences


def labels(fusion: FaceFusion, confidences: Floats, *rows: Floats) -> set[Label]:
    found = fusion.fuse(confidences, np.stack(rows))
    return {LABELS[int(index)] for index in found.argmax(axis=1)}


@pytest.mark.parametrize("segments", [1, 3, 20])
@pytest.mark.parametrize(
    ("row", "label"),
    [(SINGS, Label.SINGING), (video_row(), Label.MUSIC), (STILL, Label.MUSIC), (OUT_OF_STEP, Label.MUSIC)],
    ids=["sings", "nobody", "still", "out of step"],
)
def test_a_song_is_one_if_a_face_sings_it(
    fusion: FaceFusion, row: Floats, label: Label, segments: int
) -> None:
    assert labels(fusion, sounds_like(Label.SINGING, segments), *[row] * segments) == {label}


@pytest.mark.parametrize("row", [SINGS, video_row(), STILL], ids=["moves", "nobody", "still"])
def test_talk_is_talk_whoever_is_on_screen(fusion: FaceFusion, row: Floats) -> None:
    assert labels(fusion, sounds_like(Label.SPEAKING, 4), *[row] * 4) == {Label.SPEAKING}


def test_a_song_goes_on_while_the_camera_looks_away(fusion: FaceFusion) -> None:
    rows = [SINGS] * 4 + [video_row()] * 2 + [SINGS] * 4
    assert labels(fusion, sounds_like(Label.SINGING, 10), *rows) == {Label.SINGING}


@pytest.mark.parametrize("label", LABELS)
def test_without_video_sure_labels_stay(fusion: FaceFusion, label: Label) -> None:
    assert labels(fusion, sounds_like(label, 9), *np.zeros((9, len(COLUMNS)), np.float32)) == {label}


def test_long_recordings_are_fused_in_parts_that_agree(fusion: FaceFusion) -> None:
    rng = np.random.default_rng(0)
    confidences = rng.dirichlet(np.ones(4), 3 * SEQUENCE).astype(np.float32)
    rows = np.stack([SINGS if rng.random() < 0.5 else video_row() for _ in confidences])
    whole = fusion.fuse(confidences, rows)
    np.testing.assert_allclose(whole.sum(axis=1), 1, atol=1e-4)
    later = fusion.fuse(confidences[100:], rows[100:])
    np.testing.assert_allclose(whole[150:], later[50:], atol=0.05)


def test_rows_hold_odds_within_bounds() -> None:
    assert video_row(producing=1, synchrony=0).tolist()[-2:] == [5, -5]
    assert video_row().tolist() == [1, 0, 0, 0, 0, 0, 0]


def test_rows_of_another_shape_are_refused(fusion: FaceFusion) -> None:
    with pytest.raises(UsageError, match="rows must have the shape"):
        fusion.fuse(sounds_like(Label.MUSIC, 3), np.zeros((3, 2), np.float32))


def test_a_folder_with_other_labels_is_refused(tmp_path: Path) -> None:
    shutil.copytree(builtin_root() / "face-fusion", tmp_path / "fusion")
    rewrite(open_folder(tmp_path / "fusion"), labels=("a", "b", "c", "d"))
    with pytest.raises(ModelError, match="expected a fusion"):
        FaceFusion(tmp_path / "fusion")
