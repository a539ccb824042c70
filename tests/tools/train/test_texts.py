"""Training of the text encoder: its corpus, and all of it on a dictionary and a teacher of a few words."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from edge.errors import InputError
from edge.networks.text_encoder import TextEncoder
from tests.tools.importers.makers import minilm as teacher_wheel
from tools.convert.folder import rewrite
from tools.evaluate.agreement import compared, neighbours
from tools.importers import minilm
from tools.importers.sources import open_source
from tools.train.texts import pipeline
from tools.train.texts.corpus import collect, is_held_out
from tools.train.texts.learning import CHUNK, Lessons, Plan
from tools.train.texts.network import Sizes, WordNetwork
from tools.train.texts.phrases import participle, plural
from tools.train.texts.teacher import Teacher
from tools.train.wordnet import Dictionary, read_dictionary

DATA = {
    "noun": [
        '00000001 05 n 02 dog 0 hot_dog 1 000 | an animal that barks; it is kept; "the dog barked"; "a dog"',
        "00000002 05 n 01 cat 0 000 | an animal that does not",
        "00000003 06 n 02 street 0 lane 0 000 | a way between houses",
    ],
    "verb": ["00000004 30 v 01 run 0 000 01 + 02 00 | move fast", "00000005 30 v 01 dance 0 000 | move well"],
    "adj": ["00000006 00 a 01 wet(p) 0 000 | not dry"],
    "adv": [],
}
INDEX = {
    "noun": ["dog n 1 2 @ ~ 1 1 00000001", "cat n 1 0 1 1 00000002", "lane n 1 0 1 0 00000003"],
    "verb": ["run v 1 0 1 1 00000004", "dance v 1 0 1 1 00000005"],
    "adj": ["wet a 1 0 1 1 00000006"],
    "adv": [],
}
IRREGULAR = {"noun": ["mice mouse"], "verb": ["running run", "ran run"], "adj": [], "adv": []}


@pytest.fixture
def words(tmp_path: Path) -> Path:
    """A dictionary of eight words, with the licence that each of its files starts with."""
    for name, kinds in {"data.{}": DATA, "index.{}": INDEX, "{}.exc": IRREGULAR}.items():
        for kind, lines in kinds.items():
            head = [] if name == "{}.exc" else ["  1 This software and database", "  2 is licensed"]
            (tmp_path / name.format(kind)).write_text("\n".join([*head, *lines, ""]))
    return tmp_path


@pytest.fixture
def dictionary(words: Path) -> Dictionary:
    return read_dictionary(words)


def test_a_dictionary_is_read(dictionary: Dictionary) -> None:
    dog = dictionary.senses[0]
    assert dog.words == ("dog", "hot dog")
    assert dog.definition == "an animal that barks; it is kept"
    assert dog.examples == ("the dog barked", "a dog")
    assert dictionary.senses[-1].words == ("wet",)
    assert dictionary.common["noun"] == ("dog", "cat")
    assert dictionary.irregular["verb"]["run"] == ("running", "ran")


def test_another_file_is_refused_by_name(words: Path) -> None:
    (words / "data.verb").write_text("what is this\n")
    with pytest.raises(InputError, match=r"data\.verb: is no data file of WordNet"):
        read_dictionary(words)
    (words / "data.noun").unlink()
    with pytest.raises(InputError, match=r"data\.noun: cannot be read .*wordnet-base"):
        read_dictionary(words)


@pytest.mark.parametrize(
    ("word", "many"),
    [("dog", "dogs"), ("box", "boxes"), ("city", "cities"), ("day", "days"), ("mouse", "mice")],
)
def test_plurals(dictionary: Dictionary, word: str, many: str) -> None:
    assert plural(word, dictionary) == many


@pytest.mark.parametrize(
    ("word", "doing"),
    [("run", "running"), ("dance", "dancing"), ("lie", "lying"), ("see", "seeing"), ("walk", "walking")],
)
def test_participles(dictionary: Dictionary, word: str, doing: str) -> None:
    assert participle(word, dictionary) == doing


def test_a_corpus_is_the_same_each_time_and_knows_nothing_of_what_is_held_out(dictionary: Dictionary) -> None:
    pieces = ["dog", "##s", "guitar"]
    corpus = collect(dictionary, pieces, most=2000)
    assert corpus == collect(dictionary, pieces, most=2000)
    everything = [*corpus.learned, *corpus.held_out]
    assert len(set(everything)) == len(everything)
    assert {"dog", "guitar", "hot dog", "move well", "a dog", "dogs", "running"} <= set(everything)
    assert "##s" not in everything
    assert not any(is_held_out(text) for text in ("cat", "dog", "hot dog"))
    rare = next(f"w{number}" for number in range(999) if is_held_out(f"w{number}"))
    held = collect(dictionary, [*pieces, *[rare] * 3], most=2000).held_out
    assert is_held_out(f"An old {rare.upper()}")
    assert rare not in held  # a piece is always learned


def test_every_text_is_drawn_once_before_any_is_drawn_again() -> None:
    chance = np.random.default_rng(0)
    pieces = [np.full(length, number + 1) for number, length in enumerate(chance.integers(1, 9, 96))]
    plan = Plan(steps=2 * CHUNK, batch=5)
    vectors = np.arange(96, dtype=np.float16)[:, None]
    batches = list(Lessons(pieces, vectors, 90).batches(plan, CHUNK))[-CHUNK:]
    rows = np.concatenate([wanted[:, 0].numpy() for _, wanted in batches]).astype(int)
    assert len(set(rows)) == len(rows) == CHUNK * plan.batch
    for padded, wanted in batches:
        for text, (number,) in zip(padded, wanted, strict=True):
            assert text[text != 0].tolist() == pieces[int(number)].tolist()
    again = list(Lessons(pieces, vectors, 90).batches(plan, CHUNK + 7))
    torch.testing.assert_close(again, batches[7:])
    early = next(Lessons(pieces, vectors, 80).batches(replace(plan, steps=999), 0))[1]
    assert early.max() < 80


def test_padding_changes_nothing() -> None:
    torch.manual_seed(0)
    network = WordNetwork(Sizes(pieces=9, piece=4, hidden=8, heads=2, layers=2, vector=6)).eval()
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, std=0.5)
    text = torch.tensor([[2, 5, 7, 3]])
    padded = network(torch.cat([text, torch.zeros(1, 5, dtype=torch.int64)], 1))
    torch.testing.assert_close(network(text), padded)
    torch.testing.assert_close(network(text, padded=False), padded)
    assert (network(text.flip(1)) - padded).abs().max() > 0.01


def test_a_teacher_says_of_many_what_it_says_of_one(tmp_path: Path) -> None:
    teacher = Teacher(open_source(minilm.PACKAGE, teacher_wheel(tmp_path)))
    texts = ["a dog", "the cats", "rain street rain", "", "dog", "a cat", "rain " * 99]
    vectors = teacher.encode(texts)
    alone = np.concatenate([teacher.encode([text]) for text in texts])
    np.testing.assert_allclose(vectors, alone, atol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert teacher.pieces[:3] == ["[PAD]", "[UNK]", "[CLS]"]


def test_agreement_is_that_of_neighbours() -> None:
    chance = np.random.default_rng(0)
    truth = _normal(chance.normal(size=(90, 16)))
    same, other = compared(truth, truth, 30), compared(_normal(chance.normal(size=(90, 16))), truth, 30)
    assert same == pytest.approx({"cosine": 1, "recall_at_10": 1, "spearman": 1}, abs=1e-5)
    assert abs(other["spearman"]) < 0.1
    assert other["recall_at_10"] < 0.4
    row = int(np.argsort(-(truth @ truth[4]))[1])
    assert neighbours(truth, list(map(str, range(90))), 4, 3)[0] == str(row)


def test_a_tiny_encoder_is_trained_resumed_and_written(
    words: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    job = pipeline.TextsJob(
        data=tmp_path, run=tmp_path / "run", out=tmp_path / "words", float_out=tmp_path / "float",
        steps=30, threads=1, words=words, teacher=teacher_wheel(tmp_path), most=80, batch=4,
        sizes=Sizes(piece=8, hidden=64, heads=2, longest=12),
    )  # fmt: skip
    pipeline.run(job)
    assert "step 30 of 30: loss" in capsys.readouterr().out
    exact, small = TextEncoder(job.float_out), TextEncoder(job.out)
    texts = ["a dog", "the cats", "", "rain street rain", "dog " * 99]
    vectors = exact.encode(texts)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert ((vectors * small.encode(texts)).sum(axis=1) > 0.99).all()
    accuracy = small.folder.manifest.accuracy
    assert accuracy is not None
    assert accuracy["int8"]["cosine"] > 0.5
    assert abs(accuracy["int8"]["cosine"] - accuracy["float"]["cosine"]) < 0.01
    digest = small.folder.manifest.files["encoder.onnx"]
    rewrite(small.folder, {"CARD.md": b"# words\n"})
    shards = {file: file.stat().st_mtime_ns for file in (job.run / "teacher").iterdir()}
    pipeline.run(job)
    again = TextEncoder(job.out).folder
    assert again.manifest.files["encoder.onnx"] == digest
    assert again.read("CARD.md") == b"# words\n"
    assert {file: file.stat().st_mtime_ns for file in (job.run / "teacher").iterdir()} == shards


def _normal(vectors: NDArray[np.float64]) -> NDArray[np.float32]:
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)
