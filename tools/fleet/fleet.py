"""Do what is left of a fleet's recordings: hand them out, try again where workers died, and note the rest."""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from edge.errors import EdgeError
from edge.text.clock import clock
from tools.fleet.jobs import Job
from tools.fleet.ledger import Entry, Ledger
from tools.fleet.pool import Pool, open_pool
from tools.fleet.work import Outcome, Settings
from tools.progress import tell

WAIT_S = 1.0
"""How long one wait for workers lasts."""


@dataclass
class Report:
    """What became of a fleet."""

    settings: Settings
    """What was done with each recording."""
    before: list[Job] = field(default_factory=list)
    """Recordings that had been done before."""
    done: list[Entry] = field(default_factory=list)
    """Those that were done now."""
    failed: list[Entry] = field(default_factory=list)
    """Those without a result."""
    workers: int = 0
    """Processes that did it; 0 if there was nothing to do."""
    deaths: int = 0
    """Workers that died, and were replaced."""
    seconds: float = 0.0
    """Time from the first recording to the last, with loading the networks but without starting Ray."""

    media_s: float = 0.0
    """Length of what was done now, in seconds."""

    def add(self, entry: Entry) -> None:
        """Count a recording that was done, or failed."""
        (self.failed if entry.error else self.done).append(entry)
        self.media_s += 0.0 if entry.error else entry.media_seconds


@dataclass(frozen=True)
class Means:
    """How recordings are done."""

    workers: int | None = None
    """Number of processes; None for one a processor."""
    address: str | None = None
    """Address of a cluster; None for this machine."""
    retries: int = 2
    """How often a recording is tried again whose worker died."""


def run_fleet(
    jobs: Sequence[Job], settings: Settings, ledger: Ledger, means: Means, *, again: bool = False
) -> Report:
    """Do all recordings that are not in the ledger as done, or all `again`; long ones first.

    Raises EdgeError if nothing can be done: Ray or a model is missing.
    """
    before = [] if again else [job for job in jobs if ledger.done(job, settings)]
    report = Report(settings, before)
    known = {job.path for job in before}
    left = sorted((job for job in jobs if job.path not in known), key=lambda job: -job.size)
    if not left:
        return report
    tell(f"starting workers for {len(left)} of {len(jobs)} recordings")
    with open_pool(settings, means.workers, means.address) as pool:
        started, done_bytes, all_bytes = time.monotonic(), 0, max(1, sum(job.size for job in left))
        pool.workers = min(pool.workers, len(left))
        for job, outcome in _outcomes(pool, left, means.retries, report):
            report.add(ledger.add(job, settings, outcome))
            report.seconds, done_bytes = time.monotonic() - started, done_bytes + job.size
            tell(_progress(report, len(left), done_bytes / all_bytes))
        report.workers = pool.workers
    return report


def _outcomes(pool: Pool, jobs: Sequence[Job], retries: int, report: Report) -> Iterator[tuple[Job, Outcome]]:
    """Yield recordings as they are done, or have failed for good."""
    waiting, deaths = deque(jobs), Counter[Job]()
    while waiting or pool.busy:
        while waiting and pool.busy < pool.workers:
            pool.submit(waiting.popleft())
        for job, outcome in pool.finished(WAIT_S):
            if isinstance(outcome, Outcome):
                if outcome.fatal:
                    raise EdgeError(outcome.error)
                yield job, outcome
                continue
            report.deaths += 1
            deaths[job] += 1
            if deaths[job] <= retries:
                tell(f"{job.path.name}: its worker died ({outcome}); trying again")
                waiting.append(job)
            else:
                times = "once" if deaths[job] == 1 else f"{deaths[job]} times"
                yield job, Outcome(error=f"its worker died {times} ({outcome})")
        if not waiting:
            pool.release()


def _progress(report: Report, count: int, share: float) -> str:
    ended, failed = len(report.done) + len(report.failed), len(report.failed)
    left_s = report.seconds / share * (1 - share) if share else 0.0
    speed = report.media_s / max(report.seconds, 1e-3)
    failures = f", {failed} failed" if failed else ""
    return f"{ended} of {count} recordings{failures}, {speed:.0f}x real time, {clock(left_s)} left"
