"""What a Raspberry Pi or a Jetson says of itself: its name, its release, and what slows it down."""

from __future__ import annotations

import platform
import re
import subprocess
from pathlib import Path

from edge.bench.sensors import ROOT, read_text

FLAGS = {0: "under-voltage", 1: "clock capped", 2: "throttled", 3: "soft temperature limit"}
"""Bits of a Raspberry Pi's `get_throttled`: now, and 16 bits higher since it was started."""
SINCE = 16


def board(root: Path = ROOT) -> str | None:
    """Return the name of the board, with the release of a Jetson's system; None if there is none."""
    name = read_text(root / "proc/device-tree/model")
    found = re.match(r"# R(\d+) .*?REVISION: ([\d.]+)", read_text(root / "etc/nv_tegra_release") or "")
    release = f"L4T {found[1]}.{found[2]}" if found else None
    return ", ".join(filter(None, (name, release))) or None


def throttling(root: Path = ROOT) -> tuple[str, ...] | None:
    """Return what slows a Raspberry Pi down, or has since it was started; None on other boards."""
    files = sorted(root.glob("sys/devices/platform/*/*firmware*/get_throttled"))
    text = read_text(files[0]) if files else _from_firmware() if root == ROOT else None
    try:
        bits = int(text or "", 16)
    except ValueError:
        return None
    now = [name for bit, name in FLAGS.items() if bits >> bit & 1]
    since = [f"{name} since the start" for bit, name in FLAGS.items() if bits >> (bit + SINCE) & 1]
    return (*now, *since)


def libc(root: Path = ROOT) -> str:
    """Return the C library of this process; empty where there is no such thing."""
    if "/ld-musl-" in (read_text(root / "proc/self/maps") or ""):
        return "musl"
    return " ".join(platform.libc_ver()).strip()


def _from_firmware() -> str | None:
    """Return the bits as Raspberry Pi's own program prints them; None without it."""
    try:
        done = subprocess.run(
            ["vcgencmd", "get_throttled"], capture_output=True, text=True, timeout=5, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip().removeprefix("throttled=")
