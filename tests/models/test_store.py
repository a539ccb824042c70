"""The store: what is found where, and that adding and removing lose nothing."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from edge.errors import ModelError, OutputError
from edge.models import store
from edge.models.packages import packaged
from tests.models.makers import folder, linear


@pytest.fixture(autouse=True)
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(store.SETTING, str(tmp_path / "store"))
    return tmp_path / "store"


def test_without_a_setting_it_lies_in_the_platforms_data_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv(store.SETTING)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert store.store_root() == tmp_path / "edgereel" / "models"


def test_a_model_is_added_found_listed_and_removed(tmp_path: Path, root: Path) -> None:
    others = packaged()
    assert list(store.installed()) == [*sorted(store.builtin_root().iterdir()), *others]
    added = store.add(folder(tmp_path / "given", linear()).path)
    assert added.path == root / "tiny"
    assert store.find("tiny").manifest == added.manifest
    assert list(store.installed()) == [*sorted(store.builtin_root().iterdir()), root / "tiny", *others]
    assert store.remove("tiny") == root / "tiny"
    assert not list(root.iterdir())
    with pytest.raises(ModelError, match="no such model"):
        store.find("tiny")


def test_a_folder_is_found_by_its_path(tmp_path: Path) -> None:
    made = folder(tmp_path / "given", linear())
    assert store.find(made.path).manifest.id == "tiny"
    assert store.find(str(made.path)).manifest.id == "tiny"


def test_a_folder_under_a_wrong_name_is_refused(tmp_path: Path, root: Path) -> None:
    folder(root / "other", linear())
    with pytest.raises(ModelError, match="holds the model 'tiny', not 'other'"):
        store.find("other")


def test_an_existing_model_stays_unless_forced(tmp_path: Path) -> None:
    store.add(folder(tmp_path / "one", linear()).path)
    newer = folder(tmp_path / "two", linear(), version="2").path
    with pytest.raises(OutputError, match="--force"):
        store.add(newer)
    assert store.find("tiny").manifest.version == "1"
    store.add(newer, force=True)
    assert store.find("tiny").manifest.version == "2"


def test_no_model_takes_the_place_of_one_that_ships(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="'segmenter' ships with edge"):
        store.add(folder(tmp_path / "given", linear(), id="segmenter").path)
    with pytest.raises(ModelError, match="cannot be removed"):
        store.remove("segmenter")


def test_a_damaged_folder_is_not_added_and_replaces_nothing(tmp_path: Path, root: Path) -> None:
    given = folder(tmp_path / "given", linear()).path
    store.add(given)
    (given / "net.onnx").write_bytes(b"?")
    with pytest.raises(ModelError, match=r"net\.onnx.*damaged"):
        store.add(given, force=True)
    store.find("tiny").verify()
    assert [path.name for path in root.iterdir()] == ["tiny"]


@pytest.mark.parametrize("model", ["..", "../given", "", "."])
def test_only_models_of_the_store_are_removed(tmp_path: Path, root: Path, model: str) -> None:
    given = folder(tmp_path / "given", linear()).path
    root.mkdir()
    with pytest.raises(ModelError):
        store.remove(model)
    assert given.exists()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_store_that_cannot_be_written_is_named(tmp_path: Path, root: Path) -> None:
    root.mkdir(mode=0o500)
    with pytest.raises(OutputError, match="permission denied"):
        store.add(folder(tmp_path / "given", linear()).path)


def test_a_store_that_is_a_file_is_named(tmp_path: Path, root: Path) -> None:
    root.write_text("no folder")
    with pytest.raises(OutputError, match="is a file"):
        store.add(folder(tmp_path / "given", linear()).path)


def test_a_copy_of_the_shipped_model_runs_under_another_id(tmp_path: Path, segmenter: object) -> None:
    from edge.models.folder import open_folder  # noqa: PLC0415
    from edge.networks.segmenter import Segmenter  # noqa: PLC0415
    from tools.convert.folder import rewrite  # noqa: PLC0415

    copied = Path(shutil.copytree(store.builtin_root() / "segmenter", tmp_path / "copy"))
    store.add(rewrite(open_folder(copied), id="mine").path)
    assert Segmenter("mine").folder.manifest.id == "mine"
