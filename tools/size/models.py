"""The models that ship as .onnx and as .ort: bytes, and the processor time to load them."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

from msgspec import Struct

from edge.models.store import builtin_root
from tools.convert.onnx import to_ort
from tools.convert.operators import networks
from tools.progress import each

LOADS = 15
"""Times that a network is loaded."""


class Network(Struct, frozen=True, kw_only=True):
    """A network in both forms; `.ort` is optimized for the processor that it was measured on."""

    name: str
    """Model and file."""
    onnx: int
    """Bytes of the .onnx file."""
    ort: int
    """Bytes of the .ort file."""
    onnx_load_ms: float
    """Median milliseconds of processor time to load the .onnx file."""
    ort_load_ms: float
    """The same of the .ort file."""


class Networks(Struct, frozen=True, kw_only=True):
    """What was measured, and on what."""

    processor: str
    """Name of the processor."""
    runtime: str
    """Version of onnxruntime."""
    networks: tuple[Network, ...]
    """By name."""


def measure() -> Networks:
    """Convert and load each network that ships."""
    import onnxruntime  # noqa: PLC0415 - takes a second

    from edge.bench.device import processor  # noqa: PLC0415

    rows = []
    with tempfile.TemporaryDirectory() as scratch:
        for file in each(networks([builtin_root()]), "network"):
            ort = Path(scratch, "net.ort")
            to_ort(file, ort, platform="amd64")
            contents = {"onnx": file.read_bytes(), "ort": ort.read_bytes()}
            times = _load_times(onnxruntime, contents)
            rows.append(
                Network(
                    name=f"{file.parent.name}/{file.stem}",
                    onnx=len(contents["onnx"]),
                    ort=len(contents["ort"]),
                    onnx_load_ms=round(1e3 * times["onnx"], 2),
                    ort_load_ms=round(1e3 * times["ort"], 2),
                )
            )
    return Networks(processor=processor(), runtime=onnxruntime.__version__, networks=tuple(rows))


def _load_times(onnxruntime: Any, contents: dict[str, bytes]) -> dict[str, float]:
    """Return the median of processor time by kind, in turns."""
    times: dict[str, list[float]] = {kind: [] for kind in contents}
    for _ in range(LOADS):
        for kind, content in contents.items():
            options = onnxruntime.SessionOptions()
            options.intra_op_num_threads = 1
            options.log_severity_level = 3
            options.add_session_config_entry("session.load_model_format", kind.upper())
            begun = time.process_time()
            onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
            times[kind].append(time.process_time() - begun)
    return {kind: median(values) for kind, values in times.items()}
