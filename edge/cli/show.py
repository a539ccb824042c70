"""Print results as JSON and as text."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from edge.matching.index import MusicIndex
    from edge.media import Recording
    from edge.networks.segmenter import Segmenter


def json_text(document: dict[str, Any], *, indent: int | None = 2, encoding: str = "utf-8") -> str:
    """Format a JSON document; characters that the encoding lacks are escaped."""
    text = json.dumps(document, indent=indent, ensure_ascii=False)
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        text = json.dumps(document, indent=indent, ensure_ascii=True)
    return text


def print_json(document: dict[str, Any], *, one_line: bool = False) -> None:
    """Print a document, indented or on one line."""
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    print(json_text(document, indent=None if one_line else 2, encoding=encoding))


def print_notes(recording: Recording, notes: Sequence[str]) -> None:
    """Print the problems found in a file to stderr, one line each."""
    for note in notes:
        print(f"edge: {recording.path}: {note}", file=sys.stderr)


def print_skipped(index: MusicIndex) -> None:
    """Print which files are no tracks, the first of many."""
    shown = index.skipped[:3]
    more = len(index.skipped) - len(shown)
    for line in (*shown, *([f"{more} more files are no music"] if more else [])):
        print(f"edge: {line}", file=sys.stderr)


def say(options: argparse.Namespace, line: str) -> None:
    """Print a line to stderr with --verbose."""
    if options.verbose:
        print(f"edge: {line}", file=sys.stderr)


def say_model(options: argparse.Namespace, segmenter: Segmenter) -> None:
    """Print the model that is used, and what runs it, with --verbose."""
    manifest, runtime = segmenter.folder.manifest, segmenter.sessions["encoder"].runtime
    say(options, f"{manifest.id} {manifest.version} on {runtime}")


def plural(count: int, noun: str) -> str:
    """Format a count with its noun.

    >>> plural(1, "song"), plural(2, "song")
    ('1 song', '2 songs')
    """
    return f"{count} {noun}{'' if count == 1 else 's'}"
