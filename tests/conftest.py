"""What every test shares: no network, one loaded model, one rendered sample recording."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import pytest
from hypothesis import settings

from edge.networks.segmenter import Segmenter
from tools.paths import data_root
from tools.sound.sample import Truth, render_sample

settings.register_profile("edge", deadline=None)  # no test fails because a machine is slow
settings.load_profile("edge")

MARKS = {"sample": ["slow"], "eval_pack": ["slow", "data"], "libraries": ["slow", "compiler"]}
"""What a test that uses a fixture is marked with."""

SLOW = tuple(
    f"tools/{name}"
    for name in ("aarch64", "bench", "convert", "evaluate", "importers", "sound", "templates", "train")
)
"""Folders in which every test is slow: they render, train, convert and measure."""

EdgeCommand = Callable[..., "subprocess.CompletedProcess[str]"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark tests by what they use and by where they are; others are marked where they stand."""
    here = Path(__file__).parent
    for item in items:
        marks = [mark for name in getattr(item, "fixturenames", ()) for mark in MARKS.get(name, ())]
        if item.path.relative_to(here).as_posix().startswith(SLOW):
            marks.append("slow")
        if item.path.relative_to(here).as_posix().startswith("tools/bench"):
            marks.append("measured")
        for mark in marks:
            item.add_marker(mark)


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """Offline means offline: any attempt to reach a network fails the test that makes it.

    Tests marked `loopback` may talk to a server of their own on this machine.
    """
    connect, look_up = socket.socket.connect, socket.getaddrinfo
    loopback = request.node.get_closest_marker("loopback")

    def connect_locally(self: socket.socket, address: Any) -> None:
        is_own_server = loopback and self.family == socket.AF_INET and address[0] == "127.0.0.1"
        if self.family != socket.AF_UNIX and not is_own_server:  # worker processes talk over these
            refuse()
        connect(self, address)

    def look_up_locally(host: Any, *others: Any, **named: Any) -> Any:
        if not loopback or host != "127.0.0.1":
            refuse()
        return look_up(host, *others, **named)

    def refuse(*_: object) -> NoReturn:
        raise AssertionError("something tried to open a network connection")

    monkeypatch.setattr(socket.socket, "connect", connect_locally)
    monkeypatch.setattr(socket, "getaddrinfo", look_up_locally)


@pytest.fixture(scope="session")
def segmenter() -> Segmenter:
    return Segmenter()


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Truth]:
    """The demo's recording: talk, talk over music, a crowd, one song, applause, talk."""
    path = tmp_path_factory.mktemp("sample") / "sample.mp4"
    return path, render_sample(path)


@pytest.fixture(scope="session")
def eval_pack() -> Path:
    folder = data_root() / "eval"
    if not (folder / "manifest.csv").exists():
        pytest.skip(f"no evaluation recordings in {folder}; set EDGE_DATA")
    return folder


@pytest.fixture(scope="session")
def edge() -> EdgeCommand:
    """Run the `edge` command in a process of its own."""

    def run(*arguments: object, **options: object) -> subprocess.CompletedProcess[str]:
        result: subprocess.CompletedProcess[str] = subprocess.run(
            [sys.executable, "-m", "edge.cli", *map(str, arguments)],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            **{"env": os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])}, **options},  # type: ignore[call-overload]
        )
        return result

    return run
