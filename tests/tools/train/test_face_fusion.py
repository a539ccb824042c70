"""Scenes of audio and faces, and a fusion trained on a few."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from edge.networks.face_fusion import COLUMNS, video_row
from edge.vocabulary import LABELS, Label
from tools.train.face_fusion.fusion import PARTS, answers, scored, train_fusion
from tools.train.face_fusion.scenes import NOBODY, PERFORMING, SHOTS, Scene, read_scenes, write_scenes

SINGING, MUSIC = LABELS.index(Label.SINGING), LABELS.index(Label.MUSIC)


def scene(shot: int, segments: int) -> Scene:
    """A song with a performer or with nobody on screen."""
    confidences = np.full((segments, 4), 0.05, np.float32)
    confidences[:, SINGING] = 0.85
    performer = video_row(share=1, side=0.3, score=0.9, faces=1, producing=0.9, synchrony=0.9)
    row = performer if shot == PERFORMING else video_row()
    truth = np.zeros((segments, 4), np.float32)
    truth[:, SINGING if shot == PERFORMING else MUSIC] = 1
    return Scene(confidences, np.stack([row] * segments), truth, np.full(segments, shot))


def test_scenes_are_kept_and_read(tmp_path: Path) -> None:
    scenes = [scene(PERFORMING, 12), scene(NOBODY, 5)]
    write_scenes(scenes, tmp_path / "scenes.npz")
    for kept, made in zip(read_scenes(tmp_path / "scenes.npz"), scenes, strict=True):
        for name in ("confidences", "rows", "truth", "shown"):
            np.testing.assert_array_equal(getattr(kept, name), getattr(made, name))


def test_a_fusion_learns_who_sings_from_what_it_knows() -> None:
    torch.set_num_threads(1)
    scenes = [scene(PERFORMING, 12), scene(NOBODY, 12)] * 4
    results = {}
    for part in ("audio", "+ face"):
        network = train_fusion(scenes, columns=PARTS[part], steps=120, batch=16)
        results[part] = scored(scenes, answers(network, scenes))
    cases = {f"singing, {SHOTS[PERFORMING]}", f"music, {SHOTS[NOBODY]}"}
    assert set(results["+ face"]) == cases
    assert set(results["+ face"].values()) == {1.0}
    assert sum(results["audio"].values()) == 1.0  # it cannot tell one from the other
    assert PARTS["+ synchrony"] == len(COLUMNS)
