"""The build backend: hatchling, told what a wheel needs on top.

Compiling the kernels takes numba, a linker and a reader of libraries: only for a wheel, not for a checkout
installed with `pip install -e`.
"""

from __future__ import annotations

import shutil
import tomllib
from pathlib import Path
from typing import Any

from hatchling import build as hatchling
from hatchling.build import *  # noqa: F403 - the hooks of PEP 517 and 660 that are left as they are


def get_requires_for_build_wheel(config_settings: dict[str, Any] | None = None) -> list[str]:
    """What hatchling asks for, and the extra `compile`; a linker only where the system has none."""
    project = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))["project"]
    needed = [name for name in project["dependencies"] if name.startswith("numpy")]
    needed += project["optional-dependencies"]["compile"]
    if shutil.which("ld.lld"):
        needed = [name for name in needed if not name.startswith("ziglang")]
    return [*hatchling.get_requires_for_build_wheel(config_settings), *needed]
