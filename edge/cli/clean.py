"""`edge clean MEDIA [-o FILE] [--dry-run]`."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from edge.cli import show
from edge.cli.caption import listen
from edge.cli.progress import Progress
from edge.errors import UsageError
from edge.evidence.transcript import Transcript
from edge.files import refuse_existing, refuse_unwritable
from edge.media.write.containers import target_for
from edge.quickcut.clean import CleanOptions, CleanResult, Plan, clean, plan_clean
from edge.quickcut.cuts import CutOptions
from edge.quickcut.fillers import Level
from edge.quickcut.marks import Item, Kind, MarkOptions
from edge.text import sentences as grouping
from edge.timeline.export import CAPTION_WRITERS, TIMELINE_WRITERS, write_captions, write_timeline


def run(options: argparse.Namespace) -> None:
    """Recognize, mark, cut unless it is a dry run, show."""
    destination = options.output or options.media.with_name(
        f"{options.media.stem}-clean{options.media.suffix}"
    )
    chosen = settings(options)
    if not options.dry_run:
        check_output(options, destination)
    found = listen(options)
    plan = plan_clean(found, chosen)
    done = None if options.dry_run else write(options, found, plan, chosen, destination)
    if options.json:
        show.print_json(document(found, plan, done))
    else:
        print_items(found, plan, done)
    show.print_notes(found)


def settings(options: argparse.Namespace) -> CleanOptions:
    """What was typed."""
    kept = {name.strip() for name in (options.keep or "").split(",")} - {""}
    if unknown := kept - {"blanks", "fillers", "repeats"}:
        raise UsageError(f"--keep takes blanks, fillers and repeats, not {', '.join(sorted(unknown))}")
    marks = MarkOptions(
        level=Level(options.level),
        blanks="blanks" not in kept,
        fillers="fillers" not in kept,
        repeats="repeats" not in kept,
        min_silence_s=options.blank,
        extra_fillers=tuple(options.filler),
    )
    return CleanOptions(marks, CutOptions(pause_s=options.pause), smart=not options.encode)


def check_output(options: argparse.Namespace, destination: Path) -> None:
    """Refuse now what could not be written after the work is done."""
    target_for(destination)
    if options.media.exists() and destination.exists() and destination.samefile(options.media):
        raise UsageError(f"{destination} is the recording itself; choose another name")
    for path, known in ((options.captions, CAPTION_WRITERS), (options.timeline, TIMELINE_WRITERS)):
        if path and path.suffix.lower() not in known:
            raise UsageError(f"{path}: it can be one of {' '.join(known)}")
    for path in (destination, options.captions, options.timeline):
        if path:
            refuse_existing(path, options.force)
            refuse_unwritable(path.parent)


def write(
    options: argparse.Namespace, found: Transcript, plan: Plan, chosen: CleanOptions, destination: Path
) -> CleanResult:
    """The cleaned file, its captions and its timeline."""
    with Progress("cutting") as progress:
        done = clean(
            found,
            destination,
            chosen,
            plan=plan,
            audio_stream=options.audio_stream,
            force=options.force,
            progress=progress,
        )
    shown = [part for one in done.sentences for part in grouping.captions(one, found.settings.captions)]
    if options.captions:
        write_captions(shown, options.captions, force=options.force)
    if options.timeline:
        write_timeline(
            done.plan.timeline, options.timeline, captions=shown, language=found.language, force=options.force
        )
    return done


def document(found: Transcript, plan: Plan, done: CleanResult | None) -> dict[str, Any]:
    """The JSON document of this command."""
    final = done.plan if done else plan
    result: dict[str, Any] = {
        "media": show.media(found),
        "language": found.language,
        "items": [_row(item) for item in plan.items],
        "kept_seconds": round(final.kept_s, 3),
        "removed_seconds": round(found.media_s - final.kept_s, 3),
        "cuts": [{"start": round(cut.start, 3), "end": round(cut.end, 3)} for cut in plan.cuts],
    }
    if done:
        result |= {"file": str(done.file), "how": done.how, "why": done.why}
    return result


def _row(item: Item) -> dict[str, Any]:
    return {
        "start": round(item.start, 3),
        "end": round(item.end, 3),
        "kind": item.kind.value,
        "text": item.text,
        "remove": item.remove,
        "reason": item.reason,
        "score": None if item.score is None else round(item.score, 3),
    }


def print_items(found: Transcript, plan: Plan, done: CleanResult | None) -> None:
    """A line for each item that goes, or might, and the sum."""
    for item in plan.items:
        if item.kind is not Kind.SPEECH:
            times = f"{show.clock(item.start):>9} - {show.clock(item.end):>9}"
            text = f"{item.text}  " if item.text else ""
            print(f"{'-' if item.remove else ' '} {times}  {item.kind:6}  {text}({item.reason})")
    total = show.clock(found.media_s)
    if done is None:
        print(f"{found.media.path.name}: {show.clock(plan.kept_s)} of {total} would be left")
    else:
        how = {"smart": " (video frames copied where they could be)", "unchanged": " (unchanged)"}
        print(f"{done.file}: {show.clock(done.plan.kept_s)} of {total} left{how.get(done.how, '')}")
