"""A studio that makes each recording once per test run, and a disk that fills up."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path

import pytest

from .makers import Recipe, make

Film = Callable[[str, Recipe], Path]


@pytest.fixture(scope="session")
def film(tmp_path_factory: pytest.TempPathFactory) -> Film:
    """`film("name.mp4", recipe)`: the path of that recording, made on first use."""
    folder = tmp_path_factory.mktemp("films")

    def get(name: str, recipe: Recipe) -> Path:
        path = folder / sha256(repr(recipe).encode()).hexdigest()[:12] / name
        path.parent.mkdir(exist_ok=True)
        return path if path.exists() else make(path, recipe)

    return get


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 64 KiB, mounted for one test, with a page or two left."""
    if os.geteuid() != 0:
        pytest.skip("only root may mount a small disk")
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(disk)], capture_output=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip("mounting is not permitted here")
    (disk / "filler").write_bytes(bytes(60_000))
    yield disk
    subprocess.run(["umount", str(disk)], check=True)
