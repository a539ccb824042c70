"""`edge songs MEDIA... [-o DIR]`.

Find the songs in recordings; with -o write each to a file of its own, frame-accurate, and a list beside them.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import edge
from edge.cli.inputs import check_outputs, output_file, refuse_collisions
from edge.cli.parsing import add_default, add_force, add_media, chosen
from edge.cli.progress import Progress
from edge.cli.segmenting import Networks, add_segmenter, print_evidence, run_with_segmenter
from edge.cli.show import json_text, plural, print_json, print_notes
from edge.errors import InputError, UsageError
from edge.files import fill_in, whole_file
from edge.songs.options import SongOptions
from edge.text.clock import clock

if TYPE_CHECKING:
    from edge.media import Recording
    from edge.songs.find import SongSearchResult
    from edge.songs.song import SongClip


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_media(parser)
    out = parser.add_argument_group("output")
    out.add_argument("-o", "--output", type=Path, metavar="DIR", help="cut each song to DIR/NAME-01.mp4 ...")
    out.add_argument("--copy", action="store_true", help="copy the streams: instant, starts at a keyframe")
    out.add_argument(
        "--suffix", metavar=".EXT", help="kind of the clips (default .mp4; without video .flac or .m4a)"
    )
    out.add_argument(
        "--name",
        metavar="TEMPLATE",
        help="names of the clips: {stem} {number} {title} {start} {end} (default {stem}-{number:02})",
    )
    out.add_argument("--plot", metavar="FILE", help="draw labels and songs: .png, .pdf, .svg")
    out.add_argument("--chapters", metavar="FILE", help=".txt (YouTube), .ffmeta, .cue, .json or .vtt")
    out.add_argument(
        "--debug-video",
        metavar="FILE",
        help="the video with faces, lips, labels and songs drawn into it: .mp4 ...",
    )
    add_force(out)
    rules = parser.add_argument_group("what counts as a song")
    add_segmenter(rules)
    add_default(rules, "--min-run", SongOptions, "min_run", "singing segments in a row")
    margin = "margin of singing over speaking below which the edge of a song is refined"
    add_default(rules, "--speech-margin", SongOptions, "speech_margin", margin, metavar="P")
    add_default(rules, "--other-margin", SongOptions, "other_margin", "the same over other", metavar="P")
    add_default(rules, "--step", SongOptions, "refine_step_s", "step of the refinement")
    add_default(rules, "--max-interlude", SongOptions, "max_interlude_s", "longest music inside a song")
    add_default(rules, "--max-rest", SongOptions, "max_rest_s", "longest near silence inside a song")
    add_default(rules, "--max-gap", SongOptions, "max_gap_s", "longest talk or other sound inside a song")
    rules.add_argument(
        "--no-refine", dest="refine_on_frames", action="store_false", help="leave boundaries on segments"
    )
    rules.add_argument("--as-published", action="store_true", help="US 12,387,762 B2 without extensions")


def run(options: argparse.Namespace) -> int:
    """Find the songs of each recording; cut, plot and print them."""
    return run_with_segmenter(options, _check, _search)


def song_options(options: argparse.Namespace) -> SongOptions:
    """Return the options of the command line, based on the defaults or on the published method."""
    typed = SongOptions(**chosen(options, SongOptions))
    return SongOptions.as_published(typed.segment_s) if options.as_published else typed


def _check(options: argparse.Namespace, paths: Sequence[Path]) -> None:
    """Check before the work that all output files can be written."""
    from edge.evidence.plot import check_plot  # noqa: PLC0415
    from edge.media.write.containers import target_for, video_target_for  # noqa: PLC0415 - not for --help
    from edge.text.chapters import check_chapters  # noqa: PLC0415

    song_options(options)
    if options.output is None and (options.copy or options.suffix or options.name):
        raise UsageError("--copy, --suffix and --name are about the clips: add -o DIR")
    if options.suffix:
        target_for(Path(f"clip{options.suffix}"))
    if options.plot:
        check_plot(options.plot)
    if options.chapters:
        check_chapters(options.chapters)
    if options.debug_video:
        video_target_for(Path(options.debug_video))
    if options.name:  # of first songs; of a title nothing is known yet
        clip = {"number": 1, "start": 0, "end": 0}
        refuse_collisions([Path(fill_in(options.name, stem=p.stem, title=p.stem, **clip)) for p in paths])
    files = [
        output_file(pattern, path, len(paths), Path(pattern).suffix)
        for path in paths
        for pattern in (options.plot, options.chapters, options.debug_video)
        if pattern
    ]
    files += [_listing(options, path) for path in paths if options.output]
    check_outputs(options, files, paths)


def _listing(options: argparse.Namespace, path: Path) -> Path:
    """Return the file that lists songs and segments beside the clips."""
    return Path(options.output) / f"{path.stem}.songs.json"


def _search(options: argparse.Namespace, networks: Networks, count: int, recording: Recording) -> None:
    if options.debug_video and recording.info.video is None:
        raise InputError(recording.path, "has no video to draw into; leave out --debug-video")
    stage = f"{recording.path.name}: finding songs"
    with Progress(stage, seconds=recording.duration_s, quiet=options.quiet) as progress:
        result = edge.find_songs(
            recording,
            song_options(options),
            evidence=options.evidence,
            segmenter=networks.segmenter,
            faces=networks.faces,
            progress=progress,
        )
    shown = not (options.json or (options.output and options.quiet))
    if shown:
        print_songs(result)
    clips = _cut(options, result) if options.output else ()
    if options.plot:
        target = output_file(options.plot, recording.path, count, Path(options.plot).suffix)
        with Progress("drawing", quiet=options.quiet):
            result.plot(target, force=options.force)
    if options.chapters:
        target = output_file(options.chapters, recording.path, count, Path(options.chapters).suffix)
        note = edge.write_chapters(result, target, force=options.force)
        if note and not options.quiet:
            print_notes(recording, [note])
    if options.debug_video:
        target = output_file(options.debug_video, recording.path, count, Path(options.debug_video).suffix)
        with Progress("drawing video", seconds=recording.duration_s, quiet=options.quiet) as progress:
            edge.write_debug_video(result, target, force=options.force, progress=progress)
    if options.json:
        print_json(result.to_dict(clips), one_line=count > 1)
    elif shown and clips:
        print_clips(clips)
    if not options.quiet:
        print_notes(recording, [*result.notes, *dict.fromkeys(note for clip in clips for note in clip.notes)])
        print_evidence(recording, result.evidence)


def _cut(options: argparse.Namespace, result: SongSearchResult) -> tuple[SongClip, ...]:
    """Write the clips and the list of songs and segments."""
    from edge.songs.cut import TEMPLATE  # noqa: PLC0415

    seconds = sum(song.seconds for song in result)
    stage = f"cutting {plural(len(result), 'song')}"
    with Progress(stage, seconds=seconds, quiet=options.quiet) as progress:
        clips = edge.cut_songs(
            result,
            options.output,
            copy=options.copy,
            suffix=options.suffix,
            template=options.name or TEMPLATE,
            force=options.force,
            progress=progress,
        )
    with whole_file(_listing(options, result.recording.path), force=options.force) as draft:
        draft.write_text(json_text(result.to_dict(clips)) + "\n", encoding="utf-8")
    return clips


def print_songs(result: SongSearchResult) -> None:
    """Print one line per song."""
    count = plural(len(result), "song") if len(result) else "no song"
    print(f"{result.recording.path.name}: {count} in {clock(result.duration_s)}")
    for number, song in enumerate(result, 1):
        parts = [f"{music:.0f} s of music {where}" for music, where in
                 ((song.prelude, "before"), (song.postlude, "after")) if music >= 0.5]  # fmt: skip
        around = f"  ({', '.join(parts)})" if parts else ""
        times = f"{clock(song.start):>9} - {clock(song.end):>9}"
        print(f"{number:3}  {times}  {clock(song.seconds):>7}  singing {song.confidence:4.0%}{around}")


def print_clips(clips: Sequence[SongClip]) -> None:
    """Print the clips that were written; a copied clip begins before its song."""
    for clip in clips:
        print(f"     {clip.file}  {clock(clip.song.seconds)}")
