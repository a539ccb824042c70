"""Which tags belong to what a video shows or sounds like: names, what is above them, and associations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from tools.train.tagging.hypernyms import Nouns

HERE = Path(__file__).parent

ANIMALS = 398
"""ImageNet's classes before this one are animals."""

HIGHER, LATER = 0.93, 0.9
"""A tag counts this much less for every level between the class and the concept that it belongs to, and for
every tag that is listed before it."""

NAMES = 2
"""Of the synonyms of a class, how many are tags."""

Weights = dict[str, float]
"""Tag -> how well it fits, 0 to 1."""


def read_table(file: Path) -> dict[str, tuple[str, ...]]:
    """Read lines of `name, name: tag, tag`: the tags of each name."""
    table: dict[str, tuple[str, ...]] = {}
    for line in file.read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            names, _, tags = line.partition(":")
            for name in _listed(names):
                table[name] = (*table.get(name, ()), *_listed(tags))
    return table


def class_tags(labels: Sequence[str], words: Path) -> list[Weights]:
    """Return the tags of each class of ImageNet, by its label: synonyms with commas between them.

    `words` is the folder of WordNet. Raises InputError without it.
    """
    nouns, table = Nouns(words), read_table(HERE / "associations.txt")
    return [_of_class(label, nouns, table, number < ANIMALS) for number, label in enumerate(labels)]


def sound_tags() -> dict[str, Weights]:
    """Return the tags of each class and subclass of recordings."""
    table = read_table(HERE / "sounds.txt")
    return {name: {tag: LATER**rank for rank, tag in enumerate(tags)} for name, tags in table.items()}


def _of_class(
    label: str, nouns: Nouns, table: Mapping[str, Sequence[str]], animal: bool
) -> Weights:  # fmt: skip
    names = _listed(label)
    weights: Weights = {}
    for name, distance in _concepts(names, nouns, animal):
        if distance == 0 and name in names[:NAMES]:
            weights[name] = max(weights.get(name, 0), 1.0)
        for rank, tag in enumerate(table.get(name, ())):
            weight = HIGHER**distance * LATER**rank
            weights[tag] = max(weights.get(tag, 0), weight)
    return weights


def _concepts(names: Sequence[str], nouns: Nouns, animal: bool) -> Iterator[tuple[str, int]]:
    """Yield the names, their single words, and all words above them, with their distances."""
    for name in names:
        yield name, 0
        yield from ((word, 1) for word in name.split() if " " in name)
    key = nouns.meaning(names, animal=animal)
    if key is not None:
        yield from ((word, distance) for noun, distance in nouns.above(key) for word in noun.words)


def _listed(text: str) -> list[str]:
    return [part.strip().lower() for part in text.split(",") if part.strip()]
