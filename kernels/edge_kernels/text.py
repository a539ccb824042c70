"""Similarity of texts: edit distances and character statistics of whole lists at once.

For a single pair of strings rapidfuzz is faster; here a list is encoded once and each pair takes a few
nanoseconds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from edge_kernels.arrays import Floats, Indices, Ints, positive
from edge_kernels.library import call

_CODES = 0x110000
"""Number of Unicode code points."""

_SCRATCH_BYTES = 1 << 30
"""Maximum memory of a comparison, which takes half the longest text's length times the alphabet."""


@dataclass(frozen=True)
class Texts:
    """A list of texts, encoded as one array."""

    ids: Ints
    """int32[characters]: distinct code points numbered by first occurrence; texts concatenated."""
    offsets: Indices
    """int64[texts + 1]: start of each text, and the end."""
    alphabet: int
    """Number of distinct code points."""

    def __post_init__(self) -> None:
        if self.offsets.size == 0 or self.offsets[-1] > len(self.ids):
            raise ValueError(f"offsets must end within the {len(self.ids)} ids")

    def __len__(self) -> int:
        return len(self.offsets) - 1


@dataclass(frozen=True)
class Similarity:
    """Three similarities of texts, 0 to 1, by the characters in common; -1 where there is no other text."""

    overlap: Floats
    """Size of the intersection of the multisets over the longer length."""
    presence: Floats
    """Cosine of the vectors of which characters occur."""
    frequency: Floats
    """Cosine of the vectors of character counts."""


def encode(texts: Sequence[str]) -> Texts:
    """Encode the code points of `texts`, including lone surrogates."""
    codes = np.frombuffer("".join(texts).encode("utf-32-le", "surrogatepass"), np.uint32)
    offsets = np.zeros(len(texts) + 1, np.int64)
    np.cumsum(np.fromiter(map(len, texts), np.int64, len(texts)), out=offsets[1:])
    ids, alphabet = np.empty(len(codes), np.int32), np.zeros(1, np.int64)
    call("encode_codepoints", codes, len(codes), np.zeros(_CODES, np.int32), ids, alphabet)
    return Texts(ids, offsets, int(alphabet[0]))


def levenshtein_window(texts: Sequence[str] | Texts, window: int) -> Ints:
    """Return edit distances of each text to the `window` texts after it: int32[texts, window], -1 past the
    end.

    Insertions, deletions and substitutions of code points cost 1 each. Raises ValueError for texts so long
    that this would need more than a gigabyte (100,000 characters with 20,000 distinct ones).
    """
    texts = texts if isinstance(texts, Texts) else encode(texts)
    out = np.empty((len(texts), positive(window, "window")), np.int32)
    call(
        "levenshtein_window", texts.ids, texts.offsets, len(texts), texts.alphabet, 0, len(texts), window,
        out, _levenshtein_scratch(texts),
    )  # fmt: skip
    return out


def levenshtein_all(texts: Sequence[str], others: Sequence[str] | None = None) -> Ints:
    """Return edit distances of every text to every other, or to each of `others`: int32[texts, others].

    Like `levenshtein_window`; only `texts` are limited in length.

    >>> levenshtein_all(["kitten"], ["sitting"]).tolist()
    [[3]]
    """
    count = len(texts)
    both = encode(texts if others is None else [*texts, *others])
    mine = Texts(both.ids, both.offsets[: count + 1], both.alphabet)
    theirs = both.offsets if others is None else both.offsets[count:]
    out = np.empty((count, len(theirs) - 1), np.int32)
    call(
        "levenshtein_all", mine.ids, mine.offsets, count, both.alphabet, 0, count, both.ids, theirs,
        len(theirs) - 1, out, _levenshtein_scratch(mine),
    )  # fmt: skip
    return out


def similarity_window(texts: Sequence[str] | Texts, window: int) -> Similarity:
    """Return similarities of each text to the `window` texts after it: arrays float32[texts, window]."""
    texts = texts if isinstance(texts, Texts) else encode(texts)
    return _similarity("similarity_window", texts, positive(window, "window"), window)


def similarity_all(texts: Sequence[str] | Texts) -> Similarity:
    """Return similarities of every text to every text: arrays float32[texts, texts]."""
    texts = texts if isinstance(texts, Texts) else encode(texts)
    return _similarity("similarity_all", texts, len(texts))


def _levenshtein_scratch(texts: Texts) -> np.ndarray[tuple[int], np.dtype[np.uint64]]:
    size = call("levenshtein_scratch_size", texts.offsets, len(texts), texts.alphabet)
    if size > _SCRATCH_BYTES:
        longest, alphabet = int(np.diff(texts.offsets).max()), texts.alphabet
        raise ValueError(f"a text of {longest} characters is too long to compare ({alphabet} distinct ones)")
    return np.empty(size // 8, np.uint64)


def _similarity(name: str, texts: Texts, columns: int, *window: int) -> Similarity:
    distinct, counts = np.empty_like(texts.ids), np.empty_like(texts.ids)
    size, scratch = np.empty(len(texts), np.int32), np.empty(texts.alphabet, np.int32)
    call(
        "text_counts", texts.ids, texts.offsets, len(texts), texts.alphabet, distinct, counts, size, scratch
    )  # fmt: skip
    out = Similarity(*(np.empty((len(texts), columns), np.float32) for _ in range(3)))
    call(
        name, texts.offsets, distinct, counts, size, len(texts), texts.alphabet, 0, len(texts), *window,
        out.overlap, out.presence, out.frequency, scratch,
    )  # fmt: skip
    return out
