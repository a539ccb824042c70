"""A converted network beside its source on real inputs: errors, ranking, time, size, memory; and the gate."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.models.folder import ModelFolder, open_folder
from edge.models.session import Session
from tools.bench.isolated import peaks
from tools.bench.rows import interleaved
from tools.convert.environments import ROOT, Inputs

Arrays = Sequence[NDArray[Any]]

ROUNDS = 15
"""In each, every network is timed, one after the other."""

CALL_MS = 0.05
"""A call takes about so long whatever is called: shorter differences are no reason."""

TIMED_S = 0.01
"""At least this long: calls of small networks are too short for the clock."""


@dataclass(frozen=True)
class Bounds:
    """What a converted network must keep to ship."""

    error: float = 0.1
    """Mean absolute error, in standard deviations of the source's output."""
    agreement: float = 0.98
    """Share of rows (of the last axis) whose largest value is at the same place."""
    loss: float = 0.01
    """Of the task's accuracy, where one is measured."""
    slowdown: float = 1.05
    """Times the time of what it replaces, over what the rounds differ by anyhow."""


@dataclass(frozen=True)
class Result:
    """How a converted network did."""

    kind: str
    megabytes: float
    max_error: float
    """Largest absolute error over all outputs."""
    mean_error: float
    """Mean absolute error in standard deviations of the output; the worst output counts."""
    agreement: float
    ranking: float
    """Mean Spearman correlation of the rows with those of the source; the worst output counts."""
    milliseconds: float
    """Median of a call, one thread."""
    noise_ms: float
    """Distance of the quartiles of that time over the rounds."""
    memory_mb: float
    """Peak of a fresh process over what it took before the network was opened, a worker's included."""
    accuracy: float | None = None
    """Of the task, where one is measured."""


def errors(outputs: Sequence[Arrays], truth: Sequence[Arrays]) -> dict[str, float]:
    """The first four measures of `Result`, from outputs [examples][outputs] and those of the source."""
    columns = list(zip(zip(*outputs, strict=True), zip(*truth, strict=True), strict=True))
    pairs = [(np.stack(got).astype(np.float64), np.stack(want).astype(np.float64)) for got, want in columns]
    if not all(np.isfinite(array).all() for pair in pairs for array in pair):  # places of NaN would agree
        return {"max_error": np.inf, "mean_error": np.inf, "agreement": 0.0, "ranking": 0.0}
    scales = [float(want.std()) or 1.0 for _, want in pairs]
    ranked = [(got, want) for got, want in pairs if want.shape[-1] > 1]
    return {
        "max_error": max(float(np.abs(got - want).max()) for got, want in pairs),
        "mean_error": max(
            float(np.abs(got - want).mean()) / scale for (got, want), scale in zip(pairs, scales, strict=True)
        ),
        "agreement": min((float((g.argmax(-1) == w.argmax(-1)).mean()) for g, w in ranked), default=1.0),
        "ranking": min((_spearman(got, want) for got, want in ranked), default=1.0),
    }


def times(
    sessions: Mapping[str, Session], examples: Sequence[Inputs], rounds: int = ROUNDS
) -> dict[str, dict[str, float]]:
    """`milliseconds` and `noise_ms` of a call of each session, all in the same rounds."""
    given = list(examples[0].values())
    jobs, counts = {}, {}
    for name, session in sessions.items():
        session.run(*given)
        started = time.perf_counter()
        session.run(*given)
        counts[name] = max(1, round(TIMED_S / (time.perf_counter() - started)))
        jobs[name] = lambda s=session, n=counts[name]: [s.run(*given) for _ in range(n)]
    taken = interleaved(jobs, rounds)
    found = {}
    for name, seconds in taken.items():
        low, middle, high = 1000 * np.percentile(seconds, (25, 50, 75)) / counts[name]
        found[name] = {"milliseconds": float(middle), "noise_ms": float(high - low)}
    return found


def memory_mb(folder: ModelFolder, role: str, examples: Sequence[Inputs]) -> float:
    """Peak memory of a fresh process that runs a network, in 2^20 bytes over what it took before."""
    with tempfile.TemporaryDirectory() as scratch:
        file = Path(scratch, "inputs.npz")
        np.savez(file, **{f"{n:03}": array for n, array in enumerate(examples[0].values())})  # type: ignore[arg-type]
        command = [sys.executable, "-m", "tools.convert.compare", str(folder.path), role, str(file)]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return float(json.loads(done.stdout))


def judge(
    result: Result, replaced: Result | None, bounds: Bounds, accuracy: float | None = None
) -> list[str]:
    """Why a network does not ship; nothing if it does. `accuracy` is the source's.

    Every bound is asked for what must hold, which NaN does not.
    """
    reasons = inaccuracies(result, bounds, accuracy)
    if replaced and not _as_fast(result, replaced, bounds):
        slower = f"slower than {replaced.kind}'s {replaced.milliseconds:.3g}"
        reasons.append(f"{result.milliseconds:.3g} ms, {slower}")
    return reasons


def inaccuracies(result: Result, bounds: Bounds, accuracy: float | None = None) -> list[str]:
    """Which bounds of its outputs a network breaks."""
    reasons = []
    if not result.mean_error <= bounds.error:
        reasons.append(f"mean error {result.mean_error:.3f} deviations, over {bounds.error:g}")
    if not result.agreement >= bounds.agreement:
        reasons.append(f"agreement {result.agreement:.3f}, under {bounds.agreement:g}")
    lost = None if result.accuracy is None or accuracy is None else accuracy - result.accuracy
    if lost is not None and not lost <= bounds.loss:
        reasons.append(f"accuracy {result.accuracy:.4f}, the source's {accuracy:.4f}")
    return reasons


def _as_fast(result: Result, replaced: Result, bounds: Bounds) -> bool:
    """Whether the two times are not told apart by more than the rounds, and two calls of anything, differ."""
    noise = max(result.noise_ms + replaced.noise_ms, CALL_MS)
    return result.milliseconds <= bounds.slowdown * replaced.milliseconds + noise


def table(results: Sequence[Result], reasons: Mapping[str, Sequence[str]]) -> str:
    """The results as a table in Markdown."""
    measured = {row.kind for row in results}
    lines = [
        "| kind | MB | max error | mean error | agreement | ranking | ms | peak MB | accuracy | ships |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for row in results:
        accuracy = "" if row.accuracy is None else f"{row.accuracy:.4f}"
        why = "; ".join(reasons.get(row.kind, ()))
        lines.append(
            f"| {row.kind} | {row.megabytes:.2f} | {row.max_error:.3g} | {row.mean_error:.3g} | "
            f"{row.agreement:.4f} | {row.ranking:.4f} | {row.milliseconds:.3g} | {row.memory_mb:.0f} | "
            f"{accuracy} | {f'no: {why}' if why else 'yes'} |"
        )
    for kind, why_not in reasons.items():
        if kind not in measured:
            verdict = f"no: {'; '.join(why_not)}" if why_not else "yes, by its twin for this processor"
            lines.append(f"| {kind} | | | | | | | | | {verdict} |")
    return "\n".join(lines)


def as_data(result: Result) -> dict[str, Any]:
    """For a manifest: what was measured."""
    return {key: value for key, value in asdict(result).items() if value is not None}


def _spearman(got: NDArray[np.float64], want: NDArray[np.float64]) -> float:
    """Mean correlation of the ranks within rows."""
    ranks = [
        array.reshape(-1, array.shape[-1]).argsort(-1).argsort(-1).astype(np.float64) for array in (got, want)
    ]
    first, second = (rank - rank.mean(-1, keepdims=True) for rank in ranks)
    products = (first * second).sum(-1) / np.sqrt((first**2).sum(-1) * (second**2).sum(-1))
    return float(products.mean())


def main() -> None:
    """The fresh process of `memory_mb`."""
    path, role, file = sys.argv[1:]
    with np.load(file) as arrays:
        given = [arrays[name] for name in arrays.files]
    before, _ = peaks("self")
    with Session(open_folder(Path(path)), role) as session:
        for _ in range(5):
            session.run(*given)
        peak = peaks("self")[1] - before
        if session.worker:
            peak += peaks(str(session.worker))[1]
    print(peak)


if __name__ == "__main__":
    main()
