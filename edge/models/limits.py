"""How large the parts of a model may be: a file that asks for more is refused before anything is made."""

from __future__ import annotations

from dataclasses import dataclass

MIB = 2**20


@dataclass(frozen=True)
class Limits:
    """Finite for everything a model can ask for; pass larger ones where a larger model is meant."""

    manifest_bytes: int = MIB
    file_bytes: int = 256 * MIB
    """Of one file; no model for a pocket is larger."""
    files: int = 64
    """In one folder."""
    graph_inputs: int = 64
    """Inputs of one network, and as many outputs."""
    nodes: int = 100_000
    """Of one network, those of its subgraphs included."""
    tensor_bytes: int = 512 * MIB
    """Of one weight, input or output."""
