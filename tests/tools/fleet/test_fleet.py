"""Fleets on real Ray: their documents are those of `edge`, nothing is done twice, and nothing is lost."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from edge.media.write.cut import cut
from edge.vocabulary import Span
from tests.conftest import EdgeCommand
from tools.fleet.jobs import LEDGER, find_jobs
from tools.fleet.work import Settings, Worker
from tools.sound.sample import Truth

pytestmark = pytest.mark.slow

pytest.importorskip("ray")

ROOT = Path(__file__).parents[3]

PATIENCE_S = 90


def start(*arguments: object) -> subprocess.Popen[str]:
    path = os.pathsep.join((str(ROOT), str(ROOT / "kernels")))
    return subprocess.Popen(
        [sys.executable, "-m", "tools.fleet", *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": path},
    )


def fleet(*arguments: object, code: int = 0) -> dict[str, Any]:
    return end(start(*arguments, "--json", "--quiet"), code)


def end(process: subprocess.Popen[str], code: int = 0) -> dict[str, Any]:
    out, err = process.communicate(timeout=PATIENCE_S)
    assert (process.returncode, err) == (code, ""), out
    report: dict[str, Any] = json.loads(out)
    return report


def wait_for(found: Callable[[], Any]) -> Any:
    until = time.monotonic() + PATIENCE_S
    while not (result := found()):
        assert time.monotonic() < until
        time.sleep(0.05)
    return result


def descendants(pid: int) -> dict[int, str]:
    """Command lines of the processes below one."""
    parents, lines = {}, {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parents[int(folder.name)] = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            lines[int(folder.name)] = (folder / "cmdline").read_text()
        except OSError:
            continue
    below = {pid}
    while more := {child for child, parent in parents.items() if parent in below} - below:
        below |= more
    return {one: lines[one] for one in below - {pid}}


def working(pid: int) -> list[int]:
    """Workers of a fleet that are in the middle of a recording."""
    return [one for one, line in descendants(pid).items() if line.startswith("ray::Worker.do")]


@pytest.fixture
def talks(tmp_path: Path, sample: tuple[Path, Truth]) -> Path:
    """Two recordings of one name in two folders."""
    for name in ("one", "two"):
        (tmp_path / "talks" / name).mkdir(parents=True)
        shutil.copy(sample[0], tmp_path / "talks" / name / "talk.mp4")
    return tmp_path / "talks"


def documents(out: Path) -> list[str]:
    return sorted(str(path.relative_to(out)) for path in out.rglob("*") if path.is_file())


DONE = [LEDGER, "talks/one/talk.mp4.songs.json", "talks/two/talk.mp4.songs.json"]


def test_documents_are_those_of_edge_and_nothing_is_done_twice(
    talks: Path, tmp_path: Path, edge: EdgeCommand
) -> None:
    (broken := talks / "broken.mp4").write_bytes(b"no media" * 100)
    out = tmp_path / "out"

    first = fleet("songs", talks, "-o", out, "--workers", 2, code=1)
    assert (first["done"], first["failed"], first["workers"], first["deaths"]) == (2, 1, 2, 0)
    (failed,) = (one for one in first["recordings"] if "error" in one)
    assert (failed["path"], failed["error"][:12]) == (str(broken), "is not media")
    assert documents(out) == DONE
    for name in ("one", "two"):
        typed = edge("songs", talks / name / "talk.mp4", "--json")
        assert (out / f"talks/{name}/talk.mp4.songs.json").read_text() == typed.stdout

    broken.unlink()
    (talks / "one/talk.mp4").touch()  # the same content
    again = fleet("songs", talks, "-o", out)
    assert (again["done"], again["workers"], len(again["before"])) == (0, 0, 2)


def test_a_killed_worker_loses_nothing(talks: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    process = start("songs", talks, "-o", out, "--workers", 2, "--json", "--quiet")
    victim = wait_for(lambda: working(process.pid))[0]
    os.kill(victim, signal.SIGKILL)
    report = end(process)
    assert (report["done"], report["failed"], report["deaths"]) == (2, 0, 1)
    assert documents(out) == DONE


def test_what_failed_and_what_was_interrupted_is_done_by_the_next_run(talks: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    process = start("songs", talks, "-o", out, "--workers", 1, "--retries", 0, "--quiet")
    os.kill(wait_for(lambda: working(process.pid))[0], signal.SIGKILL)
    wait_for((out / LEDGER).read_text)
    wait_for(lambda: working(process.pid))
    process.kill()
    process.communicate()
    (line,) = (out / LEDGER).read_text().splitlines()
    assert json.loads(line)["error"].startswith("its worker died once")

    with (out / LEDGER).open("a") as stream:
        stream.write('{"command": "songs", "pa')
    (out / "talks/two").mkdir(parents=True, exist_ok=True)
    (out / "talks/two/.talk.mp4.0123abcd.part.json").write_text("half")
    process = start("songs", talks, "-o", out, "--workers", 1)
    os.kill(wait_for(lambda: working(process.pid))[0], signal.SIGSTOP)  # else it may be done before
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 130
    assert err.splitlines()[-1] == "tools.fleet: interrupted; the same command goes on"
    assert not any(".part" in name for name in documents(out))

    report = fleet("songs", talks, "-o", out)
    assert report["done"] + len(report["before"]) == 2
    assert documents(out) == DONE


@pytest.mark.parametrize("command", ["caption", "tag"])
def test_workers_write_the_documents_of_edge(
    command: str, sample: tuple[Path, Truth], tmp_path: Path, edge: EdgeCommand
) -> None:
    talk = tmp_path / "talk.mp4"
    cut(sample[0], Span(0.0, 9.0), talk)
    typed = edge(command, talk, "--json", "--quiet")
    if "which is not installed" in typed.stderr:
        pytest.skip(typed.stderr)
    (job,) = find_jobs([str(talk)], tmp_path / "out")
    outcome = Worker(Settings(command)).do(job)
    assert outcome.error == ""
    assert (tmp_path / f"out/talk.mp4.{command}.json").read_text() == typed.stdout
    assert all(file.exists() for file in outcome.files)
    assert (tmp_path / "out/talk.mp4.srt" in outcome.files) == (command == "caption")


def test_a_worker_runs_parts(sample: tuple[Path, Truth], tmp_path: Path) -> None:
    (job,) = find_jobs([str(sample[0])], tmp_path / "out")
    outcome = Worker(Settings("run", ("songs",))).do(job)
    folder = tmp_path / "out/sample.mp4.analysis"
    assert set(outcome.files) == {folder / "report.html", folder / "analysis.json"}
