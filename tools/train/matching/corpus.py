"""Music and pictures whose character is known, as the towers are given them."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge.arrays import Floats
from edge.errors import InputError
from edge.evidence.collect import audio_blocks, push
from edge.matching.analysis import TrackAnalysis, TrackCollectors
from edge.matching.features import sound_features
from edge.media import decode_audio
from edge.networks.music_tagger import MusicTagger
from edge.networks.segmenter import Segmenter
from tools.progress import each
from tools.train.matching.knowledge import TEMPLATES, Character, track_character
from tools.train.matching.renders import Rendition, renditions

PIECE_S = 24.0
"""Seconds of a piece of a long recording."""

LEAST_S = 2.5
"""Shorter recordings and rests are left out."""

PIECES = 6
"""Pieces of a recording at most."""

HELD_OUT = ("hedgewars", "supertux", "frozen_bubble", "alienblaster")
"""Games whose music is only for evaluation."""

SEEDS = tuple(range(6))
"""Of the renditions that are trained with; evaluation has others."""


@dataclass(frozen=True)
class Tracks:
    """Pieces of music."""

    sound: Floats
    """float32[n, features]."""
    characters: tuple[Character, ...]
    """n: what is known of each."""
    names: tuple[str, ...]
    """n: paths of the recordings."""

    def __getitem__(self, rows: NDArray[np.intp]) -> Tracks:
        chosen = rows.tolist()
        return Tracks(
            self.sound[rows],
            tuple(self.characters[row] for row in chosen),
            tuple(self.names[row] for row in chosen),
        )


def collect(data: Path, run: Path) -> Tracks:
    """Return the music of the training pack and renditions, analyzed; kept in `run`."""
    made = list(renditions(run / "renders", SEEDS))
    known = [row["path"] for row in pack_music(data / "train") if not _is_held_out(row["path"])]
    files = [data / "train" / path for path in known] + [one.path for one in made]
    characters = [track_character(path) for path in known] + [template_character(one) for one in made]
    return analyzed(files, characters, run / "tracks.npz")


def pack_music(pack: Path) -> list[dict[str, str]]:
    """Return the rows of a pack's recordings whose character is known."""
    try:
        with (pack / "manifest.csv").open(newline="", encoding="utf-8") as table:
            rows = [row for row in csv.DictReader(table) if row["class"] in ("music", "singing")]
    except OSError as error:
        raise InputError(pack / "manifest.csv", f"cannot be read ({error.strerror})") from error
    return [row for row in rows if track_character(row["path"]) != Character()]


def template_character(one: Rendition) -> Character:
    """Return the character of a rendition: moods and style of its template."""
    style = one.template.style
    return Character(tuple(one.template.moods), (TEMPLATES.get(style, style),))


def analyzed(files: Sequence[Path], characters: Sequence[Character], kept: Path) -> Tracks:
    """Return pieces of files, analyzed; those that are in the file `kept` are not analyzed again."""
    known: dict[str, Floats] = {}
    if kept.exists():
        with np.load(kept) as stored:
            known = {name: stored[name] for name in stored.files}
    with Segmenter() as segmenter, MusicTagger() as tagger:
        for file in each([file for file in files if str(file) not in known], "tracks"):
            found = [sound_features(one) for one in pieces(file, segmenter, tagger)]
            known[str(file)] = np.stack(found) if found else np.zeros((0, 0), np.float32)
    kept.parent.mkdir(parents=True, exist_ok=True)
    np.savez(kept, **known)  # type: ignore[arg-type]
    rows = [known[str(file)] for file in files]
    return Tracks(
        np.concatenate([row for row in rows if len(row)]),
        tuple(one for one, row in zip(characters, rows, strict=True) for _ in row),
        tuple(str(file) for file, row in zip(files, rows, strict=True) for _ in row),
    )


def pieces(file: Path, segmenter: Segmenter, tagger: MusicTagger) -> Iterator[TrackAnalysis]:
    """Analyze the pieces of a recording."""
    blocks = decode_audio(file, rate_hz=segmenter.rate_hz)
    samples = np.concatenate([np.zeros(0, np.float32), *(block.samples for block in blocks)])
    length = round(PIECE_S * segmenter.rate_hz)
    for start in range(0, min(len(samples), PIECES * length), length):
        piece = samples[start : start + length]
        if len(piece) >= LEAST_S * segmenter.rate_hz:
            yield analysis_of([piece], segmenter, tagger)


def analysis_of(blocks: Iterable[Floats], segmenter: Segmenter, tagger: MusicTagger) -> TrackAnalysis:
    """Analyze audio in memory, blocks float32[n] at the segmenter's rate."""
    collectors = TrackCollectors(segmenter, tagger)
    for _ in push(audio_blocks(blocks), collectors.all):
        pass
    for collector in collectors.all:
        collector.finish()
    return collectors.analysis()


def _is_held_out(path: str) -> bool:
    return any(name in path for name in HELD_OUT)
