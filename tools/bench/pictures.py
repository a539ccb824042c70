"""`python -m tools.bench pictures`: face detectors beside each other, and an hour of video."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from statistics import median

import numpy as np
from edge_kernels.images import Rgb

from edge.arrays import Floats
from edge.errors import InputError
from edge.evidence.labels import label_samples
from edge.files import whole_file
from edge.media import MediaRange, concat
from edge.networks.lips import lip_sound
from edge.networks.segmenter import Segmenter
from edge.vocabulary import Label, Span
from tools.bench import isolated, material
from tools.bench.accuracy import song_error
from tools.bench.material import Material
from tools.bench.rows import Row, compared
from tools.evaluate import faces
from tools.evaluate.clips import TALKING, read_clips
from tools.evaluate.films import beside, load_frames, played, write_film
from tools.evaluate.pack import RATE_HZ, read_pack
from tools.evaluate.recordings import Pack
from tools.evaluate.truth_table import in_step
from tools.progress import tell
from tools.train.lips.bursts import stretches
from tools.train.lips.corpus import load_clips

SCRIPT = (
    (Label.SPEAKING, 240), (Label.OTHER, 30), (Label.MUSIC, 60), (Label.SINGING, 180), (Label.MUSIC, 30),
    (Label.OTHER, 60), (Label.SPEAKING, 300),
)  # fmt: skip
"""What sounds in the film that is repeated, and seconds of it: a fifth is singing."""

SIZE = (1280, 720)
"""Width and height of the film."""

PART = 100
"""Tenths of a second of the film in which the lips are put in step at a time."""


@dataclass(frozen=True)
class Sizes:
    """How much is measured."""

    repeats: int = 4
    """Times that the film of a quarter of an hour is repeated."""
    rounds: int = 2

    @classmethod
    def quick(cls) -> Sizes:
        """Small enough for a test."""
        return cls(repeats=1, rounds=1)


def bench(data: Path, sizes: Sizes, cache: Path = material.CACHE) -> list[Row]:
    """All rows. Raises InputError if `data` has no clips of people, ModelError without the face mesh."""
    return [*detector_rows(data), *long_rows(data, sizes, cache)]


def detector_rows(data: Path) -> list[Row]:
    """The detector that ships beside the others that are installed, in the same frames."""
    found = faces.evaluate(data)["rows"]
    ours = found.pop("faces")
    return [
        Row(
            name="find the faces of a frame, 640 x 360",
            peer=name,
            ratio=row["ms"] / ours["ms"],
            seconds=ours["ms"] / 1000,
            error=1 - ours["found"],
            error_is="share of a person's frames without the face, mean over people",
            peer_seconds=row["ms"] / 1000,
            peer_error=1 - row["found"],
            detail=f"{1000 / ours['ms']:.0f} frames/s; false {ours['false']:.3f}, peer {row['false']:.3f}",
        )
        for name, row in found.items()
    ]


def long_rows(data: Path, sizes: Sizes, cache: Path) -> list[Row]:
    """`edge songs` on a long video on two cores, with its faces and by its audio."""
    short = film(data, cache)
    long = repeated(short, sizes.repeats)
    runs: dict[str, list[isolated.Run]] = {"both": [], "audio": []}
    for _ in range(sizes.rounds):
        for evidence, laps in runs.items():
            tell(f"edge songs --evidence {evidence}, {long.seconds / 60:.0f} min")
            command = ("songs", str(long.file), "--json", "--threads", "2", "--evidence", evidence)
            laps.append(isolated.edge(*command, cores=2))
    peak = isolated.edge("songs", str(short.file), "--json", "--evidence", "both", cores=2).megabytes
    real = [long.seconds] * sizes.rounds
    rows = []
    for evidence, laps in runs.items():
        document = json.loads(laps[-1].output)
        error, detail = song_error(long.songs, [[song["start"], song["end"]] for song in document["songs"]])
        share = document["evidence"]["share_decoded"]
        rows.append(
            compared(
                f"edge songs, {long.seconds / 60:.0f} min of 720p, {evidence}, 2 cores",
                "real time",
                [lap.seconds for lap in laps],
                real,
                error=error,
                error_is="1 - F1 of songs",
                megabytes=median(lap.megabytes for lap in laps),
                detail=f"{detail}; {share:.1%} of the frames decoded; a quarter of it takes {peak:.0f} MB",
            )
        )
    return rows


def describe(rows: Sequence[Row]) -> str:
    """One line with the number that matters most."""
    row = next(row for row in rows if ", both," in row.name)
    return f"{row.ratio:.0f} times real time with faces, {row.megabytes:.0f} MB"


def film(data: Path, cache: Path) -> Material:
    """A film of a quarter of an hour, a fifth of it song, in which one person is always on screen."""
    file = cache / "pictures" / "film.mp4"
    pack, parts, start, songs = Pack(read_pack(data), np.random.default_rng(7)), [], 0.0, []
    for label, seconds in SCRIPT:
        sound, _ = pack.draw(label, seconds)
        parts.append(np.resize(sound, seconds * RATE_HZ))
        if label is Label.SINGING:
            before, after = SCRIPT[2][1], SCRIPT[4][1]  # its prelude and postlude
            songs.append(Span(start - before, start + seconds + after))
        start += seconds
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        with whole_file(file, force=True) as draft:
            _shoot(data, draft, np.concatenate(parts), file.parent)
    return Material(file, start, tuple(songs))


def repeated(once: Material, times: int) -> Material:
    """The film `times` over, its frames copied."""
    file = once.file.with_name(f"film-x{times}.mp4")
    if not file.exists():
        concat([MediaRange(once.file, Fraction(0), Fraction(round(once.seconds)))] * times, file)
    songs = tuple(
        Span(once.seconds * time + song.start, once.seconds * time + song.end)
        for time in range(times)
        for song in once.songs
    )
    return Material(file, once.seconds * times, songs)


def _shoot(data: Path, path: Path, sound: Floats, cache: Path) -> None:
    """Write the film: the longest clip of a talking face, whose mouth opens with the voices."""
    clips = [clip for clip in read_clips(data) if clip.label_at(0.1) == TALKING]
    if not clips:
        raise InputError(data, "has no clip of a talking face")
    clip = max(clips, key=lambda clip: clip.seconds)
    ((stretch, *_),) = stretches(load_clips([clip], cache), TALKING).values()
    with Segmenter() as segmenter:
        labels = label_samples([sound], segmenter)
    rows = lip_sound(labels.levels_db, labels.frames)
    parts = [in_step(stretch, rows[at : at + PART], at) for at in range(0, len(rows), PART)]
    frames = load_frames(clip.path, clip.seconds)[stretch.start :]
    view = beside(played(frames, np.concatenate(parts), len(sound) / RATE_HZ))
    write_film(path, (_large(rgb) for rgb in view), sound, size=SIZE)


def _large(rgb: Rgb) -> Rgb:
    """Return the frame at twice its size, which is 720p."""
    return np.ascontiguousarray(rgb.repeat(2, axis=0).repeat(2, axis=1))
