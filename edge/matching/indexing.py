"""Analyze the files of a folder that are new, in several threads."""

from __future__ import annotations

import os
import random
import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from edge.errors import InputError
from edge.evidence.options import SpeechOptions, TranscriptOptions
from edge.evidence.speech.recognizer import Recognizer
from edge.evidence.transcription import collect_transcript
from edge.matching.analysis import TrackAnalysis, analyze_track
from edge.matching.networks import MatchNetworks
from edge.matching.scan import FoundFile
from edge.matching.store import MusicStore, StoredFile, StoredTrack
from edge.media import open_recording
from edge.vocabulary import Progress

WORDS = 0.05
"""Share of the time in which somebody sings or speaks from which words are recognized."""

LINES, LONGEST = 20, 120
"""Recognized sentences that count, and characters of each."""


@dataclass(frozen=True)
class Means:
    """What tracks are analyzed with."""

    networks: MatchNetworks
    """Networks, which each thread opens for itself."""
    recognizer: Recognizer | None
    """Recognizes what is sung or said; None to ignore it."""
    threads: int
    """Number of threads; with a recognizer there is one."""


def analyze_new(
    found: Sequence[FoundFile],
    known: Mapping[str, StoredFile],
    database: MusicStore,
    means: Means,
    progress: Progress | None,
) -> None:
    """Analyze files that are new to the database or have changed, each in one transaction.

    Two processes that do so at once begin with different files, and neither does what the other has done.
    Raises OutputError, ModelError.
    """
    tracks, words = database.tracks(means.networks.analysis), means.recognizer is not None
    new = [file for file in found if not _is_done(file, known.get(file.path), tracks, words=words)]
    random.Random(os.getpid()).shuffle(new)
    total, done = sum(file.size for file in new) or 1, 0
    for size in _in_threads(new, database.path, means):
        done += size
        if progress:
            progress(done / total)


def _is_done(
    file: FoundFile, known: StoredFile | None, tracks: Mapping[str, StoredTrack], *, words: bool
) -> bool:
    """Return whether nothing more can be found out about a file."""
    if known is None or (known.size, known.mtime_ns) != (file.size, file.mtime_ns):
        return False
    return bool(known.problem) or _is_enough(tracks.get(known.digest), words=words)


def _is_enough(track: StoredTrack | None, *, words: bool) -> bool:
    return track is not None and (track.words or not words)


def _in_threads(files: Sequence[FoundFile], store: Path, means: Means) -> Iterator[int]:
    """Analyze files; yield the bytes of each one that is done."""
    own = threading.local()
    opened: list[MatchNetworks | MusicStore] = []

    def analyze(file: FoundFile) -> int:
        if not hasattr(own, "store"):
            own.networks, own.store = means.networks.opened_again(), MusicStore(store)
            opened.extend((own.networks, own.store))
        _analyze(file, own.store, own.networks, means.recognizer)
        return file.size

    count = 1 if means.recognizer else max(1, min(means.threads, len(files)))
    pool = ThreadPoolExecutor(count)
    try:
        yield from pool.map(analyze, files)
    finally:
        pool.shutdown(cancel_futures=True)
        for one in opened:
            one.close()


def _analyze(
    file: FoundFile, store: MusicStore, networks: MatchNetworks, recognizer: Recognizer | None
) -> None:
    """Analyze a file, unless its content is known, and store what was found, or why nothing was."""
    stored, words = StoredFile(file.path, file.size, file.mtime_ns), recognizer is not None
    try:
        recording = open_recording(file.path)
        stored = stored.of(recording.digest)
        if _is_enough(store.track(stored.digest, networks.analysis), words=words):
            store.put(stored)
            return
        analysis = analyze_track(recording, networks.segmenter, networks.tagger)
        if recognizer is not None and analysis.vocals >= WORDS:
            spoken = TranscriptOptions(speech=SpeechOptions(include_singing=True))
            transcript, _ = collect_transcript(
                recording, recognizer, segmenter=networks.segmenter, options=spoken
            )
            lines = [sentence.text[:LONGEST] for sentence in transcript.sentences]
            analysis = analysis.with_words(lines[:LINES])
    except InputError as error:
        store.put(stored.failed(error.what))
        return
    track = _numbers(analysis, words=words)
    store.put(stored, networks.analysis, track, analysis.to_bytes())


def _numbers(analysis: TrackAnalysis, *, words: bool) -> StoredTrack:
    return StoredTrack(analysis.rhythm.duration_s, analysis.music, analysis.vocals, words)
