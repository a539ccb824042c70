"""`edge compose` on 720p video of 1 and 10 minutes: from the file to the video with music, and its stages."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from tools.bench import isolated
from tools.bench.rows import Row
from tools.bench.tag_videos import loop, repeated
from tools.progress import tell

CACHE = Path("runs/bench")
"""Where the videos are kept."""


@dataclass(frozen=True)
class Sizes:
    """How much is measured."""

    minutes: tuple[int, ...] = (1, 10)
    """Lengths of the videos."""
    rounds: int = 3
    """Runs of which the median counts."""

    @classmethod
    def quick(cls) -> Sizes:
        """Small enough for a test."""
        return cls(minutes=(1,), rounds=1)


def bench(data: Path, sizes: Sizes) -> list[Row]:
    """A row for each length: no peer does the same on a processor; the ratio is that to the length."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for minutes in sizes.minutes:
            short = loop(data, CACHE)
            video = short if minutes == 1 else repeated(short, minutes)
            runs = []
            for number in range(sizes.rounds):
                tell(f"edge compose, {minutes} min")
                target = Path(folder) / f"{minutes}-{number}.mp4"
                command = ("compose", str(video), "-o", str(target), "--json")
                runs.append(isolated.edge(*command, cores=2))
            document = json.loads(runs[-1].output)
            seconds = median(run.seconds for run in runs)
            rows.append(
                Row(
                    f"edge compose -o, {minutes} min of 720p, 2 cores",
                    "the length of the video",
                    60 * minutes / seconds,
                    seconds,
                    error=1 - document["cuts_on_beat"],
                    error_is="share of cuts that are on no strong beat",
                    megabytes=median(run.megabytes for run in runs),
                    detail=f"{len(document['sections'])} sections, the whole process",
                )
            )
    return rows


def describe(rows: Sequence[Row]) -> str:
    """One line with the numbers that matter most."""
    return ", ".join(f"{row.name}: {row.seconds:.1f} s, {row.megabytes:.0f} MB" for row in rows)
