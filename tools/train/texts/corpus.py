"""The texts that the teacher is asked about: words, phrases, definitions and sentences from WordNet."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from tools.train.texts.phrases import MODERN, Composer, variants
from tools.train.wordnet import Dictionary

PHRASES = 110_000
"""Phrases that are composed."""

SENTENCES = 25_000
"""Definitions and examples: a teacher takes four times as long for one as for a tag."""

FREQUENT = 10_000
"""Pieces of the vocabulary, in the order of how frequent they are, that are taken for words in phrases."""

LONGEST = 20
"""Words of a text; the rest of a definition is left out."""

HELD_OUT = 50
"""One head word in this many is held out, with all phrases that end in it and all definitions of it."""

SEED = 1


@dataclass(frozen=True)
class Corpus:
    """Texts to learn from and texts to measure on, no text twice."""

    learned: tuple[str, ...]
    """Words and phrases first, so that what is short and counts most is there early."""
    held_out: tuple[str, ...]
    words: int
    """How many of the first texts to learn from are words and phrases of the dictionary."""


def collect(words: Dictionary, pieces: Sequence[str], most: int | None = None) -> Corpus:
    """The corpus of a dictionary and of the word pieces of a vocabulary; with `most`, that many of each kind.

    Pieces that start a word are the alphabet of the network and always learned.
    """
    chance = np.random.default_rng(SEED)
    starts = [piece for piece in pieces if not piece.startswith("##")]
    frequent = [piece for piece in starts[:FREQUENT] if piece.isalpha() and len(piece) > 2]
    composer = Composer(words, frequent, SEED)
    kinds = [
        [(piece, "") for piece in (*MODERN, *starts)],
        _mixed(list(_entries(words)), chance),
        list(variants(words, composer)),
        [composer.phrase() for _ in range(most or PHRASES)],
        _mixed(list(_sentences(words)), chance)[:SENTENCES],
    ]
    heads: dict[str, str] = {}
    sizes = []
    for kind in kinds:
        for text, word in kind[:most]:
            heads.setdefault(text, word)
        sizes.append(sum(not is_held_out(word) for word in heads.values()))
    learned = tuple(text for text, word in heads.items() if not is_held_out(word))
    held_out = tuple(text for text, word in heads.items() if is_held_out(word))
    return Corpus(learned, held_out, words=sizes[2])


def is_held_out(text: str) -> bool:
    """Whether the last word of a text is among those held out."""
    found = re.findall(r"[a-z0-9']+", text.lower())
    return bool(found) and zlib.crc32(found[-1].encode()) % HELD_OUT == 0


def _entries(words: Dictionary) -> Iterator[tuple[str, str]]:
    """All words and phrases of the dictionary."""
    for entry in dict.fromkeys(entry for sense in words.senses for entry in sense.words):
        yield entry, entry


def _sentences(words: Dictionary) -> Iterator[tuple[str, str]]:
    """Definitions and examples, each with the word that it is of."""
    for sense in words.senses:
        for text in (sense.definition, *sense.examples):
            yield " ".join(text.split()[:LONGEST]), sense.words[0]


def _mixed(texts: Sequence[tuple[str, str]], chance: np.random.Generator) -> list[tuple[str, str]]:
    return [texts[index] for index in chance.permutation(len(texts))]
