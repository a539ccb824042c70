"""Arguments of `edge clean`, and the options of quick cut that they stand for."""

from __future__ import annotations

import argparse
from pathlib import Path

from edge.cli.layout import add_layout
from edge.cli.parsing import add_default, add_force, add_media, time_range
from edge.cli.speech import add_speech, transcript_options
from edge.errors import UsageError
from edge.quickcut.options import MAX_SPEED, CleanOptions, CutOptions, Level, MarkOptions, RepeatOptions

KINDS = ("blanks", "fillers", "repeats")
"""Kinds of items that --keep takes."""


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_media(parser)
    out = parser.add_argument_group("output")
    out.add_argument(
        "-o", "--output", metavar="FILE|DIR", help="the file (default NAME-clean.EXT; with --clips none)"
    )
    out.add_argument("--dry-run", action="store_true", help="show what would be removed, write nothing")
    out.add_argument("--captions", metavar="FILE", help="captions that fit the file: .srt, .vtt, .ass ...")
    out.add_argument(
        "--timeline", metavar="FILE", help="for editors: .otio, .edl, .fcpxml, .xml, .kdenlive, .mlt"
    )
    out.add_argument("--clips", metavar="DIR", help="each kept part as a file: DIR/NAME-001.EXT ...")
    out.add_argument(
        "--timeline-only", action="store_true", help="write --timeline and --captions, render nothing"
    )
    out.add_argument("--plan-out", metavar="FILE", help="the plan as .json, to edit; also after --dry-run")
    out.add_argument("--reencode", action="store_true", help="encode all video frames, copy none")
    add_force(out)
    rules = add_marks(parser)
    rules.add_argument("--plan", type=Path, metavar="FILE", help="an edited plan of --plan-out decides")
    ranges = "as 1:05-1:12.5 or 65-72.5; repeat"
    rules.add_argument(
        "--keep-range", type=time_range, action="append", default=[], metavar="A-B", help=f"stays: {ranges}"
    )
    rules.add_argument(
        "--cut-range", type=time_range, action="append", default=[], metavar="A-B", help=f"goes: {ranges}"
    )
    rules.add_argument(
        "--mute-range",
        type=time_range,
        action="append",
        default=[],
        metavar="A-B",
        help=f"stays, without sound: {ranges}",
    )
    add_layout(parser)
    add_speech(parser)


def add_marks(parser: argparse.ArgumentParser) -> argparse._ArgumentGroup:
    """Declare what is removed, and return the group."""
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
    rules.add_argument(
        "--blank-speed",
        type=float,
        default=0.0,
        metavar="X",
        help=f"keep blanks, but play them X times faster, up to {MAX_SPEED}",
    )
    add_default(rules, "--min-silence", MarkOptions, "min_silence_s", "shortest silence that is removed")
    add_default(rules, "--padding", CutOptions, "padding_s", "silence left at each side of a cut")
    return rules


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
        cuts=CutOptions(padding_s=options.padding_s, blank_speed=options.blank_speed),
        smart=not options.reencode,
    )
