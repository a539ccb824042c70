"""`edge run MEDIA... -o DIR`.

Everything in one pass: songs, captions, what cleaning would remove, tags, and music, from one decode of each
stream; with a report to open in a browser. What was interrupted goes on where it was.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import edge
from edge.analysis.options import PARTS, AnalysisOptions
from edge.captions.options import CaptionOptions
from edge.cli.inputs import for_each, recordings, refuse_collisions
from edge.cli.parsing import add_force, add_media
from edge.cli.progress import Progress
from edge.cli.show import plural, print_json, print_notes, print_skipped, say
from edge.cli.speech import DEFAULT_MODEL, add_speech, transcript_options
from edge.errors import UsageError
from edge.text.clock import clock

if TYPE_CHECKING:
    from edge.analysis.networks import AnalysisNetworks
    from edge.analysis.result import Analysis
    from edge.cache import Cache
    from edge.matching.index import MusicIndex
    from edge.media import Recording

MOST = 5
"""Songs that are listed."""

MAPPED = 12 << 20
"""Bytes from which memory is mapped anew; see `edge.cli.compose`."""


@dataclass(frozen=True)
class _Means:
    """What recordings are analyzed with."""

    settings: AnalysisOptions
    """Which parts."""
    networks: AnalysisNetworks
    """By what."""
    music: MusicIndex | None
    """Music to choose from."""
    cache: Cache | None
    """Where evidence is kept."""
    count: int
    """Number of recordings."""


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.set_defaults(mapped_bytes=MAPPED)
    add_media(parser)
    out = parser.add_argument_group("output")
    out.add_argument(
        "-o", "--output", type=Path, required=True, metavar="DIR",
        help="report.html, analysis.json, captions, plan and music; of several recordings DIR/NAME/...",
    )  # fmt: skip
    add_force(out)
    parts = parser.add_argument_group("parts")
    parts.add_argument(
        "--parts", default=",".join(PARTS), metavar="NAMES", help=f"only some of {','.join(PARTS)}"
    )
    parts.add_argument("--music", metavar="DIR", help="choose music from a folder instead of composing it")
    parts.add_argument("--library", type=Path, metavar="FILE", help="tags to choose from (see edge tag)")
    parts.add_argument("--title", metavar="TEXT", help='title (default: that in the file; "" for none)')
    add_speech(parser)


def run(options: argparse.Namespace) -> int:
    """Analyze each recording, write its results, and print what was found."""
    settings = _settings(options)
    with recordings(options) as paths, ExitStack() as stack:
        _check(options, paths)
        cache = None if options.no_cache else edge.Cache()
        networks = stack.enter_context(_networks(options, cache))
        music = _index(options, networks) if options.music else None
        means = _Means(settings, networks, music, cache, len(paths))
        return for_each(options, paths, partial(_analyze, options, means))


def _settings(options: argparse.Namespace) -> AnalysisOptions:
    """Return what is asked for. Raises UsageError."""
    named: Any = tuple(name.strip() for name in options.parts.split(",") if name.strip())
    settings = AnalysisOptions(
        parts=named, title=options.title, captions=CaptionOptions(transcript_options(options))
    )
    if options.music and not settings.wants("music"):
        raise UsageError("--music chooses music: add music to --parts")
    return settings


def _networks(options: argparse.Namespace, cache: Cache | None) -> AnalysisNetworks:
    """Return the networks; a recognizer that was typed is opened now. Raises its errors."""
    from edge.analysis.networks import AnalysisNetworks  # noqa: PLC0415 - not for --help

    networks = AnalysisNetworks(
        recognizer=options.model,
        language=options.language,
        library=options.library,
        threads=options.threads,
        cache=cache,
    )
    if options.model != DEFAULT_MODEL or options.language:
        say(options, f"recognizer {networks.recognizer.identity[0]}")
    return networks


def _folder(options: argparse.Namespace, media: Path, count: int) -> Path:
    """Return the folder of a recording's results."""
    output = Path(options.output)
    return output / media.stem if count > 1 else output


def _check(options: argparse.Namespace, paths: Sequence[Path]) -> None:
    """Check before the work that all output files can be written."""
    from edge.analysis.write import REPORT, check_analysis  # noqa: PLC0415 - not for --help

    folders = [_folder(options, path, len(paths)) for path in paths]
    refuse_collisions([folder / REPORT for folder in folders], paths)
    for folder in folders:
        check_analysis(folder, force=options.force)


def _index(options: argparse.Namespace, networks: AnalysisNetworks) -> MusicIndex:
    with Progress(f"indexing {options.music}", quiet=options.quiet) as progress:
        index = edge.index_music(
            options.music, networks.matching, threads=max(2, options.threads), progress=progress
        )
    if index.skipped and not options.quiet:
        print_skipped(index)
    return index


def _analyze(options: argparse.Namespace, means: _Means, recording: Recording) -> None:
    from edge.analysis.write import AnalysisFiles  # noqa: PLC0415 - not for --help

    name, seconds = recording.path.name, recording.duration_s
    with AnalysisFiles() as prepared:
        with Progress(f"{name}: analyzing", seconds=seconds, quiet=options.quiet) as progress:
            analysis = edge.analyze(
                recording,
                means.settings,
                music=means.music,
                networks=means.networks,
                cache=means.cache,
                on_result=prepared.prepare,
                progress=progress,
            )
        folder = _folder(options, recording.path, means.count)
        with Progress(f"{name}: writing", quiet=options.quiet) as progress:
            files = prepared.write(analysis, folder, force=options.force, progress=progress)
    if options.json:
        print_json(analysis.to_dict(tuple(file.name for file in files)), one_line=means.count > 1)
    elif not options.quiet:
        print_analysis(analysis, files[0])
    if not options.quiet:
        print_notes(recording, analysis.notes)


def print_analysis(analysis: Analysis, report: Path) -> None:
    """Print a line for each part, and where the report is."""
    print(f"{analysis.recording.name or analysis.recording.path.name}: {clock(analysis.duration_s)}")
    for part, found in _found(analysis):
        print(f"{'':4}{part:10}{found}")
    for part, why in analysis.left_out.items():
        print(f"{'':4}{part:10}left out: {why}")
    print(f"{'':4}{'report':10}{report}")


def _found(analysis: Analysis) -> Iterator[tuple[str, str]]:
    """Yield the name of each part, and what was found."""
    if (songs := analysis.songs) is not None:
        times = ", ".join(f"{clock(song.start)} - {clock(song.end)}" for song in songs.songs[:MOST])
        more = f" and {len(songs) - MOST} more" if len(songs) > MOST else ""
        yield "songs", f"{times}{more}" if len(songs) else "none"
    if (captions := analysis.captions) is not None:
        yield (
            "captions",
            f"{len(captions)}, language {captions.language}" if len(captions) else "nothing is said",
        )
    if (clean := analysis.clean) is not None:
        yield "clean", f"{clock(clean.removed_s)} in {plural(len(clean.cuts), 'cut')} would be removed"
    if (tags := analysis.tags) is not None:
        yield "tags", ", ".join(tag.name for tag in tags) or "no tag fits"
    if (tracks := analysis.tracks) is not None:
        yield "music", ", ".join(track.path.name for track in tracks)
    if (music := analysis.music) is not None:
        template = music.choice.template
        yield "music", f"{template.style} ({template.id}), {music.plan.tempo:.1f} beats per minute"
