"""Compile the C core for songs, `core/`, with the kernels that it calls: one library that needs nothing."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from edge_kernels.interface import HEADER as KERNELS_HEADER

from tools.compile_kernels.build import compile_object
from tools.compile_kernels.link import BuildError, check, link
from tools.compile_kernels.targets import Target

CORE = Path(__file__).parents[2] / "core"
HEADER = CORE / "edge_songs.h"
LIMIT_BYTES = 256 * 1024

FLAGS = (
    "-std=c11", "-O3", "-Wall", "-Wextra", "-Werror",
    "-ffreestanding", "-fno-builtin",  # no C library
    "-ffp-contract=off",  # the same rounding on every processor
    "-fno-sanitize=all", "-fno-stack-protector", "-fvisibility=hidden", "-fPIC", "-g0",
)  # fmt: skip

_ZIG = {
    "x86-64-v3": ("x86_64-linux-gnu", "x86_64_v3"),
    "aarch64-linux": ("aarch64-linux-gnu", "generic"),
    "aarch64-android24": ("aarch64-linux-android", "generic"),
    "arm64-ios15": ("aarch64-ios", "apple_a12"),
    "arm64-macos12": ("aarch64-macos", "apple_m1"),
}
"""Triple and processor in the terms of Zig, whose clang compiles for all of them."""


def declared() -> set[str]:
    """Return the names of the functions that the header declares."""
    return set(re.findall(r"^EDGE_SONGS_API .*?\b(edge_\w+)\(", HEADER.read_text(encoding="utf-8"), re.M))


def compile_core(target: Target, folder: Path) -> Path:
    """Make the library in `folder`, of a platform whose apps link objects a static one. Raises BuildError."""
    if target.name not in _ZIG:
        raise BuildError(f"the core is compiled for {', '.join(_ZIG)}, not for {target.name}")
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        sources = sorted(CORE.glob("*.c"))
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            kernels = pool.submit(compile_object, target, scratch / "kernels.o")
            objects = list(pool.map(lambda source: _compile(source, target, scratch), sources))
            objects.append(kernels.result())
        if target.link is None:
            made = folder / "libedge_songs.a"
            _zig(["ar", "rcsD", "--format=darwin", str(made), *map(str, objects)], scratch)
            return made
        made = folder / "libedge_songs.so"
        visible = scratch / "visible.map"
        visible.write_text("{ global: edge_song*; local: *; };\n", encoding="ascii")
        link(objects, target, made, f"--version-script={visible}")
        check(made, declared(), LIMIT_BYTES)
        return made


def _compile(source: Path, target: Target, scratch: Path) -> Path:
    made = scratch / f"{source.stem}.o"
    triple, processor = _ZIG[target.name]
    include = (f"-I{CORE}", f"-I{KERNELS_HEADER.parent}", f"-ffile-prefix-map={CORE}=core")
    _zig(
        ["cc", "-target", triple, f"-mcpu={processor}", *FLAGS, *include, "-c", str(source), "-o", str(made)],
        scratch,
    )
    return made


def _zig(arguments: Sequence[str], scratch: Path) -> None:
    """Run a tool of the package ziglang. Raises BuildError."""
    caches = {"ZIG_LOCAL_CACHE_DIR": str(scratch / "local"), "ZIG_GLOBAL_CACHE_DIR": str(scratch / "global")}
    done = subprocess.run(
        [sys.executable, "-m", "ziglang", *arguments],
        env=os.environ | caches, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise BuildError(f"zig {arguments[0]} failed: {done.stderr.strip()}")
