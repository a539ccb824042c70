"""Training of matching: what fits what, the videos that are composed, and towers that learn it."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import get_args

import numpy as np
import pytest

pytest.importorskip("torch")  # the extra `train`

import torch

from edge.arrays import Floats
from edge.errors import InputError
from edge.networks.image_encoder import ImageEncoder
from edge.networks.match_towers import (
    LIGHT,
    MODALITIES,
    MOTION,
    MatchTowers,
    Parameters,
    TrackFeatures,
    VideoFeatures,
)
from tests.tools import music_makers
from tools.importers.weights import int8_weights
from tools.train.matching import corpus, learning, pictures, pipeline
from tools.train.matching.corpus import Tracks
from tools.train.matching.knowledge import (
    MOODS,
    STYLES,
    Character,
    Scene,
    fits,
    read_scenes,
    track_character,
)  # fmt: skip
from tools.train.matching.learning import Plan, Rule, train
from tools.train.matching.network import SIZE, Towers
from tools.train.matching.pictures import Pictures
from tools.train.matching.samples import Studio, Words, drawn_motion, track_name

TEXT, SOUND, LABELS = 48, 20, 6

PLAN = Plan(steps=40, batch=32, videos=200, rate=4e-3, print_every=30)


def encode(texts: Sequence[str]) -> Floats:
    """Vectors of norm 1: the sum of a random one for each word."""
    rows = [sum(map(_word, text.split()), np.zeros(TEXT, np.float32)) for text in texts]
    return np.stack([row / np.linalg.norm(row) for row in rows]).astype(np.float32)


def _word(word: str) -> Floats:
    return np.random.default_rng(zlib.crc32(word.encode())).normal(size=TEXT).astype(np.float32)


SCENES = [
    Scene(("beach", "sea waves"), Character(("happy", "calm"), ("reggae",))),
    Scene(("battle", "war"), Character(("epic", "tense"), ("trailer",))),
    Scene(("funeral", "grave"), Character(("sad",), ("piano",))),
]


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


def made_studio() -> Studio:
    rng = np.random.default_rng(0)
    labels = np.arange(30) % (LABELS - 1)
    classes = rng.random((30, LABELS)).astype(np.float32) + 8 * np.eye(LABELS, dtype=np.float32)[labels]
    return Studio(
        pictures=Pictures(
            classes=classes / classes.sum(axis=1, keepdims=True),
            light=rng.random((30, 3)).astype(np.float32),
            labels=labels,
        ),
        names=encode([f"class{number}" for number in range(LABELS)]),
        shown=[np.array([0, 1]), np.array([2, 5]), np.zeros(0, np.int64)],  # there are no pictures of 5
        words=Words(encode, {}),
    )


def made_tracks(count: int = 90) -> Tracks:
    """Music whose sound is of its scene."""
    rng = np.random.default_rng(1)
    scenes = rng.integers(len(SCENES), size=count)
    centers = 2 * rng.normal(size=(len(SCENES), SOUND))
    sound = (centers[scenes] + rng.normal(size=(count, SOUND))).astype(np.float32)
    return Tracks(sound, tuple(SCENES[n].character for n in scenes), tuple(f"{n}.ogg" for n in range(count)))


def test_alike_moods_and_styles_fit() -> None:
    happy, calm, sad, unknown = (Character((name,)) for name in ("happy", "calm", "sad", "playful"))
    folk, acoustic, metal = (Character(styles=(name,)) for name in ("folk", "acoustic", "metal"))
    table = fits([happy, folk], [happy, calm, sad, folk, acoustic, metal, Character()])
    assert table[0, 0] == pytest.approx(1)
    assert table[1, 3] == pytest.approx(1)
    assert table[0, 0] > table[0, 1] > table[0, 2] >= 0
    assert table[1, 3] > table[1, 4] > table[1, 5] >= 0
    assert table[0, 3:].tolist() == [0] * 4  # nothing is known of both
    assert fits([unknown], [happy])[0, 0] > fits([unknown], [sad])[0, 0]
    both = fits([Character(("happy",), ("folk",))], [Character(("happy",), ("metal",))])[0, 0]
    assert table[0, 0] > both > 0.5
    every = [Character((mood,)) for mood in MOODS] + [Character(styles=(style,)) for style in STYLES]
    whole = fits(every, every)
    assert ((whole >= 0) & (whole <= 1 + 1e-5)).all()
    np.testing.assert_allclose(whole, whole.T, atol=1e-6)


def test_scenes_are_held_out_and_files_are_what_they_are_called() -> None:
    learned, held_out = read_scenes(held_out=False), read_scenes(held_out=True)
    assert len(held_out) > 15
    assert not {one.keywords for one in learned} & {one.keywords for one in held_out}
    assert all(one.keywords and one.character.moods for one in held_out)
    assert track_character("piano_Q3_17.mp3").moods == ("sad", "nostalgic")
    assert track_character("17.mp3") == Character()
    assert track_character("17.mp3", "folk") == Character(styles=("folk",))
    assert track_character("17.mp3", "no style") == Character()


def test_a_pack_is_read_by_its_names(tmp_path: Path) -> None:
    """The folder that it lies in says nothing."""
    pack = music_makers.pack_of_music(tmp_path / "_Q3_", ["a_Q1_a.wav", "supertux_ice.wav", "unknown.wav"])
    every, learned, games = (corpus.pack_music(pack, held_out=one) for one in (None, False, True))
    assert [Path(one.name).name for one in every] == ["a_Q1_a.wav", "supertux_ice.wav", "unknown.wav"]
    assert [Path(one.name).name for one in games] == ["supertux_ice.wav"]
    assert "a_Q1_a.wav" in {Path(one.name).name for one in learned}
    assert "unknown.wav" not in {Path(one.name).name for one in learned}
    assert every[0].character.moods == ("happy", "energetic")
    assert every[2].character == Character()
    tracks = corpus.analyzed(every, tmp_path / "tracks.npz")
    assert tracks.names == tuple(one.name for one in every)
    assert np.isfinite(tracks.sound).all()
    for one in every:
        Path(one.name).unlink()
    np.testing.assert_array_equal(corpus.analyzed(every, tmp_path / "tracks.npz").sound, tracks.sound)
    some = tracks[np.array([2, 0])]
    assert some.names == (every[2].name, every[0].name)
    with pytest.raises(InputError, match=r"manifest\.csv: cannot be read"):
        corpus.pack_music(tmp_path)


def test_pictures_are_kept(tmp_path: Path) -> None:
    (tmp_path / "pack").mkdir()
    pack = music_makers.with_pictures(tmp_path / "pack")
    with ImageEncoder() as encoder:
        first = pictures.collect(pack, encoder, tmp_path / "run")
        (pack / "images/part.zip").unlink()
        again = pictures.collect(pack, encoder, tmp_path / "run")
        assert first.classes.shape == (6, len(encoder.labels))
    assert sorted(first.labels.tolist()) == sorted([*set(first.labels.tolist())] * 2)
    np.testing.assert_array_equal(again.classes, first.classes)


def test_composed_videos_show_what_their_scene_may() -> None:
    studio, rng = made_studio(), np.random.default_rng(2)
    videos = [studio.video(SCENES[n % 3], n % 3, rng) for n in range(600)]
    assert all(one.present.any() for one in videos)
    shares = np.mean([one.present for one in videos], axis=0)
    assert ((shares > 0.6) & (shares < 0.95)).all()
    near = [[one.image @ name for name in studio.names] for one in videos[::3] if one.image is not None]
    assert np.mean(near, axis=0)[:2].min() > np.mean(near, axis=0)[2:].max()
    for one in videos:
        for part, size in ((one.image, TEXT), (one.light, LIGHT), (one.motion, MOTION), (one.words, TEXT)):
            assert part is None or (part.shape == (size,) and part.dtype == np.float32)
            assert part is None or np.isfinite(part).all()
    calm, wild = (np.mean([drawn_motion(a, rng) for _ in range(200)], axis=0) for a in (-0.8, 0.8))
    assert (wild[:4] > calm[:4] + 0.1).all()
    names = [track_name(SCENES[0].character, SCENES[0], rng) for _ in range(400)]
    assert 120 < sum(not name for name in names) < 280
    assert {name[0] for name in names if name} == {"beach", "sea waves", "happy reggae"}


def recall(towers: Towers) -> float:
    """How often the nearest track fits the scene of a video whose parts are all known."""
    studio, tracks, rng = made_studio(), made_tracks(), np.random.default_rng(7)
    numbers = rng.integers(len(SCENES), size=150)
    given = learning.video_tensors([studio.video(SCENES[n], int(n), rng) for n in numbers], studio)
    with torch.no_grad():
        music = towers.track(torch.from_numpy(tracks.sound), *learning.word_tensors([[]] * 90, studio))
        best = (towers.video(*given) @ music.T).argmax(1).tolist()
    return float(
        np.mean([tracks.characters[row] == SCENES[n].character for row, n in zip(best, numbers, strict=True)])
    )


@pytest.mark.parametrize("rule", get_args(Rule))
def test_fitting_tracks_come_first_after_a_few_steps(rule: Rule, tmp_path: Path) -> None:
    trained = train(made_tracks(), SCENES, made_studio(), replace(PLAN, rule=rule), tmp_path)
    assert recall(trained) > 0.6


def test_training_goes_on_where_it_stopped(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plan, given = replace(PLAN, steps=20, print_every=10), (made_tracks(), SCENES)
    whole = train(*given, made_studio(), plan, tmp_path / "whole")
    kept = tmp_path / "parts" / "checkpoint.pt"

    class Interrupted(Words):
        def mean(self, texts: Sequence[str]) -> Floats:
            if kept.exists():
                raise KeyboardInterrupt
            return super().mean(texts)

    with pytest.raises(KeyboardInterrupt):
        train(*given, replace(made_studio(), words=Interrupted(encode, {})), plan, kept.parent)
    capsys.readouterr()
    again = train(*given, made_studio(), plan, kept.parent)
    assert capsys.readouterr().out.startswith("step 20: ")
    for first, second in zip(whole.state_dict().values(), again.state_dict().values(), strict=True):
        torch.testing.assert_close(first, second)


def test_what_is_exported_are_the_towers(tmp_path: Path) -> None:
    torch.manual_seed(0)
    towers = Towers(TEXT, torch.zeros(SOUND), torch.ones(SOUND)).eval()
    sizes = Parameters(size=SIZE, text=TEXT, sound=SOUND, sounds="made")
    exact = pipeline.export(towers, sizes, tmp_path)
    small = {role: int8_weights(content) for role, content in exact.items()}
    floats = MatchTowers(pipeline.write(tmp_path / "float", exact, sizes, "none").path)
    ints = MatchTowers(pipeline.write(tmp_path / "int8", small, sizes, pipeline.INT8).path)
    rng = np.random.default_rng(0)
    rows = [rng.random(size, np.float32) for size in (TEXT, LIGHT, MOTION, TEXT)]
    for known in range(1, 1 << len(MODALITIES)):
        seen, moved, said = (bool(known >> bit & 1) for bit in range(3))
        video = VideoFeatures(
            rows[0] if seen else None, rows[1] if seen else None,
            rows[2] if moved else None, rows[3] if said else None,
        )  # fmt: skip
        given = learning.video_tensors([video], made_studio())
        with torch.no_grad():
            expected = towers.video(*given)[0]
        np.testing.assert_allclose(floats.video(video), expected, atol=1e-4)
        assert ints.video(video) @ floats.video(video) > 0.98
    for words in (None, rows[3]):
        track = TrackFeatures(rng.random(SOUND, np.float32), words)
        known_words = torch.tensor([[float(words is not None)]])
        text = torch.zeros(1, TEXT) if words is None else torch.from_numpy(words)[None]
        with torch.no_grad():
            expected = towers.track(torch.from_numpy(track.sound)[None], text, known_words)[0]
        np.testing.assert_allclose(floats.track(track), expected, atol=1e-4)
        assert ints.track(track) @ floats.track(track) > 0.98
