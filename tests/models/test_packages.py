"""Models whose weights lie in installed packages: found, checked, and named when they are not there."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from edge.errors import ModelError
from edge.models import store
from edge.models.folder import open_folder
from edge.models.packages import PACKAGES, packaged, packaged_root, weights_of

MODEL = "moonshine-tiny-en"


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package of the right name with the right files, of the wrong content."""
    folder = tmp_path / "site" / "moonshine_voice" / "assets" / "tiny-en"
    folder.mkdir(parents=True)
    (folder.parents[1] / "__init__.py").touch()
    for name in ("encoder_model.ort", "decoder_model_merged.ort", "tokenizer.bin"):
        (folder / name).write_bytes(b"not it")
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    monkeypatch.delitem(
        sys.modules, "moonshine_voice", raising=False
    )  # where a test has imported the real one
    monkeypatch.setenv("EDGE_MODELS", str(tmp_path / "store"))
    return folder


@pytest.mark.parametrize("model", list(PACKAGES))
def test_each_has_a_sound_manifest_and_a_card_and_no_weights(model: str, tmp_path: Path) -> None:
    alone = shutil.copytree(packaged_root() / model, tmp_path / model)
    assert {file.name for file in alone.iterdir()} - {"encoder.onnx"} == {"manifest.json", "CARD.md"}
    assert sum(file.stat().st_size for file in alone.iterdir()) < 200_000  # a graph, but no weights
    with pytest.raises(ModelError, match="is missing"):
        open_folder(alone).verify()


def test_a_package_of_another_release_is_refused_by_the_file(package: Path) -> None:
    assert weights_of(packaged_root() / MODEL) == package
    with pytest.raises(ModelError, match=r"tiny-en/tokenizer\.bin: is damaged"):
        store.find(MODEL)


def test_without_the_package_the_error_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EDGE_MODELS", str(tmp_path))
    monkeypatch.setattr(sys, "path", [])
    monkeypatch.delitem(sys.modules, "moonshine_voice", raising=False)
    assert packaged() == []
    with pytest.raises(ModelError, match=r"pip install 'edgereel\[captions\]'"):
        store.find(MODEL)


def test_the_store_comes_before_the_package(package: Path, tmp_path: Path) -> None:
    mine = tmp_path / "store" / MODEL
    mine.mkdir(parents=True)
    (mine / "manifest.json").write_text("{}")
    assert store.locate(MODEL) == mine
    assert list(store.installed()).count(packaged_root() / MODEL) == 0


def test_the_real_package_verifies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDGE_MODELS", str(tmp_path))
    if not packaged():
        pytest.skip("moonshine-voice is not installed: it has wheels for Linux on x86-64 only")
    store.find(MODEL).verify()
