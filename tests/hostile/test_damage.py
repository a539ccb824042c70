"""Damaged inputs of every kind: used, or refused in one line; no crash, no hang, no flood, nothing left."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from edge.errors import EdgeError, InputError, UsageError
from edge.evidence.labels import LabelTrack
from edge.media import DecodeReport, open_container
from edge.media.read.chain import chain_of
from edge.media.read.decoding import packets
from edge.models.manifest import ManifestError, decode
from edge.quickcut.edits import read_plan
from edge.timeline.journal import Journal
from tests.media.makers import Recipe, make
from tools.fuzz.corrupt import corrupted
from tools.fuzz.host import Host
from tools.fuzz.outcome import judged
from tools.fuzz.targets import TARGETS

ROOT = Path(__file__).parents[2]
KEPT = sorted((Path(__file__).parent / "kept").glob("*/*"))
"""Inputs that once did harm, in folders named like their targets."""


@pytest.fixture(scope="module")
def host() -> Iterator[Host]:
    with Host(20) as running:
        yield running


@pytest.mark.slow
@pytest.mark.parametrize("path", KEPT, ids=lambda path: path.name)
def test_what_once_did_harm_does_none(host: Host, path: Path) -> None:
    outcome = host.use(path.parent.name, path)
    assert outcome.kind in {"ok", "refused"}, outcome.detail


@pytest.mark.slow
@pytest.mark.loopback
def test_hundreds_of_damaged_inputs(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tools.fuzz", "--count", "300", "--seed", "7", "--json"]
    done = subprocess.run(
        [*command, "--keep", str(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    document = json.loads(done.stdout)
    assert document["failures"] == []
    assert done.returncode == 0
    assert document["outcomes"].keys() == TARGETS.keys()
    assert document["outcomes"]["media"]["ok"] > 50
    assert document["outcomes"]["media"]["refused"] > 10


def test_the_same_seed_gives_the_same_damage() -> None:
    data, other = bytes(range(256)) * 20, b"other" * 100
    for seed in range(50):
        assert corrupted(data, other, Random(seed)) == corrupted(data, other, Random(seed))
    assert len({corrupted(data, other, Random(seed)) for seed in range(50)}) == 50


def test_each_outcome_is_told_apart(tmp_path: Path) -> None:
    """The judge itself: what must not happen is seen."""

    def left(path: Path, folder: Path) -> None:
        (folder / ".draft.part").touch()

    def refused(path: Path, folder: Path) -> None:
        raise InputError(path, "is bad")

    def wordy(path: Path, folder: Path) -> None:
        raise EdgeError("two\nlines")

    def broken(path: Path, folder: Path) -> None:
        raise KeyError(1)

    kinds = {}
    for use in (refused, wordy, broken, left):
        folder = tmp_path / use.__name__
        folder.mkdir()
        kinds[use.__name__] = judged(use, tmp_path / "a", folder).kind
    assert kinds == {"left": "partial", "refused": "refused", "wordy": "bug", "broken": "bug"}


def test_crashes_and_hangs_are_seen_and_the_next_input_is_used(host: Host, tmp_path: Path) -> None:
    """By a process that is killed, and one that is stopped, while it works."""
    good = tmp_path / "tags.txt"
    good.write_text("music\n")
    assert host.use("tags", good).kind == "ok"
    assert host._process is not None
    host._process.kill()
    assert host.use("tags", good).kind == "crash"
    assert host.use("tags", good).kind == "ok"


@pytest.mark.parametrize(
    "content", [b"[" * 100_000, b'{"a":' * 100_000, b'{"schema":1,"x":' + b"[" * 100_000]
)
def test_documents_that_are_nested_without_end_are_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "plan.json"
    path.write_bytes(content)
    with pytest.raises(InputError):
        read_plan(path, 60.0)
    with pytest.raises(InputError):
        Journal.open(path)
    with pytest.raises(ManifestError):
        decode(content)
    with pytest.raises(UsageError):
        LabelTrack.from_bytes(b"\x91" * 100_000)


def test_of_a_part_without_the_stream_nothing_is_read(tmp_path: Path) -> None:
    """Its clock restarts, so that it is read apart; asked for no stream, PyAV would read all."""
    seen = make(tmp_path / "seen.ts", Recipe(seconds=3.0))
    sound = make(tmp_path / "sound.ts", Recipe(seconds=3.0, video=None))
    path = tmp_path / "both.ts"
    path.write_bytes(seen.read_bytes() + sound.read_bytes())
    with open_container(path) as container:
        assert chain_of(container) is not None
        video = container.streams.video[0]
        found = {packet.stream.type for packet in packets(container, [video], DecodeReport())}
    assert found == {"video"}
