"""What videos are composed of: pictures as the image encoder sees them, recordings, and their tags."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from edge.arrays import Floats
from edge.evidence.excerpts import audio_features, light
from edge.media import decode_audio
from edge.networks.image_encoder import ImageEncoder
from edge.networks.segmenter import Segmenter
from edge.networks.text_encoder import TextEncoder
from tools.progress import each
from tools.train.images.corpus import NO_LABEL
from tools.train.images.corpus import collect as see
from tools.train.tagging.knowledge import class_tags, sound_tags
from tools.train.tagging.samples import NOTHING, Parts

RECORDINGS = 60
"""Recordings of a subclass; of some there are hundreds of one voice."""

PARTS = 6
"""Excerpts of a long recording."""

EXCERPT_S = 10.0

SILENT = 60
"""Excerpts of silence and noise that are made."""

NOISE = frozenset(("white-noise", "pink-noise", "noise"))
"""Subclasses that say nothing about a video."""

LEFT_OUT = frozenset(("person_sneeze", "rap_ai"))
"""Sneezes are mostly silence; nobody tags for them. Rap is for looking at only."""


def collect(
    pack: Path, words: Path, encoder: ImageEncoder, texts: TextEncoder, *, run: Path, seen: Path
) -> Parts:
    """Return the parts of a pack; `run` and `seen` keep features of recordings and pictures."""
    pictures = see(pack, encoder, seen)
    labelled = np.flatnonzero(pictures.labels != NO_LABEL)
    names = texts.encode([names.split(",")[0] for names in encoder.labels])
    audio, sounds, kinds = _recordings(pack, run)
    return Parts(
        classes=pictures.chances[labelled].astype(np.float32),
        light=np.stack([light(view) for view in pictures.views[labelled]]),
        label=pictures.labels[labelled],
        class_tags=class_tags(encoder.labels, words),
        likeness=np.argsort(-(names @ names.T), axis=1, kind="stable"),
        audio=audio,
        sound=sounds,
        kind=kinds,
        sound_tags=sound_tags(),
    )


def _recordings(pack: Path, run: Path) -> tuple[Floats, list[str], list[str]]:
    """Return audio features float32[n, features], subclasses and classes, kept in `run`."""
    file = run / "recordings.npz"
    if not file.exists():
        with Segmenter() as segmenter:
            rows = [*_excerpts(pack, segmenter), *_silence(segmenter)]
        features, sounds, kinds = zip(*rows, strict=True)
        run.mkdir(parents=True, exist_ok=True)
        np.savez(file, features=np.stack(features), sounds=np.array(sounds), kinds=np.array(kinds))
    with np.load(file) as kept:
        return kept["features"], list(map(str, kept["sounds"])), list(map(str, kept["kinds"]))


def _excerpts(pack: Path, segmenter: Segmenter) -> Iterator[tuple[Floats, str, str]]:
    with (pack / "manifest.csv").open(newline="", encoding="utf-8") as table:
        rows = [row for row in csv.DictReader(table) if row["subclass"] not in LEFT_OUT]
    taken: Counter[str] = Counter()
    chosen = []
    for index in np.random.default_rng(0).permutation(len(rows)):
        taken[rows[index]["subclass"]] += 1
        if taken[rows[index]["subclass"]] <= RECORDINGS:
            chosen.append(rows[index])
    for row in each(chosen, "recordings"):
        seconds = float(row["seconds"])
        count = int(np.clip(seconds // (2 * EXCERPT_S), 1, PARTS))
        kind = NOTHING if row["subclass"] in NOISE else row["class"]
        sound = NOTHING if row["subclass"] in NOISE else row["subclass"]
        for start in (np.arange(count) + 0.5) / count * seconds - EXCERPT_S / 2:
            blocks = decode_audio(
                pack / row["path"], rate_hz=segmenter.rate_hz, start_s=max(0.0, float(start)),
                end_s=max(0.0, float(start)) + EXCERPT_S,
            )  # fmt: skip
            samples = np.concatenate([np.zeros(0, np.float32), *(block.samples for block in blocks)])
            if len(samples) >= segmenter.rate_hz / 2:
                yield audio_features(samples, segmenter), sound, kind


def _silence(segmenter: Segmenter) -> Iterator[tuple[Floats, str, str]]:
    """Yield silence, and white and dull noise from -95 to -35 dBFS."""
    rng = np.random.default_rng(0)
    count = round(EXCERPT_S * segmenter.rate_hz)
    for number in range(SILENT):
        noise = rng.standard_normal(count)
        if number % 3 == 1:
            noise = np.convolve(noise, np.ones(8) / 8, "same")
        level = 0.0 if number < SILENT // 10 else 10 ** (rng.uniform(-95, -35) / 20)
        yield audio_features(np.asarray(noise / noise.std() * level, np.float32), segmenter), NOTHING, NOTHING
