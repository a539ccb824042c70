"""Compiles the kernels while edge is installed, so that it runs without numba."""

from __future__ import annotations

import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CompiledKernels(BuildHookInterface[Any]):  # type: ignore[misc] # hatchling has no types here
    """Into a wheel, for every CPU that it serves; beside the sources of an editable install, for this one."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile, and name the files of a wheel to hatchling."""
        sys.path[:0] = [self.root, str(Path(self.root) / "kernels")]
        from edge_kernels.sources import LIBRARIES, stale  # noqa: PLC0415

        if version == "editable" and any(LIBRARIES.glob("*.so")) and not stale():
            return
        if not (find_spec("numba") and find_spec("lief")):
            self.app.display_warning("edge: kernels are not compiled: no numba here; edgereel[jit] runs them")
            return
        if version == "editable":
            self._compile_here()
        else:
            self._compile_all(build_data)

    def _compile_here(self) -> None:
        from tools.compile_kernels.build import compile_here  # noqa: PLC0415
        from tools.compile_kernels.link import BuildError  # noqa: PLC0415

        try:
            compile_here()
        except BuildError as error:
            self.app.display_warning(f"edge: kernels are not compiled: {error}; edgereel[jit] runs them")

    def _compile_all(self, build_data: dict[str, Any]) -> None:
        from tools.compile_kernels.build import compile_kernels  # noqa: PLC0415
        from tools.compile_kernels.targets import TARGETS  # noqa: PLC0415

        self._folder = tempfile.TemporaryDirectory()
        shared = [target for target in TARGETS.values() if target.link is not None]
        for file in compile_kernels(shared, self._folder.name):
            build_data["force_include"][str(file)] = f"edge_kernels/lib/{file.name}"
