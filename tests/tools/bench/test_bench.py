"""The benchmarks, small, on a few real recordings."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import pytest
from edge_kernels import library as source

from tools.bench import core, kernels, matching, songs, start, tags
from tools.bench.rows import Row, compared, document, interleaved, table, times_faster


def test_songs_gives_rows_with_a_finite_ratio_and_an_error_beside_each(pack: Path, tmp_path: Path) -> None:
    rows = songs.bench(pack, replace(songs.Sizes.quick(), minutes=1.0), tmp_path)
    _check(rows)
    whole = next(row for row in rows if row.name.endswith("AAC, 1 thread"))
    stages = [row for row in rows if row.name.startswith("  ") and row.name.endswith(" 1 thread")]
    assert sum(row.seconds for row in stages) == pytest.approx(whole.seconds, rel=0.03)
    assert all(row.seconds > 0 for row in stages)
    assert all(20 < (row.megabytes or 50) < 2000 for row in rows)
    assert sum(row.megabytes is not None for row in rows) == 3


def test_start_gives_rows_whose_steps_are_parts_of_the_whole(pack: Path) -> None:
    rows = start.bench(pack, quick=True)
    _check(rows)
    first = {row.peer: row.ratio for row in rows if row.name == "start to first label"}
    assert first["numba, cache empty"] > first["numba, cache warm"] > 1  # the less is compiled, the slower
    memory = {row.name: row for row in rows if row.megabytes is not None}
    assert memory["peak memory of edge label"].ratio > 1.5
    assert (memory["import of the kernels to first log-mel"].megabytes or 99) < 5
    assert all(row.ratio >= 1 for row in rows if row.name.startswith("  "))


def test_kernels_gives_rows_of_every_kernel_and_leaves_the_library_of_the_process() -> None:
    before = source.library
    rows = kernels.bench(kernels.Sizes.quick())
    _check(rows)
    assert source.library is before
    assert len(kernels.describe(rows).splitlines()) == 2
    assert {"JIT", "2 threads", "NumPy"} <= {row.peer for row in rows}
    limits = {"Levenshtein": 0, "log-mel": 1e-3, "Kaldi": 1e-4, "MFCC": 1e-3, "likeness": 1e-6, "gain": 1e-6}
    limits |= {"area averages": 1e-3, "affine crop": 0.01, "suppression": 0, "connected regions": 0}
    for kernel, limit in limits.items():
        ours = [row for row in rows if row.name.startswith(kernel) and row.peer in kernels.OURS]
        assert all(max(row.error, row.peer_error or 0) <= limit for row in ours)


def test_core_gives_a_row_with_the_songs_of_both(pack: Path) -> None:
    rows = core.bench(pack, core.Sizes.quick())
    _check(rows)
    assert rows[0].error < 1e-3
    assert "songs" in rows[0].detail
    assert "differ" not in rows[0].detail


def test_tags_gives_rows_of_queries_and_additions_that_find_what_they_should(tmp_path: Path) -> None:
    rows = tags.bench(tmp_path, tags.Sizes.quick())
    _check(rows)
    queries = [row for row in rows if row.name.startswith("nearest")]
    assert {row.peer for row in queries} >= {tags.NUMPY}
    assert all(row.error <= 0.1 and 0.1 < (row.megabytes or 0) < 0.2 for row in queries)  # 2000 x (64 + 4)
    assert all(row.peer_error == 0 for row in queries if row.peer in (tags.NUMPY, tags.EXACT))
    assert {row.error for row in rows if row.name.startswith("add")} == {0}


def test_matching_gives_rows_of_indexing_and_of_queries_that_find_what_they_should(tmp_path: Path) -> None:
    sizes = replace(matching.Sizes.quick(), codecs=(".mp3",))
    rows = matching.bench(tmp_path, sizes, tmp_path)
    _check(rows)
    named = {row.name: row for row in rows}
    indexed = [row for row in rows if row.name.startswith("index ") and row.peer == matching.REAL_TIME]
    assert [row.name.split(", ")[-1] for row in indexed] == ["1 thread", "2 threads"]
    assert all(row.error < 0.6 and 50 < (row.megabytes or 0) < 400 for row in indexed)
    parts = [row for row in rows if row.name.startswith("  ")]
    assert sum(row.seconds for row in parts[:-1]) == pytest.approx(parts[-1].seconds, rel=1e-6)
    assert named["nearest 20 of 100 tracks"].error <= 0.05
    assert named["query of 100 tracks, 20 arranged"].seconds > named["nearest 20 of 100 tracks"].seconds
    memory = [row for row in rows if row.peer == matching.FIRST]
    assert [row.name.split()[1] for row in memory] == ["2", "4", "1"]
    assert all(row.ratio > 0.7 for row in memory)
    assert matching.describe(rows)


def test_a_round_runs_every_job_once_before_the_next_round() -> None:
    order: list[str] = []
    seconds = interleaved({"a": lambda: order.append("a"), "b": lambda: order.append("b")}, rounds=2)
    assert order == ["a", "b", "a", "b"]
    assert [len(rounds) for rounds in seconds.values()] == [2, 2]


def test_the_ratio_is_the_median_of_the_rounds_and_not_of_the_times() -> None:
    assert times_faster([1, 10, 2], [2, 20, 2]) == 2
    assert compared("x", "y", [1, 10, 2], [2, 20, 2], error=0, error_is="").seconds == 2


def _check(rows: list[Row]) -> None:
    assert rows
    for row in rows:
        assert all((row.name, row.peer, row.error_is))
        assert all(map(math.isfinite, (row.ratio, row.seconds, row.error)))
        assert min(row.ratio, row.seconds) > 0
    listed = json.loads(document(rows, {}))["rows"]
    assert all({"name", "peer", "ratio", "seconds", "error"} <= row.keys() for row in listed)
    assert len(table(rows).splitlines()) == len(rows) + 1
