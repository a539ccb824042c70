"""`python -m tools.bench kernels`: every kernel beside its best peers, speed and error, on one thread.

Our time is that of the library compiled ahead of time for this CPU (`AOT`); numba's (`JIT`) is a peer.
"""

from __future__ import annotations

import gc
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache, partial
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import Any
from unittest.mock import patch

import numpy as np
from edge_kernels import library as source
from edge_kernels.audio import crossfade, fade_in, gain
from edge_kernels.library import Library
from edge_kernels.mel import MelOptions, Norm, Scale, kaldi_fbank, mfcc

from edge.errors import EdgeError
from tools.bench import kernels_images, kernels_sound, kernels_text
from tools.bench.compiled import library_of_this_cpu
from tools.bench.kernels_sound import Array, Job
from tools.bench.rows import Case, Peer, Row, compared, interleaved
from tools.progress import tell

OURS = ("AOT", "JIT", "2 threads")
"""Names of our own ways; any other peer is somebody else's work."""


@dataclass(frozen=True)
class Sizes:
    """How much is measured."""

    minutes: float = 10.0
    """Length of the sound."""
    texts: int = 10_000
    square: int = 1000
    """So many texts are compared with each other."""
    frames: int = 60_000
    """Frames of labels."""
    boxes: int = 2000
    """Boxes to suppress."""
    rounds: int = 7

    @classmethod
    def quick(cls) -> Sizes:
        """Small enough for a test."""
        return cls(minutes=0.2, texts=300, square=60, frames=2000, boxes=100, rounds=1)


@dataclass(frozen=True)
class _Runner:
    """A job that is ready to be timed."""

    case: Case
    peer: Peer
    job: Job
    error: float | None
    remark: str

    @property
    def key(self) -> str:
        return f"{self.case.name}, {self.peer.name}"


def bench(sizes: Sizes) -> list[Row]:
    """All rows. Raises EdgeError if the kernels cannot be compiled here."""
    texts = kernels_text.sentences(sizes.texts)
    cases = [*_sound(sizes.minutes), *kernels_text.cases(texts, sizes.square, sizes.frames)]
    cases += kernels_images.cases(sizes.boxes)
    with tempfile.TemporaryDirectory() as folder, patch.object(source, "library", source.library):
        return measure(cases, _compiled(Path(folder)), sizes.rounds)


def _compiled(folder: Path) -> dict[str, Library]:
    """Both kinds of library; the file of `AOT` is made in `folder`."""
    if not find_spec("threadpoolctl"):
        raise EdgeError("needs pip install 'edgereel[bench]'")
    compiled = {}
    for kind, choice in {"AOT": str(library_of_this_cpu(folder)), "JIT": "jit"}.items():
        with patch.dict(os.environ, EDGE_KERNELS=choice):
            compiled[kind] = source.library.__wrapped__()
    return compiled


def _use(library: Library) -> None:
    """All kernels come from `library` from now on. Costs nothing, so it may be timed."""
    source.library = lambda: library  # type: ignore[assignment]


def _sound(minutes: float) -> list[Case]:
    """Every kernel of sound."""
    sound, length = kernels_sound.voiced(minutes), f"{minutes:g} min"
    narrow = MelOptions(16_000, 512, 400, 160, 64, scale_kind=Scale.SLANEY, norm=Norm.AREA)
    wide = MelOptions(16_000, 1024, 800, 200, 64)
    error_is = "largest difference of ln mel from float64"
    return [
        _spectra(f"log-mel, n_fft 512, 64 mels, {length}", narrow, sound, error_is),
        _spectra(f"log-mel, n_fft 1024, 64 mels, {length}", wide, sound, error_is),
        *_kaldi(f"Kaldi fbank, 80 mels, {length}", sound * np.float32(32768)),
        _spectra(f"MFCC, 13 of 26 mels, {length}", mfcc(), sound, "largest difference from float64"),
        *_gains(sound, length),
    ]


def _spectra(name: str, options: MelOptions, sound: Array, error_is: str) -> Case:
    ours, peers = kernels_sound.ours(options, sound), kernels_sound.peers(options, sound)
    return Case(name, ours, peers, kernels_sound.distance(options, sound), error_is)


def _kaldi(name: str, sound: Array) -> list[Case]:
    """With its only peer as the reference, so not without it."""
    options = kaldi_fbank()
    two, knf = Peer("2 threads", kernels_sound.ours(options, sound, 2)), kernels_sound.knf(options, sound)
    theirs = cache(lambda: knf.read(knf.make()()).astype(np.float64))
    case = Case(
        name, kernels_sound.ours(options, sound), (two, knf),
        lambda result: float(np.abs(result - theirs()).mean()), "mean difference from the peer",
        lambda result: f"largest {np.abs(result - theirs()).max():.2g}",
    )  # fmt: skip
    return [case] if find_spec("kaldi_native_fbank") else []


def _gains(sound: Array, length: str) -> list[Case]:
    """What is one NumPy expression: in float32 a peer, in float64 the reference."""
    column, other = sound[:, None], sound[::-1].copy()

    def case(name: str, ours: Job, expression: Callable[[Array, Array], Array]) -> Case:
        exact = cache(lambda: expression(sound.astype(np.float64), other.astype(np.float64)))
        return Case(
            f"{name}, {length}", lambda: ours, (Peer("NumPy", lambda: partial(expression, sound, other)),),
            lambda result: float(np.abs(result.ravel() - exact()).max()), "largest difference from float64",
        )  # fmt: skip

    def faded(x: Array, _: Array) -> Array:
        return np.asarray(x * (0.5 - 0.5 * np.cos(np.arange(len(x), dtype=x.dtype) * (np.pi / len(x)))))

    def crossed(x: Array, y: Array) -> Array:
        angle = (np.arange(len(x), dtype=x.dtype) + 0.5) * (np.pi / 2 / len(x))
        return np.asarray(x * np.cos(angle) + y * np.sin(angle))

    return [
        case("gain", partial(gain, sound, 0.75), lambda x, _: np.asarray(x * 0.75)),
        case("fade-in", partial(fade_in, column, len(sound)), faded),
        case("cross-fade", partial(crossfade, column, other[:, None]), crossed),
    ]


def measure(cases: Sequence[Case], compiled: Mapping[str, Library], rounds: int) -> list[Row]:
    """All cases in one interleaved run; one of `compiled` is `AOT`."""
    groups = [list(_runners(case, compiled)) for case in cases]
    jobs: dict[str, Job] = {}
    for group in groups:
        jobs[f"{group[0].key}, not counted"] = group[0].job  # else AOT alone would find cold caches
        jobs |= {runner.key: runner.job for runner in group}
    with _undisturbed():
        seconds = interleaved(jobs, rounds)
    return [_row(ours, other, seconds) for ours, *others in groups for other in others]


def _runners(case: Case, compiled: Mapping[str, Library]) -> Iterator[_Runner]:
    """Ours, from each library, then the peers; each ran once, to be compiled and warm, and was compared."""
    for peer in (*(Peer(kind, case.ours) for kind in compiled), *case.peers):
        tell(f"preparing {case.name}, {peer.name}")
        _use(library := compiled.get(peer.name, compiled["AOT"]))
        with suppress(ModuleNotFoundError):  # a peer that is not installed has no row
            job = _from(library, peer.make())
            result = peer.read(job())
            error = None if result is None else case.error(result)
            yield _Runner(case, peer, job, error, case.remark(result) if peer.name == "AOT" else "")


def _from(library: Library, job: Job) -> Job:
    def run() -> Any:
        _use(library)
        return job()

    return run


def _row(ours: _Runner, other: _Runner, seconds: Mapping[str, Sequence[float]]) -> Row:
    detail = "; ".join(filter(None, (ours.remark, other.peer.detail)))
    return compared(
        ours.case.name, other.peer.name, seconds[ours.key], seconds[other.key], error=ours.error,
        error_is=ours.case.error_is, peer_error=other.error, detail=detail,
    )  # fmt: skip


@contextmanager
def _undisturbed() -> Iterator[None]:
    """One thread for every library that is loaded by now, and no work for the garbage collector."""
    torch = sys.modules.get("torch")
    threads = torch.get_num_threads() if torch else 1
    gc.collect()
    gc.freeze()
    try:
        with import_module("threadpoolctl").threadpool_limits(1):
            if torch:
                torch.set_num_threads(1)
            yield
    finally:
        gc.unfreeze()
        if torch:
            torch.set_num_threads(threads)


def describe(rows: Sequence[Row]) -> str:
    """Two lines: how far the best peers are behind, and what the kinds of library and threads change."""
    best: dict[str, float] = {}
    for row in rows:
        if row.peer not in OURS:
            what = row.name.split(",")[0]
            best[what] = min(row.ratio, best.get(what, row.ratio))
    jit, two = (median(row.ratio for row in rows if row.peer == peer) for peer in OURS[1:])
    return (
        f"best peer's time over ours: {', '.join(f'{what} {ratio:.2f}' for what, ratio in best.items())}\n"
        f"JIT takes {jit:.2f} of the time of AOT, two threads {two:.2f} of one (medians)"
    )
