"""Which operators a graph for onnxruntime may hold, whatever file it comes in."""

from __future__ import annotations

from collections.abc import Iterable

from edge.models.backends import NetworkFile

DOMAINS = frozenset({"", "ai.onnx", "ai.onnx.ml", "com.microsoft"})
"""Operator domains whose code is in every build of onnxruntime; others come from libraries of strangers."""

REFUSED = frozenset({"EPContext"})
"""Operators that carry machine code for a device, or name a file with it."""


def check_operators(file: NetworkFile, operators: Iterable[tuple[str, str]], own: frozenset[str]) -> None:
    """Refuse a graph by the (domain, name) of its operators; `own` are domains of functions in the file.

    Raises ModelError naming the operator.
    """
    for count, (domain, name) in enumerate(operators, 1):
        if name in REFUSED:
            raise file.refuse(f"holds the operator {name}, which carries code for a device")
        if domain not in DOMAINS and domain not in own:
            raise file.refuse(f"needs the operator {name} of the unknown domain {domain!r}")
        if count > file.limits.nodes:
            raise file.refuse(f"has more than {file.limits.nodes} nodes")
