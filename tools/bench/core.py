"""`python -m tools.bench core`: the C core for songs beside the package over onnxruntime, one thread each."""

from __future__ import annotations

import platform
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edge.arrays import Floats
from edge.errors import EdgeError
from edge.evidence.labels import label_samples
from edge.networks.segmenter import Segmenter
from edge.songs.detection import detect_songs
from edge.songs.options import SongOptions
from edge.songs.song import Song
from tools.bench.rows import Row, compared, interleaved
from tools.evaluate.pack import read_pack
from tools.evaluate.recordings import compose

RATE_HZ = 16_000
PACKAGE = "the package over onnxruntime"


@dataclass(frozen=True)
class Sizes:
    """How much is measured."""

    recordings: int = 8
    """Composed recordings, one after the other."""
    rounds: int = 9

    @classmethod
    def quick(cls) -> Sizes:
        """Return sizes that only show whether it runs."""
        return cls(recordings=1, rounds=1)


def bench(data: Path, sizes: Sizes) -> list[Row]:
    """One row for labels and songs of composed recordings, one for the encoder alone. Raises EdgeError."""
    from tools.bundle.core import compile_core  # noqa: PLC0415 - needs lief
    from tools.bundle.driver import Core  # noqa: PLC0415
    from tools.bundle.songs_model import songs_model  # noqa: PLC0415
    from tools.compile_kernels.link import BuildError  # noqa: PLC0415
    from tools.compile_kernels.targets import TARGETS  # noqa: PLC0415

    entries = read_pack(data)
    sounds = [compose(entries, seed).sound for seed in range(sizes.recordings)]
    with tempfile.TemporaryDirectory() as folder, Segmenter() as segmenter:
        target = {"x86_64": "x86-64-v3", "aarch64": "aarch64-linux"}.get(platform.machine(), "none")
        try:
            core = Core(compile_core(TARGETS[target], Path(folder)), songs_model(segmenter))
        except (BuildError, KeyError) as error:
            raise EdgeError(f"the core cannot be compiled here: {error}") from error

        def of_core(samples: Floats) -> tuple[list[Song], Floats]:
            recording = core.open(max_seconds=len(samples) / RATE_HZ + 1)
            recording.accept(samples)
            recording.finish()
            return recording.take(), recording.frames()

        def of_package(samples: Floats) -> tuple[list[Song], Floats]:
            track = label_samples([samples], segmenter)
            return detect_songs(track, segmenter.fuse_batch, SongOptions()), track.frames

        pairs = [(of_core(sound), of_package(sound)) for sound in sounds]
        jobs: dict[str, Callable[[], object]] = {
            "core": lambda: [of_core(sound) for sound in sounds],
            PACKAGE: lambda: [of_package(sound) for sound in sounds],
        }
        seconds = interleaved(jobs, sizes.rounds)
        arithmetic, megabytes = core.open().arithmetic, core.open().size / (1 << 20)
    minutes = sum(map(len, sounds)) / RATE_HZ / 60
    return [
        compared(
            f"labels and songs of {minutes:.0f} minutes", PACKAGE, seconds["core"], seconds[PACKAGE],
            error=max(float(np.abs(ours[1] - theirs[1]).max()) for ours, theirs in pairs),
            error_is="largest difference of a confidence", peer_error=0.0, megabytes=megabytes,
            detail=f"{arithmetic}; songs {_songs(pairs)}",
        )
    ]  # fmt: skip


def describe(rows: Sequence[Row]) -> str:
    """Return what is to be said under the table."""
    return f"{rows[0].megabytes:.1f} MB is all the memory of the core, for half an hour of audio."


def _songs(pairs: Sequence[tuple[tuple[list[Song], Floats], tuple[list[Song], Floats]]]) -> str:
    """Return whether the songs of both are the same, and how far their times are apart."""
    if any(len(ours[0]) != len(theirs[0]) for ours, theirs in pairs):
        return "differ"
    edges = [
        abs(one - other)
        for ours, theirs in pairs
        for mine, its in zip(ours[0], theirs[0], strict=True)
        for one, other in ((mine.start, its.start), (mine.end, its.end))
    ]
    return f"{len(edges) // 2}, times within {max(edges, default=0.0):.1g} s"
