"""Edit a plan of quick cut: its items in a JSON file, and ranges that stay, go or are muted.

plan -> write_plan -> items with "remove": true or false, changed by hand -> edit_plan -> clean
"""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Container, Iterable, Sequence
from dataclasses import replace
from itertools import groupby
from operator import itemgetter
from os import PathLike
from pathlib import Path

import msgspec

from edge import schema
from edge.decoding import prepared
from edge.errors import InputError, UsageError
from edge.files import whole_file
from edge.quickcut.clean import CleanPlan, planned
from edge.quickcut.cuts import cut_list, split_cuts
from edge.quickcut.marks import Item, Kind
from edge.quickcut.options import CutOptions
from edge.spans import intervals, merge, subtract
from edge.text.scripts import joined
from edge.vocabulary import Caption, Span

ROUNDING_S = 0.001
"""Times in a file are rounded to a millisecond."""
ACTIONS = ("mute", "speed")
"""What a plan may do with spans that stay."""


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
    mute: Iterable[Span] = (),
    options: CutOptions | None = None,
) -> CleanPlan:
    """Return a plan with other decisions: those of a file, then ranges that stay, go, and are muted.

    `file` is one of `write_plan`: an item is removed if its "remove" is true, and its actions "mute" apply;
    which blanks are played faster follows from the items and `options`. The ranges are in seconds of the
    recording: what is in `keep` and `cut` goes; of what is in `mute`, and stays, the video stays without
    audio, and captions leave out its words. Raises InputError for a file that is no plan of this recording,
    UsageError for a range beyond its end.
    """
    options = options or CutOptions(blank_speed=plan.speed if plan.faster else 0.0)
    staying, going, silent = merge(intervals(keep)), merge(intervals(cut)), list(intervals(mute))
    for start, _ in (*staying, *going, *silent):
        if start >= plan.duration_s:
            raise UsageError(f"a range begins at {start:g} s; the recording has {plan.duration_s:g} s")
    items, cuts, faster, muted = plan.items, plan.cuts, plan.faster, plan.muted
    if file is not None:
        items, muted = read_plan(Path(file), plan.duration_s)
        marked = cut_list(items, plan.transcript, options, duration_s=plan.duration_s)
        cuts, faster = map(tuple, split_cuts(marked, items, options))
    items = tuple(replace(item, remove=False) if _inside(item, staying) else item for item in items)
    left = [part for one in intervals(cuts) for part in subtract(one, staying)]
    gone = merge([*left, *((start, min(end, plan.duration_s)) for start, end in going)])
    return planned(
        replace(plan, items=items),
        [Span(*part) for part in gone],
        faster=[Span(*part) for one in intervals(faster) for part in subtract(one, staying)],
        speed=options.blank_speed,
        muted=[Span(*part) for part in merge([*intervals(muted), *silent])],
    )


def read_plan(file: Path, duration_s: float) -> tuple[tuple[Item, ...], tuple[Span, ...]]:
    """Read the items of a plan, and the spans that it mutes.

    Raises InputError if it is none, or one of a longer recording.
    """
    try:
        document = msgspec.json.decode(file.read_bytes(), type=prepared(schema.Clean))
        items = tuple(
            Item(one.start, one.end, Kind(one.kind), one.text, one.remove, one.reason, one.score)
            for one in document.items
        )
        muted = tuple(Span(one.start, one.end) for one in document.actions if _mutes(one))
    except FileNotFoundError as error:
        raise InputError(file, "does not exist; --plan-out writes one") from error
    except (OSError, msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise InputError(file, f"is no plan of edge clean ({error})") from error
    end = 0.0
    for item in items:
        if not end - ROUNDING_S <= item.start < item.end:
            raise InputError(file, f"has an item out of order, from {item.start:g} to {item.end:g} s")
        end = item.end
    end = max([end, *(span.end for span in muted)])
    if end > duration_s + ROUNDING_S:
        raise InputError(file, f"is of another recording: it goes on to {end:g} s of {duration_s:g} s")
    return items, muted


def _mutes(action: schema.Action) -> bool:
    """Return whether an action mutes; others follow from the items. Raises ValueError for an unknown one."""
    if action.action not in ACTIONS:
        raise ValueError(f"there is no action {action.action!r}")
    return action.action == "mute"


def _inside(item: Item, spans: Iterable[tuple[float, float]]) -> bool:
    return any(start <= item.start and item.end <= end for start, end in spans)


def decide(
    plan: CleanPlan,
    removed: Container[tuple[float, float]],
    *,
    sentences: Sequence[Caption] | None = None,
    options: CutOptions | None = None,
) -> CleanPlan:
    """Return a plan that removes exactly these words and items, by start and end in seconds.

    Items are those of `plan`; each run of words of one item that stay or go together becomes an item.
    `sentences` take the place of those of the transcript, for captions.
    """
    options, transcript = options or CutOptions(), plan.transcript
    items = decided_items(plan, removed)
    cuts = cut_list(items, transcript, options, duration_s=plan.duration_s)
    cuts, faster = split_cuts(cuts, items, options)
    if sentences is not None:
        transcript = replace(transcript, sentences=tuple(sentences))
    decided = replace(plan, items=tuple(items), transcript=transcript)
    return planned(decided, cuts, faster=faster, speed=options.blank_speed)


def decided_items(plan: CleanPlan, removed: Container[tuple[float, float]]) -> list[Item]:
    """Return the items of a plan, divided where some of their words are in `removed` and others are not."""
    words = [word for sentence in plan.transcript.sentences for word in sentence.words]
    starts = [word.start for word in words]
    items: list[Item] = []
    for item in plan.items:
        inside = words[bisect_left(starts, item.start) : bisect_left(starts, item.end)] if item.text else []
        gone = [(word.start, word.end) in removed for word in inside] or [(item.start, item.end) in removed]
        if all(gone) or not any(gone):
            items.append(item if item.remove == gone[0] else replace(item, remove=gone[0]))
            continue
        for remove, group in groupby(zip(inside, gone, strict=True), key=itemgetter(1)):
            run = [word for word, _ in group]
            text = joined(word.text for word in run)
            items.append(replace(item, start=run[0].start, end=run[-1].end, text=text, remove=remove))
    return items
