"""How alike texts are: edit distances and character statistics of whole lists at once.

For one pair of strings rapidfuzz is faster; here a list is encoded once and every pair costs a few
nanoseconds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from edge_kernels.arrays import Floats, Indices, Ints, positive
from edge_kernels.library import call

_CODES = 0x110000
"""Code points that Unicode has room for."""

_SCRATCH_BYTES = 1 << 30
"""The most that a comparison may take: half the longest text's length times the alphabet is what it takes."""


@dataclass(frozen=True)
class Texts:
    """A list of texts as one array of numbers."""

    ids: Ints
    """int32[characters]: distinct code points numbered as they first occur; text after text."""
    offsets: Indices
    """int64[texts + 1]: where each text begins, and the end."""
    alphabet: int
    """Distinct code points."""

    def __post_init__(self) -> None:
        if self.offsets.size == 0 or self.offsets[-1] > len(self.ids):
            raise ValueError(f"offsets must end within the {len(self.ids)} ids")

    def __len__(self) -> int:
        return len(self.offsets) - 1


@dataclass(frozen=True)
class Likeness:
    """Three measures of the characters that texts share, each 0 to 1; -1 where there is no other text."""

    overlap: Floats
    """Size of the intersection of the multisets over the longer length."""
    presence: Floats
    """Cosine between the vectors of which characters occur."""
    frequency: Floats
    """Cosine between the vectors of how often each occurs."""


def encode(texts: Sequence[str]) -> Texts:
    """Number the code points of `texts`, lone surrogates too."""
    codes = np.frombuffer("".join(texts).encode("utf-32-le", "surrogatepass"), np.uint32)
    offsets = np.zeros(len(texts) + 1, np.int64)
    np.cumsum(np.fromiter(map(len, texts), np.int64, len(texts)), out=offsets[1:])
    ids, alphabet = np.empty(len(codes), np.int32), np.zeros(1, np.int64)
    call("encode_codepoints", codes, len(codes), np.zeros(_CODES, np.int32), ids, alphabet)
    return Texts(ids, offsets, int(alphabet[0]))


def levenshtein_window(texts: Sequence[str] | Texts, window: int) -> Ints:
    """Edit distances of each text to the `window` after it: int32[texts, window], -1 past the end.

    Insertions, deletions and substitutions of code points cost 1 each. Raises ValueError for a text so long
    that it would take a gigabyte (100,000 characters if there are 20,000 different ones).
    """
    texts = texts if isinstance(texts, Texts) else encode(texts)
    out = np.empty((len(texts), positive(window, "window")), np.int32)
    call(
        "levenshtein_window", texts.ids, texts.offsets, len(texts), texts.alphabet, 0, len(texts), window,
        out, _levenshtein_scratch(texts),
    )  # fmt: skip
    return out


def levenshtein_all(texts: Sequence[str], others: Sequence[str] | None = None) -> Ints:
    """Edit distances of every text to every other, or to each of `others`: int32[texts, others].

    As `levenshtein_window`, with `texts` as those that may not be too long.
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


def similarity_window(texts: Sequence[str] | Texts, window: int) -> Likeness:
    """Likeness of each text to the `window` after it: arrays float32[texts, window]."""
    texts = texts if isinstance(texts, Texts) else encode(texts)
    return _similarity("similarity_window", texts, positive(window, "window"), window)


def similarity_all(texts: Sequence[str] | Texts) -> Likeness:
    """Likeness of every text to every text: arrays float32[texts, texts]."""
    texts = texts if isinstance(texts, Texts) else encode(texts)
    return _similarity("similarity_all", texts, len(texts))


def _levenshtein_scratch(texts: Texts) -> np.ndarray[tuple[int], np.dtype[np.uint64]]:
    size = call("levenshtein_scratch_size", texts.offsets, len(texts), texts.alphabet)
    if size > _SCRATCH_BYTES:
        longest, alphabet = int(np.diff(texts.offsets).max()), texts.alphabet
        raise ValueError(f"a text of {longest} characters is too long to compare ({alphabet} different ones)")
    return np.empty(size // 8, np.uint64)


def _similarity(name: str, texts: Texts, columns: int, *window: int) -> Likeness:
    distinct, counts = np.empty_like(texts.ids), np.empty_like(texts.ids)
    size, scratch = np.empty(len(texts), np.int32), np.empty(texts.alphabet, np.int32)
    call(
        "text_counts", texts.ids, texts.offsets, len(texts), texts.alphabet, distinct, counts, size, scratch
    )  # fmt: skip
    found = Likeness(*(np.empty((len(texts), columns), np.float32) for _ in range(3)))
    call(
        name, texts.offsets, distinct, counts, size, len(texts), texts.alphabet, 0, len(texts), *window,
        found.overlap, found.presence, found.frequency, scratch,
    )  # fmt: skip
    return found
