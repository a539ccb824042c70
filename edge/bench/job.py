"""What a stage does, ready to run, and what runs it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from edge.bench.golden import Outputs
from edge.models.folder import ModelFolder
from edge.networks.base import Network

AnyNetwork = Network[Any, Any]


@dataclass(frozen=True, slots=True)
class Job:
    """A stage with its inputs and its networks."""

    run: Callable[[], Outputs]
    """Run it once and return its outputs."""
    runtime: str
    """Name and version of what runs it."""
    arithmetic: str
    """float, int8, or both."""


def network_job(run: Callable[[], Outputs], *networks: AnyNetwork, more: Iterable[ModelFolder] = ()) -> Job:
    """Return the job of networks; `more` are the folders of others that take part."""
    runtimes = {session.runtime: None for network in networks for session in network.sessions.values()}
    folders = [*(network.folder for network in networks), *more]
    return Job(run, ", ".join(runtimes), arithmetic(folders))


def arithmetic(folders: Iterable[ModelFolder]) -> str:
    """Return what networks are computed in: "int8" if activations are int8 in all, "float" if in none."""
    kinds = {
        "int8" if _is_int8(network.quantization) else "float"
        for folder in folders
        for network in folder.manifest.networks.values()
    }
    return " and ".join(sorted(kinds, reverse=True))


def _is_int8(quantization: str) -> bool:
    """Return whether the activations are int8; with int8 weights alone, sums are of floats."""
    return (
        "static" in quantization or "dynamic" in quantization or quantization.startswith("int8 by its makers")
    )
