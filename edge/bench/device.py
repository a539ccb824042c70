"""Describe this device: processor, memory, system, runtimes, sensors."""

from __future__ import annotations

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from edge import schema
from edge.bench.board import board, libc
from edge.bench.sensors import ROOT, EnergyMeter, read_number, read_text, temperatures, why_no_energy
from edge.models.arithmetic import instructions, saturates
from edge.version import __version__

PACKAGES = ("numpy", "onnxruntime", "av", "tokenizers", "moonshine-voice", "ai-edge-litert")
"""Packages whose versions results depend on."""


def describe_device(root: Path = ROOT) -> schema.Device:
    """Return the description; what the system does not expose is None."""
    from edge_kernels.library import library  # noqa: PLC0415 - where there are none, other stages run

    try:
        used = library()
        kernels = f"{used.kind} {used.target}".strip()
    except ImportError as error:
        kernels = f"none: {error}"
    cpu = root / "sys/devices/system/cpu"
    max_khz = read_number(cpu / "cpu0/cpufreq/cpuinfo_max_freq")
    return schema.Device(
        processor=processor(root),
        board=board(root),
        machine=platform.machine(),
        cores=os.cpu_count() or 1,
        usable_cores=len(os.sched_getaffinity(0))
        if hasattr(os, "sched_getaffinity")
        else os.cpu_count() or 1,
        governor=read_text(cpu / "cpu0/cpufreq/scaling_governor"),
        max_mhz=None if max_khz is None else round(max_khz / 1000),
        memory_mb=_memory_mb(root),
        system=platform.platform(),
        libc=libc(root),
        python=platform.python_version(),
        versions={"edge": __version__, **{name: found for name in PACKAGES if (found := _version(name))}},
        kernels=kernels,
        int8=instructions(root),
        int8_saturates=_saturates(),
        load=load(),
        temperatures={name: round(value, 1) for name, value in temperatures(root).items()},
        energy=EnergyMeter(root).source,
        energy_note=why_no_energy(root),
    )


def load() -> float | None:
    """Return how many processes ran or waited in the last minute; None where the system does not say it."""
    return round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None


def processor(root: Path = ROOT) -> str:
    """Return the name of the processor; its architecture if the system does not say it."""
    lines = (read_text(root / "proc/cpuinfo") or "").splitlines()
    fields = {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in lines)}
    for key in ("model name", "Hardware", "Model", "cpu model"):
        if fields.get(key):
            return " ".join(fields[key].split())
    return platform.processor() or platform.machine()


def _memory_mb(root: Path) -> int | None:
    for line in (read_text(root / "proc/meminfo") or "").splitlines():
        if line.startswith("MemTotal:"):
            return int(line.split()[1]) // 1024
    return None


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _saturates() -> bool | None:
    try:
        return saturates()
    except ImportError:
        return None
