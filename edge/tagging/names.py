"""Names of tags: how they are written, when two are the same, and lists of them in text files."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from pathlib import Path

from edge.errors import InputError, UsageError

COMMENT = "#"
"""First character of a line that is a comment; elsewhere in a line it is part of the tag."""


def tidy(name: str) -> str:
    """Return the name with single spaces. Raises UsageError if nothing is left or it is not valid Unicode.

    >>> tidy("  live   music ")
    'live music'
    """
    tidied = " ".join(name.split())
    if not tidied:
        raise UsageError("a tag needs a name that is not blank")
    try:
        tidied.encode()
    except UnicodeEncodeError:
        raise UsageError(f"{tidied!a}: a tag needs a name of valid Unicode") from None
    return tidied


def folded(name: str) -> str:
    """Return what is equal for names that are the same tag: case and composition of accents do not count.

    >>> folded("CAFÉ") == folded("cafe\\u0301")
    True
    """
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def distinct(names: Iterable[str]) -> tuple[str, ...]:
    """Return the names, tidied, without those that are the same tag as an earlier one. Raises UsageError.

    >>> distinct(["Cat", "dog ", "cat"])
    ('Cat', 'dog')
    """
    kept: dict[str, str] = {}
    for name in map(tidy, names):
        kept.setdefault(folded(name), name)
    return tuple(kept.values())


def read_names(path: Path) -> tuple[str, ...]:
    """Read a text file in UTF-8 with one tag a line; blank lines and those that begin with `#` do not count.

    Raises InputError if it cannot be read, is not UTF-8 or holds no tags.
    """
    try:
        lines = path.read_bytes().decode("utf-8-sig").splitlines()
    except OSError as error:
        raise InputError(path, f"cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise InputError(path, f"is not UTF-8 text (byte {error.start})") from error
    if "\0" in "".join(lines):
        raise InputError(path, "is not text (it holds a zero byte)")
    tags = [line for line in map(str.strip, lines) if line and not line.startswith(COMMENT)]
    if not tags:
        raise InputError(path, "holds no tags; a tag stands on a line of its own")
    return distinct(tags)
