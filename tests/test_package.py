"""The package as a whole: cheap to import, offline, installable, as its README says."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import tarfile
import venv
import zipfile
from importlib.util import find_spec
from pathlib import Path

import pytest

from edge.version import __version__
from tests.matching.makers import band, write
from tools.compile_kernels.targets import TARGETS
from tools.sound.sample import Truth

ROOT = Path(__file__).parents[1]


def python(code: str, **options: object) -> str:
    result = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
        **options,  # type: ignore[call-overload]
    )
    return str(result.stdout)


def modules_after(code: str) -> set[str]:
    return set(python(f"import sys\n{code}\nprint(*sys.modules)").split())


def test_importing_edge_loads_nothing_heavy() -> None:
    loaded = modules_after("import edge, edge.cli, edge.media")
    assert not {"numpy", "av", "onnxruntime", "numba", "edge_kernels", "matplotlib"} & loaded


def test_edge_adds_no_network_module_to_what_its_dependencies_load(sample: tuple[Path, Truth]) -> None:
    theirs = modules_after("import numpy, av, onnxruntime, numba")
    ours = modules_after(f"import edge\nedge.find_songs({str(sample[0])!r})") - theirs
    assert not {"socket", "ssl", "http.client", "urllib.request", "requests"} & ours


def test_the_readme_python_block_runs(sample: tuple[Path, Truth], tmp_path: Path) -> None:
    (block,) = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.S)
    shutil.copy(sample[0], tmp_path / "concert.mp4")
    result = subprocess.run(
        [sys.executable, "-c", block],
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    assert "s of it prelude" in result.stdout
    assert (tmp_path / "songs" / "concert-01.mp4").exists()


def readme_commands() -> list[list[str]]:
    """Every line of the README that calls `edge`."""
    blocks = re.findall(r"```sh\n(.*?)```", (ROOT / "README.md").read_text(), re.S)
    lines = [shlex.split(line, comments=True) for block in blocks for line in block.splitlines()]
    return [line[1:] for line in lines if line[:1] == ["edge"]]


def test_the_readme_commands_parse() -> None:
    from edge.cli import parse  # noqa: PLC0415

    assert len(readme_commands()) > 5
    for command in readme_commands():
        parse(command)


@pytest.mark.slow
def test_the_readme_commands_run(sample: tuple[Path, Truth], tmp_path: Path) -> None:
    if not find_spec("moonshine_voice"):
        pytest.skip("the package moonshine_voice is not installed")
    for name in ("concert.mp4", "talk.mp4", "holiday.mp4"):
        shutil.copy(sample[0], tmp_path / name)
    (tmp_path / "music").mkdir()
    write(tmp_path / "music" / "band.wav", band(24.0))
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join(sys.path),
        "EDGE_CACHE": str(tmp_path / "cache"),
    }
    for command in readme_commands():
        if command[0] in ("studio", "listen"):  # last until they are stopped; they have tests of their own
            continue
        result = subprocess.run(
            [sys.executable, "-m", "edge.cli", *command],
            cwd=tmp_path, env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert result.returncode == 0, f"edge {' '.join(command)}: {result.stderr}"
    made = {path.name for path in tmp_path.iterdir()}
    assert made >= {
        "songs",
        "songs.png",
        "concert.cue",
        "labels.txt",
        "talk.srt",
        "clean.srt",
        "talk-clean.mp4",
    }


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The source distribution, and the wheel built from it."""
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run(
        [sys.executable, "-m", "build", "--outdir", str(folder), str(ROOT)], check=True, capture_output=True
    )
    return next(folder.glob("*.tar.gz")), next(folder.glob("*.whl"))


@pytest.mark.slow
def test_the_wheel_has_no_top_level_name_but_ours(built: tuple[Path, Path]) -> None:
    names = zipfile.ZipFile(built[1]).namelist()
    assert {name.split("/")[0] for name in names} == {
        "edge",
        "edge_kernels",
        f"edgereel-{__version__}.dist-info",
    }
    assert "edge/tagging/starter.txt" in names
    libraries = {Path(name).name for name in names if name.startswith("edge_kernels/lib/")}
    shared = {target.file for target in TARGETS.values() if target.link is not None}
    assert libraries == shared


def test_the_wheel_works_in_an_empty_environment(
    sample: tuple[Path, Truth], built: tuple[Path, Path], tmp_path: Path
) -> None:
    venv.create(tmp_path / "env", with_pip=True)
    bin_folder = tmp_path / "env" / "bin"
    subprocess.run([bin_folder / "python", "-m", "pip", "install", "-q", built[1]], check=True)
    result = subprocess.run(
        [bin_folder / "edge", "songs", str(sample[0]), "-o", "songs"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert "1 song" in result.stdout
    assert (tmp_path / "songs" / "sample-01.mp4").exists()
    assert f"{tmp_path / 'env'}" in kernels_of(bin_folder)
    with tarfile.open(built[0]) as archive:
        archive.extractall(tmp_path, filter="data")
    checkout = tmp_path / f"edgereel-{__version__}"
    subprocess.run([bin_folder / "python", "-m", "pip", "install", "-q", "-e", checkout], check=True)
    assert f"{checkout / 'kernels' / 'edge_kernels' / 'lib'}" in kernels_of(bin_folder)
    assert not list((tmp_path / "env").rglob("site-packages/numba"))


def kernels_of(bin_folder: Path) -> str:
    """Which file the kernels of an environment come from."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    doctor = subprocess.run(
        [bin_folder / "edge", "doctor"], capture_output=True, text=True, check=True, env=environment
    )
    found = re.search(r"kernels +ok +compiled ahead of time for .*: (.*)", doctor.stdout)
    assert found, doctor.stdout
    return found[1]
