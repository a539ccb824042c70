"""`python -m tools.fuzz [TARGET...]`: what becomes of damaged inputs, in a table."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock

from tools import progress
from tools.fuzz.host import Host
from tools.fuzz.outcome import GOOD, KINDS, Outcome
from tools.fuzz.target import Target, damaged
from tools.fuzz.targets import TARGETS


@dataclass
class Tally:
    """Outcomes so far."""

    counts: dict[str, Counter[str]] = field(default_factory=dict)
    """Outcomes by target."""
    slowest_s: dict[str, float] = field(default_factory=dict)
    """Longest time of an input by target."""
    failures: list[dict[str, str]] = field(default_factory=list)
    """What must not happen: target, kind, detail, kept input and the command that shows it again."""

    def add(self, target: str, outcome: Outcome, seconds: float) -> None:
        """Count one."""
        self.counts.setdefault(target, Counter())[outcome.kind] += 1
        self.slowest_s[target] = max(self.slowest_s.get(target, 0.0), seconds)


def main() -> int:
    """Fuzz targets, or use one kept input; returns 1 if something came to light."""
    options = _options()
    if options.file is not None:
        return _one(options.targets, options.file, options.seconds_limit)
    targets = [TARGETS[name] for name in options.targets or TARGETS]
    total = sum(target.weight for target in targets)
    progress.begin()
    tally, lock = Tally(), Lock()
    with tempfile.TemporaryDirectory(prefix="edge-seeds-") as folder:
        work = [
            (target, target.seeds(Path(folder) / target.name), range(options.first, options.first + count))
            for target in targets
            if (count := max(1, round(options.count * target.weight / total)))
        ]
        with ThreadPoolExecutor(options.jobs) as pool:
            shares = [pool.submit(_share, work, k, options, (tally, lock)) for k in range(options.jobs)]
        for share in shares:
            share.result()
    document = {"seed": options.seed, "outcomes": tally.counts, "slowest_s": tally.slowest_s}
    print(json.dumps({**document, "failures": tally.failures}) if options.json else _table(tally))
    return 1 if tally.failures else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tools.fuzz", description=__doc__)
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=f"default: all of {', '.join(TARGETS)}")
    parser.add_argument("--count", type=int, default=1000, metavar="N", help="inputs in all (default 1000)")
    parser.add_argument("--seed", type=int, default=0, metavar="S", help="the same seed, the same inputs")
    parser.add_argument("--first", type=int, default=0, metavar="N", help="number of the first input")
    parser.add_argument("--seconds-limit", type=float, default=20.0, metavar="S", help="of one input")
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="processes at once")
    parser.add_argument("--keep", type=Path, default=Path("build/fuzz"), metavar="DIR", help="for failures")
    parser.add_argument("--file", type=Path, metavar="FILE", help="use this input of the one TARGET only")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    options = parser.parse_args()
    if unknown := set(options.targets) - TARGETS.keys():
        parser.error(f"no target {', '.join(sorted(unknown))}; there are {', '.join(TARGETS)}")
    if options.file is not None and len(options.targets) != 1:
        parser.error("--file needs one target")
    return options


def _one(targets: Sequence[str], file: Path, limit_s: float) -> int:
    with Host(limit_s) as host:
        outcome = host.use(targets[0], file)
    print(outcome.kind, outcome.detail)
    return 0 if outcome.kind in GOOD else 1


def _share(
    work: Sequence[tuple[Target, list[Path], range]],
    which: int,
    options: argparse.Namespace,
    shared: tuple[Tally, Lock],
) -> None:
    """Use every input whose turn it is in the process of this number."""
    tally, lock = shared
    with Host(options.seconds_limit) as host:
        for target, seeds, number in _numbered(work, which, options.jobs):
            name, content = damaged(target, seeds, number, options.seed)
            path = host.inputs / name
            path.write_bytes(content)
            began = time.monotonic()
            outcome = host.use(target.name, path)
            with lock:
                tally.add(target.name, outcome, time.monotonic() - began)
                progress.tell(f"{target.name} {number}: {outcome.kind}")
                if outcome.kind not in GOOD:
                    tally.failures.append(_kept(target, number, outcome, path, options))
            path.unlink()


def _numbered(
    work: Sequence[tuple[Target, list[Path], range]], which: int, jobs: int
) -> Iterator[tuple[Target, list[Path], int]]:
    for target, seeds, numbers in work:
        for number in numbers[which::jobs]:
            yield target, seeds, number


def _kept(
    target: Target, number: int, outcome: Outcome, path: Path, options: argparse.Namespace
) -> dict[str, str]:
    """Keep an input, and print what became of it and how to see it again."""
    kept: Path = options.keep / target.name / f"{options.seed}-{number}-{path.name}"
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.write_bytes(path.read_bytes())
    command = f"python -m tools.fuzz {target.name} --file {kept}"
    print(f"{outcome.kind}: {command}\n{outcome.detail}", file=sys.stderr, flush=True)
    return {
        "target": target.name, "kind": outcome.kind, "detail": outcome.detail, "file": str(kept),
        "command": command,
    }  # fmt: skip


def _table(tally: Tally) -> str:
    rows = [["target", "inputs", *KINDS, "slowest s"]]
    whole: Counter[str] = sum(tally.counts.values(), Counter())
    for name, counts in [*tally.counts.items(), ("all", whole)]:
        slowest = tally.slowest_s.get(name, max(tally.slowest_s.values(), default=0.0))
        numbers = [str(counts[kind]) for kind in KINDS]
        rows.append([name, str(counts.total()), *numbers, f"{slowest:.1f}"])
    rows.insert(1, ["---", *["---:"] * (len(KINDS) + 2)])
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


if __name__ == "__main__":
    sys.exit(main())
