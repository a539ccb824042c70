"""Measurements as text: a table for a terminal, one in Markdown, ratios to other devices."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from textwrap import wrap

import msgspec
from msgspec import UnsetType

from edge import schema
from edge.decoding import prepared
from edge.errors import InputError, UsageError

WIDE = 110
"""Columns of a terminal from which the runtime has one."""

STATES = {"accurate": "ok", "inaccurate": "NOT", "missing": "-", "failed": "FAILED"}
"""Words of the table."""

LEGEND = (
    "x is times real time; /s is frames, bursts of 2 s or texts per second; cold is from the start of a "
    "process to the first result; an error is the distance from the golden outputs"
)
"""What the columns of the table are."""

COLUMNS = ("stage", "median", "90%", "speed", "memory", "cold", "error and limit")

Row = tuple[str, ...]


def read_bench(path: Path) -> schema.Bench:
    """Read a document of `edge bench --json`. Raises InputError."""
    try:
        document = msgspec.json.decode(path.read_bytes(), type=prepared(schema.Bench))
    except OSError as error:
        raise InputError(path, f"cannot be read: {(error.strerror or str(error)).lower()}") from error
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise InputError(path, f"is not the JSON of edge bench: {error}") from error
    if document.schema != schema.VERSION:
        raise InputError(path, f"has version {document.schema} of the document, not {schema.VERSION}")
    return document


def device_lines(document: schema.Bench) -> Iterator[tuple[str, str]]:
    """Yield what is said of the device, each with its name."""
    device = document.device
    cores = f"{device.cores} cores" if device.cores > 1 else "1 core"
    if device.usable_cores != device.cores:
        cores += f", {device.usable_cores} usable"
    clock = [f"up to {device.max_mhz} MHz"] if device.max_mhz else []
    clock += [f"governor {device.governor}"] if device.governor else []
    memory = [f"{device.memory_mb} MB"] if device.memory_mb else []
    yield "device", ", ".join([device.board or device.processor, cores, *memory, *clock])
    if device.board:
        yield "processor", device.processor
    sums = {True: "U8 x S8 sums saturate without 7-bit weights", False: "U8 x S8 sums are exact"}
    known = sums.get(device.int8_saturates) if device.int8_saturates is not None else None
    yield "int8", device.int8 + (f": {known}" if known else "")
    yield "kernels", device.kernels
    musl = ", musl" if device.libc == "musl" else ""  # the system's name has the version of glibc
    yield "system", f"{device.system}{musl}, Python {device.python}"
    yield "versions", ", ".join(f"{name} {version}" for name, version in device.versions.items())
    yield "temperature", _temperature(document)
    if document.throttling is not None:
        yield "throttling", ", ".join(document.throttling) or "none"
    yield "energy", device.energy or device.energy_note
    threads = "1 thread" if document.threads == 1 else f"{document.threads} threads"
    yield "measured", f"with {threads}{', quick' if document.quick else ''}{_load(document)}"


def stage_rows(document: schema.Bench) -> Iterator[tuple[schema.BenchStage, Row]]:
    """Yield each stage with its cells, in the order of `COLUMNS`; no numbers for what did not run."""
    for stage in document.stages:
        if isinstance(stage.median_s, UnsetType):
            yield stage, (stage.name,)
            continue
        peak = "" if isinstance(stage.peak_mb, UnsetType) else f"{stage.peak_mb:.0f} MB"
        yield stage, (
            stage.name, duration(stage.median_s), duration(stage.p90_s), speed(stage), peak,
            duration(stage.cold_start_s), accuracy(stage),
        )  # fmt: skip


def table(document: schema.Bench, columns: int = 80) -> str:
    """Return the device and its stages as lines; from `WIDE` columns on with runtimes."""
    lines = [line for name, text in device_lines(document) for line in _wrapped(name, text, columns)]
    lines += ["", _line(COLUMNS, "runtime" if columns >= WIDE else "")]
    for stage, row in stage_rows(document):
        runtime = f"{stage.runtime}, {stage.arithmetic}" if columns >= WIDE else ""
        if len(row) == 1:
            lines += _wrapped(row[0], f"{STATES[stage.state]} {stage.why}", columns, 10)
        else:
            lines.append(_line(row, runtime))
    if energy := [stage for stage in document.stages if not isinstance(stage.joules, UnsetType)]:
        listed = ", ".join(f"{one.name} {one.joules:.2g} J" for one in energy)
        lines += ["", *_wrapped("energy", f"of a run: {listed}", columns)]
    lines += ["", *_wrapped("", LEGEND, columns, 0)]
    return "\n".join(line.rstrip() for line in lines)


def markdown(document: schema.Bench) -> str:
    """Return the same for a page."""
    lines = [f"- {name}: {text}" for name, text in device_lines(document)]
    header = ("stage", "a run", *COLUMNS[1:], "runtime")
    lines += ["", f"| {' | '.join(header)} |", f"|{' --- |' * len(header)}"]
    for stage, row in stage_rows(document):
        cells = [row[0], stage.what]
        if len(row) == 1:
            cells += [f"{STATES[stage.state]} {stage.why}", *[""] * (len(header) - 3)]
        else:
            cells += [*row[1:], f"{stage.runtime}, {stage.arithmetic}"]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def comparison(document: schema.Bench, others: Sequence[tuple[str, schema.Bench]]) -> str:
    """Return a table of the times of other devices divided by those of this one, by stage.

    A stage has no ratio unless it was accurate on both devices and did the same in a run.
    """
    names = [name for name, _ in others]
    width = max(12, *(len(name) + 2 for name in names))
    lines = ["How many times as fast this device is as the others:", ""]
    lines.append(f"{'stage':10}{'median':>10}" + "".join(f"{name:>{width}}" for name in names))
    for stage in document.stages:
        cells = [f"{_ratio(stage, other):>{width}}" for _, other in others]
        shown = duration(stage.median_s) if stage.state == "accurate" else STATES[stage.state]
        lines.append(f"{stage.name:10}{shown:>10}{''.join(cells)}")
    lines += ["", *(f"{name}: {_named(other)}" for name, other in others)]
    lines += [f"{name}: {what}" for name, other in others for what in _differences(document, other)]
    return "\n".join(lines)


def to_file_names(paths: Iterable[Path]) -> list[str]:
    """Return short names of files, no two the same. Raises UsageError for one that is named twice."""
    known = list(paths)
    if len(set(known)) < len(known):
        raise UsageError("a file is compared twice; name each once")
    stems = [path.stem for path in known]
    return [stem if stems.count(stem) == 1 else str(path) for path, stem in zip(known, stems, strict=True)]


def duration(seconds: float | UnsetType) -> str:
    """Format a time with three digits; empty if it was not measured.

    >>> duration(0.000123), duration(0.0123), duration(1.5), duration(12.345)
    ('123 us', '12.3 ms', '1.50 s', '12.3 s')
    """
    if isinstance(seconds, UnsetType):
        return ""
    for unit, factor in (("s", 1.0), ("ms", 1e3), ("us", 1e6)):
        value = seconds * factor
        if value >= 0.9995 or unit == "us":
            return f"{value:.{0 if value >= 99.95 else 1 if value >= 9.995 else 2}f} {unit}"
    return ""


def speed(stage: schema.BenchStage) -> str:
    """Format how many times as fast as real time a stage is, or its runs per second."""
    value = _or_zero(stage.per_second)
    shown = f"{value:.0f}" if value >= 10 else f"{value:.2g}"
    return f"{shown}{'x' if stage.unit == 's' else '/s'}"


def accuracy(stage: schema.BenchStage) -> str:
    """Format an error beside its limit."""
    if isinstance(stage.error, UnsetType):
        return f"{STATES[stage.state]} another shape"
    sign = "<" if stage.state == "accurate" else ">"
    error = f"{stage.error:{'.0e' if 0 < stage.error < 1e-3 else '.2g'}}"  # narrow enough for its column
    return f"{STATES[stage.state]} {error} {sign} {stage.limit:g} {stage.error_is}".rstrip()


def _line(cells: Sequence[str], runtime: str) -> str:
    name, *numbers, last = cells
    widths = (8, 8, 8, 8, 9)
    return (
        f"{name:10}" + "".join(f"{cell:>{w}}" for cell, w in zip(numbers, widths, strict=True))
        + f"  {last:28}{runtime}"
    )  # fmt: skip


def _wrapped(name: str, text: str, columns: int, indent: int = 12) -> list[str]:
    """Return the text behind its name, in lines."""
    return wrap(
        text, max(40, columns), initial_indent=f"{name:{indent}}", subsequent_indent=" " * indent,
        break_long_words=False, break_on_hyphens=False,
    )  # fmt: skip


def _load(document: schema.Bench) -> str:
    """Return the load before and after, and what it means if others used the processor."""
    before, after = document.device.load, document.load_after
    parts = [] if before is None else [f"load {before:.1f} before"]
    parts += [] if after is None else [f"{after:.1f} after"]
    others = max(before or 0.0, (after or 0.0) - document.threads)
    busy = ": others used the processor, so that times may be too long"
    return "".join(f", {part}" for part in parts) + (
        busy if others > document.device.usable_cores / 2 else ""
    )


def _temperature(document: schema.Bench) -> str:
    before, after = document.device.temperatures, document.temperatures_after
    if not after:
        return "not exposed"
    name = max(after, key=lambda one: after[one])
    first = f"{before[name]:.0f} to " if name in before else ""
    return f"{first}{after[name]:.0f} degrees Celsius ({name})"


def _ratio(stage: schema.BenchStage, other: schema.Bench) -> str:
    """Return how many times as long the other device takes; else why that cannot be said."""
    found = next((one for one in other.stages if one.name == stage.name), None)
    if found is None:
        return "-"
    if (found.what, found.amount, found.limit) != (stage.what, stage.amount, stage.limit):
        return "another run"
    for one in (stage, found):
        if one.state != "accurate":
            return STATES[one.state]
    ratio = _or_zero(found.median_s) / max(_or_zero(stage.median_s), 1e-9)
    return f"{ratio:.2f}x" if ratio < 9.995 else f"{ratio:.0f}x"


def _named(document: schema.Bench) -> str:
    device = document.device
    return f"{device.board or device.processor}, {device.cores} cores, {device.int8}"


def _differences(one: schema.Bench, other: schema.Bench) -> Iterator[str]:
    """Yield what a ratio is of, beside the devices."""
    if one.threads != other.threads:
        yield f"threads {other.threads}, here {one.threads}"
    for name in one.device.versions.keys() & other.device.versions.keys():
        if one.device.versions[name] != other.device.versions[name]:
            yield f"{name} {other.device.versions[name]}, here {one.device.versions[name]}"


def _or_zero(value: float | UnsetType) -> float:
    return 0.0 if isinstance(value, UnsetType) else value
