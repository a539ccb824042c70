"""A studio that makes each recording once per test run."""

from __future__ import annotations

from collections.abc import Callable
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
