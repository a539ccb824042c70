"""Edit a plan of quick cut: its items in a JSON file, and ranges that stay or go.

plan -> write_plan -> items with "remove": true or false, changed by hand -> edit_plan -> clean
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from os import PathLike
from pathlib import Path

import msgspec

from edge import schema
from edge.errors import InputError, UsageError
from edge.files import whole_file
from edge.quickcut.clean import CleanPlan, planned
from edge.quickcut.cuts import cut_list
from edge.quickcut.marks import Item, Kind
from edge.quickcut.options import CutOptions
from edge.spans import intervals, merge, subtract
from edge.vocabulary import Span

ROUNDING_S = 0.001
"""Times in a file are rounded to a millisecond."""


def write_plan(plan: CleanPlan, file: str | PathLike[str], *, force: bool = False) -> None:
    """Write the JSON document of a plan, to edit and read back with `edit_plan`. Raises OutputError."""
    with whole_file(Path(file), force=force) as draft:
        text = json.dumps(plan.to_dict(), ensure_ascii=False, indent=1)
        draft.write_text(text + "\n", encoding="utf-8", errors="replace")


def edit_plan(
    plan: CleanPlan,
    file: str | PathLike[str] | None = None,
    *,
    keep: Iterable[Span] = (),
    cut: Iterable[Span] = (),
    options: CutOptions | None = None,
) -> CleanPlan:
    """Return a plan with other decisions: the items of a file, then ranges that stay, then ranges that go.

    `file` is one of `write_plan`: an item is removed if its "remove" is true. `keep` and `cut` are in seconds
    of the recording; what is in both goes. Raises InputError for a file that is no plan of this recording,
    UsageError for a range beyond its end.
    """
    staying, going = merge(intervals(keep)), merge(intervals(cut))
    for start, _ in (*staying, *going):
        if start >= plan.duration_s:
            raise UsageError(f"a range begins at {start:g} s; the recording has {plan.duration_s:g} s")
    items, cuts = plan.items, plan.cuts
    if file is not None:
        items = read_items(Path(file), plan.duration_s)
        cuts = tuple(cut_list(items, plan.transcript, options, duration_s=plan.duration_s))
    items = tuple(replace(item, remove=False) if _inside(item, staying) else item for item in items)
    left = [part for one in intervals(cuts) for part in subtract(one, staying)]
    spans = merge([*left, *((start, min(end, plan.duration_s)) for start, end in going)])
    return planned(plan.recording, plan.transcript, items, [Span(*part) for part in spans], plan.notes)


def read_items(file: Path, duration_s: float) -> tuple[Item, ...]:
    """Read the items of a plan. Raises InputError if it is none, or one of a longer recording."""
    try:
        document = msgspec.json.decode(file.read_bytes(), type=schema.Clean)
        items = tuple(
            Item(one.start, one.end, Kind(one.kind), one.text, one.remove, one.reason, one.score)
            for one in document.items
        )
    except FileNotFoundError as error:
        raise InputError(file, "does not exist; --plan-out writes one") from error
    except (OSError, msgspec.MsgspecError, ValueError) as error:
        raise InputError(file, f"is no plan of edge clean ({error})") from error
    end = 0.0
    for item in items:
        if not end - ROUNDING_S <= item.start < item.end:
            raise InputError(file, f"has an item out of order, from {item.start:g} to {item.end:g} s")
        end = item.end
    if end > duration_s + ROUNDING_S:
        raise InputError(file, f"is of another recording: it goes on to {end:g} s of {duration_s:g} s")
    return items


def _inside(item: Item, spans: Iterable[tuple[float, float]]) -> bool:
    return any(start <= item.start and item.end <= end for start, end in spans)
