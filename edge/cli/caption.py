"""`edge caption MEDIA... [-o FILE|DIR] [--mux FILE|DIR] [--burn FILE|DIR] [--chapters FILE|DIR]`.

Transcribe speech with word timestamps; music and noise get no text.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import edge
from edge.captions.options import CaptionOptions
from edge.cli.deliver import (
    Delivery,
    add_deliveries,
    check_deliveries,
    check_recording,
    deliver,
    files_of,
    written,
)
from edge.cli.inputs import for_each, recordings
from edge.cli.layout import add_layout, layout_options
from edge.cli.parsing import add_force, add_media
from edge.cli.progress import Progress
from edge.cli.show import plural, print_json, print_notes
from edge.cli.speech import add_speech, open_typed, transcript_options
from edge.errors import UsageError
from edge.text.clock import clock
from edge.text.lines import plain_line

if TYPE_CHECKING:
    from edge.cache import Cache
    from edge.captions.transcribe import CaptionResult
    from edge.evidence.speech.recognizer import Recognizer
    from edge.media import Recording

FORMATS = ("srt", "vtt", "ass", "lrc", "json", "txt", "tsv")
"""Formats of caption files."""


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_media(parser)
    out = parser.add_argument_group("output")
    out.add_argument(
        "-o", "--output", metavar="FILE|DIR", help=f"captions: {', '.join(f'.{name}' for name in FORMATS)}"
    )
    out.add_argument("--format", choices=FORMATS, default="srt", help="in a folder (default srt)")
    out.add_argument("--karaoke", action="store_true", help="with the times of words: .ass, .vtt, .lrc")
    add_force(out)
    add_deliveries(parser)
    add_layout(parser)
    add_speech(parser)


def run(options: argparse.Namespace) -> int:
    """Transcribe each recording; write and print its captions."""
    with recordings(options) as paths:
        layout_options(options)
        deliveries = _check(options, paths)
        work = partial(_caption, options, open_typed(options), deliveries, len(paths))
        return for_each(options, paths, work)


def _check(options: argparse.Namespace, paths: Sequence[Path]) -> list[Delivery]:
    """Check what is to be written, and return it. Raises UsageError, OutputError."""
    from edge.captions.files import check_captions  # noqa: PLC0415

    for option, needed in (("karaoke", "output"), ("font", "burn")):
        if getattr(options, option) and not getattr(options, needed):
            flag = "-o" if needed == "output" else f"--{needed}"
            raise UsageError(f"--{option} does nothing without {flag} FILE")
    check = partial(check_captions, karaoke=options.karaoke)
    deliveries = written(options, Delivery("output", lambda _: f".{options.format}", check))
    check_deliveries(options, deliveries, paths)
    return deliveries


def _caption(
    options: argparse.Namespace,
    opened: tuple[Recognizer, Cache | None],
    deliveries: Sequence[Delivery],
    count: int,
    recording: Recording,
) -> None:
    recognizer, cache = opened
    files = files_of(options, deliveries, recording.path, count)
    check_recording(options, recording, files)
    stage = f"{recording.path.name}: transcribing"
    with Progress(stage, seconds=recording.duration_s, quiet=options.quiet) as progress:
        result = edge.transcribe(
            recording,
            CaptionOptions(transcript_options(options), layout_options(options)),
            recognizer=recognizer,
            cache=cache,
            progress=progress,
        )
    target = files.get("output")
    if target:
        edge.write_captions(result.captions, target, karaoke=options.karaoke, force=options.force)
    lines = deliver(options, result, files)
    if options.json:
        print_json(result.to_dict(), one_line=count > 1)
    elif not (files and options.quiet):
        if count > 1 and not files:
            print(f"{recording.path.name}:")
        print_captions(result, target, lines)
    if not options.quiet:
        print_notes(recording, result.notes)


def print_captions(result: CaptionResult, target: Path | None, lines: Sequence[str] = ()) -> None:
    """Print one line per caption, or the file that was written; `lines` are of what else was."""
    if not len(result):
        print(f"{result.recording.path.name}: nothing is said in {clock(result.duration_s)}")
    elif target:
        print(f"{target}: {plural(len(result), 'caption')}, language {result.language}")
    elif not lines:
        for caption in result:
            print(f"{clock(caption.start):>9} - {clock(caption.end):>9}  {plain_line(caption.text)}")
    for line in lines:
        print(line)
