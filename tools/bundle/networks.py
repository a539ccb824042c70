"""Model folders of a bundle: copied or converted, and each judged on what it computes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from edge.bench.golden import expected
from edge.bench.stages import STAGES
from edge.models.folder import ModelFolder
from edge.models.manifest import Network
from edge.models.session import Session
from edge.models.store import find
from tools.bundle.contents import MODEL_STAGES, BundleTarget
from tools.convert.folder import rewrite
from tools.convert.onnx import to_ort
from tools.golden.__main__ import outputs

SAME = 1e-3
"""Largest difference of a converted network from its source on random inputs, relative to the outputs."""
RUNTIMES = {".onnx": "onnxruntime", ".ort": "onnxruntime", ".tflite": "LiteRT", ".nb": "Paddle-Lite"}


@dataclass(frozen=True)
class Verdict:
    """A row of the gate's table: a model of the bundle and how far it is from what it must compute."""

    model: str
    role: str
    runtime: str
    format: str
    quantization: str
    size: int
    """Bytes of the network file."""
    measured: str
    """What the error is of."""
    error: float
    limit: float

    @property
    def passed(self) -> bool:
        """Whether the error is within the limit."""
        return self.error <= self.limit


def place_model(model: str, target: BundleTarget, folder: Path) -> ModelFolder:
    """Put a model into `folder`, its ONNX networks in the format of the target. Raises ModelError."""
    source = find(model)
    source.verify()
    networks, made, gone = dict(source.manifest.networks), dict[str, bytes](), set[str]()
    for role, network in source.manifest.networks.items():
        if target.networks == "ort" and network.file.endswith(".onnx"):
            file = folder.with_name(Path(network.file).with_suffix(".ort").name)
            to_ort(source.file(network.file), file, platform="arm")
            networks[role] = msgspec.structs.replace(network, file=file.name)
            made[file.name] = file.read_bytes()
            gone.add(network.file)
            file.unlink()
    return rewrite(source, made, without=gone, path=folder, networks=networks)


def judge(folder: ModelFolder) -> list[Verdict]:
    """Run a model of a bundle, on the golden recording if a stage does; return a verdict for each network."""
    model = folder.manifest.id
    if stage := MODEL_STAGES.get(model):
        rules = STAGES[stage]
        measured, limit = f"{rules.what} ({rules.error_is})", rules.limit
        error = rules.error(outputs(stage, model=str(folder.path)), expected(stage))
        errors = dict.fromkeys(folder.manifest.networks, error)
    else:
        measured, limit = "the same outputs as before, random inputs", SAME
        errors = {role: _difference(find(model), folder, role) for role in folder.manifest.networks}
    return [
        _verdict(folder, role, network, measured=measured, error=errors[role], limit=limit)
        for role, network in folder.manifest.networks.items()
    ]


def _verdict(folder: ModelFolder, role: str, network: Network, **judged: Any) -> Verdict:
    suffix = Path(network.file).suffix
    return Verdict(
        folder.manifest.id, role, RUNTIMES[suffix], suffix, network.quantization,
        len(folder.read(network.file)), **judged,
    )  # fmt: skip


def _difference(source: ModelFolder, made: ModelFolder, role: str) -> float:
    """Return the largest difference of two networks' outputs, relative to the largest output."""
    rng = np.random.default_rng(1)
    inputs = []
    for tensor in source.network(role).inputs:
        shape = [axis if isinstance(axis, int) else 16 for axis in tensor.shape]
        floats = rng.standard_normal(shape)
        inputs.append(np.asarray(floats if tensor.dtype.startswith("float") else abs(floats), tensor.dtype))
    with Session(source, role) as before, Session(made, role) as after:
        pairs = list(zip(before.run(*inputs), after.run(*inputs), strict=True))
    return max(float(np.abs(one - two).max() / max(np.abs(one).max(), 1e-9)) for one, two in pairs)
