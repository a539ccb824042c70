"""`edge clean MEDIA... [-o FILE|DIR]`.

Cut silence, fillers (um, uh ...) and all but the last of repeated takes out of a talk.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

import edge
from edge.cli.cleaning import add, clean_options
from edge.cli.inputs import check_outputs, for_each, output_file, recordings
from edge.cli.layout import layout_options
from edge.cli.progress import Progress
from edge.cli.show import plural, print_json, print_notes
from edge.cli.speech import open_typed
from edge.errors import UsageError
from edge.schema import to_dict
from edge.text.clock import clock

if TYPE_CHECKING:
    from edge.cache import Cache
    from edge.evidence.speech.recognizer import Recognizer
    from edge.media import Recording
    from edge.quickcut.clean import CleanPlan, CleanResult
    from edge.quickcut.clips import CleanClip
    from edge.vocabulary import Caption

__all__ = ["add", "run"]

WIDTH = 100
"""Maximum width of a printed line in columns."""


def run(options: argparse.Namespace) -> int:
    """Plan and render each recording; print what was removed."""
    with recordings(options) as paths:
        clean_options(options)
        if options.timeline_only and not (options.timeline or options.captions):
            raise UsageError("--timeline-only writes nothing by itself: add --timeline or --captions")
        if options.timeline_only and options.clips:
            raise UsageError("--timeline-only renders nothing, and --clips does; leave one out")
        if options.plan and len(paths) > 1:
            raise UsageError("a plan is of one recording; run the others apart")
        if not options.dry_run:
            _check(options, paths)
        elif options.plan_out:
            files = [_beside(options.plan_out, path, len(paths)) for path in paths]
            check_outputs(options, [file for file in files if file], paths)
        return for_each(options, paths, partial(_clean, options, open_typed(options), len(paths)))


def _target(options: argparse.Namespace, media: Path, count: int) -> Path:
    """Return the output file: by default beside the recording, in its format if that can be written."""
    named = options.output is not None and output_file(options.output, media, count, "")
    if named and named != Path(options.output) / media.stem:
        return named
    from edge.media import default_suffix, probe  # noqa: PLC0415 - not for --help
    from edge.media.write.containers import TARGETS  # noqa: PLC0415

    suffix = media.suffix if media.suffix.lower() in TARGETS else default_suffix(probe(media))
    return (named.parent if named else media.parent) / f"{media.stem}-clean{suffix}"


def _is_joined(options: argparse.Namespace) -> bool:
    """Return whether what is kept is written as one file."""
    return not options.timeline_only and (options.output is not None or not options.clips)


def _beside(pattern: str | None, media: Path, count: int) -> Path | None:
    """Return the file of captions or of a timeline; None if it was not requested."""
    return output_file(pattern, media, count, Path(pattern).suffix) if pattern else None


def _check(options: argparse.Namespace, paths: Sequence[Path]) -> None:
    """Check before the work that all output files can be written."""
    from edge.captions.files import check_captions  # noqa: PLC0415
    from edge.media.write.containers import target_for  # noqa: PLC0415
    from edge.quickcut.clips import refuse_sequence  # noqa: PLC0415
    from edge.timeline.export import check_timeline  # noqa: PLC0415

    if options.captions:
        check_captions(options.captions)
    if options.timeline:
        check_timeline(options.timeline)
    files = []
    for path in paths:
        target = _target(options, path, len(paths))
        if not options.timeline_only:
            target_for(target)
        if _is_joined(options):
            files.append(target)
        if options.clips:
            refuse_sequence(Path(options.clips), path.stem, target.suffix, force=options.force)
            files.append(Path(options.clips) / f"{path.stem}-001{target.suffix}")
        patterns = (options.captions, options.timeline, options.plan_out)
        files += filter(None, (_beside(pattern, path, len(paths)) for pattern in patterns))
    check_outputs(options, files, paths)


def _clean(
    options: argparse.Namespace, opened: tuple[Recognizer, Cache | None], count: int, recording: Recording
) -> None:
    recognizer, cache = opened
    stage = f"{recording.path.name}: transcribing"
    with Progress(stage, seconds=recording.duration_s, quiet=options.quiet) as progress:
        plan = edge.plan_clean(
            recording, clean_options(options), recognizer=recognizer, cache=cache, progress=progress
        )
    ranges = {"keep": options.keep_range, "cut": options.cut_range, "mute": options.mute_range}
    if options.plan or any(ranges.values()):
        plan = edge.edit_plan(plan, options.plan, **ranges, options=clean_options(options).cuts)
    if file := _beside(options.plan_out, recording.path, count):
        edge.write_plan(plan, file, force=options.force)
    done: CleanResult | None = None
    clips: tuple[CleanClip, ...] = ()
    if not options.dry_run:
        plan, done, clips = _write(options, plan, count)
    if options.json:
        document = (done or plan).to_document()
        if options.clips and not options.dry_run:
            document = replace(document, clips=tuple(clip.to_document() for clip in clips))
        print_json(to_dict(document), one_line=count > 1)
    else:
        if not options.quiet:
            print_items(plan)
        print_sum(plan, done, clips)
    if not options.quiet:
        lost = [note for clip in clips for note in clip.notes]
        lost += [done.note] if done and done.note else []
        print_notes(recording, [*plan.notes, *dict.fromkeys(lost)])


def _write(
    options: argparse.Namespace, plan: CleanPlan, count: int
) -> tuple[CleanPlan, CleanResult | None, tuple[CleanClip, ...]]:
    """Write everything that is asked for; return the plan as it was rendered, and what was."""
    from edge.quickcut.clean import as_rendered  # noqa: PLC0415 - not for --help
    from edge.quickcut.clips import clean_clips  # noqa: PLC0415

    target, settings = _target(options, plan.recording.path, count), clean_options(options)
    force = options.force
    done: CleanResult | None = None
    clips: tuple[CleanClip, ...] = ()
    if options.clips:
        with Progress("cutting clips", seconds=plan.kept_s, quiet=options.quiet) as progress:
            clips = clean_clips(
                plan, options.clips, settings, suffix=target.suffix, force=force, progress=progress
            )
    if _is_joined(options):
        with Progress("cutting", seconds=plan.kept_s, quiet=options.quiet) as progress:
            done = edge.clean(plan, target, settings, force=force, progress=progress)
        rendered, sentences = done.plan, done.sentences
    else:
        rendered, sentences = as_rendered(plan)
    _write_beside(options, rendered, sentences, count)
    return rendered, done, clips


def _write_beside(
    options: argparse.Namespace, plan: CleanPlan, sentences: Sequence[Caption], count: int
) -> None:
    """Write captions and timeline of a plan as it is rendered."""
    from edge.captions.layout import lay_out  # noqa: PLC0415

    path = plan.recording.path
    captions = lay_out(sentences, layout_options(options), duration_s=plan.kept_s)
    if file := _beside(options.captions, path, count):
        edge.write_captions(captions, file, force=options.force)
    if file := _beside(options.timeline, path, count):
        language = plan.transcript.language
        edge.write_timeline(plan.timeline, file, captions=captions, language=language, force=options.force)


def print_items(plan: CleanPlan) -> None:
    """Print one line per item that is removed (-), played faster (>) or could be either."""
    faster = _faster(plan)
    for item in plan.items:
        if item.reason:
            sign = ">" if item.start in faster else "-" if item.remove else " "
            text = f"{item.text}  " if item.text else ""
            line = (
                f"{sign} {clock(item.start):>9} - {clock(item.end):>9}  {item.kind:6}  {text}({item.reason})"
            )
            print(line if len(line) <= WIDTH else f"{line[: WIDTH - 4]} ...")


def print_sum(plan: CleanPlan, done: CleanResult | None, clips: Sequence[CleanClip]) -> None:
    """Print how much was removed and kept, which clips were written, and how the video was."""
    shown = done.plan if done else plan
    kept, total = clock(shown.kept_s), clock(plan.duration_s)
    for clip in clips:
        print(f"  {clock(clip.start):>9} - {clock(clip.end):>9}  {clip.file}")
    if done is None:
        left = f"{kept} of {total} left" if clips else f"would leave {kept} of {total}"
        print(f"{plan.recording.path.name}: {what_is_done(shown)}{',' * bool(clips)} {left}")
        return
    how = {"smart": "video frames copied where possible", "unchanged": "unchanged"}.get(done.how, "")
    why = f"all video encoded, because {done.why}" if done.how == "encoded" and done.why else how
    print(f"{done.file}: {what_is_done(shown)}, {kept} of {total} left{f' ({why})' if why else ''}")


def what_is_done(plan: CleanPlan) -> str:
    """Return how much is removed, played faster and muted."""
    faster = _faster(plan)
    counts = Counter(str(item.kind) for item in plan.items if item.remove and item.start not in faster)
    removed = ", ".join(plural(count, kind) for kind, count in sorted(counts.items()))
    changes = {
        f"{removed} removed": removed,
        f"{plural(len(faster), 'blank')} {plan.speed:g} times faster": faster,
        f"{plural(len(plan.muted), 'range')} muted": plan.muted,
    }
    return ", ".join(change for change, is_done in changes.items() if is_done) or "nothing removed"


def _faster(plan: CleanPlan) -> set[float]:
    """Return the starts of the blanks that are played faster."""
    spans = plan.faster
    return {
        item.start
        for item in plan.items
        if item.kind == "blank" and any(item.start < span.end and span.start < item.end for span in spans)
    }
