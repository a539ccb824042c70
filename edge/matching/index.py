"""Index the music of a folder: each content is analyzed once, each file has a place in the space.

folder -> media files -> analyses of what is new -> places -> MusicIndex
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from os import PathLike
from pathlib import Path

import numpy as np
from edge_kernels import vectors
from edge_kernels.vectors import Codes
from numpy.typing import NDArray

from edge.arrays import Floats
from edge.errors import InputError
from edge.evidence.speech.recognizer import Recognizer
from edge.matching.analysis import TrackAnalysis
from edge.matching.features import track_features
from edge.matching.indexing import Means, analyze_new
from edge.matching.networks import MatchNetworks
from edge.matching.scan import FoundFile, media_files
from edge.matching.store import MusicStore, StoredFile, StoredTrack
from edge.vocabulary import Progress, part_of

MIN_MUSIC = 0.3
"""Share of the time that must be music or singing."""

LEAST_S = 1.0
"""Seconds that a track has at least."""

MAX_VOCALS = 0.05
"""Share of the time with voices up to which a track counts as without vocals."""


@dataclass(frozen=True, slots=True)
class IndexedTrack:
    """A file with music."""

    path: Path
    """The file."""
    digest: str
    """SHA-256 of its bytes."""
    seconds: float
    """Length."""
    vocals: float
    """Share of the time in which somebody sings or speaks."""


@dataclass(frozen=True, eq=False)
class MusicIndex:
    """The music of a folder: n tracks with their places."""

    folder: Path
    """The folder."""
    tracks: tuple[IndexedTrack, ...]
    """In the order of their paths."""
    codes: Codes
    """int8[n, size]: places; a place is its codes times its scale."""
    scales: Floats
    """float32[n]."""
    space: str
    """Id of the space of the places."""
    networks: str
    """Id of the networks that analyzed the tracks."""
    store: Path
    """The database with the analyses."""
    skipped: tuple[str, ...] = ()
    """Files that are no tracks, and why, one line each."""

    def __len__(self) -> int:
        return len(self.tracks)

    @cached_property
    def places(self) -> Floats:
        """Places of all tracks, float32[n, size]."""
        return np.asarray(self.codes * self.scales[:, None], np.float32)

    def place(self, row: int) -> Floats:
        """Return the place of one track, float32[size]."""
        return np.asarray(self.codes[row] * self.scales[row], np.float32)

    def __repr__(self) -> str:
        return f"MusicIndex({self.folder}, {len(self)} tracks)"

    @cached_property
    def _without_vocals(self) -> NDArray[np.int64]:
        return np.flatnonzero([track.vocals <= MAX_VOCALS for track in self.tracks])

    def nearest(
        self, place: Floats, count: int, *, no_vocals: bool = False
    ) -> list[tuple[IndexedTrack, float]]:
        """Return the `count` tracks nearest to a place float32[size], with their cosines, the best first."""
        rows, codes, scales = np.arange(len(self)), self.codes, self.scales
        if no_vocals:
            rows = self._without_vocals
            codes, scales = codes[rows], scales[rows]
        if not len(rows):
            return []
        best, cosines = vectors.nearest(place, codes, scales, min(count, len(rows)))
        pairs = zip(rows[best].tolist(), cosines.tolist(), strict=True)
        return [(self.tracks[row], cosine) for row, cosine in pairs]

    def analyses(self, tracks: Sequence[IndexedTrack]) -> list[TrackAnalysis]:
        """Read what is known of tracks. Raises InputError if it was deleted meanwhile, OutputError."""
        found = []
        with MusicStore(self.store) as store:
            for track in tracks:
                content = store.analysis(track.digest, self.networks)
                if content is None:
                    raise InputError(track.path, "is not in the index any more; start again")
                found.append(TrackAnalysis.from_bytes(content))
        return found


def index_music(
    folder: str | PathLike[str],
    networks: MatchNetworks,
    *,
    recognizer: Recognizer | None = None,
    threads: int = 2,
    store: Path | None = None,
    progress: Progress | None = None,
) -> MusicIndex:
    """Index a folder and those below it; only contents that are new to the database are decoded.

    With a `recognizer`, what is sung or said in a track counts, too. `store` is the database, by default one
    in the cache folder. It may be interrupted at any moment, and run by several processes at once.

    Raises InputError if the folder cannot be read or has no music, OutputError if the database cannot be
    written, ModelError.
    """
    folder = Path(folder)
    found = media_files(folder)
    if not found:
        raise InputError(folder, "holds no audio: no file has a suffix such as .mp3 or .flac")
    root = Path(os.path.abspath(folder))  # noqa: PTH100 - as `media_files`
    means = Means(networks, recognizer, threads)
    with MusicStore(store) as database:
        known = database.files(root)
        analyze_new(found, known, database, means, part_of(progress, 0.0, 0.95))
        present = {file.path for file in found}
        if gone := [path for path in known if path not in present and not Path(path).exists()]:
            database.forget(gone)
        index = _placed(folder, found, database, networks, part_of(progress, 0.95, 1.0))
    if not len(index):
        raise InputError(folder, f"holds no music; {len(index.skipped)} files: {index.skipped[0]} ...")
    return index


def _placed(
    folder: Path,
    found: Sequence[FoundFile],
    database: MusicStore,
    networks: MatchNetworks,
    progress: Progress | None,
) -> MusicIndex:
    """Return the index of files that are analyzed; places that the database lacks are computed."""
    files = database.files(Path(os.path.abspath(folder)))  # noqa: PTH100 - as `media_files`
    analyzed = database.tracks(networks.analysis)
    tracks, places, skipped = [], [], []
    moved: list[StoredFile] = []
    for number, one in enumerate(found, 1):
        file = files.get(one.path, StoredFile(one.path, one.size, one.mtime_ns))
        track = analyzed.get(file.digest)
        problem = _problem(file, track)
        if problem or track is None:
            skipped.append(f"{os.path.relpath(file.path, folder)}: {problem}")
            continue
        if file.space != networks.space:
            file = file.at(_place(file, database, networks), networks.space)
            moved.append(file)
        tracks.append(IndexedTrack(Path(file.path), file.digest, track.seconds, track.vocals))
        places.append(np.frombuffer(file.place, np.float32))
        if progress:
            progress(number / len(found))
    if moved:
        database.put_files(moved)
    stacked = np.stack(places) if places else np.zeros((0, networks.towers.size), np.float32)
    codes, scales = vectors.quantize(stacked)
    return MusicIndex(
        folder=folder,
        tracks=tuple(tracks),
        codes=codes,
        scales=scales,
        space=networks.space,
        networks=networks.analysis,
        store=database.path,
        skipped=tuple(skipped),
    )


def _problem(file: StoredFile, track: StoredTrack | None) -> str:
    """Return why a file is no track; empty if it is one."""
    if file.problem or track is None:
        return file.problem or "was not analyzed"
    if track.seconds < LEAST_S:
        return f"lasts {track.seconds:.2f} s"
    if track.music < MIN_MUSIC:
        return f"{track.music:.0%} of it is music"
    return ""


def _place(file: StoredFile, database: MusicStore, networks: MatchNetworks) -> Floats:
    content = database.analysis(file.digest, networks.analysis)
    if content is None:
        raise InputError(file.path, "is not in the index any more; start again")
    features = track_features(TrackAnalysis.from_bytes(content), Path(file.path), networks.texts)
    return networks.towers.track(features)
