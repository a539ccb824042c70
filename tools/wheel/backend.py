"""The build backend: hatchling, told what an installation needs on top.

Compiling the kernels takes numba, a linker and a reader of libraries, in the build's own environment: what is
installed runs without them.
"""

from __future__ import annotations

import platform
import shutil
import sys
import tomllib
from pathlib import Path
from typing import Any

from hatchling import build as hatchling
from hatchling.build import *  # noqa: F403 - the hooks of PEP 517 and 660 that are left as they are

Settings = dict[str, Any] | None


def get_requires_for_build_wheel(config_settings: Settings = None) -> list[str]:
    """What hatchling asks for, and a compiler: one wheel serves every CPU."""
    return [*hatchling.get_requires_for_build_wheel(config_settings), *_compiler()]


def get_requires_for_build_editable(config_settings: Settings = None) -> list[str]:
    """What hatchling asks for, and a compiler unless this checkout is compiled already."""
    sys.path.insert(0, "kernels")
    from edge_kernels.sources import LIBRARIES, stale  # noqa: PLC0415

    needed = _compiler() if stale() or not any(LIBRARIES.glob("*.so")) else []
    return [*hatchling.get_requires_for_build_editable(config_settings), *needed]


def _compiler() -> list[str]:
    """NumPy and the extra `compile`, where numba has wheels; a linker only where the system has none."""
    linux = sys.platform == "linux" and platform.libc_ver()[0] == "glibc"
    if platform.machine().lower() not in ("x86_64", "amd64", "aarch64", "arm64") or not (
        linux or sys.platform in ("darwin", "win32")
    ):
        return []
    project = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))["project"]
    needed = [name for name in project["dependencies"] if name.startswith("numpy")]
    needed += project["optional-dependencies"]["compile"]
    if shutil.which("ld.lld"):
        needed = [name for name in needed if not name.startswith("ziglang")]
    return needed
