"""The main job: a recording in, its songs out, each in a file of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge.errors import NoAudioError
from edge.files import refuse_existing
from edge.media import AudioBlock, Health, MediaInfo, cut, decode_audio, default_suffix, probe
from edge.networks.segmenter import Evidence, Segmenter
from edge.songs.detection import Song, find_songs
from edge.songs.options import Settings
from edge.songs.rules import most_confident
from edge.vocabulary import LABELS, Label

FADE_S = 0.01
"""Fade at both ends of a clip: too short to hear, long enough that no click is."""

Progress = Callable[[float], None]
"""Called now and then with the share of the work that is done, 0 to 1."""


@dataclass(frozen=True)
class Segment:
    """One segment of a recording with its label and the four confidences, which sum to 1."""

    start: float
    end: float
    label: Label
    confidence: dict[Label, float]


@dataclass(frozen=True)
class Found:
    """What was found in one recording."""

    media: MediaInfo
    duration_s: float
    """Length of the sound in seconds."""
    segments: list[Segment]
    songs: list[Song]
    evidence: Evidence
    notes: list[str]
    """One line for each thing that was wrong with the file; empty for a sound one."""


def search(
    path: Path | str,
    settings: Settings | None = None,
    *,
    segmenter: Segmenter | None = None,
    audio_stream: int | None = None,
    progress: Progress | None = None,
) -> Found:
    """Find the songs in a recording, video or audio, in any container that FFmpeg reads.

    `segmenter` saves loading the model again; `audio_stream` is an index from `media.audio`, by default the
    recording's default stream. The recording is decoded once and never held in memory.

    Raises InputError if it cannot be read, NoAudioError if there is nothing to hear, ModelError.
    """
    settings = settings or Settings()
    media, health = probe(path), Health()
    segmenter = segmenter or Segmenter()
    blocks = decode_audio(path, rate_hz=segmenter.rate_hz, block_s=1.0, stream=audio_stream, health=health)
    evidence = segmenter.listen(
        _reporting(blocks, media.duration_s * segmenter.rate_hz, progress),
        segment_s=settings.segment_s,
        step_s=settings.refine_step_s,
    )
    if not len(evidence.segments):
        raise NoAudioError(path, "holds no sound")
    return Found(
        media=media,
        duration_s=evidence.duration_s,
        segments=_segments(evidence),
        songs=find_songs(evidence, segmenter.classify, settings),
        evidence=evidence,
        notes=health.notes(),
    )


@dataclass(frozen=True)
class Clip:
    """A song and the file that now holds it."""

    song: Song
    file: Path


def cut_songs(
    found: Found,
    folder: Path | str,
    *,
    copy: bool = False,
    suffix: str | None = None,
    force: bool = False,
    audio_stream: int | None = None,
    progress: Progress | None = None,
) -> list[Clip]:
    """Write each song to `folder/NAME-01.mp4` and so on, frame-accurate; see `edge.media.cut`.

    `copy` keeps the streams as they are and so starts at a keyframe; `suffix` chooses the container. All
    names are checked before the first file is written. Raises OutputError, UsageError, InputError.
    """
    source = found.media.path
    suffix = suffix or (source.suffix if copy else default_suffix(found.media))
    files = [Path(folder) / f"{source.stem}-{number:02}{suffix}" for number in range(1, len(found.songs) + 1)]
    for file in files:
        refuse_existing(file, force)
    clips = []
    for number, (song, file) in enumerate(zip(found.songs, files, strict=True), 1):
        written = cut(
            source, song.span, file, audio_stream=audio_stream, copy=copy, force=force, fade_s=FADE_S
        )
        early = song.start - written.start_s  # a copy starts at a keyframe
        clips.append(
            Clip(replace(song, start=written.start_s, end=written.end_s, prelude=song.prelude + early), file)
        )
        if progress:
            progress(number / len(files))
    return clips


def _segments(evidence: Evidence) -> list[Segment]:
    found = most_confident(evidence.segments)
    return [
        Segment(
            start=index * evidence.segment_s,
            end=min((index + 1) * evidence.segment_s, evidence.duration_s),
            label=label,
            confidence=dict(zip(LABELS, map(float, row), strict=True)),
        )
        for index, (label, row) in enumerate(zip(found, evidence.segments, strict=True))
    ]


def _reporting(
    blocks: Iterator[AudioBlock], total: float, progress: Progress | None
) -> Iterator[NDArray[np.float32]]:
    for block in blocks:
        yield block.samples
        if progress and total > 0:
            progress(min(1.0, (block.start + len(block.samples)) / total))
