"""What the tagger learns from: mel spectrograms of music, in eight bits."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge.arrays import Floats
from edge.media import decode_audio
from edge.models.frontend import LogMel
from tools.progress import each
from tools.train.tagger.spectra import quantized

EXCERPT_S = 8.0
"""Seconds of an excerpt: more than the network is given, so that it can be cut and played at other speeds."""

SECONDS = {"music": 60.0, "singing": 24.0, "speech": 8.0, "other": 8.0}
"""Of a recording, by class, how many seconds are taken."""

RECORDINGS = {"music": 1000, "acappella": 60, "accompanied": 120, "speech": 60, "other": 80}
"""Recordings of a class or subclass that are taken; of those that are not named, `FEW`."""

FEW = 40


def collect(pack: Path, front_end: LogMel, file: Path) -> NDArray[np.uint8]:
    """Return the excerpts of a pack, uint8[excerpts, frames, bands], kept in `file`; see `spectra`."""
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        np.savez_compressed(file, mels=np.stack(list(_excerpts(pack, front_end))))
    with np.load(file) as kept:
        mels: NDArray[np.uint8] = kept["mels"]
        return mels


def _excerpts(pack: Path, front_end: LogMel) -> Iterator[NDArray[np.uint8]]:
    with (pack / "manifest.csv").open(newline="", encoding="utf-8") as table:
        rows = [row for row in csv.DictReader(table) if row["class"] in SECONDS]
    taken: Counter[str] = Counter()
    samples = round(EXCERPT_S * front_end.rate_hz)
    for index in each(np.random.default_rng(0).permutation(len(rows)).tolist(), "recordings"):
        row = rows[index]
        kind = next((name for name in (row["subclass"], row["class"]) if name in RECORDINGS), row["subclass"])
        taken[kind] += 1
        if taken[kind] > RECORDINGS.get(kind, FEW):
            continue
        seconds = float(row["seconds"])
        count = max(1, int(min(seconds, SECONDS[row["class"]]) // EXCERPT_S))
        for start in np.linspace(0, max(0.0, seconds - EXCERPT_S), count):
            audio = excerpt(pack / row["path"], float(start), front_end.rate_hz)
            if len(audio) >= front_end.rate_hz:
                yield quantized(front_end.mel(np.resize(audio, samples)))


def excerpt(file: Path, start_s: float, rate_hz: int) -> Floats:
    """Decode `EXCERPT_S` of a recording from `start_s` on, float32[n]."""
    blocks = decode_audio(file, rate_hz=rate_hz, start_s=start_s, end_s=start_s + EXCERPT_S)
    return np.concatenate([np.zeros(0, np.float32), *(block.samples for block in blocks)])
