"""Tag the golden recording with a small library: decode, examine frames and audio, place, compare."""

from __future__ import annotations

import numpy as np

from edge.bench.golden import RECORDING, Outputs
from edge.bench.job import Job, network_job
from edge.networks.image_encoder import ImageEncoder
from edge.tagging.library import TagLibrary
from edge.tagging.networks import TagNetworks
from edge.tagging.options import TagOptions
from edge.tagging.tag import tag

NAMES = (
    "two people", "woman", "man", "portrait", "singing", "song", "concert", "interview", "applause", "ball",
    "juggling", "dog", "cat", "cooking", "football", "snow", "beach", "car", "train", "city", "forest",
    "guitar", "drums", "dancing", "news", "cartoon", "wedding", "birthday", "school", "river",
)  # fmt: skip


def inputs() -> None:
    """Return nothing: it is a file."""


def open_stage(_inputs: None, *, model: str | None, threads: int) -> Job:
    """Load the text encoder and encode the library; the other networks are loaded when they are needed."""
    networks = TagNetworks(ImageEncoder.default, threads=threads)
    library = TagLibrary.of(NAMES, networks)
    options = TagOptions(count=len(NAMES), min_similarity=-1)

    def run() -> Outputs:
        found = tag(RECORDING, library=library, title="", options=options, networks=networks)
        similarity = {one.name: one.similarity for one in found}
        return {"similarity": np.array([similarity[name] for name in sorted(similarity)], np.float32)}

    folders = [networks.encoder.folder, networks.towers.folder, networks.segmenter.folder]
    return network_job(run, networks.texts, more=folders)
