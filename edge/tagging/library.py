"""Libraries of tags: names with their vectors, which are searched, changed, stored and opened.

A library is never changed in place: `add`, `remove` and `rename` return another one, in which all rows that
they are not about are the same. The vectors are int8 (`edge_kernels.vectors`), a quarter of their size.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Protocol, Self

import numpy as np
from edge_kernels import vectors
from edge_kernels.vectors import Codes

from edge.arrays import Floats
from edge.cache import Cache, key
from edge.errors import InputError, UsageError
from edge.files import whole_file
from edge.tagging import stored
from edge.tagging.names import distinct, folded, read_names, tidy
from edge.vocabulary import Progress

STARTER = Path(__file__).with_name("starter.txt")
"""The library that comes with the package: general tags in English."""

SUFFIX = ".safetensors"
"""Suffix of stored libraries; files with another are text."""

POOL = 50
"""Tags more than are asked for, among which diverse ones are chosen."""

_BATCH = 64
"""Tags that are encoded between two calls of a progress callback."""


class TagEncoder(Protocol):
    """What makes a vector of a tag."""

    @property
    def space(self) -> str:
        """Id of the vector space: encoder, its version and digest. Vectors of two spaces are never mixed."""

    @property
    def size(self) -> int:
        """Values of a vector."""

    def encode(self, texts: Sequence[str]) -> Floats:
        """Return vectors of norm 1, float32[n, size]; each depends on its own text only."""


@dataclass(frozen=True, slots=True)
class Near:
    """A tag that is near to a query."""

    tag: str
    """Name of the tag."""
    similarity: float
    """Dot product of both vectors: the cosine similarity if both have norm 1."""


@dataclass(frozen=True, eq=False)
class TagLibrary:
    """Tags and their vectors."""

    names: tuple[str, ...]
    """Names of the tags, no two the same but for case, as the user writes them."""
    codes: Codes
    """int8[n, size], a row for each name."""
    scales: Floats
    """float32[n]; a vector is its codes times its scale."""
    space: str
    """Id of the vector space."""

    def __len__(self) -> int:
        return len(self.names)

    @property
    def size(self) -> int:
        """Values of a vector."""
        return int(self.codes.shape[1])

    @cached_property
    def rows(self) -> Mapping[str, int]:
        """Row of each name, by the name without case (`edge.tagging.names.folded`)."""
        return {folded(name): row for row, name in enumerate(self.names)}

    @classmethod
    def of(cls, names: Iterable[str], encoder: TagEncoder, *, progress: Progress | None = None) -> Self:
        """Encode names; of those that are one tag the first is kept. Raises UsageError if one is blank."""
        kept = distinct(names)
        return cls(kept, *_encode(kept, encoder, progress), encoder.space)

    @classmethod
    def load(cls, path: Path, space: str) -> Self:
        """Read a stored library of the vector space `space`.

        Raises InputError if it cannot be read, is damaged or of another space, MissingRuntimeError without
        `safetensors`.
        """
        try:
            rows = stored.from_bytes(path.read_bytes(), path)
        except OSError as error:
            raise InputError(path, f"cannot be read ({error.strerror})") from error
        except ValueError as error:
            raise InputError(path, " ".join(str(error).split())) from error
        if rows.space != space:
            raise InputError(path, f"has vectors of the space {rows.space}, but {space} is in use")
        return cls(*rows)

    def save(self, path: Path, *, force: bool = False) -> None:
        """Store the library. Raises OutputError, MissingRuntimeError without `safetensors`."""
        content = self._to_bytes(path)
        with whole_file(path, force=force) as draft:
            draft.write_bytes(content)

    def vectors(self, names: Iterable[str]) -> Floats:
        """Return the vectors of tags, float32[n, size]. Raises UsageError if it does not have one of them."""
        rows = [self._row(name) for name in names]
        return np.asarray(self.codes[rows] * self.scales[rows, None], np.float32)

    def nearest(self, query: Floats, k: int, *, diversity: float = 0.0) -> tuple[Near, ...]:
        """Return the `k` tags with the largest dot product with `query` float32[size], best first.

        With `diversity`, a tag counts that much less the nearer it is to one that was chosen before it:
        maximal marginal relevance (Carbonell and Goldstein 1998), among the best `POOL` and `k`. Tags are
        fewer if the library is smaller. Raises UsageError if `query` has another shape or is not finite, or
        `k` is less than 1.
        """
        if query.shape != (self.size,) or not np.isfinite(query).all():
            raise UsageError(f"a query has {self.size} finite numbers, not the shape {list(query.shape)}")
        if k < 1:
            raise UsageError(f"at least one tag can be asked for, not {k}")
        rows, similarities = vectors.nearest(query, self.codes, self.scales, k + POOL if diversity else k)
        if diversity:
            chosen = sorted(_diverse(self.codes[rows] * self.scales[rows, None], similarities, k, diversity))
            rows, similarities = rows[chosen], similarities[chosen]
        pairs = zip(rows.tolist(), similarities.tolist(), strict=True)
        return tuple(Near(self.names[row], similarity) for row, similarity in pairs)

    def add(self, names: Iterable[str], encoder: TagEncoder, *, progress: Progress | None = None) -> Self:
        """Return the library with more tags at its end; those that it has already are passed over.

        Raises UsageError for blank names or an encoder of another space.
        """
        self.require(encoder)
        new = [name for name in distinct(names) if folded(name) not in self.rows]
        if not new:
            return self
        codes, scales = _encode(new, encoder, progress)
        return replace(
            self,
            names=(*self.names, *new),
            codes=np.concatenate([self.codes, codes]),
            scales=np.concatenate([self.scales, scales]),
        )

    def remove(self, names: Iterable[str]) -> Self:
        """Return the library without these tags. Raises UsageError if it does not have one of them."""
        gone = {self._row(name) for name in names}
        kept = [row for row in range(len(self)) if row not in gone]
        return replace(
            self,
            names=tuple(self.names[row] for row in kept),
            codes=self.codes[kept],
            scales=self.scales[kept],
        )

    def rename(self, old: str, new: str, encoder: TagEncoder) -> Self:
        """Return the library with another name, and its vector, in the row of `old`.

        Raises UsageError if it does not have `old`, has another tag `new`, or `encoder` has another space.
        """
        self.require(encoder)
        row, new = self._row(old), tidy(new)
        if self.rows.get(folded(new), row) != row:
            raise UsageError(f"{new}: is another tag of the library already")
        if new == self.names[row]:
            return self
        codes, scales = self.codes.copy(), self.scales.copy()
        codes[row : row + 1], scales[row : row + 1] = _encode([new], encoder)
        return replace(
            self, names=(*self.names[:row], new, *self.names[row + 1 :]), codes=codes, scales=scales
        )

    def require(self, encoder: TagEncoder) -> None:
        """Raise UsageError unless the library has vectors of the encoder's space."""
        if encoder.space != self.space:
            raise UsageError(
                f"the library has vectors of the space {self.space}, the encoder makes {encoder.space}"
            )

    def _row(self, name: str) -> int:
        row = self.rows.get(folded(tidy(name)))
        if row is None:
            raise UsageError(f"{tidy(name)}: is not a tag of the library")
        return row

    def _to_bytes(self, path: Path) -> bytes:
        return stored.to_bytes(self.names, self.codes, self.scales, self.space, path)


def open_library(
    path: Path | None, encoder: TagEncoder, *, cache: Cache | None = None, progress: Progress | None = None
) -> TagLibrary:
    """Open a library: a text file with a tag a line, a stored one (`.safetensors`), or for None the starter.

    The vectors of a text file are kept in `cache`, if given, and only lines that are new are encoded; a cache
    that is damaged or cannot be written costs nothing but time. Raises InputError if the file cannot be read,
    is not UTF-8, holds no tags or vectors of another space, MissingRuntimeError without `safetensors`.
    """
    path = path or STARTER
    if path.suffix.lower() == SUFFIX:
        return TagLibrary.load(path, encoder.space)
    names = read_names(path)
    if cache is None:
        return TagLibrary.of(names, encoder, progress=progress)
    entry = key("tags", encoder.space, encoder.size, str(path.resolve()))
    known = _cached(cache.get(entry), path, encoder)
    if known is not None and known.names == names:
        return known
    library = _completed(names, known, encoder, progress)
    cache.put(entry, library._to_bytes(path))
    return library


def _diverse(places: Floats, similarities: Floats, k: int, diversity: float) -> list[int]:
    """Return indices of `k` of the rows float32[n, size], best first, each weighed against those before."""
    chosen: list[int] = []
    nearest = np.zeros(len(places), np.float32)
    worth = similarities.astype(np.float32).copy()
    for _ in range(min(k, len(places))):
        best = int(np.argmax(worth - diversity * nearest))
        chosen.append(best)
        nearest = np.maximum(nearest, places @ places[best])
        worth[best] = -np.inf
    return chosen


def _encode(
    names: Sequence[str], encoder: TagEncoder, progress: Progress | None = None
) -> tuple[Codes, Floats]:
    """Encode names a batch at a time: codes int8[n, size] and scales float32[n]."""
    codes, scales = np.empty((len(names), encoder.size), np.int8), np.empty(len(names), np.float32)
    for start in range(0, len(names), _BATCH):
        end = min(start + _BATCH, len(names))
        codes[start:end], scales[start:end] = vectors.quantize(encoder.encode(names[start:end]))
        if progress:
            progress(end / len(names))
    return codes, scales


def _cached(content: bytes | None, path: Path, encoder: TagEncoder) -> TagLibrary | None:
    """Return the library of a cache entry; None if there is none, or it is not what it should be."""
    if content is None:
        return None
    try:
        known = TagLibrary(*stored.from_bytes(content, path))
    except ValueError:
        return None
    return known if (known.space, known.size) == (encoder.space, encoder.size) else None


def _completed(
    names: tuple[str, ...], known: TagLibrary | None, encoder: TagEncoder, progress: Progress | None
) -> TagLibrary:
    """Return the library of `names`; only those that `known` does not spell like that are encoded."""
    if known is None:
        return TagLibrary.of(names, encoder, progress=progress)
    rows = {name: row for row, name in enumerate(known.names)}
    codes, scales = _encode([name for name in names if name not in rows], encoder, progress)
    codes, scales = np.concatenate([known.codes, codes]), np.concatenate([known.scales, scales])
    order = [rows.setdefault(name, len(rows)) for name in names]
    return TagLibrary(names, codes[order], scales[order], encoder.space)
