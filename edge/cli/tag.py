"""`edge tag MEDIA... [--library FILE] [--title TEXT] [-k N]`.

Tag recordings with the tags of a library that fit what they show, sound like and are called, and what is said
or can be read in them (--speech, --text). A library is a text file with a tag a line; without one, the 4,000
tags that come with edge are used.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import edge
from edge.cli.inputs import STDIN, check_outputs, for_each, output_file, recordings
from edge.cli.parsing import add_default, add_force, add_media, chosen
from edge.cli.progress import Progress
from edge.cli.show import print_json, print_notes, say
from edge.cli.speech import DEFAULT_MODEL, add_speech, open_typed, transcribed
from edge.errors import UsageError
from edge.tagging.options import TagOptions
from edge.text.clock import clock

if TYPE_CHECKING:
    from edge.cli.speech import Speech
    from edge.media import Recording
    from edge.tagging.library import TagLibrary
    from edge.tagging.networks import TagNetworks
    from edge.tagging.tag import Tag, TagResult


MAPPED = 1 << 20
"""Bytes from which memory is mapped anew; images of 0.4 MB are not, which took 1 s of 4 s."""


@dataclass(frozen=True)
class _Means:
    """What recordings are tagged with."""

    settings: TagOptions
    networks: TagNetworks
    library: TagLibrary
    speech: Speech | None
    """How speech is recognized; None to ignore it."""
    count: int
    """Number of recordings."""


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.set_defaults(mapped_bytes=MAPPED)
    add_media(parser)
    tags = parser.add_argument_group("tags")
    tags.add_argument(
        "--library", metavar="FILE", help=".txt with a tag a line, or .safetensors (default: edge's own)"
    )
    tags.add_argument(
        "--title", metavar="TEXT", help='title of the video (default: that in the file; "" for none)'
    )
    add_default(tags, "-k", TagOptions, "count", "number of tags")
    add_default(
        tags, "--min-similarity", TagOptions, "min_similarity", "leave out tags that fit less, -1 to 1"
    )
    tags.add_argument("--encoder", metavar="ID|DIR", help="another image encoder; see edge models list")
    add_speech(parser).add_argument(
        "--speech", action="store_true", help="recognize speech: tags that are said count, too"
    )
    tags.add_argument(
        "--text", metavar="ID|DIR", help="a text reader: tags that can be read in the frames count, too"
    )
    out = parser.add_argument_group("output")
    out.add_argument("--timeline", action="store_true", help="also the tags of each minute")
    out.add_argument("--hashtags", action="store_true", help="print the tags as hashtags on one line")
    out.add_argument(
        "--explain", metavar="FILE|DIR", help="draw what counted, and the nearest frames: .png, .pdf, .svg"
    )
    out.add_argument(
        "--write", action="store_true", help="change the file: put the tags into its metadata, as keywords"
    )
    add_force(out)


def run(options: argparse.Namespace) -> int:
    """Tag each recording; print, draw and write its tags."""
    settings = TagOptions(**chosen(options, TagOptions))
    if options.hashtags and (options.json or options.timeline):
        raise UsageError("--hashtags prints one line: leave out --json and --timeline")
    about_speech = options.language or options.include_singing or options.model != DEFAULT_MODEL
    if about_speech and not options.speech:
        raise UsageError("--model, --language and --include-singing are about speech: add --speech")
    if options.write and STDIN in options.media:
        raise UsageError("--write changes files, and standard input is none")
    with (
        recordings(options) as paths,
        edge.TagNetworks(
            options.encoder, reader=options.text, threads=options.threads, cache=edge.Cache()
        ) as networks,
    ):
        _check(options, paths)
        library = _open(options, networks)
        speech = open_typed(options) if options.speech else None
        say(options, f"{len(library)} tags, image encoder {networks.encoder.folder.manifest.id}")
        return for_each(
            options, paths, partial(_tag, options, _Means(settings, networks, library, speech, len(paths)))
        )


def _check(options: argparse.Namespace, paths: Sequence[Path]) -> None:
    """Check before the work that all output files can be written."""
    if options.write:
        from edge.media.write.retag import check_retag  # noqa: PLC0415 - not for --help

        for path in paths:
            check_retag(path)
    if options.explain:
        from edge.evidence.plot import check_plot  # noqa: PLC0415

        files = [_drawing(options, path, len(paths)) for path in paths]
        for file in files:
            check_plot(file)
        check_outputs(options, files, paths)


def _drawing(options: argparse.Namespace, path: Path, count: int) -> Path:
    return output_file(options.explain, path, count, Path(options.explain).suffix or ".png")


def _open(options: argparse.Namespace, networks: TagNetworks) -> TagLibrary:
    from edge.tagging.tag import open_tags  # noqa: PLC0415

    with Progress("encoding tags", quiet=options.quiet) as progress:
        return open_tags(options.library, networks, progress=progress)


def _tag(options: argparse.Namespace, means: _Means, recording: Recording) -> None:
    spoken = transcribed(options, means.speech, recording)
    with Progress(f"{recording.path.name}: tagging", quiet=options.quiet) as progress:
        result = edge.tag(
            recording,
            library=means.library,
            title=options.title,
            transcript=spoken.transcript if spoken else None,
            options=means.settings,
            networks=means.networks,
            progress=progress,
        )
    if options.explain:
        with Progress("drawing", quiet=options.quiet):
            target = _drawing(options, recording.path, means.count)
            edge.explain_tags(result, target, networks=means.networks, force=options.force)
    if options.write:
        from edge.media.write.retag import write_keywords  # noqa: PLC0415

        write_keywords(recording.path, [tag.name for tag in result])
    if options.json:
        print_json(result.to_dict(), one_line=means.count > 1)
    else:
        print_tags(options, result, means.count)
    if not options.quiet:
        notes = (*result.notes, *(spoken.notes if spoken else ()))
        print_notes(recording, tuple(dict.fromkeys(notes)))


def print_tags(options: argparse.Namespace, result: TagResult, count: int) -> None:
    """Print the tags of a recording on a line, and those of each minute if asked for."""
    name = result.recording.name or result.recording.path.name
    line = result.hashtags if options.hashtags else _listed(result.tags)
    print(f"{name}: {line}" if count > 1 or not options.hashtags else line)
    for part in result.timeline:
        print(f"{clock(part.span.start):>9} - {clock(part.span.end):>9}  {_listed(part.tags)}")
    if options.explain and not options.hashtags:
        used = ", ".join(f"{name} {weight:.0%}" for name, weight in result.gate.items() if weight)
        print(f"{'':4}weight of {used}")
    if result.keywords and not options.hashtags:
        print(f"{'':4}named in it: {', '.join(result.keywords)}")


def _listed(tags: Sequence[Tag]) -> str:
    return ", ".join(tag.name for tag in tags) or "no tag fits"
