"""`edge match MEDIA... --music DIR [-o FILE]`.

Rank the music of a folder for a video: tracks that fit what it shows, how it moves and what it is called, and
among these the ones whose beats fit its cuts first. With -o, the first is added to the video: from its best
start, trimmed or looped on bar lines, softer under speech.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import edge
from edge.cli.inputs import check_outputs, for_each, output_file, recordings
from edge.cli.parsing import add_default, add_force, add_media, chosen
from edge.cli.progress import Progress
from edge.cli.show import print_json, print_notes, print_skipped, say
from edge.cli.speech import add_speech, open_typed, transcribed
from edge.errors import UsageError
from edge.matching.options import MatchOptions
from edge.text.clock import clock

if TYPE_CHECKING:
    from edge.cli.speech import Speech
    from edge.evidence.speech.recognizer import Recognizer
    from edge.evidence.transcript import Transcript
    from edge.matching.add import AddedMusic
    from edge.matching.index import MusicIndex
    from edge.matching.match import MatchResult
    from edge.matching.networks import MatchNetworks
    from edge.media import Recording
    from edge.tagging.networks import TagNetworks
    from edge.tagging.tag import TagResult

PREVIEWS = 3
"""Tracks that are previewed."""

TAGS = 5
"""Tags of a video that count."""


@dataclass(frozen=True)
class _Means:
    """What videos are matched with."""

    settings: MatchOptions
    """What is asked for."""
    networks: MatchNetworks
    """Networks of matching."""
    tagging: TagNetworks
    """Networks of tagging."""
    index: MusicIndex
    """The music."""
    speech: Speech | None
    """How speech is recognized; None to ignore it."""
    count: int
    """Number of recordings."""


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    add_media(parser)
    music = parser.add_argument_group("music")
    music.add_argument("--music", metavar="DIR", required=True, help="folder with music, and those below it")
    add_default(music, "-k", MatchOptions, "count", "number of tracks")
    music.add_argument(
        "--no-vocals", action="store_true", help="leave out tracks in which somebody sings or speaks"
    )
    music.add_argument("--title", metavar="TEXT", help='title (default: that in the file; "" for none)')
    add_speech(parser).add_argument(
        "--speech", action="store_true", help="recognize what is said in videos and sung in music; it counts"
    )
    sound = parser.add_argument_group("sound")
    add_default(
        sound, "--sound", MatchOptions, "sound",
        "the video's own sound: duck the music under speech, keep or mute it",
        choices=("duck", "keep", "mute"), metavar="HOW",
    )  # fmt: skip
    sound.add_argument(
        "--own-level", dest="own_level_lu", type=float, metavar="LU",
        help="loudness of the video's own sound above the music's (default 0 with speech in it, else -10)",
    )  # fmt: skip
    add_default(sound, "--fade", MatchOptions, "fade_s", "how long the music fades out at the end")
    add_default(sound, "--loudness", MatchOptions, "loudness_lufs", "loudness of the result in LUFS")
    out = parser.add_argument_group("output")
    out.add_argument(
        "-o", "--output", metavar="FILE",
        help="the video with the best track (.mp4, .mov, .mkv, .webm), or audio (.wav, .flac, .mp3 ...)",
    )  # fmt: skip
    out.add_argument(
        "--preview", metavar="DIR", help="write short videos with the first three tracks into a folder"
    )
    out.add_argument(
        "--explain", metavar="FILE|DIR", help="say why, and draw cuts over beats: .png, .pdf, .svg"
    )
    add_force(out)


def run(options: argparse.Namespace) -> int:
    """Index the music, rank it for each recording, and write what is asked for."""
    settings = MatchOptions(**chosen(options, MatchOptions))
    with recordings(options) as paths, ExitStack() as stack:
        _check(options, paths)
        cache = edge.Cache()
        networks = stack.enter_context(edge.MatchNetworks(threads=options.threads, cache=cache))
        tagging = stack.enter_context(edge.TagNetworks(threads=options.threads, cache=cache))
        speech = open_typed(options) if options.speech else None
        index = _index(options, networks, speech[0] if speech else None)
        means = _Means(settings, networks, tagging, index, speech, len(paths))
        return for_each(options, paths, partial(_match, options, means))


def _check(options: argparse.Namespace, paths: Sequence[Path]) -> None:
    """Check before the work that all output files can be written."""
    from edge.matching.add import check_added_music  # noqa: PLC0415 - not for --help

    files = [_output(options, path, len(paths)) for path in paths if options.output]
    for file in files:
        check_added_music(file, force=options.force)
    if options.explain:
        from edge.evidence.plot import check_plot  # noqa: PLC0415

        drawings = [_drawing(options, path, len(paths)) for path in paths]
        for drawing in drawings:
            check_plot(drawing)
        files += drawings
    if options.preview and len(paths) > 1:
        raise UsageError("--preview DIR takes the previews of one video; run them apart")
    check_outputs(options, files, paths)


def _output(options: argparse.Namespace, media: Path, count: int) -> Path:
    return output_file(options.output, media, count, ".mp4")


def _drawing(options: argparse.Namespace, media: Path, count: int) -> Path:
    return output_file(options.explain, media, count, Path(options.explain).suffix or ".png")


def _index(options: argparse.Namespace, networks: MatchNetworks, recognizer: Recognizer | None) -> MusicIndex:
    with Progress(f"indexing {options.music}", quiet=options.quiet) as progress:
        index = edge.index_music(
            options.music, networks, recognizer=recognizer, threads=max(2, options.threads), progress=progress
        )
    say(options, f"{len(index)} tracks, music tagger {networks.tagger.folder.manifest.id}")
    if index.skipped and not options.quiet:
        print_skipped(index)
    return index


def _match(options: argparse.Namespace, means: _Means, recording: Recording) -> None:
    name = recording.path.name
    captions = transcribed(options, means.speech, recording)
    spoken = captions.transcript if captions else None
    tags = _tags(options, means, recording, spoken)
    with Progress(f"{name}: matching", seconds=recording.duration_s, quiet=options.quiet) as progress:
        result = edge.match_music(
            recording,
            means.index,
            tags=[tag.name for tag in tags],
            title=options.title,
            transcript=spoken,
            excerpts=tags.excerpts,
            options=means.settings,
            networks=means.networks,
            progress=progress,
        )
    written = _write(options, means, result)
    if options.json:
        print_json(result.to_dict(str(written.path) if written else None), one_line=means.count > 1)
    else:
        print_matches(options, result, tags, written, means.count)
    if not options.quiet:
        print_notes(recording, (*result.notes, *(written.notes if written else ())))


def _tags(
    options: argparse.Namespace, means: _Means, recording: Recording, spoken: Transcript | None
) -> TagResult:
    with Progress(f"{recording.path.name}: tagging", quiet=options.quiet) as progress:
        return edge.tag(
            recording,
            title=options.title,
            transcript=spoken,
            options=edge.TagOptions(count=TAGS),
            networks=means.tagging,
            progress=progress,
        )


def _write(options: argparse.Namespace, means: _Means, result: MatchResult) -> AddedMusic | None:
    recording, best = result.recording, result.tracks[0]
    if options.explain:
        with Progress("drawing", quiet=options.quiet):
            edge.explain_match(result, _drawing(options, recording.path, means.count), force=options.force)
    if options.preview:
        tracks = result.tracks[:PREVIEWS]
        with Progress("writing previews", quiet=options.quiet) as progress:
            edge.preview_music(
                recording,
                [track.path for track in tracks],
                options.preview,
                options=means.settings,
                rhythms=[track.analysis.rhythm for track in tracks],
                motion=result.motion,
                segmenter=means.networks.segmenter,
                force=options.force,
                progress=progress,
            )
    if not options.output:
        return None
    with Progress(f"{recording.path.name}: writing", quiet=options.quiet) as progress:
        return edge.add_music(
            recording,
            best.path,
            _output(options, recording.path, means.count),
            arrangement=best.arrangement,
            options=means.settings,
            rhythm=best.analysis.rhythm,
            segmenter=means.networks.segmenter,
            force=options.force,
            progress=progress,
        )


def print_matches(
    options: argparse.Namespace,
    result: MatchResult,
    tags: TagResult,
    written: AddedMusic | None,
    count: int,
) -> None:
    """Print the tracks of a video, and what was written."""
    if count > 1:
        print(f"{result.recording.name or result.recording.path.name}:")
    if options.explain:
        print(f"{'':4}of {len(result.index)} tracks, for: {', '.join(tag.name for tag in tags) or 'no tags'}")
    for number, track in enumerate(result, 1):
        rhythm, arrangement = track.analysis.rhythm, track.arrangement
        said = [f"{rhythm.tempo:.0f} bpm" if rhythm.tempo else "no beat"]
        said += [track.analysis.key.name] if track.analysis.key else []
        said += track.tags
        if arrangement.cuts_on_beat is not None:
            said.append(f"{arrangement.cuts_on_beat:.0%} of cuts on beats")
        print(f"{number:>4}  {track.similarity:5.2f}  {track.path}  ({', '.join(said)})")
        if options.explain:
            parts = ", ".join(f"{name} {value:.2f}" for name, value in track.reasons.items())
            print(f"{'':13}{parts}; rhythm {arrangement.fit:.2f}")
    if written is not None:
        print(f"{'':4}{written.path}: {described(result, written)}")


def described(result: MatchResult, written: AddedMusic) -> str:
    """Return what was done with a track."""
    parts, best = written.arrangement.parts, result.tracks[0]
    said = [best.path.name]
    if len(parts) == 1:
        said.append(f"from {clock(parts[0].start)} to {clock(parts[0].end)}")
    else:
        said.append(f"from {clock(parts[0].start)}, looped {len(parts) - 1} times on bar lines")
    if written.own_sound:
        said.append("with the video's own sound")
    said.append(f"{written.loudness_lufs:.1f} LUFS, true peak {written.peak_dbtp:.1f} dBTP")
    return ", ".join(said)
