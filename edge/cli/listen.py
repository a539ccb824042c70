"""`edge listen [SOURCE] [-o DIR]`.

Follow the microphone live: labels, captions and songs, each shown when it is final; with -o also written as
files, and the audio of each song cut. SOURCE may also be a URL, a named pipe, a file, or - for raw PCM on
standard input. Ctrl-C is the normal end: what is left is finished, and the exit code is 0; pressed again it
leaves at once with 130. Nothing is stored but what -o writes, and no address is opened but SOURCE.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import edge
from edge import interrupts, schema
from edge.cli.cost import Cost
from edge.cli.parsing import add_force, positive
from edge.cli.progress import Progress
from edge.cli.show import plural, print_json, say, say_model
from edge.cli.speech import DEFAULT_MODEL
from edge.errors import InputError, UsageError
from edge.vocabulary import PcmFormat

if TYPE_CHECKING:
    from edge.analysis.live import LiveAnalysisOptions, LiveEvent
    from edge.analysis.live_files import LiveFiles
    from edge.evidence.speech.recognizer import Recognizer
    from edge.media.read.live_input import LiveInput

STDIN = "-"
"""Source that stands for standard input."""


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "source",
        nargs="?",
        metavar="SOURCE",
        help="a URL (http, https, rtsp, rtmp, udp, tcp), a named pipe, a file, or - for PCM on standard "
        "input (default: the microphone)",
    )
    group = parser.add_argument_group("input")
    group.add_argument("--device", metavar="N|NAME", help="another microphone, by its number or name")
    group.add_argument("--list-devices", action="store_true", help="list the microphones, and exit")
    group.add_argument("--rate", type=positive, metavar="HZ", help="of PCM (default 16000)")
    group.add_argument("--channels", type=positive, metavar="N", help="of PCM (default 1)")
    group.add_argument("--format", choices=get_args(PcmFormat), help="of PCM (default s16le)")
    group.add_argument("--seconds", type=float, metavar="S", help="end after so much audio")
    group.add_argument(
        "--threads", type=positive, default=1, metavar="N", help="threads of the networks (default 1)"
    )
    group.add_argument(
        "--quiet-db",
        type=float,
        metavar="DB",
        help="level in dBFS below which audio counts as silence, for the battery's sake (default -70; "
        "docs/live.md says what a higher one costs)",
    )
    out = parser.add_argument_group("output")
    out.add_argument(
        "-o", "--output", type=Path, metavar="DIR", help="write captions.srt, songs.json, song-01.flac ..."
    )
    out.add_argument("--save-audio", action="store_true", help="with -o: write recording.flac too")
    add_force(out)
    found = parser.add_argument_group("what is found")
    found.add_argument("--no-captions", dest="captions", action="store_false", help="leave out captions")
    found.add_argument("--no-songs", dest="songs", action="store_false", help="leave out songs")
    found.add_argument(
        "--model", default=DEFAULT_MODEL, metavar="ID|DIR", help=f"recognizer (default {DEFAULT_MODEL})"
    )
    found.add_argument("--language", metavar="L", help="of multilingual models: auto, zh, en, ja ...")


def run(options: argparse.Namespace) -> int:
    """Follow the source until it ends, or until Ctrl-C."""
    _check(options)
    if options.list_devices:
        return _list_devices(options)
    source, wanted = _source(options), _wanted(options)
    with ExitStack() as opened:
        with Progress("loading the models", quiet=options.quiet):
            segmenter = opened.enter_context(edge.Segmenter(threads=options.threads))
            recognizer = _recognizer(options)
        say_model(options, segmenter)
        opened.enter_context(source)
        say(options, f"{source.name}: {source.source_rate_hz} Hz, {plural(source.channels, 'channel')}")
        from edge.analysis.live import live_analysis  # noqa: PLC0415 - not for --help

        events = live_analysis(source, wanted, recognizer=recognizer, segmenter=segmenter)
        return _follow(options, source, events)


def _check(options: argparse.Namespace) -> None:
    """Check before the work what was typed. Raises UsageError, OutputError."""
    if options.source is not None and options.device is not None:
        raise UsageError("--device is about the microphone: leave out SOURCE")
    raw = [name for name in ("rate", "channels", "format") if getattr(options, name) is not None]
    if raw and options.source != STDIN:
        raise UsageError(f"--{raw[0]} is about PCM on standard input: SOURCE must be -")
    if options.output is None and (options.save_audio or options.force):
        raise UsageError(f"--{'save-audio' if options.save_audio else 'force'} does nothing without -o DIR")
    if options.output is not None:
        from edge.analysis.live_files import check_live_files  # noqa: PLC0415

        check_live_files(options.output, force=options.force)


def _list_devices(options: argparse.Namespace) -> int:
    from edge.media.read.microphone import input_devices  # noqa: PLC0415

    devices = input_devices()
    if options.json:
        rows = [
            {"number": one.number, "name": one.name, "channels": one.channels, "rate": one.rate_hz,
             "default": one.is_default} for one in devices
        ]  # fmt: skip
        print_json({"devices": rows})
        return 0
    if not devices:
        raise InputError("microphone", "there is no input device; plug one in")
    for one in devices:
        default = "  (default)" if one.is_default else ""
        print(f"{one.number:3}  {one.name}  {plural(one.channels, 'channel')}, {one.rate_hz} Hz{default}")
    return 0


def _source(options: argparse.Namespace) -> LiveInput:
    """Return what the command line names; it is not opened yet. Raises UsageError, InputError."""
    if options.source is None:
        from edge.media.read.microphone import Microphone  # noqa: PLC0415

        device = options.device
        number = int(device) if device is not None and device.isdecimal() else device
        return Microphone(number, seconds=options.seconds)
    if options.source == STDIN:
        from edge.media.read.pcm import PcmInput  # noqa: PLC0415

        if sys.stdin is None or sys.stdin.isatty():
            raise InputError(STDIN, "is a terminal; pipe PCM into it, or name a file")
        typed = {
            "rate_hz": options.rate,
            "channels": options.channels,
            "pcm_format": options.format,
        }
        given = {name: value for name, value in typed.items() if value is not None}
        return PcmInput(sys.stdin.buffer, seconds=options.seconds, **given)
    from edge.media.read.live_stream import StreamInput  # noqa: PLC0415

    return StreamInput(options.source, seconds=options.seconds)


def _recognizer(options: argparse.Namespace) -> Recognizer | None:
    if not options.captions:
        return None
    return edge.open_recognizer(options.model, language=options.language, threads=options.threads)


def _wanted(options: argparse.Namespace) -> LiveAnalysisOptions:
    from edge.analysis.live import QUIET_DB, LiveAnalysisOptions  # noqa: PLC0415

    return LiveAnalysisOptions(
        captions=edge.LiveOptions() if options.captions else None,
        songs=edge.SongOptions() if options.songs else None,
        quiet_db=QUIET_DB if options.quiet_db is None else options.quiet_db,
    )


def _follow(options: argparse.Namespace, source: LiveInput, events: Iterator[LiveEvent]) -> int:
    """Write and show the events until they end. Raises InputError if there was no audio."""
    from edge.analysis.live import event_document  # noqa: PLC0415
    from edge.cli.live_screen import LiveScreen  # noqa: PLC0415

    quiet, cost = options.quiet and options.output is not None, Cost()
    with ExitStack() as opened:
        files = opened.enter_context(_files(options, source)) if options.output else None
        lines = not (options.json or quiet)
        screen = opened.enter_context(
            LiveScreen(source, lines=lines, line=not (options.quiet or options.json))
        )

        def stop() -> None:
            screen.finishing()
            source.stop()

        with interrupts.stopping(stop):
            for event in events:
                file = files.accept(event) if files is not None else None
                if options.json:
                    print_json(schema.to_dict(event_document(event, file)), one_line=True)
                    sys.stdout.flush()
                screen.show(event, file)
                cost.sample()
    if not source.position_s:
        raise InputError(source.name, "has delivered no audio")
    if options.json:
        print_json(schema.to_dict(screen.document(cost)), one_line=True)
    elif not options.quiet:
        print(f"{screen.summary()}; {cost.line(source.position_s)}", file=sys.stderr)
    for note in () if options.quiet else source.notes:
        print(f"edge: {source.name}: {note}", file=sys.stderr)
    return 0


def _files(options: argparse.Namespace, source: LiveInput) -> LiveFiles:
    from edge.analysis.live_files import LiveFiles  # noqa: PLC0415

    return LiveFiles(
        options.output,
        source,
        captions=options.captions,
        songs=options.songs,
        save_audio=options.save_audio,
        force=options.force,
    )
