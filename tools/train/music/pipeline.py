"""Train the composer, quantize it, and write the model folders.

MIDI of the packs -> bars -> compound words -> transformer -> two graphs -> int8 weights -> held-out loss
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field, replace
from typing import Any

import torch

from edge.models.folder import open_folder
from edge.networks.composer import Composer
from tools.convert.folder import rewrite
from tools.train.job import Job
from tools.train.music import export
from tools.train.music.corpus import Piece, read_corpus, read_pop909
from tools.train.music.judging import measured
from tools.train.music.learning import Lessons, Plan, train
from tools.train.music.network import Composer as Architecture
from tools.train.music.ngrams import Ngrams

HELD_OUT_FROM = 830
"""First song of POP909 in the training pack that is not trained on."""

HELD_OUT_TUNES = 20
"""One tune of Nottingham in this many is not trained on."""

WATCHED = 24
"""Held-out pieces that the loss is printed of during training."""


@dataclass(frozen=True, kw_only=True)
class ComposerJob(Job):
    """The training of the composer."""

    plan: Plan = field(default_factory=lambda: Plan(steps=2000))
    """How to train, but for the steps and threads, which the job says."""


def run(job: ComposerJob) -> None:
    """Train, write the float and the quantized folder, and measure both."""
    pieces = read_corpus(job.data / "train/midi")
    learned = [piece for piece in pieces if not is_held_out(piece.name)]
    held_out = [piece for piece in pieces if is_held_out(piece.name)]
    watched = Lessons([piece for piece in held_out if piece.name.startswith("pop909")][:WATCHED])
    print(f"{len(learned)} pieces to learn, {len(held_out)} held out", flush=True)
    plan = replace(job.plan, steps=job.steps, threads=job.threads)
    network = train(Lessons(learned), watched, job.run, plan)
    exact = export.graphs(network, job.run)
    export.write(job.float_out, network, exact, quantized=False)
    export.write(job.out, network, exact, quantized=True)
    record_accuracy(job, learned, held_out)


def record_accuracy(job: ComposerJob, learned: list[Piece], held_out: list[Piece]) -> None:
    """Write losses on held-out pieces and the evaluation pack into the manifest of the quantized folder."""
    packs = {"held_out": held_out}
    if (pack := job.data / "eval/midi/pop909.zip").is_file():
        packs["eval"] = read_pop909(pack)
    ngrams = Ngrams(learned)
    torch.manual_seed(0)
    untrained = job.run / "untrained"
    architecture = Architecture().eval()
    export.write(untrained, architecture, export.graphs(architecture, job.run), quantized=False)
    rows: dict[str, Any] = {}
    for name, pieces in packs.items():
        print(f"measuring {len(pieces)} pieces: {name}", flush=True)
        rows[name] = {"pieces": len(pieces), "ngrams": ngrams.loss(pieces)}
        for kind, folder in {"int8": job.out, "float": job.float_out, "untrained": untrained}.items():
            with Composer(folder) as network:
                rows[name][kind] = measured(network, pieces)["word"]
        print(rows[name], flush=True)
    rewrite(open_folder(job.out), {}, accuracy={"nats_per_word": rows})


def is_held_out(name: str) -> bool:
    """Return whether a piece is never trained on."""
    if name.startswith("pop909/"):
        return int(name.removeprefix("pop909/")) >= HELD_OUT_FROM
    return zlib.crc32(name.encode()) % HELD_OUT_TUNES == 0
