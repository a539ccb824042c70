"""The int8 arithmetic of this machine: with which instructions, and whether its sums are exact.

x86 without VNNI multiplies U8 by S8 in pairs whose sum is cut off at 16 bits (`vpmaddubsw`). Weights of 7
bits keep every such sum below, and weights of 8 bits are right where onnxruntime is told to make them
unsigned, as `edge.models.backends.onnx` does.
"""

from __future__ import annotations

import platform
import sys
from pathlib import Path

import numpy as np

X86 = {
    "avx512_vnni": "AVX-512 VNNI",
    "avx_vnni": "AVX-VNNI",
    "avx512bw": "AVX-512 without VNNI",
    "avx2": "AVX2 without VNNI",
}
ARM = {"i8mm": "Arm i8mm", "asimddp": "Arm dot product"}
"""Flags of /proc/cpuinfo, the best first, and what they stand for."""

DEPTH = 8
"""Products in each sum that is tried; one of two is not cut off by every kernel."""


def describe() -> str:
    """In words: the instructions, and what onnxruntime makes of U8 x S8 here."""
    kind = "U8 x S8 sums saturate without 7-bit weights" if saturates() else "U8 x S8 sums are exact"
    return f"{instructions()}: {kind}"


def instructions() -> str:
    """The best instructions for int8 that the processor reports; its architecture where it reports none."""
    machine = platform.machine()
    if sys.platform == "darwin" and machine == "arm64":
        return ARM["asimddp"]  # every Apple silicon has it
    known = ARM if machine in ("aarch64", "arm64") else X86
    flags = _flags()
    return next((name for flag, name in known.items() if flag in flags), machine)


def saturates() -> bool:
    """Whether onnxruntime, left to itself, cuts off sums of U8 x S8 on this processor; tried, not looked up.

    Raises ImportError without onnxruntime.
    """
    import onnxruntime  # noqa: PLC0415 - takes seconds on small boards

    session = onnxruntime.InferenceSession(_product(), providers=["CPUExecutionProvider"])
    left, right = np.full((DEPTH, DEPTH), 255, np.uint8), np.full((DEPTH, DEPTH), 127, np.int8)
    (sums,) = session.run(None, {"a": left, "b": right})
    return bool((sums != DEPTH * 255 * 127).any())


def _flags() -> set[str]:
    """Flags of the first processor, in Linux's names; none on other systems."""
    try:
        with Path("/proc/cpuinfo").open(encoding="utf-8") as lines:
            found = (line.partition(":") for line in lines)
            return next((set(v.split()) for k, _, v in found if k.strip() in ("flags", "Features")), set())
    except OSError:
        return set()


def _product() -> bytes:
    """An ONNX file, y = MatMulInteger(a, b), by the field numbers of onnx.proto3."""
    uint8, int8, int32 = 2, 3, 6
    node = _field(1, b"a") + _field(1, b"b") + _field(2, b"y") + _field(4, b"MatMulInteger")
    graph = _field(1, node) + _field(2, b"g")
    graph += (
        _field(11, _tensor(b"a", uint8)) + _field(11, _tensor(b"b", int8)) + _field(12, _tensor(b"y", int32))
    )
    return _field(1, 8) + _field(7, graph) + _field(8, _field(2, 13))  # IR version 8, operators of version 13


def _tensor(name: bytes, element: int) -> bytes:
    """A ValueInfoProto of a matrix."""
    axis = _field(1, DEPTH)
    return _field(1, name) + _field(2, _field(1, _field(1, element) + _field(2, _field(1, axis) * 2)))


def _field(number: int, value: int | bytes) -> bytes:
    """One field of a protobuf message; numbers and lengths are below 128."""
    if isinstance(value, int):
        return bytes([number << 3, value])
    return bytes([number << 3 | 2, len(value)]) + value
