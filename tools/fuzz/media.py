"""Damaged recordings: everything that is done with one is done."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from edge.errors import EdgeError
from edge.media import cut, decode_audio, frames_at, open_recording, probe
from edge.media.read.gray import gray_frames
from edge.vocabulary import Span
from tools.fuzz.films import films
from tools.fuzz.target import Target

LONGEST_S = 3600.0
"""Seconds of audio of seeds of 2 s that a damaged timestamp must not turn into more."""


def use(path: Path, folder: Path) -> None:
    """Probe, decode the audio and all frames, seek, and cut out a second."""
    refused: list[EdgeError] = []
    recording = open_recording(path)
    if recording.audio:
        with _noting(refused):
            seconds = 0.0
            for block in decode_audio(recording):
                assert np.isfinite(block.samples).all() or recording.audio[0].codec.startswith("pcm_f")
                seconds += len(block.samples) / 16_000
                assert seconds < LONGEST_S, "a timestamp became silence without end"
    if recording.info.video:
        with _noting(refused):
            for frame in gray_frames(recording, pixels=3600):
                assert frame.gray.size < 1 << 20, f"a reduced frame of {frame.gray.shape}"
        with _noting(refused):
            assert len(list(frames_at(recording, [0.1, 1.2], size=(64, 36)))) == 2
    with _noting(refused):
        suffix = path.suffix if path.suffix in {".mp4", ".mkv", ".mov", ".webm", ".flac", ".wav"} else ".mkv"
        written = folder / f"cut{suffix}"
        cut(recording, Span(0.4, 1.4), written)
        probe(written)
    if refused:
        raise refused[0]


class _noting:  # noqa: N801 - it reads as a verb
    """Keep an EdgeError, and go on."""

    def __init__(self, errors: list[EdgeError]) -> None:
        self._errors = errors

    def __enter__(self) -> None:
        pass

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> bool:
        if isinstance(error, EdgeError):
            self._errors.append(error)
        return isinstance(error, EdgeError)


MEDIA = Target("media", films, use, weight=50)
