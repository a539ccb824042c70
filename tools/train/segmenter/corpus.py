"""The training recordings as mel power, read once and kept in one cache file.

Every augmentation works on mel power (mixing two sounds adds their powers), so a clip costs microseconds.
What cannot be done there, codecs and pitch, is done to the samples once, in a second *take* of each file.
"""

from __future__ import annotations

import csv
import hashlib
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge.media import decode_audio
from edge.models.frontend import LogMel
from edge.vocabulary import LABELS, Label
from tools.evaluate.pack import CLASS_LABELS
from tools.sound.codec import overdriven, through_codec

FRONT_END = LogMel(
    rate_hz=16_000, n_fft=1024, window=800, hop=200, n_mels=64, low_hz=40.0, high_hz=7800.0,
    floor=1e-6, mean=-4.0, scale=4.0,
)  # fmt: skip
"""50 ms windows resolve a voice's harmonics; 80 frames a second give 10 outputs a second by a stride of 8."""

HELD_OUT = 0.12
"""Share of the groups (speaker, song) of each kind of audio kept for validation."""

MUSIC_SUFFIXES = {".ogg", ".opus", ".mp3", ".flac", ".wav", ".m4a"}

OVERDRIVEN = 0.4
"""Share of the second takes that are clipped."""

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Recording:
    """One row of a pack's manifest."""

    path: Path
    label: Label
    kind: str
    """Class, subclass and source: recordings of one kind resemble each other."""
    group: str
    """Speaker, singer or song: the unit of splitting."""
    commercial: bool
    """Whether its licence clearly allows commercial use."""

    @property
    def source(self) -> str:
        """Where the pack has it from: the last part of its kind."""
        return self.kind.split("/", 2)[-1]


@dataclass(frozen=True)
class Take:
    """One recording as mel power in the corpus' memory."""

    recording: Recording
    log_power: NDArray[np.float16]
    """float16[frames, n_mels], natural logarithm."""
    backing: NDArray[np.float16] | None = None
    """The accompaniment that this voice was made for, frame for frame, if it has one."""

    def power(self, start: int, frames: int) -> Floats:
        """Mel power float32[<= frames, n_mels] from frame `start`."""
        return np.exp(self.log_power[start : start + frames].astype(np.float32))


def read_manifest(pack: Path) -> list[Recording]:
    """The audio recordings of a pack (a folder with `manifest.csv`), in file order."""
    with (pack / "manifest.csv").open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["class"] in CLASS_LABELS]
    return [
        Recording(
            path=pack / row["path"],
            label=CLASS_LABELS[row["class"]],
            kind=f"{row['class']}/{row['subclass']}/{row['source_repo']}",
            group=row["group"],
            commercial=row["non_commercial"] == "no",
        )
        for row in rows
    ]


def music_in(folder: Path) -> list[Recording]:
    """Every audio file of a folder as a recording of instrumental music, one group a file."""
    files = sorted(file for file in folder.rglob("*") if file.suffix.lower() in MUSIC_SUFFIXES)
    kind = f"music/more/{folder.name}"
    return [Recording(file, Label.MUSIC, kind, f"{folder.name}/{file.stem}", False) for file in files]


def held_out(recordings: list[Recording]) -> set[str]:
    """Groups kept for validation: about `HELD_OUT` of each kind, chosen by a hash of the group's name.

    A group that is more than a quarter of its kind stays in training: too little else would sound like it.
    """
    kinds: dict[str, Counter[str]] = {}
    for recording in recordings:
        kinds.setdefault(recording.kind, Counter())[recording.group] += 1
    chosen: set[str] = set()
    for groups in kinds.values():
        total, taken = groups.total(), sum(groups[group] for group in chosen)
        for group in sorted(groups, key=lambda name: hashlib.sha256(name.encode()).hexdigest()):
            if group not in chosen and groups[group] <= total / 4 and taken < HELD_OUT * total:
                chosen.add(group)
                taken += groups[group]
    return chosen


def read_samples(path: Path) -> Floats:
    """A whole recording at the front end's rate, float32[n]."""
    return np.concatenate([block.samples for block in decode_audio(path, rate_hz=FRONT_END.rate_hz)])


def log_power(samples: Floats) -> NDArray[np.float16]:
    """Natural-log mel power float16[frames, n_mels] of a whole recording."""
    padded = np.pad(samples, (FRONT_END.lead, FRONT_END.window))
    frames = -(-len(samples) // FRONT_END.hop)
    power: Floats = FRONT_END.power(padded)[:frames] + np.float32(1e-7)
    return np.log(power).astype(np.float16)


def weathered(samples: Floats, rng: np.random.Generator) -> Floats:
    """A second take: pitch and speed moved by up to 3 semitones, often overdriven, through a lossy codec."""
    ratio = 2.0 ** (rng.uniform(-3, 3) / 12)
    at = np.arange(int((len(samples) - 1) / ratio)) * ratio
    moved = np.interp(at, np.arange(len(samples)), samples).astype(np.float32)
    if rng.random() < OVERDRIVEN:
        moved = overdriven(moved, drive_db=rng.uniform(0, 18), hard=rng.random() < 0.5)
    codec, low, high = [("libmp3lame", 24, 96), ("aac", 24, 96), ("libopus", 10, 24)][rng.integers(3)]
    return through_codec(moved, codec, int(rng.integers(low, high)) * 1000)


def load_takes(recordings: list[Recording], cache: Path) -> list[Take]:
    """Both takes of every recording, from `cache` if it holds the same recordings, else computed."""
    names = [(r.path.parent.name, r.path.name) for r in recordings]
    key = hashlib.sha256(repr([names, FRONT_END, OVERDRIVEN]).encode()).hexdigest()[:16]
    file = cache / f"takes-{key}.npz"
    if not file.exists():
        cache.mkdir(parents=True, exist_ok=True)
        pieces = list(_compute_takes(recordings))
        draft = file.with_suffix(".part.npz")
        np.savez(draft, power=np.concatenate(pieces), frames=[len(piece) for piece in pieces])
        draft.replace(file)
    stored = np.load(file)
    pieces = np.split(stored["power"], np.cumsum(stored["frames"])[:-1])
    doubled = [recording for recording in recordings for _ in range(2)]
    return [Take(recording, piece) for recording, piece in zip(doubled, pieces, strict=True)]


def _compute_takes(recordings: list[Recording]) -> Iterator[NDArray[np.float16]]:
    for recording in recordings:
        samples = read_samples(recording.path)
        rng = np.random.default_rng(zlib.crc32(recording.path.name.encode()))
        yield log_power(samples)
        yield log_power(weathered(samples, rng))


def label_index(label: Label) -> int:
    """Column of a label in every confidence array."""
    return LABELS.index(label)
