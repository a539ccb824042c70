"""The audio path of `edge songs`: one real run with a stopwatch at its seams, and decoding alone.

Everything here runs in a process of its own (`isolated.call`) and returns plain data.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path
from typing import Any

import av
import numpy as np
from edge_kernels.mel import MelStream

from edge.evidence import collect
from edge.evidence.labels import label_samples
from edge.media import decode_audio
from edge.media.read import recording
from edge.models.session import Session
from edge.networks.segmenter import Segmenter
from edge.songs.find import find_songs
from tools.bench.rows import interleaved
from tools.evaluate.pack import RATE_HZ
from tools.sound.wave import read_wav

SEAMS: tuple[tuple[str, object, str], ...] = (
    ("decode", recording, "probe"),
    ("decode", collect, "decode_audio"),
    ("features", MelStream, "accept"),
    ("features", MelStream, "get"),
    ("network", Session, "run"),
)
"""Stage, and the calls that are that stage and contain none of another; the rest is what is left over."""

STAGES = ("decode", "features", "network", "rest")
COMPARED_S = 120
"""Seconds of audio that are compared with what was encoded."""


def search(file: str, threads: int) -> dict[str, Any]:
    """Songs [start, end] and seconds of the whole job and of its stages; the model is loaded and warm."""
    segmenter = Segmenter(threads=threads)
    warm = np.zeros(30 * RATE_HZ, np.float32)
    label_samples([warm], segmenter)
    with _watched() as laps:
        started, cpu = time.perf_counter(), time.process_time()
        found = find_songs(file, segmenter=segmenter)
        json.dump(found.to_dict(), StringIO())
        whole, cpu = time.perf_counter() - started, time.process_time() - cpu
    return {
        "songs": [[song.start, song.end] for song in found.songs],
        "whole": whole,
        "cpu": cpu,
        "rest": whole - sum(laps.values()),
        **laps,
    }


def decode(files: list[str], original: str, rounds: int) -> dict[str, Any]:
    """For each file seconds of our decoding and of the barest loop, per round, and the residual of ours."""
    jobs: dict[str, Callable[[], object]] = {}
    for file in files:
        jobs[file] = lambda file=file: _drain(decode_audio(file, block_s=4.0))  # type: ignore[misc]
        jobs[f"bare {file}"] = lambda file=file: _bare(file)  # type: ignore[misc]
    seconds = interleaved(jobs, rounds)
    expected = read_wav(Path(original))[: COMPARED_S * RATE_HZ]
    return {
        file: {"ours": seconds[file], "bare": seconds[f"bare {file}"], "residual": _residual(file, expected)}
        for file in files
    }


@contextmanager
def _watched() -> Iterator[dict[str, float]]:
    """Seconds spent in each stage while the block runs."""
    laps = dict.fromkeys(STAGES[:-1], 0.0)
    originals = [getattr(owner, name) for _, owner, name in SEAMS]
    for (stage, owner, name), original in zip(SEAMS, originals, strict=True):
        setattr(owner, name, _timed(original, laps, stage))
    try:
        yield laps
    finally:
        for (_, owner, name), original in zip(SEAMS, originals, strict=True):
            setattr(owner, name, original)


def _timed(function: Callable[..., Any], laps: dict[str, float], stage: str) -> Callable[..., Any]:
    def timed(*arguments: Any, **named: Any) -> Any:
        started = time.perf_counter()
        result = function(*arguments, **named)
        laps[stage] += time.perf_counter() - started
        return _timed_items(result, laps, stage) if isinstance(result, Iterator) else result

    return timed


def _timed_items(items: Iterator[Any], laps: dict[str, float], stage: str) -> Iterator[Any]:
    while True:
        started = time.perf_counter()
        item = next(items, None)
        laps[stage] += time.perf_counter() - started
        if item is None:
            return
        yield item


def _drain(items: Iterator[object]) -> None:
    for _ in items:
        pass


def _bare(file: str) -> None:
    """The least that gives 16 kHz mono through PyAV: no clock, no damage handling, no blocks."""
    with av.open(file) as container:
        resampler = av.AudioResampler("flt", "mono", RATE_HZ, frame_size=65536)
        for frame in container.decode(audio=0):
            for piece in resampler.resample(frame):
                piece.to_ndarray()


def _residual(file: str, expected: np.ndarray[Any, np.dtype[np.float32]]) -> float:
    """RMS of what decoding added or lost, relative to the original at its best-fitting level."""
    pieces = [block.samples for block in decode_audio(file, end_s=len(expected) / RATE_HZ)]
    heard = np.concatenate(pieces)[: len(expected)].astype(np.float64)
    original = expected[: len(heard)].astype(np.float64)
    level = float(heard @ original / (original @ original))
    return float(np.sqrt(np.mean((heard - level * original) ** 2) / np.mean((level * original) ** 2)))
