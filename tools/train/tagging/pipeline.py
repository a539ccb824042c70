"""Train the towers of the tagger, quantize them, and write the model folders.

pictures, recordings, associations -> composed videos -> triplet loss -> three graphs
-> weights of int8 -> accuracy on the evaluation pack's videos
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from torch import Tensor, nn

from edge.models.arithmetic import describe
from edge.models.folder import ModelFolder, open_folder
from edge.models.manifest import Network
from edge.models.manifest import Tensor as Described
from edge.networks.image_encoder import ImageEncoder
from edge.networks.tag_towers import FACES, LIGHT, MODALITIES, Parameters, TagTowers
from edge.networks.text_encoder import TextEncoder
from edge.tagging.library import STARTER
from edge.tagging.names import folded, read_names
from tools.convert import onnx
from tools.convert.folder import rewrite, write_folder
from tools.importers.weights import int8_weights
from tools.train.job import Job
from tools.train.tagging.corpus import collect
from tools.train.tagging.learning import Learner, Plan, Rule, Vocabulary, train
from tools.train.tagging.network import Towers
from tools.train.tagging.samples import DARK, FEW, GRAY, MANY, ONE, SPOKEN, Composer, Parts

INT8 = "int8 weights of the dense layers with a scale for each output; activations in float"

LICENCE = "Apache-2.0 (weights); see CARD.md for what they were trained on"

HELD_OUT = 10
"""One tag in this many is never learned, so that it can be asked for later."""

CHECKED = 2000
"""Composed videos, never trained on, by which rules are compared."""


@dataclass(frozen=True, kw_only=True)
class TagsJob(Job):
    """The training of the towers; its steps are rounds."""

    words: Path = Path("/usr/share/wordnet")
    """Folder of WordNet's dictionary files."""
    encoder: str = "efficientnet-lite2"
    """Image encoder that the composed videos are seen by."""
    texts: str | None = None
    """Text encoder; None for the one that ships."""
    seen: Path = Path("runs/images/teacher")
    """Folder of what the image encoder says of the pictures."""
    rule: Rule = "semi-hard"
    """Which tags are drawn as negatives."""
    plan: Plan = field(default_factory=Plan)
    """How to train, but for the rule and what else the job says."""


def run(job: TagsJob) -> None:
    """Train, quantize, write both model folders, and measure them on the evaluation pack."""
    with ImageEncoder(job.encoder) as encoder, TextEncoder(job.texts) as texts:
        learner, composer = prepare(job, encoder, texts)
        towers = train(learner, composer, job.run)
        print(f"composed videos never seen: {learner.precision(composer, CHECKED)}", flush=True)
    exact = {role: export(role, towers, job.run) for role in TagTowers.roles}
    write(job.float_out, exact, towers, "none", learned=learner.tags)
    small = {role: int8_weights(content) for role, content in exact.items()}
    write(job.out, small, towers, INT8)
    if (job.data / "eval/tagvideos/manifest.csv").is_file():
        record_accuracy(job)


def compare_rules(job: TagsJob) -> dict[str, Any]:
    """Train with each rule for negatives, the same number of rounds, and judge composed and real videos."""
    from tools.evaluate import tags  # noqa: PLC0415 - only then

    rows = {}
    for rule in ("semi-hard", "published", "random"):
        there = replace(job, rule=rule, run=job.run / rule, out=job.run / rule / "model")
        with ImageEncoder(job.encoder) as encoder, TextEncoder(job.texts) as texts:
            learner, composer = prepare(there, encoder, texts)
            towers = train(learner, composer, there.run)
            rows[rule] = learner.precision(composer, CHECKED)
        exact = {role: export(role, towers, there.run) for role in TagTowers.roles}
        write(there.out, exact, towers, "none")
        result = tags.evaluate(job.data / "eval", towers=there.out, encoders=(job.encoder,), texts=job.texts)
        rows[rule] |= {name: result["rows"][name]["recall_at_5"] for name in ("fused", "fused_titled")}
        print(f"{rule}: {rows[rule]}", flush=True)
    return rows


def prepare(job: TagsJob, encoder: ImageEncoder, texts: TextEncoder) -> tuple[Learner, Composer]:
    """Return what is learned from, and a learner."""
    pack = job.data / "train"
    parts = collect(pack, job.words, encoder, texts, run=job.run, seen=job.seen)
    tags = learned_tags(parts)
    names = texts.encode([label.split(",")[0] for label in encoder.labels])
    others = [tag for tag in read_names(STARTER) if folded(tag) not in {*tags} and not is_held_out(tag)]
    vectors = texts.encode(tags), texts.encode(others)
    vocabulary = Vocabulary(names, tags, *vectors, texts.encode)
    plan = replace(job.plan, rounds=job.steps, threads=job.threads, rule=job.rule)
    print(f"{len(parts.label)} views, {len(parts.sound)} excerpts, {len(tags)} tags", flush=True)
    return Learner(vocabulary, parts.audio.shape[1], plan), Composer(parts, np.random.default_rng(0))


def learned_tags(parts: Parts) -> tuple[str, ...]:
    """Return all tags of what videos are composed of but for those held out, sorted."""
    tags = {*GRAY, *DARK, *ONE, *FEW, *MANY, *SPOKEN}
    for weights in (*parts.class_tags, *parts.sound_tags.values()):
        tags |= weights.keys()
    return tuple(sorted(tag for tag in tags if not is_held_out(tag)))


def is_held_out(tag: str) -> bool:
    """Return whether a tag is never learned."""
    return sum(map(ord, folded(tag))) % HELD_OUT == 0


class _Part(nn.Module):
    """One function of the towers as a module."""

    def __init__(self, towers: Towers, role: str) -> None:
        super().__init__()
        self.towers, self.role = towers, role

    def forward(self, *given: Tensor) -> Any:
        """Run it."""
        return getattr(self.towers, self.role)(*given)


def export(role: str, towers: Towers, folder: Path) -> bytes:
    """Return a graph of the towers as a float ONNX file."""
    file = folder / f"{role}-float.onnx"
    if role == "video":
        sizes = (towers.size, LIGHT, towers.audio, towers.text, FACES, len(MODALITIES))
        names = ("image", "light", "audio", "text", "faces", "present")
        given = {name: np.ones((1, size), np.float32) for name, size in zip(names, sizes, strict=True)}
        onnx.export(_Part(towers, role), given, file, outputs=["place", "gate"])
    else:
        given = {"texts": np.zeros((2, towers.text), np.float32)}
        free = {name: {0: "n"} for name in ("texts", "places")}
        onnx.export(_Part(towers, role), given, file, outputs=["places"], free=free)
    return file.read_bytes()


def write(
    folder: Path,
    files: dict[str, bytes],
    towers: Towers,
    quantization: str,
    *,
    learned: Sequence[str] = (),
) -> ModelFolder:
    """Write a model folder; an existing card stays. `learned` are the tags that were trained on."""
    contents: dict[str, bytes | Path] = {f"{role}.onnx": content for role, content in files.items()}
    if learned:
        contents["learned.txt"] = "\n".join(learned).encode() + b"\n"
    if (card := folder / "CARD.md").exists():
        contents[card.name] = card
    return write_folder(
        folder,
        contents,
        force=True,
        id="tags",
        version="1",
        task=TagTowers.task,
        labels=MODALITIES,
        parameters=msgspec.to_builtins(Parameters(size=towers.size, text=towers.text, audio=towers.audio)),
        networks={role: _network(role, towers, quantization) for role in files},
        quantization=quantization,
        licence=LICENCE,
        source="python -m tools.train tags",
    )


def _network(role: str, towers: Towers, quantization: str) -> Network:
    """Return what goes in and out of a graph."""
    if role != "video":
        inputs = (Described("texts", "float32", ("n", towers.text)),)
        outputs = (Described("places", "float32", ("n", towers.size)),)
        return Network(f"{role}.onnx", inputs, outputs, quantization)
    sizes = {
        "image": towers.size, "light": LIGHT, "audio": towers.audio, "text": towers.text,
        "faces": FACES, "present": len(MODALITIES),
    }  # fmt: skip
    return Network(
        f"{role}.onnx",
        tuple(Described(name, "float32", (1, size)) for name, size in sizes.items()),
        (Described("place", "float32", (1, towers.size)), Described("gate", "float32", (1, len(MODALITIES)))),
        quantization,
    )


def record_accuracy(job: TagsJob) -> None:
    """Write into both manifests what the evaluation pack's videos say of each model."""
    from tools.evaluate import tags  # noqa: PLC0415 - only then

    accuracy: dict[str, Any] = {"recordings": "videos of the evaluation pack", "arithmetic": describe()}
    for kind, place in (("int8", job.out), ("float", job.float_out)):
        result = tags.evaluate(job.data / "eval", towers=place, encoders=(job.encoder,), texts=job.texts)
        for row in ("fused", "fused_titled"):
            for figure in ("recall_at_5", "map"):
                accuracy[f"{kind}_{row}_{figure}"] = round(result["rows"][row][figure], 4)
    for place in (job.out, job.float_out):
        rewrite(open_folder(place), accuracy=accuracy)
