"""Allowed operators of graphs for onnxruntime, in any file format."""

from __future__ import annotations

from collections.abc import Iterable

from edge.models.backends import NetworkFile

DOMAINS = frozenset({"", "ai.onnx", "ai.onnx.ml", "com.microsoft"})
"""Operator domains that every build of onnxruntime has; others need third-party libraries."""

REFUSED = frozenset({"EPContext"})
"""Operators that contain or refer to machine code for a device."""


def check_operators(file: NetworkFile, operators: Iterable[tuple[str, str]], own: frozenset[str]) -> None:
    """Check the (domain, name) of a graph's operators; `own` are domains of functions in the file.

    Raises ModelError with the name of a forbidden operator.
    """
    for count, (domain, name) in enumerate(operators, 1):
        if name in REFUSED:
            raise file.refuse(f"holds the operator {name}, which carries code for a device")
        if domain not in DOMAINS and domain not in own:
            raise file.refuse(f"needs the operator {name} of the unknown domain {domain!r}")
        if count > file.limits.nodes:
            raise file.refuse(f"has more than {file.limits.nodes} nodes")
