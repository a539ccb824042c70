"""`edge compose MEDIA... [-o FILE]`.

Compose music that follows a video: as long as it, denser where more moves, in sections that begin with its
scenes. With -o write it as audio, as MIDI, or as the video with the music in it. --refine changes what was
composed before for the same video, and keeps the rest.
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
from edge.cli.show import print_json, print_notes
from edge.errors import UsageError
from edge.music.options import MusicOptions
from edge.text.clock import clock

if TYPE_CHECKING:
    from edge.cache import Cache
    from edge.media import Recording
    from edge.music.compose import Composition
    from edge.music.history import MusicHistory
    from edge.music.templates import Template
    from edge.music.write import WrittenMusic
    from edge.networks.composer import Composer


MAPPED = 12 << 20
"""Bytes from which memory is mapped anew; the composer's cache is not, which took 1.5 s of 14 s."""


@dataclass(frozen=True)
class _Means:
    """What music is composed with."""

    settings: MusicOptions
    """What is asked for."""
    templates: Sequence[Template]
    """Loops to choose from."""
    composer: Composer
    """The network."""
    cache: Cache
    """Where music is kept."""
    count: int
    """Number of recordings."""


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.set_defaults(mapped_bytes=MAPPED)
    add_media(parser, needed=False)
    music = parser.add_argument_group("music")
    music.add_argument("--style", metavar="STYLE", help="style of the music (see --list)")
    music.add_argument("--mood", metavar="MOOD", help="mood of the music (see --list)")
    music.add_argument("--template", metavar="ID", help="loops to play (see --list)")
    music.add_argument("--templates", metavar="ID|DIR", help="other templates than those of edge")
    music.add_argument("--tempo", type=float, metavar="N", help="beats per minute (default: fits the cuts)")
    music.add_argument(
        "--instrument", action="append", default=[], metavar="VOICE=NAME",
        help="instrument of melody, decoration or instrument (see --list), FILE.sf2#N, or none",
    )  # fmt: skip
    add_default(music, "--seed", MusicOptions, "seed", "the same seed gives the same notes")
    add_default(
        music, "--max-speed-change", MusicOptions, "max_speed_change",
        "how much faster or slower the video may become so that cuts land on beats",
    )  # fmt: skip
    add_default(
        music, "--sound", MusicOptions, "sound",
        "the video's own sound: duck the music under speech, keep or mute it",
        choices=("duck", "keep", "mute"), metavar="HOW",
    )  # fmt: skip
    add_default(music, "--loudness", MusicOptions, "loudness_lufs", "loudness of the result in LUFS")
    music.add_argument(
        "--refine", nargs="+", action="extend", default=[], metavar="WISH",
        help="change the music composed last: denser, calmer, stronger, softer, style=S, mood=M, "
        "template=ID, tempo=N, melody=NAME, new-melody, new-melody=2, keep=1,3, dislike, undo",
    )  # fmt: skip
    music.add_argument("--list", action="store_true", help="list styles, moods, templates and instruments")
    out = parser.add_argument_group("output")
    out.add_argument(
        "-o", "--output", metavar="FILE",
        help="the video with music (.mp4, .mov, .mkv, .webm), audio (.wav, .flac, .mp3 ...) or notes (.mid)",
    )  # fmt: skip
    out.add_argument("--stems", metavar="DIR", help="write each instrument to a file of its own")
    out.add_argument("--plot", metavar="FILE", help="draw motion, cuts, beats and notes: .png, .pdf, .svg")
    out.add_argument("--page", metavar="FILE", help="write a page to audition it on: .html, with all in it")
    add_force(out)


def run(options: argparse.Namespace) -> int:
    """Compose music for each recording; print what it is like, and write it."""
    _require_media(options)
    templates = edge.open_templates(options.templates)
    if options.list:
        print_templates(options, templates)
        return 0
    settings = _settings(options)
    with recordings(options) as paths, ExitStack() as stack:
        _check(options, paths)
        composer = stack.enter_context(edge.Composer(threads=options.threads))
        means = _Means(settings, templates, composer, edge.Cache(), len(paths))
        return for_each(options, paths, partial(_compose, options, means))


def _require_media(options: argparse.Namespace) -> None:
    if not options.media and not options.list:
        raise UsageError("name a video to compose for; only --list needs none")


def _settings(options: argparse.Namespace) -> MusicOptions:
    """Return what is asked for. Raises UsageError."""
    pairs = dict(pair.partition("=")[::2] for pair in options.instrument)
    return MusicOptions(**chosen(options, MusicOptions), instruments=pairs)


def _check(options: argparse.Namespace, paths: Sequence[Path]) -> None:
    """Check before the work that all output files can be written."""
    from edge.music.write import check_music  # noqa: PLC0415 - not for --help

    files = [_output(options, path, len(paths)) for path in paths if options.output]
    for file in files:
        check_music(file, force=options.force)
    if options.stems:
        if len(paths) > 1:
            raise UsageError("--stems DIR takes the stems of one video; run them apart")
        files.append(Path(options.stems))
    if options.plot:
        from edge.evidence.plot import check_plot  # noqa: PLC0415

        check_plot(options.plot)
        files += [output_file(options.plot, path, len(paths), ".png") for path in paths]
    if options.page:
        files += [output_file(options.page, path, len(paths), ".html") for path in paths]
    check_outputs(options, files, paths)


def _output(options: argparse.Namespace, media: Path, count: int) -> Path:
    return output_file(options.output, media, count, ".mp4")


def _compose(options: argparse.Namespace, means: _Means, recording: Recording) -> None:
    history = edge.load_music(recording, means.cache, means.templates)
    music = _refined(options, means, history) if options.refine else _composed(options, means, recording)
    if not (options.refine and options.refine == ["undo"]):
        history.add(music)
    edge.save_music(history, means.cache)
    written = _write(options, music, means.count)
    if options.json:
        print_json(music.to_dict(str(written.path) if written else None), one_line=means.count > 1)
    else:
        print_music(music, written, means.count)
    if not options.quiet:
        print_notes(recording, (*music.motion.notes, *(written.notes if written else ())))


def _composed(options: argparse.Namespace, means: _Means, recording: Recording) -> Composition:
    name = recording.path.name
    with Progress(f"{name}: composing", seconds=recording.duration_s, quiet=options.quiet) as progress:
        return edge.compose_music(
            recording, means.settings, templates=means.templates, composer=means.composer, progress=progress
        )


def _refined(options: argparse.Namespace, means: _Means, history: MusicHistory) -> Composition:
    """Return the music composed last, with other wishes. Raises UsageError if there is none."""
    from edge.music.wishes import overridden, parse_wishes  # noqa: PLC0415 - not for --help

    last = history.last
    if last is None:
        raise UsageError(
            f"{history.recording.path}: no music is kept for it; compose some first, without --refine"
        )
    asked = overridden(last.options, means.settings)
    wishes = parse_wishes(options.refine, asked, len(last.plan.sections), last.choice.template.id)
    if wishes.undo:
        return history.undo()
    with Progress(f"{history.recording.path.name}: refining", quiet=options.quiet) as progress:
        return edge.refine_music(
            last, wishes.options, new_melody=wishes.new_melody, keep=wishes.keep,
            templates=means.templates, composer=means.composer, progress=progress,
        )  # fmt: skip


def _write(options: argparse.Namespace, music: Composition, count: int) -> WrittenMusic | None:
    written = None
    name = music.recording.path.name
    if options.output:
        with Progress(f"{name}: writing", seconds=music.plan.end_s, quiet=options.quiet) as progress:
            target = _output(options, music.recording.path, count)
            written = edge.write_music(music, target, force=options.force, progress=progress)
    if options.stems:
        with Progress(f"{name}: writing stems", quiet=options.quiet):
            edge.write_stems(music, options.stems, force=options.force)
    if options.plot:
        with Progress("drawing", quiet=options.quiet):
            edge.plot_music(
                music, output_file(options.plot, music.recording.path, count, ".png"), force=options.force
            )
    if options.page:
        with Progress(f"{name}: writing a page", quiet=options.quiet):
            page = output_file(options.page, music.recording.path, count, ".html")
            edge.write_music_page(music, page, force=options.force)
    return written


def print_music(music: Composition, written: WrittenMusic | None, count: int) -> None:
    """Print what music is like, section by section."""
    template, plan = music.choice.template, music.plan
    name = f"{music.recording.name or music.recording.path.name}: " if count > 1 else ""
    playing = ", ".join(f"{voice} {one}" for voice, one in music.score.instruments.items())
    print(f"{name}{template.id} ({template.style}), {plan.tempo:.1f} beats per minute; {playing}")
    for number, section in enumerate(plan.sections, 1):
        start = section.first * plan.bar_s
        end = min(plan.end_s, start + len(section.bars) * plan.bar_s)
        density = sum(bar.density for bar in section.bars) / len(section.bars)
        print(
            f"{number:>4}  {clock(start):>9} - {clock(end):>9}  "
            f"{section.bars[0].part:8} density {density:.1f}"
        )
    cuts = len(music.cuts_s)
    if cuts:
        landed = round(music.cuts_on_beat * cuts)
        change = music.choice.warp.mean_change
        print(f"{'':4}{landed} of {cuts} cuts on strong beats; speed of the video changed by {change:.1%}")
    if written is not None and written.loudness_lufs is not None:
        print(
            f"{'':4}{written.path}: {written.loudness_lufs:.1f} LUFS, true peak {written.peak_dbtp:.1f} dBTP"
        )


def print_templates(options: argparse.Namespace, templates: Sequence[Template]) -> None:
    """Print what can be asked for."""
    from edge.music.templates import INSTRUMENTS  # noqa: PLC0415 - not for --help

    if options.json:
        rows = [
            {"id": one.id, "style": one.style, "moods": list(one.moods), "tempo": round(one.tempo, 3)}
            for one in templates
        ]
        print_json({"templates": rows, "instruments": list(INSTRUMENTS)})
        return
    for one in templates:
        print(f"{one.id:20} {one.style:14} {one.tempo:6.1f}  {', '.join(one.moods)}")
    print(f"instruments: {', '.join(INSTRUMENTS)}")
