"""A model folder: any byte of any file that changed is an error before anything is inferred."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from edge.errors import ModelError, OutputError
from edge.models.folder import open_folder
from edge.models.session import Session
from edge.models.store import builtin_root
from edge.networks.segmenter import Segmenter
from tests.models.makers import folder, linear
from tools.convert.folder import rewrite, write_folder

FLIPS = 40
"""Bytes of each file of the shipped model that are flipped, one at a time."""


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(shutil.copytree(builtin_root() / "segmenter", tmp_path_factory.mktemp("model") / "segmenter"))


def names() -> list[str]:
    return sorted(file.name for file in (builtin_root() / "segmenter").iterdir())


@pytest.mark.slow
@pytest.mark.parametrize("name", names())
def test_any_flipped_byte_is_a_named_error_before_inference(shipped: Path, name: str) -> None:
    file = shipped / name
    good = file.read_bytes()
    rng = np.random.default_rng(len(good))
    places = {0, len(good) - 1, *rng.integers(0, len(good), FLIPS).tolist()}
    try:
        for place in sorted(places):
            bad = bytearray(good)
            bad[place] ^= int(rng.integers(1, 256))
            file.write_bytes(bad)
            with pytest.raises(ModelError, match=name):
                Segmenter(shipped)
    finally:
        file.write_bytes(good)
    Segmenter(shipped)


@pytest.mark.parametrize("name", names())
@pytest.mark.parametrize("kept", [0, 0.5, 0.999])
def test_a_truncated_file_is_a_named_error(shipped: Path, name: str, kept: float) -> None:
    file = shipped / name
    good = file.read_bytes()
    try:
        file.write_bytes(good[: int(kept * len(good))])
        with pytest.raises(ModelError, match=name):
            Segmenter(shipped)
    finally:
        file.write_bytes(good)


def test_a_link_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    made = folder(tmp_path / "model", linear())
    outside = tmp_path / "outside.onnx"
    (made.path / "net.onnx").rename(outside)
    (made.path / "net.onnx").symlink_to(outside)
    with pytest.raises(ModelError, match="not a regular file"):
        Session(made, "net")


def test_a_fifo_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    made = folder(tmp_path / "model", linear())
    (made.path / "CARD.md").unlink()
    os.mkfifo(made.path / "CARD.md")
    with pytest.raises(ModelError, match="not a regular file"):
        open_folder(made.path)


def test_strays_do_not_verify(tmp_path: Path) -> None:
    made = folder(tmp_path / "model", linear())
    made.verify()
    (made.path / "more.bin").write_bytes(b"?")
    with pytest.raises(ModelError, match=r"does not name: more\.bin"):
        made.verify()


def test_an_unknown_role_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no network 'other', only net"):
        Session(folder(tmp_path / "model", linear()), "other")


def test_writing_is_all_or_nothing(tmp_path: Path) -> None:
    made = folder(tmp_path / "model", linear())
    before = {file.name: file.read_bytes() for file in made.path.iterdir()}
    with pytest.raises(ModelError, match="id"):
        rewrite(made, id="Not An Id")
    with pytest.raises(OutputError, match="already exists"):
        write_folder(made.path, {}, **{})
    assert {file.name: file.read_bytes() for file in made.path.iterdir()} == before
    assert [path.name for path in tmp_path.iterdir()] == ["model"]
