"""Detect the int8 arithmetic of this machine: its instructions, and whether its sums are exact.

x86 without VNNI multiplies U8 by S8 in pairs whose sum saturates at 16 bits (`vpmaddubsw`). 7-bit weights
keep every such sum below the limit; 8-bit weights are exact if onnxruntime is configured to make them
unsigned, as `edge.models.backends.onnx` does.
"""

from __future__ import annotations

import platform
import sys
from pathlib import Path

import numpy as np

X86 = {  # flags of /proc/cpuinfo, best first
    "avx512_vnni": "AVX-512 VNNI",
    "avx_vnni": "AVX-VNNI",
    "avx512bw": "AVX-512 without VNNI",
    "avx2": "AVX2 without VNNI",
}
ARM = {"i8mm": "Arm i8mm", "asimddp": "Arm dot product"}
"""Names of the int8 instructions by flag of /proc/cpuinfo, best first."""

DEPTH = 8
"""Number of products in each tested sum; not every kernel saturates a sum of two."""


def describe() -> str:
    """Describe the int8 instructions, and how onnxruntime computes U8 x S8 here."""
    kind = "U8 x S8 sums saturate without 7-bit weights" if saturates() else "U8 x S8 sums are exact"
    return f"{instructions()}: {kind}"


def instructions(root: Path = Path("/")) -> str:
    """Return the best int8 instructions that the processor reports; else its architecture."""
    machine = platform.machine()
    if sys.platform == "darwin" and machine == "arm64":
        return ARM["asimddp"]  # every Apple silicon has it
    flags = _flags(root / "proc/cpuinfo")
    return next((name for flag, name in {**X86, **ARM}.items() if flag in flags), machine)


def saturates() -> bool:
    """Return whether onnxruntime by default saturates sums of U8 x S8 here, by running such a product.

    Raises ImportError without onnxruntime.
    """
    import onnxruntime  # noqa: PLC0415 - takes seconds on small boards

    session = onnxruntime.InferenceSession(_product(), providers=["CPUExecutionProvider"])
    left, right = np.full((DEPTH, DEPTH), 255, np.uint8), np.full((DEPTH, DEPTH), 127, np.int8)
    (sums,) = session.run(None, {"a": left, "b": right})
    return bool((sums != DEPTH * 255 * 127).any())


def _flags(cpuinfo: Path) -> set[str]:
    """Return the flags of the first processor in /proc/cpuinfo; empty on other systems than Linux."""
    try:
        with cpuinfo.open(encoding="utf-8") as lines:
            entries = (line.partition(":") for line in lines)
            return next((set(v.split()) for k, _, v in entries if k.strip() in ("flags", "Features")), set())
    except OSError:
        return set()


def _product() -> bytes:
    """Return an ONNX file of y = MatMulInteger(a, b); field numbers are those of onnx.proto3."""
    uint8, int8, int32 = 2, 3, 6
    node = _field(1, b"a") + _field(1, b"b") + _field(2, b"y") + _field(4, b"MatMulInteger")
    graph = _field(1, node) + _field(2, b"g")
    graph += (
        _field(11, _tensor(b"a", uint8)) + _field(11, _tensor(b"b", int8)) + _field(12, _tensor(b"y", int32))
    )
    return _field(1, 8) + _field(7, graph) + _field(8, _field(2, 13))  # IR version 8, operators of version 13


def _tensor(name: bytes, element: int) -> bytes:
    """Return a ValueInfoProto of a matrix."""
    axis = _field(1, DEPTH)
    return _field(1, name) + _field(2, _field(1, _field(1, element) + _field(2, _field(1, axis) * 2)))


def _field(number: int, value: int | bytes) -> bytes:
    """Return one field of a protobuf message; numbers and lengths are below 128."""
    if isinstance(value, int):
        return bytes([number << 3, value])
    return bytes([number << 3 | 2, len(value)]) + value
