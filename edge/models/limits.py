"""Limits on the size of models, checked before any allocation."""

from __future__ import annotations

from dataclasses import dataclass

MIB = 2**20
"""Bytes."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Maximum sizes of the parts of a model; pass larger ones for larger models."""

    manifest_bytes: int = MIB
    """Size of the manifest."""
    file_bytes: int = 256 * MIB
    """Size of one file; models for small devices are smaller."""
    files: int = 64
    """Number of files in a folder."""
    graph_inputs: int = 64
    """Number of inputs of a network, and of outputs."""
    nodes: int = 100_000
    """Number of nodes of a network, including its subgraphs."""
    tensor_bytes: int = 512 * MIB
    """Size of one weight, input or output."""
