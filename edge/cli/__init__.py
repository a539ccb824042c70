"""The `edge` command: parse, run, report errors in one line.

Each command is a module with `add(parser)`, which declares its arguments, and `run(options)`. To add one:
write the module and add it to `COMMANDS`.
"""

from __future__ import annotations

import argparse
import ctypes
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module

from edge import __version__, interrupts
from edge.cli.parsing import EXIT_CODES, Parser, add_common
from edge.errors import EdgeError

COMMANDS = {
    "songs": "find the songs; with -o cut them out",
    "label": "label segments: singing, speaking, music or other",
    "caption": "transcribe speech; with -o as subtitles",
    "clean": "cut out blanks, fillers and repeated takes",
    "tag": "tag a video with any vocabulary",
    "match": "pick music from a folder for a video, and add it",
    "compose": "compose music that follows a video",
    "run": "everything in one pass, with a report to open in a browser",
    "studio": "edit a talk on a page in the browser",
    "listen": "follow the microphone live: captions, songs, labels",
    "models": "list, verify, add and remove models",
    "bench": "measure this device: speed, memory and accuracy of each stage",
    "doctor": "what works on this device, and what to install",
}
"""Summary by command; a command has the name of its module."""

INTERRUPTED = 130
"""Exit code after Ctrl-C, as shells have it."""

_M_MMAP_THRESHOLD = -3
_LARGE = 256 * 1024


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code, see `edge.cli.parsing.EXIT_CODES`."""
    _prepare_streams()
    options = parse(sys.argv[1:] if arguments is None else arguments)
    interrupts.install()
    _return_memory_early(getattr(options, "mapped_bytes", _LARGE))
    try:
        code = options.run(options)
        sys.stdout.flush()
    except KeyboardInterrupt:
        return _fail("interrupted", INTERRUPTED)
    except BrokenPipeError:  # the reader of the output has closed the pipe
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except EdgeError as error:
        if options.debug:
            raise
        return _fail(str(error), error.exit_code)
    except ImportError as error:  # a part of the installation is missing
        if options.debug:
            raise
        return _fail(f"{error}; `edge doctor` tries every part", 1)
    except Exception as error:  # a bug, or a problem of the machine: still one line
        if options.debug:
            raise
        return _fail(f"failed with {type(error).__name__}: {error}; run with --debug for the details", 1)
    return int(code or 0)


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Parse the command line; `run` of the result is the command to call. Exits with 2 on bad usage."""
    words = list(arguments)
    if words[:1] == ["help"]:
        words = [*words[1:2], "--help"]
    if not words:
        words = ["--help"]
    named = words[0] if words[0] in COMMANDS else None
    return build_parser(named).parse_args(words)


def build_parser(only: str | None = None) -> Parser:
    """Build the parser of one command, or of all; the others' modules are not imported."""
    parser = Parser(prog="edge", description="Offline media understanding.", epilog=EXIT_CODES)
    parser.add_argument("-v", "-V", "--version", action="version", version=f"edge {__version__}")
    parser.add_argument(
        "--print-completion",
        action=_PrintCompletion,
        choices=("bash", "zsh", "tcsh"),
        help='print a shell\'s completion script: eval "$(edge --print-completion bash)"',
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, summary in COMMANDS.items():
        command = commands.add_parser(name, help=summary, epilog=EXIT_CODES)
        if only in (name, "all"):
            module = import_module(f"edge.cli.{name}")
            command.description = (module.__doc__ or "").partition("\n\n")[2].strip()
            module.add(command)
            add_common(command)
            command.set_defaults(run=module.run)
    return parser


class _PrintCompletion(argparse.Action):
    """Prints the completion script of a shell and exits."""

    def __call__(self, parser: argparse.ArgumentParser, *given: object) -> None:
        import shtab  # noqa: PLC0415 - only needed for completion

        shell = str(given[1])
        print(shtab.complete(build_parser("all"), shell))
        parser.exit(0)


def _prepare_streams() -> None:
    """Make stdout accept any file name, and replace streams that the caller closed."""
    if sys.stdout is None:
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115, PTH123 - for the life of the process
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w")  # noqa: SIM115, PTH123
    for stream in (sys.stdout, sys.stderr):
        unicode = (getattr(stream, "encoding", None) or "").lower().replace("-", "").startswith("utf")
        with suppress(AttributeError):
            stream.reconfigure(errors="surrogateescape" if unicode else "backslashreplace")  # type: ignore[union-attr]


def _return_memory_early(mapped_bytes: int) -> None:
    """Make glibc return large freed buffers at once: lowers the peak by 20 MB for three hours of audio."""
    with suppress(OSError, AttributeError, TypeError):
        ctypes.CDLL(None).mallopt(_M_MMAP_THRESHOLD, mapped_bytes)


def _fail(message: str, code: int) -> int:
    print("edge:", " ".join(message.split()), file=sys.stderr)
    return code
