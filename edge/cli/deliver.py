"""What `edge caption` makes besides files of captions: chapters, and copies of the recording."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from edge.cli.inputs import check_outputs, output_file
from edge.cli.progress import Progress
from edge.cli.show import plural, print_notes

if TYPE_CHECKING:
    from edge.captions.transcribe import CaptionResult
    from edge.media import Recording
    from edge.vocabulary import Chapter

SUBTITLED = frozenset({".mp4", ".mov", ".mkv", ".webm", ".m4a"})
"""Suffixes that a copy with subtitles keeps; others become .mkv, which takes nearly all codecs."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One kind of output."""

    option: str
    """Name of the option, and of its file in the parsed arguments."""
    suffix: Callable[[Path], str]
    """Suffix of the file of a recording in a folder."""
    check: Callable[[Path], object]
    """Raises UsageError if the output cannot be such a file."""


def add_deliveries(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    group = parser.add_argument_group("chapters, and copies with captions")
    group.add_argument(
        "--chapters", metavar="FILE|DIR", help=".txt (YouTube), .ffmeta, .cue, .json, .vtt; also with --mux"
    )
    group.add_argument(
        "--mux", metavar="FILE|DIR", help="a copy with a track of subtitles: .mp4, .mov, .mkv, .webm, .m4a"
    )
    group.add_argument(
        "--burn", metavar="FILE|DIR", help="a copy with captions drawn into the video, encoded again"
    )
    group.add_argument("--font", metavar="FILE", help="font of --burn (default: one of the system)")


def written(options: argparse.Namespace, captions: Delivery) -> list[Delivery]:
    """Return what the command line asks for; `captions` is what -o writes."""
    from edge.media.write.captioned import subtitled_target  # noqa: PLC0415
    from edge.media.write.containers import video_target_for  # noqa: PLC0415
    from edge.text.chapters import check_chapters  # noqa: PLC0415

    known = (
        captions,
        Delivery("chapters", lambda _: ".txt", check_chapters),
        Delivery("mux", _subtitled_suffix, subtitled_target),
        Delivery("burn", lambda _: ".mp4", video_target_for),
    )
    return [one for one in known if getattr(options, one.option)]


def _subtitled_suffix(media: Path) -> str:
    suffix = media.suffix.lower()
    return suffix if suffix in SUBTITLED else ".mkv"


def files_of(
    options: argparse.Namespace, deliveries: Sequence[Delivery], media: Path, count: int
) -> dict[str, Path]:
    """Return the files to write for one of `count` recordings, by option."""
    return {
        one.option: output_file(getattr(options, one.option), media, count, one.suffix(media))
        for one in deliveries
    }


def check_deliveries(
    options: argparse.Namespace, deliveries: Sequence[Delivery], paths: Sequence[Path]
) -> None:
    """Check before the work that all files can be written. Raises UsageError, OutputError."""
    files = [files_of(options, deliveries, path, len(paths)) for path in paths]
    for one in deliveries:
        for each in files:
            one.check(each[one.option])
    check_outputs(options, [file for each in files for file in each.values()], paths)


def check_recording(options: argparse.Namespace, recording: Recording, files: dict[str, Path]) -> None:
    """Check before a recording is transcribed that it can be copied so. Raises UsageError, InputError."""
    if "mux" in files:
        from edge.media.write.captioned import check_subtitled  # noqa: PLC0415

        check_subtitled(recording, files["mux"])
    if "burn" in files:
        from edge.media.write.burn import check_burn  # noqa: PLC0415

        check_burn(recording, files["burn"], options.font)


def deliver(options: argparse.Namespace, result: CaptionResult, files: dict[str, Path]) -> list[str]:
    """Write chapters and copies; return a line for each. Notes are printed."""
    lines: list[str] = []
    found: tuple[Chapter, ...] = ()
    if "chapters" in files:
        found = _chapters(options, result, files["chapters"], lines)
    if "mux" in files:
        from edge.captions.mux import mux_captions  # noqa: PLC0415

        _copy(options, result, files["mux"], partial(mux_captions, chapters=found), "copying")
        lines.append(f"{files['mux']}: a track of {plural(len(result), 'subtitle')}, {result.language}")
    if "burn" in files:
        from edge.captions.burn import burn_captions  # noqa: PLC0415

        _copy(options, result, files["burn"], partial(burn_captions, font=options.font), "encoding")
        lines.append(f"{files['burn']}: {plural(len(result), 'caption')} in the video")
    return lines


def _chapters(
    options: argparse.Namespace, result: CaptionResult, file: Path, lines: list[str]
) -> tuple[Chapter, ...]:
    from edge.captions.chapters import find_chapters  # noqa: PLC0415
    from edge.text.chapters import write_chapter_list  # noqa: PLC0415

    found = find_chapters(result.transcript)
    note = write_chapter_list(found, file, media=result.recording.path, force=options.force)
    lines.append(f"{file}: {plural(len(found), 'chapter')}")
    if note and not options.quiet:
        print_notes(result.recording, [note])
    return found


def _copy(
    options: argparse.Namespace,
    result: CaptionResult,
    file: Path,
    write: Callable[..., object],
    doing: str,
) -> None:
    """Write a copy and print what it lacks."""
    stage = f"{result.recording.path.name}: {doing}"
    with Progress(stage, seconds=result.recording.duration_s, quiet=options.quiet) as progress:
        written = write(result, file, force=options.force, progress=progress)
    note = getattr(written, "note", "")
    if note and not options.quiet:
        print_notes(result.recording, [note])
