"""Commands that are stopped at any moment, and disks that are full or read-only: nothing partial is left."""

from __future__ import annotations

import os
import random
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from edge.cache import SETTING as CACHE
from edge.models.store import SETTING as STORE
from tests.makers import ONE, Take
from tests.media.conftest import small_disk  # noqa: F401 - a fixture
from tests.tools.importers.makers import moonshine as tiny_moonshine
from tools.importers import moonshine
from tools.importers.install import Target
from tools.importers.sources import open_source
from tools.sound.sample import Truth

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
SHIPPED = "moonshine-tiny-en"


@dataclass
class Command:
    """A command that writes, and how long it takes."""

    arguments: list[str]
    output: str
    """Name of what it writes into a folder: a file, or files into the folder itself."""
    seconds: float = 0.0
    written: set[str] = field(default_factory=set)

    def start(self, folder: Path, environment: dict[str, str], **options: object) -> subprocess.Popen[str]:
        return subprocess.Popen(  # type: ignore[call-overload, no-any-return]
            [sys.executable, "-m", "edge.cli", *self.arguments, "-o", str(folder / self.output)],
            env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, **options,
        )  # fmt: skip


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A store with a tiny recognizer under the default id, and a cache."""
    home = tmp_path_factory.mktemp("home")
    source = open_source(moonshine.PACKAGE, tiny_moonshine(home))
    moonshine.run(source, Target(home / "models", SHIPPED), data=None)
    return os.environ | {
        STORE: str(home / "models"), CACHE: str(home / "cache"), "PYTHONPATH": os.pathsep.join(sys.path),
    }  # fmt: skip


@pytest.fixture(scope="module")
def commands(
    sample: tuple[Path, Truth], environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Command]:
    """Commands by name; each has been run to its end once."""
    folder = tmp_path_factory.mktemp("whole")
    take = Take(np.zeros(8 * 16_000, np.float32))
    take.say(ONE, 1.0)
    talk = take.write(folder / "talk.wav")
    made = {
        "songs": Command(["songs", str(sample[0]), "--evidence", "audio"], "."),
        "caption": Command(["caption", str(talk)], "talk.srt"),
        "clean": Command(["clean", str(talk)], "talk.flac"),
    }
    for name, command in made.items():
        (folder / name).mkdir()
        began = time.monotonic()
        process = command.start(folder / name, environment)
        errors = process.communicate()[1]
        assert process.returncode == 0, errors
        command.seconds = time.monotonic() - began
        command.written = {one.name for one in (folder / name).iterdir()}
        assert command.written
    return made


NAMES = ("songs", "caption", "clean")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_stopped_at_any_moment(
    commands: dict[str, Command],
    environment: dict[str, str],
    tmp_path: Path,
    name: str,
    number: signal.Signals,
) -> None:
    command, dice = commands[name], random.Random(f"{name} {number}")
    for turn in range(2):
        folder = tmp_path / str(turn)
        folder.mkdir()
        process = command.start(folder, environment)
        time.sleep(dice.uniform(0.2, 1.0) * command.seconds)
        process.send_signal(number)
        errors = process.communicate(timeout=60)[1]
        left = {one.name for one in folder.iterdir()}
        visible = {one for one in left if not one.startswith(".")}
        if process.returncode == 0:  # it was done before
            assert left == command.written
        elif number == signal.SIGKILL:
            assert process.returncode == -signal.SIGKILL
            assert all(".part" in one for one in left - visible)
            assert visible <= command.written
        else:
            assert process.returncode in {130, -signal.SIGTERM}, errors  # -15: while Python itself starts
            assert "Traceback" not in errors
            assert left <= command.written
        for one in visible:
            assert (folder / one).stat().st_size > 0


@pytest.fixture
def read_only(tmp_path: Path) -> Iterator[Path]:
    """A file system that cannot be written, not by root either."""
    if os.geteuid() != 0:
        pytest.skip("only root may mount a disk")
    disk = tmp_path / "read-only"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "ro,size=64k", "tmpfs", str(disk)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("mounting is not permitted here")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def no_large_files() -> None:
    """Let this process write 100 bytes of a file."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))


@pytest.mark.parametrize(
    ("name", "trouble"),
    [("songs", "full"), ("caption", "full"), ("clean", "full"), ("caption", "read-only"), ("clean", "limit")],
)
def test_disks_that_cannot_hold_it(
    commands: dict[str, Command],
    environment: dict[str, str],
    small_disk: Path,  # noqa: F811
    read_only: Path,
    tmp_path: Path,
    *,
    name: str,
    trouble: str,
) -> None:
    limited = tmp_path / "limited"
    limited.mkdir()
    folder = {"full": small_disk, "read-only": read_only, "limit": limited}[trouble]
    (small_disk / "filler").write_bytes(bytes(65_536))
    options: dict[str, Callable[[], None]] = {"preexec_fn": no_large_files} if trouble == "limit" else {}
    process = commands[name].start(folder, environment, **options)
    errors = process.communicate(timeout=120)[1]
    assert process.returncode == 1, errors
    assert errors.strip().count("\n") == 0
    assert any(what in errors for what in ("no space", "read-only", "too large", "permission", "cannot be"))
    assert {one.name for one in folder.iterdir()} <= {"filler"}


@pytest.mark.parametrize("name", ["caption", "clean"])
def test_no_room_for_a_cache_is_no_trouble(
    commands: dict[str, Command],
    environment: dict[str, str],
    small_disk: Path,  # noqa: F811
    tmp_path: Path,
    name: str,
) -> None:
    (small_disk / "filler").write_bytes(bytes(65_536))
    process = commands[name].start(tmp_path, environment | {CACHE: str(small_disk / "cache")})
    errors = process.communicate(timeout=120)[1]
    assert process.returncode == 0, errors
    assert commands[name].written <= {one.name for one in tmp_path.iterdir()}
    assert not [one for one in (small_disk / "cache").rglob("*") if one.is_file() and one.stat().st_size]
