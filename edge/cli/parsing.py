"""Parsers of the command line: one-line errors, media arguments, options with defaults."""

from __future__ import annotations

import argparse
import re
from dataclasses import fields
from difflib import get_close_matches
from pathlib import Path
from typing import Any, NoReturn

from edge.vocabulary import Span

EXIT_CODES = (
    "exit codes: 0 done, 1 failed, 2 bad usage, 3 the input is unreadable or has nothing to work on, "
    "130 interrupted"
)
"""Exit codes, shown at the end of --help."""


class Formatter(argparse.HelpFormatter):
    """Help formatter that names an option's argument once, on every version of Python: `-o, --output DIR`."""

    def _format_action_invocation(self, action: argparse.Action) -> str:
        if not action.option_strings or action.nargs == 0:
            return super()._format_action_invocation(action)
        argument = self._format_args(action, self._get_default_metavar_for_optional(action))
        return f"{', '.join(action.option_strings)} {argument}"


class Parser(argparse.ArgumentParser):
    """Argument parser without abbreviations, whose errors are one line with a suggestion for typos."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"allow_abbrev": False, "formatter_class": Formatter, **options})

    def error(self, message: str) -> NoReturn:
        """Print one line and exit with 2."""
        if typo := re.search(r"(?:invalid choice: '|unrecognized arguments: )([^' ]+)", message):
            near = get_close_matches(typo[1], self._known(), n=1, cutoff=0.65)
            hint = f"; did you mean {near[0]}?" if near else ""
            kind = "argument" if typo[1].startswith("-") else "command"
            if near or "argument COMMAND" in message:
                message = f"no such {kind}: {typo[1]}{hint}"
        self.exit(2, f"{self.prog}: {message}; see {self.prog} --help\n")

    def parse_args(  # type: ignore[override]
        self, args: Any = None, namespace: argparse.Namespace | None = None
    ) -> argparse.Namespace:
        """Parse; unknown arguments are an error of the command that they were given to."""
        options, rest = self.parse_known_args(args, namespace)
        if hasattr(options, "media") and all(word == "-" or word[:1] != "-" for word in rest):
            options.media, rest = options.media + rest, []  # recordings behind an option
        if rest:
            self._command(options).error(f"unrecognized arguments: {' '.join(rest)}")
        return options

    def _command(self, options: argparse.Namespace) -> Parser:
        choices = self.choices()
        found = choices.get(getattr(options, "command", None) or "", self)
        return found if isinstance(found, Parser) else self

    def choices(self) -> dict[str, argparse.ArgumentParser]:
        """Return the parsers of the commands, by name."""
        found: dict[str, argparse.ArgumentParser] = {}
        for action in self._actions:
            if isinstance(action, argparse._SubParsersAction):
                found.update(action.choices)
        return found

    def _known(self) -> list[str]:
        options = [option for action in self._actions for option in action.option_strings]
        return [*self.choices(), *options]


def add_common(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of every command."""
    group = parser.add_argument_group("everywhere")
    group.add_argument(
        "--json", action="store_true", help="print JSON: a document, or one a line for several"
    )
    shown = group.add_mutually_exclusive_group()
    shown.add_argument("-q", "--quiet", action="store_true", help="print errors and what was asked for only")
    shown.add_argument("--verbose", action="store_true", help="say more on stderr: models, times, decoding")
    group.add_argument("--debug", action="store_true", help="show the traceback of an error")


def add_media(parser: argparse.ArgumentParser, *, needed: bool = True) -> None:
    """Add the recordings, at least one if they are `needed`, and the options of reading them."""
    parser.add_argument(
        "media",
        nargs="+" if needed else "*",
        metavar="MEDIA",
        help="video or audio files, folders of them, patterns, or - for standard input",
    )
    group = parser.add_argument_group("input")
    group.add_argument(
        "--audio-stream",
        type=int,
        metavar="N",
        help="index of the one stream to analyze (default: all of the main language, mixed)",
    )
    group.add_argument(
        "--threads", type=positive, default=1, metavar="N", help="threads of the networks (default 1)"
    )


def add_force(group: argparse._ArgumentGroup) -> None:
    """Add --force."""
    group.add_argument("-f", "--force", action="store_true", help="overwrite existing files")


def add_default(
    group: argparse._ArgumentGroup, flag: str, owner: type, name: str, help_text: str, **more: Any
) -> None:
    """Add an option for a field of an options class, with the field's default and type."""
    default = next(field.default for field in fields(owner) if field.name == name)
    unit = " s" if name.endswith("_s") else ""
    shown = f"{round(default, 3):g}{unit}" if isinstance(default, float) else str(default)
    group.add_argument(
        flag,
        dest=name,
        default=default,
        **{"type": type(default), "metavar": "S" if unit else "N", **more},
        help=f"{help_text} (default {shown})",
    )


def chosen(options: argparse.Namespace, owner: type) -> dict[str, Any]:
    """Return the fields of an options class that were declared with `add_default`, with their values."""
    return {
        field.name: getattr(options, field.name) for field in fields(owner) if hasattr(options, field.name)
    }


def positive(text: str) -> int:
    """Parse an integer of at least 1."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"must be at least 1, got {number}")
    return number


def time_range(text: str) -> Span:
    """Parse a range of times, each in seconds or as minutes:seconds or hours:minutes:seconds."""
    first, dash, last = text.partition("-")
    if not dash:
        raise argparse.ArgumentTypeError(f"{text} is no range; type it as 1:05-1:12.5")
    try:
        return Span(_seconds(first), _seconds(last))
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text}: {error}") from error


def _seconds(text: str) -> float:
    total = 0.0
    for part in text.split(":"):
        total = 60 * total + float(part)
    return total


def folder(text: str) -> Path:
    """Parse the path of a folder, which need not exist."""
    return Path(text)
