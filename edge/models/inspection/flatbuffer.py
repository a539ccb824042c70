"""Inspect the bytes of an `.ort` or `.tflite` file before a runtime loads it.

Both are FlatBuffers: tables whose fields are located by a table of offsets. Only the fields needed here are
parsed, by their position in ort.fbs and in LiteRT's schema.fbs.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from edge.models.backends import NetworkFile
from edge.models.inspection.operators import check_operators

ORT_MODEL, ORT_GRAPH, ORT_NODES, ORT_INPUTS, ORT_OUTPUTS = 1, 7, 2, 5, 6
ORT_NODE_DOMAIN, ORT_NODE_OPERATOR, ORT_NODE_ATTRIBUTES = 2, 5, 10
ORT_ATTRIBUTE_GRAPH, ORT_ATTRIBUTE_GRAPHS = 7, 12

TFLITE_CODES, TFLITE_GRAPHS = 1, 2
TFLITE_CODE_SMALL, TFLITE_CODE_CUSTOM, TFLITE_CODE = 0, 1, 3
TFLITE_TENSORS, TFLITE_INPUTS, TFLITE_OUTPUTS, TFLITE_OPERATORS = 0, 1, 2, 3
TFLITE_OPERATOR_CODE, TFLITE_OPERATOR_INPUTS = 0, 1
TFLITE_TENSOR_SHAPE, TFLITE_TENSOR_TYPE = 0, 1
TFLITE_FLOAT32, TFLITE_INT8, TFLITE_UINT8 = 0, 9, 3
TFLITE_CUSTOM = 32

MAX_DEPTH = 32
"""Maximum depth of nested graphs."""


class Table:
    """A table of a FlatBuffer. Reading outside the buffer raises struct.error or ValueError."""

    def __init__(self, content: bytes, at: int) -> None:
        self._content, self._at = content, at
        self._offsets = at - self._number("<i", at)
        self._fields = (self._number("<H", self._offsets) - 4) // 2

    @classmethod
    def root(cls, content: bytes, identifier: bytes) -> Table:
        """Return the root table of a file with this identifier. Raises ValueError for other files."""
        if content[4:8] != identifier:
            raise ValueError(f"it does not begin as one, with {identifier.decode()}")
        return cls(content, struct.unpack_from("<I", content, 0)[0])

    def number(self, field: int, form: str, default: int = 0) -> int:
        """Return a scalar in the format of `struct`."""
        at = self._where(field)
        return self._number(form, at) if at else default

    def text(self, field: int) -> str:
        """Return a string; empty if it is omitted."""
        start, count = self._vector(field)
        return self._content[start : start + count].decode("utf-8")

    def numbers(self, field: int) -> list[int]:
        """Return a vector of 32-bit integers."""
        start, count = self._vector(field)
        return list(struct.unpack_from(f"<{count}i", self._content, start)) if count else []

    def long_numbers(self, field: int) -> list[int]:
        """Return a vector of 64-bit integers."""
        start, count = self._vector(field)
        return list(struct.unpack_from(f"<{count}q", self._content, start)) if count else []

    def octets(self, field: int) -> memoryview:
        """Return a vector of bytes, in place."""
        start, count = self._vector(field)
        return memoryview(self._content)[start : start + count]

    def texts(self, field: int) -> Iterator[str]:
        """Yield the strings of a vector."""
        start, count = self._vector(field)
        for place in range(start, start + 4 * count, 4):
            at = place + self._number("<I", place)
            length = self._number("<I", at)
            yield self._content[at + 4 : at + 4 + length].decode("utf-8")

    def count(self, field: int) -> int:
        """Return the length of a vector."""
        return self._vector(field)[1]

    def table(self, field: int) -> Table | None:
        """Return a table; None if it is omitted."""
        at = self._where(field)
        return Table(self._content, at + self._number("<I", at)) if at else None

    def tables(self, field: int) -> Iterator[Table]:
        """Yield the tables of a vector."""
        start, count = self._vector(field)
        for place in range(start, start + 4 * count, 4):
            yield Table(self._content, place + self._number("<I", place))

    def _where(self, field: int) -> int:
        """Return the offset of a field; 0 if it is omitted."""
        if field >= self._fields:
            return 0
        offset = self._number("<H", self._offsets + 4 + 2 * field)
        return self._at + offset if offset else 0

    def _vector(self, field: int) -> tuple[int, int]:
        """Return the offset of a vector's elements, and their number."""
        at = self._where(field)
        if not at:
            return 0, 0
        start = at + self._number("<I", at)
        count = self._number("<I", start)
        if count > len(self._content):
            raise ValueError("a vector ends after the file")
        return start + 4, count

    def _number(self, form: str, at: int) -> int:
        if at < 0:
            raise ValueError("an offset points before the file")
        return int(struct.unpack_from(form, self._content, at)[0])


def inspect_ort(file: NetworkFile) -> None:
    """Check an `.ort` file. Raises ModelError with the reason if it is not allowed."""
    try:
        session = Table.root(file.content, b"ORTM")
        model = session.table(ORT_MODEL)
        graph = model and model.table(ORT_GRAPH)
        if not graph:
            raise ValueError("it holds no graph")
        check_operators(file, _ort_operators(graph, 0), frozenset())
        ends = max(graph.count(ORT_INPUTS), graph.count(ORT_OUTPUTS))
    except (struct.error, ValueError) as error:
        raise file.refuse(f"is not an .ort file: {error}") from error
    if ends > file.limits.graph_inputs:
        raise file.refuse(f"has {ends} inputs or outputs; the limit is {file.limits.graph_inputs}")


def _ort_operators(graph: Table, depth: int) -> Iterator[tuple[str, str]]:
    """Yield (domain, name) of the operators of a graph and its subgraphs."""
    if depth > MAX_DEPTH:
        raise ValueError(f"graphs are nested more than {MAX_DEPTH} deep")
    for node in graph.tables(ORT_NODES):
        yield node.text(ORT_NODE_DOMAIN), node.text(ORT_NODE_OPERATOR)
        for inner in inner_graphs(node):
            yield from _ort_operators(inner, depth + 1)


def inner_graphs(node: Table) -> Iterator[Table]:
    """Yield the graphs that are attributes of a node of an `.ort` file."""
    for attribute in node.tables(ORT_NODE_ATTRIBUTES):
        if inner := attribute.table(ORT_ATTRIBUTE_GRAPH):
            yield inner
        yield from attribute.tables(ORT_ATTRIBUTE_GRAPHS)


def inspect_tflite(file: NetworkFile) -> bool:
    """Check a `.tflite` file; return whether it has int8 weights with float activations.

    This is dynamic-range quantization. Raises ModelError with the reason if the file is not allowed.
    """
    try:
        model = Table.root(file.content, b"TFL3")
        for code in model.tables(TFLITE_CODES):
            if max(code.number(TFLITE_CODE_SMALL, "<b"), code.number(TFLITE_CODE, "<i")) == TFLITE_CUSTOM:
                raise file.refuse(f"needs the custom operator {code.text(TFLITE_CODE_CUSTOM)!r}")
        hybrid = [_is_hybrid(file, graph) for graph in model.tables(TFLITE_GRAPHS)]  # each checked
        return any(hybrid)
    except (struct.error, ValueError, IndexError) as error:
        raise file.refuse(f"is not a .tflite file: {error}") from error


def _is_hybrid(file: NetworkFile, graph: Table) -> bool:
    """Return whether any operator of a graph has a float input and an int8 weight."""
    ends = max(graph.count(TFLITE_INPUTS), graph.count(TFLITE_OUTPUTS))
    if ends > file.limits.graph_inputs or graph.count(TFLITE_OPERATORS) > file.limits.nodes:
        raise file.refuse("has more inputs, outputs or nodes than the limit")
    types = [tensor.number(TFLITE_TENSOR_TYPE, "<b") for tensor in graph.tables(TFLITE_TENSORS)]
    for operator in graph.tables(TFLITE_OPERATORS):
        inputs = [types[index] for index in operator.numbers(TFLITE_OPERATOR_INPUTS) if index >= 0]
        if len(inputs) > 1 and inputs[0] == TFLITE_FLOAT32 and inputs[1] in (TFLITE_INT8, TFLITE_UINT8):
            return True
    return False
