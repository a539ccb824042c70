"""Analyze folders of recordings on all processors of this machine, or on a cluster.

    python -m tools.fleet songs|caption|tag|run DIR... -o OUT

Each recording gets the results of `edge songs`, `edge caption`, `edge tag` or `edge run`: `NAME.songs.json`;
`NAME.caption.json` and `NAME.srt`; `NAME.tag.json`; the folder `NAME.analysis`. NAME is the recording's
whole name. As with `cp -r`, the folder DIR is in OUT, with its subfolders.

What OUT/fleet.jsonl lists as done is not done again: after an interruption, or when there are new recordings,
the same command goes on. With --address the recordings, OUT and this checkout must have the same paths on all
machines of the cluster, and the same packages must be installed.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from typing import Any

import msgspec

from edge import interrupts
from edge.analysis.options import PARTS, AnalysisOptions
from edge.cli.parsing import EXIT_CODES, Parser, positive
from edge.cli.show import plural
from edge.errors import EdgeError, InputError
from tools import progress
from tools.documents import document
from tools.fleet.fleet import Means, Report, run_fleet
from tools.fleet.jobs import find_jobs
from tools.fleet.ledger import Ledger
from tools.fleet.work import COMMANDS, Settings

INTERRUPTED = 130


def main() -> int:
    """Run a fleet and print its table or its JSON document; returns the exit code."""
    options = _parser().parse_args()
    interrupts.install()
    if not options.quiet:
        progress.begin()
    try:
        report = _run(options)
    except KeyboardInterrupt:
        return _fail("interrupted; the same command goes on", INTERRUPTED)
    except EdgeError as error:
        return _fail(str(error), error.exit_code)
    if options.json:
        print(document(_document(report)))
    elif not options.quiet or report.failed:
        print(_table(report).encode(errors="backslashreplace").decode())  # a path may be no text
    return 1 if report.failed else 0


def _parser() -> Parser:
    parser = Parser(
        prog="python -m tools.fleet",
        description=__doc__,
        epilog=EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("command", choices=COMMANDS, help="what to do with each recording")
    parser.add_argument(
        "media", nargs="+", metavar="DIR", help="folders, with their subfolders; files; patterns"
    )
    parser.add_argument(
        "-o",
        "--output",
        required=True,
        metavar="OUT",
        help="folder of the results, empty or of an earlier fleet",
    )
    parser.add_argument(
        "-f", "--force", action="store_true", help="do all again, and take an OUT with other files in it"
    )
    parser.add_argument(
        "--parts", default=",".join(PARTS), metavar="NAMES", help=f"run: some of {','.join(PARTS)}"
    )
    parser.add_argument("--workers", type=positive, metavar="N", help="processes (default: one a processor)")
    parser.add_argument(
        "--address", metavar="ADDR", help="HOST:PORT of a Ray cluster (default: this machine)"
    )
    parser.add_argument(
        "--retries", type=_count, default=2, metavar="N",
        help="how often a recording is tried again whose worker died (default 2)",
    )  # fmt: skip
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument("-q", "--quiet", action="store_true", help="print errors only")
    return parser


def _run(options: argparse.Namespace) -> Report:
    """Find the recordings and do them. Raises EdgeError."""
    names: Any = tuple(name.strip() for name in options.parts.split(",") if name.strip())
    settings = Settings(options.command, AnalysisOptions(parts=names).parts)
    out = Path(os.path.abspath(options.output))  # noqa: PTH100 - links keep their names
    jobs = find_jobs(options.media, out)
    if not jobs:
        raise InputError(options.media[0], "there are no media files")
    means = Means(options.workers, options.address, options.retries)
    with Ledger(out, force=options.force) as ledger:
        ledger.check(jobs, settings)
        return run_fleet(jobs, settings, ledger, means, again=options.force)


def _document(report: Report) -> dict[str, Any]:
    entries = [*report.done, *report.failed]
    return {
        "schema": 1,
        "command": report.settings.command,
        "done": len(report.done),
        "before": [str(job.path) for job in report.before],
        "failed": len(report.failed),
        "workers": report.workers,
        "deaths": report.deaths,
        "seconds": round(report.seconds, 3),
        "media_seconds": round(report.media_s, 3),
        "cpu_seconds": round(sum(entry.cpu_seconds for entry in entries), 3),
        "recordings": [msgspec.to_builtins(entry) for entry in entries],
    }


def _table(report: Report) -> str:
    """The recordings that failed, and a summary."""
    failed = sorted((entry.path, entry.error) for entry in report.failed)
    width = max((len(path) for path, _ in failed), default=0)
    counts = {
        "done": len(report.done),
        "done before": len(report.before),
        "failed": len(report.failed),
    }
    summary = ", ".join(f"{count} {what}" for what, count in counts.items() if count)
    if report.done:
        speed = report.media_s / max(report.seconds, 1e-3)
        summary += (
            f": {report.media_s:.0f} s of media in {report.seconds:.0f} s, {speed:.0f}x real time, "
            f"by {plural(report.workers, 'worker')}"
        )
    if report.deaths:
        summary += f"; workers that died: {report.deaths}"
    return "\n".join([*(f"{path:{width}}  {error}" for path, error in failed), summary])


def _count(text: str) -> int:
    number = int(text)
    if number < 0:
        raise argparse.ArgumentTypeError(f"must be at least 0, got {number}")
    return number


def _fail(message: str, code: int) -> int:
    print("tools.fleet:", " ".join(message.split()), file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())
