"""Tag libraries as bytes: a safetensors file of the codes, their scales and the names.

The tensors are `codes` int8[n, size], `scales` float32[n] and `names` uint8: the names in UTF-8, a line feed
between them. The metadata has the id of the vector space as `space`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from edge_kernels.vectors import Codes

from edge.arrays import Floats
from edge.errors import MissingRuntimeError
from edge.tagging.names import distinct

_HEADER = 8
"""Bytes before the header of a safetensors file, which hold its length."""


class Rows(NamedTuple):
    """What is stored."""

    names: tuple[str, ...]
    """Names of the tags, one for each row."""
    codes: Codes
    """int8[n, size]."""
    scales: Floats
    """float32[n]."""
    space: str
    """Id of the vector space."""


def to_bytes(names: Sequence[str], codes: Codes, scales: Floats, space: str, path: Path) -> bytes:
    """Return the bytes of a file; `path` is for the message. Raises MissingRuntimeError."""
    joined = np.frombuffer("\n".join(names).encode(), np.uint8)
    tensors = {"codes": np.ascontiguousarray(codes), "scales": scales, "names": joined}
    content: bytes = _safetensors(path).save(tensors, {"space": space})
    return content


def from_bytes(content: bytes, path: Path) -> Rows:
    """Read the bytes of a file. Raises ValueError if it is damaged or something else, MissingRuntimeError."""
    tensors = _safetensors(path)
    try:
        loaded = tensors.load(content)
        space = json.loads(content[_HEADER : _HEADER + int.from_bytes(content[:_HEADER], "little")])
        names, codes, scales = (loaded.pop(name) for name in ("names", "codes", "scales"))
        rows = Rows(_split(names.tobytes()), codes, scales, space["__metadata__"]["space"])
    except Exception as error:  # the package raises its own, and any type for some damage
        raise ValueError(f"is not a file of tags: {error}") from error
    _check(rows)
    return rows


def _split(names: bytes) -> tuple[str, ...]:
    return tuple(names.decode().split("\n")) if names else ()


def _check(rows: Rows) -> None:
    """Raise ValueError unless the rows belong together."""
    names, codes, scales, _ = rows
    if codes.dtype != np.int8 or scales.dtype != np.float32 or codes.ndim != 2:
        raise ValueError("is not a file of tags: its tensors have other types")
    if not scales.shape == (len(codes),) == (len(names),):
        raise ValueError("is not a file of tags: its tensors have other shapes")
    if not np.isfinite(scales).all() or distinct(names) != names:
        raise ValueError("is not a file of tags: it has impossible values or names")


def _safetensors(path: Path) -> Any:
    try:
        import safetensors.numpy as tensors  # noqa: PLC0415 - an extra, only needed for tags
    except ImportError as error:
        raise MissingRuntimeError(path, "safetensors", "tags") from error
    return tensors
