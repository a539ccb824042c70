"""Read a TensorFlow checkpoint ("tensor bundle") without TensorFlow.

A bundle is a file with the bytes of all tensors and an index: a sorted table (LevelDB's format, after
table_format.md of LevelDB) from the name of a tensor to a protocol buffer with its type, shape and place.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

import numpy as np

from edge.arrays import Floats

MAGIC = 0xDB4775248B80FB57
"""The last eight bytes of a table."""

FLOAT32 = 1
"""Type of tensors that are read; others are passed over."""


def read_checkpoint(index: bytes, data: bytes) -> dict[str, Floats]:
    """Return the float32 tensors of a bundle with one data file, by name. Raises ValueError if it is none."""
    try:
        return dict(_tensors(index, data))
    except (IndexError, struct.error) as error:
        raise ValueError(f"the index of the checkpoint is damaged: {error}") from error


def _tensors(index: bytes, data: bytes) -> Iterator[tuple[str, Floats]]:
    if len(index) < 48 or struct.unpack("<Q", index[-8:])[0] != MAGIC:
        raise ValueError("the index of the checkpoint is no table")
    footer = index[-48:]
    _, at = _handle(footer, 0)
    blocks, _ = _handle(footer, at)
    for _, handle in _entries(_block(index, *blocks)):
        for name, value in _entries(_block(index, *_handle(handle, 0)[0])):
            if name:
                yield from _tensor(name.decode(), value, data)


def _tensor(name: str, value: bytes, data: bytes) -> Iterator[tuple[str, Floats]]:
    """Yield a tensor, if it is of float32; fields of BundleEntryProto: type, shape, offset, size."""
    fields = dict(_fields(value))
    if fields.get(1) != FLOAT32:
        return
    given = fields.get(2, b"")
    dims = [dict(_fields(_bytes(dim))).get(1, 0) for key, dim in _fields(_bytes(given)) if key == 2]
    offset, size = _int(fields.get(4, 0)), _int(fields.get(5, 0))
    shape = tuple(_int(dim) for dim in dims)
    content = data[offset : offset + size]
    if len(content) != 4 * int(np.prod(shape)):
        raise ValueError(f"the checkpoint has {len(content)} bytes of {name}, which has the shape {shape}")
    yield name, np.frombuffer(content, "<f4").reshape(shape)


def _block(content: bytes, offset: int, size: int) -> bytes:
    """Return a block without its list of restarts. Raises ValueError if it is compressed."""
    if content[offset + size]:
        raise ValueError("the index of the checkpoint is compressed")
    block = content[offset : offset + size]
    (restarts,) = struct.unpack("<I", block[-4:])
    return block[: len(block) - 4 * (restarts + 1)]


def _entries(block: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield keys and values; a key repeats the start of the one before it."""
    at, key = 0, b""
    while at < len(block):
        shared, at = _varint(block, at)
        own, at = _varint(block, at)
        size, at = _varint(block, at)
        key = key[:shared] + block[at : at + own]
        yield key, block[at + own : at + own + size]
        at += own + size


def _handle(content: bytes, at: int) -> tuple[tuple[int, int], int]:
    """Read offset and size of a block."""
    offset, at = _varint(content, at)
    size, at = _varint(content, at)
    return (offset, size), at


def _fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Yield the fields of a protocol buffer: numbers, or bytes."""
    at = 0
    while at < len(message):
        tag, at = _varint(message, at)
        kind = tag & 7
        if kind == 0:
            number, at = _varint(message, at)
            yield tag >> 3, number
        elif kind == 2:
            size, at = _varint(message, at)
            yield tag >> 3, message[at : at + size]
            at += size
        elif kind in (1, 5):
            at += 8 if kind == 1 else 4
        else:
            raise ValueError("the index of the checkpoint has a field of an unknown kind")


def _varint(content: bytes, at: int) -> tuple[int, int]:
    number = shift = 0
    while True:
        byte = content[at]
        number |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return number, at


def _int(value: int | bytes) -> int:
    if isinstance(value, bytes):
        raise ValueError("the index of the checkpoint has bytes in the place of a number")
    return value


def _bytes(value: int | bytes) -> bytes:
    if isinstance(value, int):
        raise ValueError("the index of the checkpoint has a number in the place of bytes")
    return value
