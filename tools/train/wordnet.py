"""Words, definitions and examples of WordNet 3.0, from its dictionary files (format: wndb(5WN))."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from edge.errors import InputError

KINDS = ("noun", "verb", "adj", "adv")
"""Parts of speech, as the files are named."""

ABOVE = ("@", "@i")
"""Signs of pointers to what a meaning is a kind, or an instance, of."""


@dataclass(frozen=True)
class Sense:
    """A meaning: the words that have it, what it is, sentences with them, and what it is a kind of."""

    key: str
    """Its place in the file, by which others name it."""
    words: tuple[str, ...]
    definition: str
    examples: tuple[str, ...]
    above: tuple[str, ...]
    """Keys of the meanings directly above: a poodle is a dog."""


@dataclass(frozen=True)
class Dictionary:
    """What is read of WordNet."""

    senses: tuple[Sense, ...]
    common: dict[str, tuple[str, ...]]
    """Part of speech -> single words that occur in texts whose meanings were counted."""
    irregular: dict[str, dict[str, tuple[str, ...]]]
    """Part of speech -> word -> its irregular forms: plurals, participles."""


def read_dictionary(folder: Path) -> Dictionary:
    """Read the files of `folder`. Raises InputError if one is missing or is something else."""
    senses = tuple(sense for kind in KINDS for sense in read_senses(folder / f"data.{kind}"))
    common = {kind: tuple(_common(folder / f"index.{kind}")) for kind in KINDS}
    irregular = {kind: _irregular(folder / f"{kind}.exc") for kind in KINDS}
    return Dictionary(senses, common, irregular)


def read_senses(file: Path) -> Iterator[Sense]:
    """Yield the meanings of a data file. Raises InputError if it cannot be read or is something else."""
    for line in _lines(file):
        fields, _, gloss = line.partition(" | ")
        parts = fields.split(" ")
        try:
            end = 4 + 2 * int(parts[3], 16)
            words, pointers = parts[4:end:2], parts[end + 1 :]
        except (IndexError, ValueError) as error:
            raise InputError(file, f"is no data file of WordNet: {line[:40]!r}") from error
        definition = re.split(r';\s*"', gloss, maxsplit=1)[0].strip().rstrip(";")
        yield Sense(
            key=parts[0],
            words=tuple(map(_plain, words)),
            definition=definition,
            examples=tuple(re.findall(r'"([^"]+)"', gloss)),
            above=tuple(
                key for kind, key in zip(pointers[::4], pointers[1::4], strict=False) if kind in ABOVE
            ),
        )


def _common(file: Path) -> Iterator[str]:
    for line in _lines(file):
        parts = line.split()
        try:
            counted = int(parts[int(parts[3]) + 5])
        except (IndexError, ValueError) as error:
            raise InputError(file, f"is no index file of WordNet: {line[:40]!r}") from error
        if counted and parts[0].isalpha() and len(parts[0]) > 2:  # not `as` and the like
            yield parts[0]


def _irregular(file: Path) -> dict[str, tuple[str, ...]]:
    forms: dict[str, tuple[str, ...]] = {}
    for line in _lines(file):
        form, *words = line.split()
        for word in words:
            forms[word] = (*forms.get(word, ()), form)
    return forms


def _lines(file: Path) -> Iterator[str]:
    """Lines of a file but for the licence, which is indented."""
    try:
        with file.open(encoding="utf-8", errors="replace") as stream:
            yield from (line.rstrip("\n") for line in stream if line.strip() and not line.startswith("  "))
    except OSError as error:
        raise InputError(
            file, f"cannot be read ({error.strerror}); WordNet's dictionary files are the Debian package "
            "wordnet-base, see --words"
        ) from error  # fmt: skip


def _plain(word: str) -> str:
    """`same(p)` and `hot_dog` as they are written."""
    return re.sub(r"\(\w+\)$", "", word).replace("_", " ")
