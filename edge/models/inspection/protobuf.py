"""Inspect the bytes of an `.onnx` file before onnxruntime loads it.

Only the fields of onnx.proto3 needed here are parsed; everything else is skipped by its length, so a file of
any size takes milliseconds.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import prod

from edge.models.backends import NetworkFile
from edge.models.inspection.operators import check_operators

MODEL_GRAPH, MODEL_METADATA, MODEL_FUNCTION = 7, 14, 25
GRAPH_NODE, GRAPH_WEIGHT, GRAPH_INPUT, GRAPH_OUTPUT, GRAPH_SPARSE = 1, 5, 11, 12, 15
NODE_INPUT, NODE_OPERATOR, NODE_ATTRIBUTE, NODE_DOMAIN = 1, 4, 5, 7
ATTRIBUTE_TENSOR, ATTRIBUTE_GRAPH, ATTRIBUTE_TENSORS, ATTRIBUTE_GRAPHS = 5, 6, 10, 11
ATTRIBUTE_SPARSE, ATTRIBUTE_SPARSES = 22, 23
SPARSE_VALUES, SPARSE_INDICES = 1, 2
TENSOR_SIZES, TENSOR_EXTERNAL = 1, 13
FUNCTION_NODE, FUNCTION_DOMAIN = 7, 10
ENTRY_KEY, ENTRY_VALUE = 1, 2

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5

ELEMENT_BYTES = 4
"""Assumed size of an element of a weight; some kernels unpack smaller ones."""

MAX_DEPTH = 32
"""Maximum depth of nested graphs."""

Fields = Iterator[tuple[int, int | memoryview]]
"""Number and value of each field of a message."""


class _Graphs:
    """Visitor that collects the operators and weights of a model."""

    def __init__(self) -> None:
        self.operators: list[tuple[str, str]] = []
        self.domains: set[str] = set()
        """Domains of functions that the file defines."""
        self.largest = 0
        """Number of elements of the largest weight."""
        self.external: list[str] = []
        """Files that hold weights."""
        self.ends = 0
        """Number of inputs or outputs of the main graph, whichever is larger."""
        self.bare = False
        """Whether any int8 weights have a scale but no zero point."""

    def model(self, content: memoryview) -> None:
        for number, value in _fields(content):
            if number == MODEL_GRAPH:
                self.graph(_bytes(value), 0)
            elif number == MODEL_FUNCTION:
                self.function(_bytes(value))

    def graph(self, content: memoryview, depth: int) -> None:
        if depth > MAX_DEPTH:
            raise ValueError(f"graphs are nested more than {MAX_DEPTH} deep")
        inputs = outputs = 0
        for number, value in _fields(content):
            if number == GRAPH_NODE:
                self.node(_bytes(value), depth)
            elif number == GRAPH_WEIGHT:
                self.tensor(_bytes(value))
            elif number == GRAPH_SPARSE:
                self.sparse(_bytes(value))
            inputs += number == GRAPH_INPUT
            outputs += number == GRAPH_OUTPUT
        self.ends = max(self.ends, inputs, outputs) if depth == 0 else self.ends

    def function(self, content: memoryview) -> None:
        for number, value in _fields(content):
            if number == FUNCTION_NODE:
                self.node(_bytes(value), 1)
            elif number == FUNCTION_DOMAIN:
                self.domains.add(_text(value))

    def node(self, content: memoryview, depth: int) -> None:
        operator = domain = ""
        inputs = 0
        for number, value in _fields(content):
            if number == NODE_OPERATOR:
                operator = _text(value)
            elif number == NODE_DOMAIN:
                domain = _text(value)
            elif number == NODE_ATTRIBUTE:
                self.attribute(_bytes(value), depth)
            inputs += number == NODE_INPUT and bool(_text(value))
        self.operators.append((domain, operator))
        self.bare = self.bare or (operator == "DequantizeLinear" and inputs < 3)

    def attribute(self, content: memoryview, depth: int) -> None:
        for number, value in _fields(content):
            if number in (ATTRIBUTE_GRAPH, ATTRIBUTE_GRAPHS):
                self.graph(_bytes(value), depth + 1)
            elif number in (ATTRIBUTE_TENSOR, ATTRIBUTE_TENSORS):
                self.tensor(_bytes(value))
            elif number in (ATTRIBUTE_SPARSE, ATTRIBUTE_SPARSES):
                self.sparse(_bytes(value))

    def sparse(self, content: memoryview) -> None:
        for number, value in _fields(content):
            if number in (SPARSE_VALUES, SPARSE_INDICES):
                self.tensor(_bytes(value))

    def tensor(self, content: memoryview) -> None:
        sizes: list[int] = []
        for number, value in _fields(content):
            if number == TENSOR_SIZES:
                sizes += [value] if isinstance(value, int) else _packed(value)
            elif number == TENSOR_EXTERNAL:
                entry = dict(_fields(_bytes(value)))
                if _text(entry.get(ENTRY_KEY, memoryview(b""))) == "location":
                    self.external.append(_text(entry.get(ENTRY_VALUE, memoryview(b""))))
        self.largest = max(self.largest, prod(sizes))


@dataclass(frozen=True, slots=True)
class Inspected:
    """Properties of an ONNX file that are needed for loading it."""

    external: list[str]
    """Other files of the folder that hold weights of this one."""
    zero_points: bool
    """Whether all int8 weights have zero points."""


def inspect_onnx(file: NetworkFile) -> Inspected:
    """Check an ONNX file before it is loaded.

    Raises ModelError with the reason if an operator, an external file or a size is not allowed.
    """
    graphs = _Graphs()
    try:
        graphs.model(memoryview(file.content))
    except (ValueError, IndexError) as error:
        raise file.refuse(f"is not an ONNX file: {error}") from error
    if not graphs.operators:
        raise file.refuse("is not an ONNX file: it holds no graph")
    check_operators(file, graphs.operators, frozenset(graphs.domains))
    if graphs.largest * ELEMENT_BYTES > file.limits.tensor_bytes:
        raise file.refuse(f"holds a weight of {graphs.largest} elements, over the limit")
    if graphs.ends > file.limits.graph_inputs:
        raise file.refuse(f"has {graphs.ends} inputs or outputs; the limit is {file.limits.graph_inputs}")
    names = list(dict.fromkeys(graphs.external))
    for name in names:
        if name not in file.folder.manifest.files:
            raise file.refuse(f"keeps weights in {name!r}, which its folder's manifest does not name")
    return Inspected(names, zero_points=not graphs.bare)


def onnx_metadata(content: bytes | memoryview) -> dict[str, str]:
    """Return the metadata of an ONNX file; empty for other files. Nothing else of it is read."""
    found = dict[str, str]()
    try:
        for number, value in _fields(memoryview(content)):
            if number == MODEL_METADATA:
                entry = dict(_fields(_bytes(value)))
                blank = memoryview(b"")
                found[_text(entry.get(ENTRY_KEY, blank))] = _text(entry.get(ENTRY_VALUE, blank))
    except (ValueError, IndexError):
        return {}
    return found


def _fields(content: memoryview) -> Fields:
    """Yield the fields of a message. Raises ValueError or IndexError if it is damaged."""
    at, end = 0, len(content)
    while at < end:
        key, at = _varint(content, at)
        kind = key & 7
        if kind == VARINT:
            value, at = _varint(content, at)
            yield key >> 3, value
            continue
        if kind == BYTES:
            length, at = _varint(content, at)
        elif kind in (FIXED32, FIXED64):
            length = 4 if kind == FIXED32 else 8
        else:
            raise ValueError(f"field of kind {kind}")
        if length > end - at:
            raise ValueError("a field ends after the file")
        yield key >> 3, content[at : at + length]
        at += length


def _varint(content: memoryview, at: int) -> tuple[int, int]:
    """Return a number of 7 bits per byte, and the offset after it."""
    value = shift = 0
    while shift < 70:
        byte = content[at]
        value |= (byte & 127) << shift
        at += 1
        if byte < 128:
            return value, at
        shift += 7
    raise ValueError("a number is too long")


def _packed(content: memoryview) -> list[int]:
    numbers, at = [], 0
    while at < len(content):
        number, at = _varint(content, at)
        numbers.append(number)
    return numbers


def _bytes(value: int | memoryview) -> memoryview:
    if isinstance(value, int):
        raise ValueError("a number where a message belongs")
    return value


def _text(value: int | memoryview) -> str:
    return bytes(_bytes(value)).decode("utf-8")  # UnicodeDecodeError is a ValueError
