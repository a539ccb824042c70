"""Puts the compiled kernels into the wheel: one wheel serves every CPU that has a library in it."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CompiledKernels(BuildHookInterface[Any]):  # type: ignore[misc] # hatchling has no types here
    """Compiles them into a temporary folder; a checkout stays as it is and compiles just in time."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile, and name the files to hatchling."""
        if version != "standard":
            return
        sys.path[:0] = [self.root, str(Path(self.root) / "kernels")]
        from tools.compile_kernels.build import compile_kernels  # noqa: PLC0415
        from tools.compile_kernels.targets import TARGETS  # noqa: PLC0415

        self._folder = tempfile.TemporaryDirectory()
        shared = [target for target in TARGETS.values() if target.link is not None]
        for file in compile_kernels(shared, self._folder.name):
            build_data["force_include"][str(file)] = f"edge_kernels/lib/{file.name}"
