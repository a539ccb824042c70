"""Training of the tagger: what is known of tags, the videos that are composed, and towers that learn them."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
import torch

from edge.arrays import Floats
from edge.errors import InputError, UsageError
from edge.networks.tag_towers import FACES, LIGHT, MODALITIES, TagTowers, VideoInput
from tools.importers.weights import int8_weights
from tools.train.tagging import pipeline, samples
from tools.train.tagging.hypernyms import Nouns
from tools.train.tagging.knowledge import ANIMALS, class_tags, read_table, sound_tags
from tools.train.tagging.learning import Learner, Plan, Rule, Vocabulary, present, train
from tools.train.tagging.samples import KINDS, MAX_TAGS, NOTHING, Composer, Parts, Sample

TEXT, AUDIO = 256, 12
"""Sizes of text vectors and of audio features."""

NOUNS = [
    "00000001 03 n 01 physical_entity 0 000 | what exists in space",
    "00000002 05 n 02 animal 0 beast 0 001 @ 00000001 n 0000 | a living thing that moves",
    "00000003 05 n 01 dog 0 001 @ 00000002 n 0000 | an animal that barks",
    "00000004 05 n 02 Poodle 0 poodle_dog 0 001 @ 00000003 n 0000 | a dog with curls",
    "00000005 05 n 01 crane 0 002 @ 00000002 n 0000 ~ 00000003 n 0000 | a wading bird",
    "00000006 06 n 01 crane 0 001 @ 00000001 n 0000 | a machine that lifts",
    "00000007 18 n 02 crane 0 Hart_Crane 0 001 @i 00000008 n 0000 | a poet",
    "00000008 18 n 01 poet 0 000 | a writer of poems",
]

PLAN = Plan(rounds=4, samples=192, batch=32, rate=4e-3)


@pytest.fixture
def words(tmp_path: Path) -> Path:
    """A dictionary of eight meanings, with the licence that it starts with."""
    (tmp_path / "data.noun").write_text("\n".join(["  1 This software", "  2 is licensed", *NOUNS, ""]))
    return tmp_path


def encode(texts: Sequence[str]) -> Floats:
    """Vectors of norm 1: the sum of a random one for each word."""
    rows = [sum(map(_word, text.split()), np.zeros(TEXT, np.float32)) for text in texts]
    return np.stack([row / np.linalg.norm(row) for row in rows]).astype(np.float32)


def _word(word: str) -> Floats:
    return np.random.default_rng(zlib.crc32(word.encode())).normal(size=TEXT).astype(np.float32)


def made_parts() -> Parts:
    """Three classes, the last without pictures, and a sound of each kind; one fits the first class."""
    return Parts(
        classes=np.eye(3, dtype=np.float32)[[0, 0, 1, 1]],
        light=np.array([[0.4, 0.2, 0.3], [0.5, 0.2, 0.4], [0.6, 0.1, 0.2], [0.7, 0.2, 0.3]], np.float32),
        label=np.array([0, 0, 1, 1]),
        class_tags=[
            {"dog": 1.0, "pet": 0.8, "fur": 0.7, "puppy": 0.6},
            {"car": 1.0, "street": 0.9, "wheel": 0.7},
            {"beach": 1.0, "sea": 0.9, "sand": 0.8},
        ],
        likeness=np.array([[0, 1, 2], [1, 0, 2], [2, 1, 0]]),
        audio=np.random.default_rng(0).normal(size=(5, AUDIO)).astype(np.float32),
        sound=["talk", "tune", "song", "bark", NOTHING],
        kind=list(KINDS),
        sound_tags={
            "speech": {"talking": 1.0, "voice": 0.9},
            "music": {"music": 1.0, "melody": 0.9},
            "song": {"singing": 1.0, "song": 0.9},
            "bark": {"dog": 1.0, "barking": 0.9},
        },
    )


def made_learner(plan: Plan) -> Learner:
    tags = pipeline.learned_tags(made_parts())
    labels = encode([next(iter(one)) for one in made_parts().class_tags])
    others = encode([f"nothing{number}" for number in range(TEXT)])
    return Learner(Vocabulary(labels, tags, encode(tags), others, encode), AUDIO, plan)


@pytest.fixture(scope="module")
def trained() -> Learner:
    learner, composer = made_learner(PLAN), Composer(made_parts(), np.random.default_rng(0))
    for number in range(1, PLAN.rounds + 1):
        learner.round(composer, number)
    return learner


def test_a_word_of_two_meanings_is_told_by_what_is_above_it(words: Path) -> None:
    nouns = Nouns(words)
    assert nouns.meaning(["crane"], animal=True) == "00000005"
    assert nouns.meaning(["Crane"], animal=False) == "00000006"
    assert nouns.meaning(["crane", "hart crane"], animal=False) == "00000007"  # shared by both names
    assert nouns.meaning(["unicorn"], animal=True) is None
    above = [(noun.words[0], distance) for noun, distance in nouns.above("00000004")]
    assert above == [("poodle", 0), ("dog", 1), ("animal", 2), ("physical entity", 3)]
    assert "dog" not in {word for noun, _ in nouns.above("00000005") for word in noun.words}  # below it
    assert [noun.words for noun, _ in nouns.above("00000007")] == [("crane", "hart crane"), ("poet",)]
    with pytest.raises(InputError, match=r"data\.noun: cannot be read .*wordnet-base"):
        Nouns(words / "elsewhere")


def test_names_of_a_class_come_first_and_what_is_above_them_counts_less(words: Path, tmp_path: Path) -> None:
    table = tmp_path / "table.txt"
    table.write_text("# animals\nDog, cat: pet\n\ndog: hound , bark\n")
    assert read_table(table) == {"dog": ("pet", "hound", "bark"), "cat": ("pet",)}
    fill = ["unknown"] * (ANIMALS - 2)
    poodle, bird, *_, machine = class_tags(["poodle, poodle dog, curly", "crane", *fill, "crane"], words)
    assert poodle["poodle"] == poodle["poodle dog"] == bird["crane"] == machine["crane"] == 1
    assert 1 > poodle["dog"] > poodle["animal"] > 0
    assert "curly" not in poodle  # two names are tags
    assert poodle["animal"] < bird["animal"] < 1  # which is one level nearer to it
    assert "animal" not in machine
    for sound in sound_tags().values():
        assert list(sound.values()) == sorted(sound.values(), reverse=True)


def test_composed_videos_show_what_their_tags_say() -> None:
    parts = made_parts()
    parts = replace(parts, class_tags=[*parts.class_tags[:2], {**parts.class_tags[2], **_many()}])
    composer = Composer(parts, np.random.default_rng(1))
    heard = {row.tobytes(): name for row, name in zip(parts.audio, parts.sound, strict=True)}
    shown, alone = [0, 0, 0], set()
    for sample in [composer.sample() for _ in range(1500)]:
        assert any(present(sample))
        assert 0 < len(sample.tags) <= MAX_TAGS
        assert all(0 < weight <= 1 for weight in sample.tags.values())
        if sample.classes is not None and not sample.title:
            named = [next(iter(tags)) in sample.tags for tags in parts.class_tags]
            assert sample.classes.sum() == pytest.approx(1)
            assert sample.classes[named].max() >= 0.25
            shown[int(sample.classes.argmax())] += 1
        if present(sample) == [False, True, False, False]:
            assert sample.audio is not None
            sound = heard[sample.audio.tobytes()]
            kind = parts.kind[parts.sound.index(sound)]
            assert sample.tags == parts.sound_tags.get(sound, parts.sound_tags.get(kind))
            alone.add(sound)
    assert min(shown) > sum(shown) / 5  # the class without pictures as often as the others
    assert alone == {"talk", "tune", "song", "bark"}


def _many() -> dict[str, float]:
    return {f"grain {number}": 0.1 for number in range(2 * MAX_TAGS)}


def test_a_seed_gives_the_same_videos() -> None:
    one, same, other = (Composer(made_parts(), np.random.default_rng(n)).sample() for n in (5, 5, 6))
    assert (one.tags, one.title) == (same.tags, same.title) != (other.tags, other.title)
    learner = made_learner(PLAN)
    composer = Composer(made_parts(), np.random.default_rng(9))
    rounds = [learner.compose(composer, number) for number in (1, 1, 2)]
    for name in ("classes", "light", "audio", "text", "faces", "present", "fitting"):
        first, again, later = (getattr(data, name) for data in rounds)
        assert torch.equal(first, again)
        assert not torch.equal(first, later)


def test_negatives_of_each_rule(trained: Learner) -> None:
    """The published rule loses nothing while nothing moves, the semi-hard one less than the margin."""
    data = trained.compose(Composer(made_parts(), np.random.default_rng(0)), 77)
    losses: dict[str, float] = {}
    for rule in get_args(Rule):
        learner = made_learner(replace(PLAN, rule=rule))
        learner.towers.load_state_dict(trained.towers.state_dict())
        before = learner.distances(data)
        losses[rule] = learner.loss(data, before if rule == "published" else None).item()
    assert losses["published"] == 0
    assert 0 < losses["random"] < losses["semi-hard"] < PLAN.margin
    with pytest.raises(UsageError, match="the rule is one of semi-hard, published, random"):
        Plan(rule="hard")  # type: ignore[arg-type]


def test_what_has_moved_since_the_round_began_counts_by_the_published_rule(trained: Learner) -> None:
    learner = made_learner(replace(PLAN, rule="published"))
    learner.towers.load_state_dict(trained.towers.state_dict())
    data = learner.compose(Composer(made_parts(), np.random.default_rng(0)), 78)
    before = learner.distances(data)
    with torch.no_grad():
        learner.towers.tag.weight += 0.05 * torch.randn_like(learner.towers.tag.weight)
    learner.towers.eval()
    assert learner.loss(data, before).item() > 0


@pytest.mark.parametrize("rule", get_args(Rule))
def test_a_tag_that_means_the_same_is_no_negative(rule: Rule) -> None:
    """Of 300 tags all but one are nearly the positive: that one is drawn each time."""
    rng = np.random.default_rng(0)
    noise = rng.normal(size=(300, TEXT)) / np.sqrt(TEXT)
    alike = (encode(["dog"]) + 0.3 * noise).astype(np.float32)
    alike /= np.linalg.norm(alike, axis=1, keepdims=True)
    tags = ("dog", "car")
    learner = Learner(
        Vocabulary(encode(["dog"]), tags, encode(tags), alike, encode), AUDIO, replace(PLAN, rule=rule)
    )
    video = Sample(None, np.zeros(3, np.float32), None, None, "dog car car", {"dog": 1.0})
    data = learner.tensors([video] * 4)
    distances = learner.distances(data)
    loss = learner.loss(data, distances if rule == "published" else None)
    expected = distances[0, 0] - distances[0, 1] + PLAN.margin
    assert expected > PLAN.margin
    assert loss.item() == pytest.approx(expected.item(), abs=1e-5)


class Interrupted(Composer):
    """A composer that stops in the middle of the second round."""

    left = PLAN.samples + 5

    def sample(self) -> Sample:
        self.left -= 1
        if self.left < 0:
            raise KeyboardInterrupt
        return super().sample()


def test_training_goes_on_where_it_stopped(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plan, parts = replace(PLAN, rounds=2), made_parts()
    whole = train(made_learner(plan), Composer(parts, np.random.default_rng(0)), tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        train(made_learner(plan), Interrupted(parts, np.random.default_rng(0)), tmp_path / "parts")
    capsys.readouterr()
    again = train(made_learner(plan), Composer(parts, np.random.default_rng(4)), tmp_path / "parts")
    assert capsys.readouterr().out.startswith("round 2: loss")
    for first, second in zip(whole.state_dict().values(), again.state_dict().values(), strict=True):
        torch.testing.assert_close(first, second)


def test_fitting_tags_come_first_after_a_few_rounds(trained: Learner) -> None:
    tags = trained.tags
    known = {tag for one in made_parts().class_tags for tag in one} | {*samples.ONE, *samples.GRAY}
    assert list(tags) == sorted(tags)
    assert {tag for tag in known if tag not in tags} == {*filter(pipeline.is_held_out, known)} != set()
    composer = Composer(made_parts(), np.random.default_rng(0))
    before, after = (learner.precision(composer, 300) for learner in (made_learner(PLAN), trained))
    for kind in ("titled", "untitled"):
        assert after[kind] > 0.5  # of some 300 tags; of many videos only three or four fit
        assert after[kind] > before[kind] + 0.1


def test_what_is_exported_are_the_towers(trained: Learner, tmp_path: Path) -> None:
    towers = trained.towers.eval()
    exact = {role: pipeline.export(role, towers, tmp_path) for role in TagTowers.roles}
    small = {role: int8_weights(content) for role, content in exact.items()}
    floats = TagTowers(pipeline.write(tmp_path / "float", exact, towers, "none", learned=trained.tags))
    ints = TagTowers(pipeline.write(tmp_path / "int8", small, towers, pipeline.INT8))
    assert floats.folder.read("learned.txt").decode().split() == " ".join(trained.tags).split()
    assert len(small["names"]) < 0.4 * len(exact["names"])
    texts = encode(["dog", "beach", "interview"])
    with torch.no_grad():
        for role in ("tags", "names"):
            places = getattr(floats, role)(texts)
            np.testing.assert_allclose(places, getattr(towers, role)(torch.from_numpy(texts)), atol=1e-4)
            near = getattr(ints, role)(texts)
            assert (near * places).sum(1) / np.linalg.norm(places, axis=1) ** 2 == pytest.approx(1, abs=0.02)
    np.testing.assert_allclose(np.linalg.norm(floats.tags(texts), axis=1), 1, atol=1e-5)
    rng = np.random.default_rng(0)
    sizes = {"image": floats.size, "audio": AUDIO, "text": TEXT, "faces": FACES}
    for known in range(1, 1 << len(MODALITIES)):
        given = {name: rng.random(size, np.float32) for name, size in sizes.items()}
        given = {name: row for bit, (name, row) in enumerate(given.items()) if known >> bit & 1}
        light = rng.random(LIGHT, np.float32) if "image" in given else None
        _check_video(VideoInput(**given, light=light), floats, ints, trained)


def _check_video(video: VideoInput, floats: TagTowers, ints: TagTowers, trained: Learner) -> None:
    """A video's place and gate are those of the towers in torch, and near to them in int8."""
    place, gate = floats.video(video)
    assert np.linalg.norm(place) == pytest.approx(1, abs=1e-5)
    assert gate.sum() == pytest.approx(1, abs=1e-5)
    assert (gate[video.present == 0] == 0).all()
    rows = (video.image, video.light, video.audio, video.text, video.faces, video.present)
    sizes = (floats.size, LIGHT, AUDIO, TEXT, FACES, len(MODALITIES))
    given = [
        torch.zeros(1, size) if row is None else torch.from_numpy(row)[None]
        for row, size in zip(rows, sizes, strict=True)
    ]
    with torch.no_grad():
        expected = trained.towers.video(*given)
    np.testing.assert_allclose(place, expected[0][0], atol=1e-4)
    np.testing.assert_allclose(gate, expected[1][0], atol=1e-4)
    assert ints.video(video)[0] @ place > 0.99
