"""`edge bench [STAGE...]`.

Measure this device: how long each stage takes, its memory and its cold start, with its accuracy on recordings
that come with the package beside them. --compare shows how many times as fast it is as others, whose
measurements were written with -o. Exits with 1 if a stage fails or is not accurate.
"""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from edge.cli.parsing import add_force, positive
from edge.cli.progress import Progress
from edge.cli.show import json_text, print_json
from edge.errors import EdgeError, UsageError

if TYPE_CHECKING:
    from edge import schema


class InaccurateError(EdgeError):
    """A stage failed, or its outputs are not those of the golden set."""


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    from edge.bench.stages import STAGES  # noqa: PLC0415 - not for other commands

    listed = "; ".join(f"{name}: {stage.what}" for name, stage in STAGES.items())
    parser.add_argument("stages", nargs="*", metavar="STAGE", help=f"all by default. {listed}")
    group = parser.add_argument_group("measuring")
    group.add_argument("--quick", action="store_true", help="fewer rounds: a third of a minute, less exact")
    group.add_argument(
        "--threads", type=positive, default=1, metavar="N", help="threads of the networks (default 1)"
    )
    group.add_argument(
        "--model", metavar="ID|DIR", help="measure another model, in the one stage that is named"
    )
    group.add_argument(
        "--read", type=Path, metavar="FILE.json", help="measure nothing: show what was written with -o"
    )
    out = parser.add_argument_group("output")
    out.add_argument("-o", "--output", type=Path, metavar="FILE.json", help="write the measurements")
    out.add_argument(
        "--compare", type=Path, nargs="+", action="extend", default=[], metavar="FILE.json",
        help="compare with the measurements of other devices",
    )  # fmt: skip
    out.add_argument("--markdown", action="store_true", help="print the table in Markdown")
    add_force(out)


def run(options: argparse.Namespace) -> None:
    """Measure, print and write. Raises InaccurateError after that, if a stage is not accurate."""
    from edge import schema  # noqa: PLC0415 - not for --help
    from edge.bench.report import comparison, read_bench, to_file_names  # noqa: PLC0415
    from edge.files import refuse_existing, whole_file  # noqa: PLC0415

    _check(options)
    labels = to_file_names(options.compare)
    others = [(label, read_bench(path)) for label, path in zip(labels, options.compare, strict=True)]
    if options.output:
        refuse_existing(options.output, options.force)
    document = read_bench(options.read) if options.read else _measured(options)
    plain = schema.to_dict(document)
    if options.output:
        with whole_file(options.output, force=options.force) as draft:
            draft.write_text(json_text(plain) + "\n", encoding="utf-8")
    if options.json:
        print_json(plain)
    else:
        _print(options, document)
        if others:
            print(f"\n{comparison(document, others)}")
    if wrong := [stage for stage in document.stages if stage.state in ("inaccurate", "failed")]:
        names = ", ".join(stage.name for stage in wrong)
        raise InaccurateError(f"failed or not accurate here: {names}; `edge doctor` tries every part")


def _check(options: argparse.Namespace) -> None:
    """Raise UsageError for options that exclude each other."""
    if options.read and (options.stages or options.model or options.quick):
        raise UsageError("--read measures nothing: it takes no stages, --model or --quick")
    if options.json and (options.compare or options.markdown):
        raise UsageError("--json is the document of this device alone: leave out --compare and --markdown")


def _measured(options: argparse.Namespace) -> schema.Bench:
    from edge.bench.measure import BenchOptions, measure_device  # noqa: PLC0415 - not for --help

    settings = BenchOptions(tuple(options.stages), options.quick, options.threads, options.model)
    with Progress("measuring", quiet=options.quiet) as progress:
        return measure_device(settings, progress=progress)


def _print(options: argparse.Namespace, document: schema.Bench) -> None:
    from edge.bench.report import markdown, table  # noqa: PLC0415 - not for --help

    columns = shutil.get_terminal_size().columns
    print(markdown(document) if options.markdown else table(document, columns))
