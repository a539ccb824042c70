"""`python -m tools.bench tags`: a large library of tags beside what else searches one, and tagging videos.

The vectors of the library are given, so no encoder's time is in its rows.
"""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from edge.arrays import Floats
from edge.tagging.library import TagLibrary
from tools.bench import isolated, material
from tools.bench.rows import Row, compared, interleaved
from tools.bench.tag_videos import video_rows
from tools.progress import tell

OURS = "edge"
NUMPY = "NumPy float32"
EXACT = "usearch exact float32"
CODES = "usearch exact int8"
INDEX = "usearch index int8"
"""What is measured: a graph (HNSW) of int8 vectors, with the package's defaults."""

Search = Callable[[Floats], Sequence[int]]
"""From a query to the nearest rows, best first."""


@dataclass(frozen=True)
class Sizes:
    """How much is measured."""

    tags: int = 100_000
    size: int = 384
    """Values of a vector."""
    added: int = 1000
    """Tags that are added at once."""
    k: int = 10
    """Tags that are asked for."""
    queries: int = 50
    rounds: int = 7
    minutes: tuple[int, ...] = (2, 10, 120)
    """Lengths of the videos that are tagged."""

    @classmethod
    def quick(cls) -> Sizes:
        """Small enough for a test."""
        return cls(tags=2000, size=64, added=50, queries=5, rounds=1, minutes=())


def bench(data: Path, sizes: Sizes) -> list[Row]:
    """Return the rows of a library, from one process with one thread on one core, and those of videos."""
    rows = library_rows(isolated.call("tags:measure", asdict(sizes)), sizes)
    return rows + (video_rows(data, material.CACHE, sizes.minutes) if sizes.minutes else [])


def describe(rows: Sequence[Row]) -> str:
    """One line with the numbers that matter most."""
    query, add = rows[0], next(row for row in rows if row.name.startswith("add"))
    return f"{query.seconds * 1e3:.2f} ms a query, {query.name}; {add.seconds * 1e3:.1f} ms to {add.name}"


def library_rows(measured: Mapping[str, Any], sizes: Sizes) -> list[Row]:
    """Queries, then additions, beside each peer."""
    many = f"{sizes.tags:,} tags x {sizes.size}"
    query, add, errors, held = (measured[name] for name in ("query", "add", "errors", "megabytes"))
    built, of = measured["built"], "MB of vectors and one query"
    searches = [
        compared(
            f"nearest {sizes.k} of {many}", peer, query[OURS], query[peer],
            error=errors[OURS], peer_error=errors[peer], megabytes=held[OURS],
            error_is=f"1 - recall@{sizes.k} of float32",
            detail=f"{of}, peer {held[peer]:.0f}; built in {built[OURS]:.1f} s, peer {built[peer]:.1f} s",
        )
        for peer in query if peer != OURS
    ]  # fmt: skip
    additions = [
        compared(
            f"add {sizes.added:,} to {many}", peer, add[OURS], add[peer],
            error=measured["added_error"], error_is="share of tags added that are not nearest to themselves",
            detail="vectors given: without the time of an encoder",
        )
        for peer in add if peer != OURS
    ]  # fmt: skip
    return searches + additions


# ---- in a process of its own


class Ready:
    """An encoder whose vectors are there already: tag "7" has the vector in row 7."""

    space = "ready"

    def __init__(self, vectors: Floats) -> None:
        self.vectors, self.size = vectors, vectors.shape[1]

    def encode(self, texts: Sequence[str]) -> Floats:
        """The rows that the texts are the numbers of."""
        return self.vectors[[int(text) for text in texts]]


def measure(given: dict[str, Any]) -> dict[str, Any]:
    """Seconds per query and of additions in each round, errors, megabytes and seconds of building."""
    sizes = Sizes(**given)
    vectors = clustered(sizes.tags + sizes.added, sizes.size, seed=0)
    queries = clustered(sizes.queries, sizes.size, seed=0, noise_seed=1)
    base, truth = vectors[: sizes.tags], [exact(vectors[: sizes.tags], q, sizes.k) for q in queries]
    library, built = _timed(lambda: TagLibrary.of(map(str, range(sizes.tags)), Ready(vectors)))
    searches: dict[str, Search] = {
        OURS: lambda q: [int(near.tag) for near in library.nearest(q, sizes.k)],
        NUMPY: lambda q: exact(base, q, sizes.k),
    }
    seconds, held = {OURS: built, NUMPY: 0.0}, {OURS: library.codes.nbytes + library.scales.nbytes}
    held[NUMPY] = base.nbytes
    index = None
    if find_spec("usearch"):
        index, seconds[INDEX] = _timed(lambda: build_index(base))
        seconds |= {EXACT: 0.0, CODES: seconds[INDEX]}
        held |= {EXACT: base.nbytes, CODES: index.memory_usage, INDEX: index.memory_usage}
        searches |= usearch_searches(base, index, sizes.k)
    return {
        "built": seconds,
        "megabytes": {name: (held[name] + _peak(job, queries[0])) / 2**20 for name, job in searches.items()},
        "errors": {name: missed(search, queries, truth) for name, search in searches.items()},
        "query": _query_seconds(searches, queries, sizes.rounds),
        **_additions(library, vectors, index, sizes),
    }  # fmt: skip


def clustered(count: int, size: int, *, seed: int, noise_seed: int | None = None) -> Floats:
    """Unit vectors around the centers of a seed, as tags are around subjects: float32[count, size]."""
    rng = np.random.default_rng(seed)
    centers = rng.standard_normal((1000, size), np.float32)
    if noise_seed is not None:
        rng = np.random.default_rng(noise_seed)
    vectors = centers[rng.integers(len(centers), size=count)]
    vectors += 0.8 * rng.standard_normal((count, size), np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors


def exact(matrix: Floats, query: Floats, k: int) -> list[int]:
    """The nearest rows by all products in float32."""
    similarities = matrix @ query
    best = np.argpartition(-similarities, k)[:k]
    return [int(row) for row in best[np.argsort(-similarities[best])]]


def build_index(matrix: Floats) -> Any:
    """A graph of usearch's."""
    from usearch.index import Index  # noqa: PLC0415 - a peer

    tell("building usearch's index, minutes")
    index = Index(ndim=matrix.shape[1], metric="ip", dtype="i8")
    index.add(np.arange(len(matrix)), matrix, threads=1)
    return index


def usearch_searches(matrix: Floats, index: Any, k: int) -> dict[str, Search]:
    """Its three ways."""
    from usearch.index import MetricKind, search  # noqa: PLC0415 - a peer

    def brute(query: Floats) -> list[int]:
        return [int(each) for each in search(matrix, query, k, MetricKind.IP, exact=True, threads=1).keys]

    def of_index(query: Floats, all_rows: bool) -> list[int]:
        return [int(each) for each in index.search(query, k, exact=all_rows, threads=1).keys]

    return {EXACT: brute, CODES: lambda q: of_index(q, True), INDEX: lambda q: of_index(q, False)}


def missed(search: Search, queries: Floats, truth: Sequence[Sequence[int]]) -> float:
    """1 - recall: the share of the nearest rows that were not found."""
    hits = [len(set(search(query)) & set(right)) for query, right in zip(queries, truth, strict=True)]
    return 1 - sum(hits) / sum(map(len, truth))


def _timed(job: Callable[[], Any]) -> tuple[Any, float]:
    started = time.perf_counter()
    return job(), time.perf_counter() - started


def _peak(search: Search, query: Floats) -> int:
    """Bytes that Python and NumPy take for one query."""
    search(query)
    tracemalloc.start()
    search(query)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


def _query_seconds(searches: Mapping[str, Search], queries: Floats, rounds: int) -> dict[str, list[float]]:
    """Seconds of one query in each round."""

    def all_by(search: Search) -> Callable[[], object]:
        return lambda: [search(query) for query in queries]

    seconds = interleaved({name: all_by(search) for name, search in searches.items()}, rounds)
    return {name: [each / len(queries) for each in laps] for name, laps in seconds.items()}


def _additions(library: TagLibrary, vectors: Floats, index: Any, sizes: Sizes) -> dict[str, Any]:
    """Seconds of adding tags; the index, which cannot do otherwise, keeps those of earlier rounds."""
    new, encoder = range(sizes.tags, sizes.tags + sizes.added), Ready(vectors)
    base, more, names = vectors[: sizes.tags], vectors[sizes.tags :], [str(row) for row in new]
    keys = iter(range(sizes.tags, sizes.tags + sizes.rounds * sizes.added, sizes.added))
    jobs: dict[str, Callable[[], object]] = {
        OURS: lambda: library.add(names, encoder),
        NUMPY: lambda: np.concatenate([base, more]),
    }
    if index is not None:
        jobs[INDEX] = lambda: index.add(np.arange(sizes.added) + next(keys), more, threads=1)
    added = library.add(names, encoder)
    wrong = sum(added.nearest(vector, 1)[0].tag != name for vector, name in zip(more, names, strict=True))
    return {"add": interleaved(jobs, sizes.rounds), "added_error": wrong / len(names)}
