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

import edge
from edge.cli.inputs import check_outputs, for_each, output_file, recordings
from edge.cli.layout import add_layout, layout_options
from edge.cli.parsing import add_default, add_force, add_media, time_range
from edge.cli.progress import Progress
from edge.cli.show import plural, print_json, print_notes
from edge.cli.speech import add_speech, open_typed, transcript_options
from edge.errors import UsageError
from edge.quickcut.options import CleanOptions, CutOptions, Level, MarkOptions, RepeatOptions
from edge.text.clock import clock

if TYPE_CHECKING:
    from edge.cache import Cache
    from edge.evidence.speech.recognizers import Recognizer
    from edge.media import Recording
    from edge.quickcut.clean import CleanPlan, CleanResult
    from edge.vocabulary import Caption

KINDS = ("blanks", "fillers", "repeats")
"""Kinds of items that --keep takes."""
WIDTH = 100
"""Maximum width of a printed line in columns."""


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_media(parser)
    out = parser.add_argument_group("output")
    out.add_argument("-o", "--output", metavar="FILE|DIR", help="the file (default NAME-clean.EXT)")
    out.add_argument("--dry-run", action="store_true", help="show what would be removed, write nothing")
    out.add_argument("--captions", metavar="FILE", help="captions that fit the file: .srt, .vtt, .ass ...")
    out.add_argument(
        "--timeline", metavar="FILE", help="for editors: .otio, .edl, .fcpxml, .xml, .kdenlive, .mlt"
    )
    out.add_argument(
        "--timeline-only", action="store_true", help="write --timeline and --captions, render nothing"
    )
    out.add_argument("--plan-out", metavar="FILE", help="the plan as .json, to edit; also after --dry-run")
    out.add_argument("--reencode", action="store_true", help="encode all video frames, copy none")
    add_force(out)
    rules = parser.add_argument_group("what is removed")
    levels = "off: nothing; light: fillers that are mere sounds; medium: also you know, i mean ..."
    add_default(
        rules, "--level", MarkOptions, "level", levels, choices=[*map(str, Level)], type=str, metavar="LEVEL"
    )
    rules.add_argument("--keep", metavar="KINDS", default="", help=f"leave some alone: {','.join(KINDS)}")
    rules.add_argument(
        "--sounds", action="store_true", help="also remove sounds without words: music, noises"
    )
    rules.add_argument(
        "--filler", action="append", default=[], metavar="WORD", help="a filler of yours; repeat"
    )
    rules.add_argument(
        "--published-method",
        action="store_true",
        help="find repeats by letters, as Baidu's Duca was described",
    )
    rules.add_argument("--plan", type=Path, metavar="FILE", help="an edited plan of --plan-out decides")
    ranges = "as 1:05-1:12.5 or 65-72.5; repeat"
    rules.add_argument(
        "--keep-range", type=time_range, action="append", default=[], metavar="A-B", help=f"stays: {ranges}"
    )
    rules.add_argument(
        "--cut-range", type=time_range, action="append", default=[], metavar="A-B", help=f"goes: {ranges}"
    )
    add_default(rules, "--min-silence", MarkOptions, "min_silence_s", "shortest silence that is removed")
    add_default(rules, "--padding", CutOptions, "padding_s", "silence left at each side of a cut")
    add_layout(parser)
    add_speech(parser)


def run(options: argparse.Namespace) -> int:
    """Plan and render each recording; print what was removed."""
    with recordings(options) as paths:
        clean_options(options)
        if options.timeline_only and not (options.timeline or options.captions):
            raise UsageError("--timeline-only writes nothing by itself: add --timeline or --captions")
        if options.plan and len(paths) > 1:
            raise UsageError("a plan is of one recording; run the others apart")
        if not options.dry_run:
            _check(options, paths)
        elif options.plan_out:
            files = [_beside(options.plan_out, path, len(paths)) for path in paths]
            check_outputs(options, [file for file in files if file], paths)
        return for_each(options, paths, partial(_clean, options, open_typed(options), len(paths)))


def clean_options(options: argparse.Namespace) -> CleanOptions:
    """Return the options of the command line. Raises UsageError."""
    kept = {kind.strip() for kind in options.keep.split(",") if kind.strip()}
    if unknown := kept - set(KINDS):
        raise UsageError(f"--keep takes {', '.join(KINDS)}, not {', '.join(sorted(unknown))}")
    return CleanOptions(
        transcript=transcript_options(options),
        marks=MarkOptions(
            level=Level(options.level),
            min_silence_s=options.min_silence_s,
            extra_fillers=tuple(options.filler),
            blanks="blanks" not in kept,
            fillers="fillers" not in kept,
            repeats="repeats" not in kept,
            sounds=options.sounds,
            repeat=RepeatOptions(method="published" if options.published_method else "words"),
        ),
        cuts=CutOptions(padding_s=options.padding_s),
        smart=not options.reencode,
    )


def _target(options: argparse.Namespace, media: Path, count: int) -> Path:
    """Return the output file: by default beside the recording, in its format if that can be written."""
    named = options.output is not None and output_file(options.output, media, count, "")
    if named and named != Path(options.output) / media.stem:
        return named
    from edge.media import default_suffix, probe  # noqa: PLC0415 - not for --help
    from edge.media.write.containers import TARGETS  # noqa: PLC0415

    suffix = media.suffix if media.suffix.lower() in TARGETS else default_suffix(probe(media))
    return (named.parent if named else media.parent) / f"{media.stem}-clean{suffix}"


def _beside(pattern: str | None, media: Path, count: int) -> Path | None:
    """Return the file of captions or of a timeline; None if it was not requested."""
    return output_file(pattern, media, count, Path(pattern).suffix) if pattern else None


def _check(options: argparse.Namespace, paths: Sequence[Path]) -> None:
    """Check before the work that all output files can be written."""
    from edge.captions.files import check_captions  # noqa: PLC0415
    from edge.media.write.containers import target_for  # noqa: PLC0415
    from edge.timeline.export import check_timeline  # noqa: PLC0415

    if options.captions:
        check_captions(options.captions)
    if options.timeline:
        check_timeline(options.timeline)
    files = []
    for path in paths:
        if not options.timeline_only:
            target = _target(options, path, len(paths))
            target_for(target)
            files.append(target)
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
    if options.plan or options.keep_range or options.cut_range:
        ranges = {"keep": options.keep_range, "cut": options.cut_range}
        plan = edge.edit_plan(plan, options.plan, **ranges, options=clean_options(options).cuts)
    if file := _beside(options.plan_out, recording.path, count):
        edge.write_plan(plan, file, force=options.force)
    done = None
    if options.timeline_only and not options.dry_run:
        from edge.quickcut.clean import as_rendered  # noqa: PLC0415 - not for --help

        plan, sentences = as_rendered(plan)
        _write_beside(options, plan, sentences, count)
    elif not options.dry_run:
        done = _write(options, plan, count)
    if options.json:
        print_json((done or plan).to_dict(), one_line=count > 1)
    else:
        if not options.quiet:
            print_items(plan)
        print_sum(plan, done)
    if not options.quiet:
        lost = [done.note] if done and done.note else []
        print_notes(recording, [*plan.notes, *lost])


def _write(options: argparse.Namespace, plan: CleanPlan, count: int) -> CleanResult:
    """Write the cleaned file, its captions and its timeline."""
    with Progress("cutting", seconds=plan.kept_s, quiet=options.quiet) as progress:
        target = _target(options, plan.recording.path, count)
        done = edge.clean(plan, target, clean_options(options), force=options.force, progress=progress)
    _write_beside(options, done.plan, done.sentences, count)
    return done


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
    """Print one line per item that is or could be removed."""
    for item in plan.items:
        if item.reason:
            sign = "-" if item.remove else " "
            text = f"{item.text}  " if item.text else ""
            line = (
                f"{sign} {clock(item.start):>9} - {clock(item.end):>9}  {item.kind:6}  {text}({item.reason})"
            )
            print(line if len(line) <= WIDTH else f"{line[: WIDTH - 4]} ...")


def print_sum(plan: CleanPlan, done: CleanResult | None) -> None:
    """Print how much was removed and kept, and how the video was written."""
    counts = Counter(str(item.kind) for item in plan.items if item.remove)
    removed = ", ".join(plural(count, kind) for kind, count in sorted(counts.items())) or "nothing"
    kept, total = clock((done.plan if done else plan).kept_s), clock(plan.duration_s)
    if done is None:
        print(f"{plan.recording.path.name}: {removed} removed would leave {kept} of {total}")
        return
    how = {"smart": "video frames copied where possible", "unchanged": "unchanged"}.get(done.how, "")
    why = f"all video encoded, because {done.why}" if done.how == "encoded" and done.why else how
    print(f"{done.file}: {removed} removed, {kept} of {total} left{f' ({why})' if why else ''}")
