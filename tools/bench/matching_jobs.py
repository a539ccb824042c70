"""What `python -m tools.bench matching` runs in processes of their own; results travel as JSON."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from edge.arrays import Floats
from edge.evidence.rhythm.track import RhythmTrack
from edge.matching.analysis import TrackAnalysis, TrackCollectors, analyze_track
from edge.matching.arrange import arrange
from edge.matching.index import MusicIndex, index_music
from edge.matching.match import CLOSE
from edge.matching.networks import MatchNetworks
from edge.matching.scan import media_files
from edge.matching.store import MusicStore, StoredFile, StoredTrack
from edge.media import decode_audio, open_recording
from tools.bench import isolated
from tools.bench.matching_music import beats_of
from tools.bench.rows import interleaved
from tools.bench.tags import clustered, exact, missed
from tools.evaluate.rhythm import analyzed, by_librosa, f_measure

Result = TypeVar("Result")

NAMES = ("segmenter", "key", "rhythm", "sound", "loudness")
"""Collectors of a track, in their order."""

VIDEO_S = 60.0
"""Length of the video for which tracks are arranged."""

QUERIES = 20
"""Places that are looked up."""


def index(folder: str, threads: int) -> dict[str, Any]:
    """Index a folder from nothing; return seconds, memory and how wrong its beats are."""
    with MatchNetworks() as networks, tempfile.TemporaryDirectory() as kept:
        store, began, spent = Path(kept) / "music.sqlite", time.perf_counter(), time.process_time()
        found = index_music(folder, networks, threads=threads, store=store)
        seconds, spent = time.perf_counter() - began, time.process_time() - spent
        memory = isolated.peaks("self")[1]
        scores = [
            f_measure(analysis.rhythm.beats_s, beats_of(track.path, track.seconds))
            for track, analysis in zip(found.tracks, found.analyses(found.tracks), strict=True)
        ]
    return {
        "seconds": seconds,
        "processor_s": spent,
        "music_s": sum(track.seconds for track in found.tracks),
        "tracks": len(found),
        "skipped": len(found.skipped),
        "megabytes": memory,
        "error": 1 - float(np.mean(scores)),
    }


def parts(file: str) -> dict[str, float]:
    """Return the seconds of processor time of each part of an analysis, for a second of audio."""
    with MatchNetworks() as networks:
        analyze_track(open_recording(file), networks.segmenter, networks.tagger)
        recording, spent = open_recording(file), dict[str, float]()
        _timed(spent, "digest", lambda: recording.digest)
        blocks = _timed(spent, "decode to 16 kHz", lambda: list(decode_audio(recording)))
        collectors = TrackCollectors(networks.segmenter, networks.tagger)
        for name, collector in zip(NAMES, collectors.all, strict=True):
            for block in blocks:
                _timed(spent, name, partial(collector.accept, block))
            _timed(spent, name, collector.finish)
    seconds = sum(len(block.samples) for block in blocks) / collectors.all[0].rate_hz
    return {name: each / seconds for name, each in spent.items()}


def rhythm(file: str, rounds: int) -> dict[str, Any]:
    """Return the seconds and errors of rhythm and key, ours and librosa's if it is installed."""
    sound = np.concatenate([block.samples for block in decode_audio(file)])
    true = beats_of(Path(file), len(sound) / 16_000)
    analyses = {"edge": analyzed}
    if find_spec("librosa"):
        analyses["librosa"] = by_librosa
    errors = {name: 1 - f_measure(run(sound).beats_s, true) for name, run in analyses.items()}
    jobs = {name: partial(run, sound) for name, run in analyses.items()}
    return {"seconds": interleaved(jobs, rounds), "errors": errors, "music_s": len(sound) / 16_000}


def query(file: str, count: int, rounds: int) -> dict[str, Any]:
    """Open an index of `count` files that did not change, and look up the tracks near places."""
    with MatchNetworks() as networks, tempfile.TemporaryDirectory() as kept:
        folder, store = Path(kept) / "music", Path(kept) / "music.sqlite"
        analysis = analyze_track(open_recording(file), networks.segmenter, networks.tagger)
        places = clustered(count, networks.towers.size, seed=0)
        _fill(folder, store, analysis, places, networks)
        opened = index_music(folder, networks, store=store)
        opening = interleaved(
            {
                "edge": lambda: index_music(folder, networks, store=store),
                "the folder alone": lambda: media_files(folder),
            },
            rounds,
        )
        queries = clustered(QUERIES, networks.towers.size, seed=0, noise_seed=1)
        truth = [exact(places, place, CLOSE) for place in queries]
        rows = {track.path: row for row, track in enumerate(opened.tracks)}
        error = missed(lambda q: [rows[track.path] for track, _ in opened.nearest(q, CLOSE)], queries, truth)
        jobs: dict[str, Callable[[], object]] = {
            "nearest": lambda: [opened.nearest(place, CLOSE) for place in queries],
            "NumPy float32": lambda: [exact(places, place, CLOSE) for place in queries],
            "whole": lambda: [_asked(opened, place) for place in queries],
        }
        seconds = interleaved(jobs, rounds)
    return {
        "opening": opening,
        "query": {name: [lap / QUERIES for lap in laps] for name, laps in seconds.items()},
        "error": error,
        "indexed": len(opened),
        "megabytes": isolated.peaks("self")[1],
    }


def _timed(spent: dict[str, float], name: str, job: Callable[[], Result]) -> Result:
    began = time.process_time()
    result = job()
    spent[name] = spent.get(name, 0.0) + time.process_time() - began
    return result


def _asked(index: MusicIndex, place: Floats) -> list[float]:
    """Do what a query does: find the nearest tracks, read their analyses and arrange them."""
    tracks = [track for track, _ in index.nearest(place, CLOSE)]
    rhythms: list[RhythmTrack] = [analysis.rhythm for analysis in index.analyses(tracks)]
    return [arrange(one, None, VIDEO_S).fit for one in rhythms]


def _fill(
    folder: Path, store: Path, analysis: TrackAnalysis, places: Floats, networks: MatchNetworks
) -> None:
    """Make files, and a database in which they have the analysis of one track and these places."""
    content, track = analysis.to_bytes(), StoredTrack(analysis.rhythm.duration_s, 1.0, 0.0, words=False)
    with MusicStore(store) as database:
        for row, place in enumerate(places):
            path = folder / f"{row // 100:04}" / f"{row:06}.mp3"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"\0")
            state = path.stat()
            file = StoredFile(str(path), state.st_size, state.st_mtime_ns, f"{row:064x}")
            database.put(file.at(place, networks.space), networks.analysis, track, content)
