"""What can be typed. Importing this costs nothing: commands load what they need when they run."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from edge import __version__
from edge.songs.options import Settings

EXIT_CODES = "exit codes: 0 done, 1 failed, 2 bad usage, 3 the input is unreadable or silent, 130 interrupted"


class _Parser(argparse.ArgumentParser):
    """A parser whose errors are one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}; see {self.prog} --help\n")


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Parse the command line; `run` of the result is the command to call. Exits with 2 on bad usage."""
    parser = _Parser(
        prog="edge",
        description="Songs, captions and clean takes from recordings, offline.",
        epilog=EXIT_CODES,
    )
    parser.add_argument("--version", action="version", version=f"edge {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _add_songs(commands)
    _add_label(commands)
    _add_caption(commands)
    _add_clean(commands)
    _add_models(commands)
    _add_doctor(commands)
    return parser.parse_args(arguments)


def _add_songs(commands: argparse._SubParsersAction[_Parser]) -> None:
    songs = commands.add_parser(
        "songs",
        help="find the songs; with -o cut them out",
        description="Find the songs in a recording; with -o write each to a file of its own.",
        epilog=EXIT_CODES,
    )
    songs.set_defaults(run=_run_songs)
    _add_input(songs)
    out = songs.add_argument_group("output")
    out.add_argument(
        "-o", "--output", type=Path, metavar="DIR", help="cut each song to DIR/NAME-01.mp4 and so on"
    )
    out.add_argument(
        "--copy", action="store_true", help="copy the streams: instant, but starts at a keyframe"
    )
    out.add_argument(
        "--suffix", metavar=".EXT", help="kind of the clips (default .mp4; without video .flac or .m4a)"
    )
    _add_output(songs, out)
    defaults = Settings()
    rules = songs.add_argument_group("what counts as a song")
    rules.add_argument(
        "--min-run", type=int, metavar="N", help=f"singing segments in a row (default {defaults.min_run})"
    )
    rules.add_argument(
        "--t1",
        type=float,
        metavar="P",
        help=f"margin over speaking below which an edge is refined (default {defaults.speech_margin})",
    )
    rules.add_argument(
        "--t2", type=float, metavar="P", help=f"the same over other (default {defaults.other_margin})"
    )
    rules.add_argument(
        "--step",
        type=float,
        metavar="S",
        dest="refine_step_s",
        help=f"refinement step (default {defaults.refine_step_s:g} s)",
    )
    rules.add_argument(
        "--interlude",
        type=float,
        metavar="S",
        dest="interlude_s",
        help=f"longest instrumental break within a song (default {defaults.max_interlude_s:g} s)",
    )
    rules.add_argument(
        "--glitch",
        type=float,
        metavar="S",
        dest="glitch_s",
        help=f"longest break of any kind within a song (default {defaults.max_gap_s:g} s)",
    )
    rules.add_argument(
        "--segment-edges",
        action="store_const",
        const=False,
        dest="exact_boundaries",
        help="leave the boundaries where segments put them",
    )
    rules.add_argument(
        "--as-source", action="store_true", help="the published method with nothing of ours added"
    )


def _add_label(commands: argparse._SubParsersAction[_Parser]) -> None:
    label = commands.add_parser(
        "label",
        help="label each segment: singing, speaking, music or other",
        description="Label each segment of a recording, with the four confidences.",
        epilog=EXIT_CODES,
    )
    label.set_defaults(run=_run_label)
    _add_input(label)
    _add_output(label, label.add_argument_group("output"))


def _add_caption(commands: argparse._SubParsersAction[_Parser]) -> None:
    caption = commands.add_parser(
        "caption",
        help="write down what is said; with -o as subtitles",
        description="Write down what is said, with the times of all words; no text over music or silence.",
        epilog=EXIT_CODES,
    )
    caption.set_defaults(run=_run_caption)
    _add_speech(caption)
    out = caption.add_argument_group("output")
    out.add_argument("-o", "--output", type=Path, metavar="FILE", help="subtitles: .srt, .vtt or .ass")
    out.add_argument("--json", action="store_true", help="print one JSON document")
    out.add_argument("--force", action="store_true", help="overwrite existing files")


def _add_clean(commands: argparse._SubParsersAction[_Parser]) -> None:
    clean = commands.add_parser(
        "clean",
        help="cut out blanks, fillers and repeated takes",
        description="Cut silence, fillers (um, uh ...) and all but the last of repeated takes out of a talk.",
        epilog=EXIT_CODES,
    )
    clean.set_defaults(run=_run_clean)
    _add_speech(clean)
    out = clean.add_argument_group("output")
    out.add_argument("-o", "--output", type=Path, metavar="FILE", help="the file (default NAME-clean.EXT)")
    out.add_argument("--dry-run", action="store_true", help="show what would go, write nothing")
    out.add_argument(
        "--captions", type=Path, metavar="FILE", help="captions that fit the file: .srt, .vtt, .ass"
    )
    out.add_argument("--timeline", type=Path, metavar="FILE", help="for editors: .otio, .edl or .fcpxml")
    out.add_argument("--encode", action="store_true", help="encode all video frames, copy none")
    out.add_argument("--json", action="store_true", help="print one JSON document")
    out.add_argument("--force", action="store_true", help="overwrite existing files")
    rules = clean.add_argument_group("what goes")
    rules.add_argument(
        "--level", choices=("off", "light", "medium"), default="light",
        help="off: nothing; light (default): fillers that are mere sounds; medium: also you know, i mean ...",
    )  # fmt: skip
    rules.add_argument("--keep", metavar="KINDS", help="leave some alone: blanks,fillers,repeats")
    rules.add_argument(
        "--filler", action="append", default=[], metavar="WORD", help="a filler of yours; repeat"
    )
    rules.add_argument(
        "--blank", type=float, default=1.0, metavar="S", help="silence that is a blank (default 1 s)"
    )
    rules.add_argument(
        "--pause",
        type=float,
        default=0.15,
        metavar="S",
        help="silence left at each side of a cut (default 0.15 s)",
    )


def _add_speech(parser: argparse.ArgumentParser) -> None:
    _add_recording(parser)
    parser.add_argument(
        "--model", default="moonshine-tiny-en", metavar="ID|DIR",
        help="recognizer, by its id or folder (default moonshine-tiny-en)",
    )  # fmt: skip
    parser.add_argument("--language", metavar="L", help="for recognizers that are told: zh, en, ja ...")
    parser.add_argument("--no-cache", action="store_true", help="recognize again what was recognized before")
    parser.add_argument("--sung", action="store_true", help="words that are sung count too")


def _add_models(commands: argparse._SubParsersAction[_Parser]) -> None:
    models = commands.add_parser(
        "models",
        help="list, verify, add and remove models",
        description="The models that ship with edge, and those in your store (the folder in EDGE_MODELS).",
        epilog=EXIT_CODES,
    )
    models.set_defaults(run=_run_models)
    actions = models.add_subparsers(dest="action", required=True, metavar="ACTION")
    plain = actions.add_parser("list", help="the models there are, in the order in which they are searched")
    verify = actions.add_parser("verify", help="check every byte of models, and load their networks")
    verify.add_argument("models", nargs="*", metavar="ID", help="which ones (default: all)")
    add = actions.add_parser("add", help="check a model folder and copy it into the store")
    add.add_argument("path", type=Path, metavar="PATH", help="a folder with a manifest.json")
    add.add_argument("--force", action="store_true", help="replace a model with the same id")
    remove = actions.add_parser("remove", help="delete a model from the store")
    remove.add_argument("model", metavar="ID")
    for action in (plain, verify, add, remove):
        action.add_argument("--json", action="store_true", help="print one JSON document")
        action.add_argument("--debug", action="store_true", help="show the traceback of an error")


def _add_doctor(commands: argparse._SubParsersAction[_Parser]) -> None:
    doctor = commands.add_parser(
        "doctor",
        help="what works on this device, and what to install where it does not",
        description="Try each part of the installation; exits with 1 if one does not work here.",
        epilog=EXIT_CODES,
    )
    doctor.set_defaults(run=_run_doctor)
    doctor.add_argument("--json", action="store_true", help="print one JSON document")
    doctor.add_argument("--debug", action="store_true", help="show the traceback of an error")


def _add_input(parser: argparse.ArgumentParser) -> None:
    _add_recording(parser)
    parser.add_argument(
        "--segment",
        type=float,
        metavar="S",
        dest="segment_s",
        help="segment length: 0.5, 1, 3, 5, 10 (default 3 s)",
    )
    parser.add_argument(
        "--model", default="segmenter", metavar="ID|DIR",
        help="another segmenter, by its id or folder (default: the one that ships)",
    )  # fmt: skip


def _add_recording(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "media", type=Path, metavar="MEDIA", help="video or audio, anything that FFmpeg reads"
    )
    parser.add_argument(
        "--audio-stream",
        type=int,
        metavar="N",
        help="stream index to listen to (default: the recording's default)",
    )
    parser.add_argument(
        "--threads", type=int, default=1, metavar="N", help="threads for the networks (default 1)"
    )
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")


def _add_output(parser: argparse.ArgumentParser, group: argparse._ArgumentGroup) -> None:
    group.add_argument("--json", action="store_true", help="print one JSON document")
    group.add_argument("--plot", type=Path, metavar="FILE.png", help="draw the confidences and the songs")
    group.add_argument("--force", action="store_true", help="overwrite existing files")


def _run_songs(options: argparse.Namespace) -> None:
    from edge.cli.songs import run  # noqa: PLC0415

    run(options)


def _run_doctor(options: argparse.Namespace) -> None:
    from edge.cli.doctor import run  # noqa: PLC0415

    run(options)


def _run_models(options: argparse.Namespace) -> None:
    from edge.cli.models import run  # noqa: PLC0415

    run(options)


def _run_caption(options: argparse.Namespace) -> None:
    from edge.cli.caption import run  # noqa: PLC0415

    run(options)


def _run_clean(options: argparse.Namespace) -> None:
    from edge.cli.clean import run  # noqa: PLC0415

    run(options)


def _run_label(options: argparse.Namespace) -> None:
    from edge.cli.label import run  # noqa: PLC0415

    run(options)
