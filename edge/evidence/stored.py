"""Serialize evidence, and keep it in a cache: what was computed once is not computed again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import msgspec
import numpy as np
from numpy.typing import NDArray

from edge.cache import Cache
from edge.decoding import prepared
from edge.errors import UsageError

EvidenceT = TypeVar("EvidenceT")

DTYPES = {name: np.dtype(name) for name in ("float16", "float32", "float64", "int64", "uint8")}
"""Types of the numbers of arrays."""


def to_bytes(evidence: object) -> bytes:
    """Serialize a dataclass of numbers, texts, arrays and other dataclasses; `from_bytes` reads it."""
    return msgspec.msgpack.encode(evidence, enc_hook=_from_array)


def from_bytes(content: bytes, kind: type[EvidenceT]) -> EvidenceT:
    """Deserialize the output of `to_bytes`. Raises UsageError for other bytes."""
    try:
        return msgspec.msgpack.decode(content, type=prepared(kind), dec_hook=_to_array)
    except (msgspec.MsgspecError, ValueError, TypeError, RecursionError) as error:
        raise UsageError(f"the bytes are no {kind.__name__}: {error}") from error


def remembered(
    cache: Cache | None, entry: str, kind: type[EvidenceT], compute: Callable[[], EvidenceT]
) -> EvidenceT:
    """Return the evidence that the cache holds under a key, or compute it and put it there."""
    known = recall(cache, entry, kind)
    if known is None:
        known = compute()
        remember(cache, entry, known)
    return known


def recall(cache: Cache | None, entry: str, kind: type[EvidenceT]) -> EvidenceT | None:
    """Return the evidence that the cache holds under a key; None if there is none."""
    content = None if cache is None else cache.get(entry)
    if content is None:
        return None
    try:
        return from_bytes(content, kind)
    except UsageError:  # of another version
        return None


def remember(cache: Cache | None, entry: str, evidence: object) -> None:
    """Put evidence into the cache, if there is one."""
    if cache is not None:
        cache.put(entry, to_bytes(evidence))


def _from_array(value: Any) -> tuple[str, tuple[int, ...], bytes]:
    if not isinstance(value, np.ndarray):
        raise TypeError(f"cannot serialize {type(value).__name__}")
    return value.dtype.name, value.shape, value.tobytes()


def _to_array(_kind: type, stored: Any) -> NDArray[Any]:
    dtype, shape, content = stored
    if dtype not in DTYPES:
        raise ValueError(f"an array of {dtype!r}")
    return np.frombuffer(content, DTYPES[dtype]).reshape(shape)
