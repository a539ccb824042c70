"""Which recordings a fleet finds, and what its ledger takes for done."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from edge.errors import InputError, OutputError, UsageError
from tools.fleet.jobs import LEDGER, Job, find_jobs
from tools.fleet.ledger import Ledger
from tools.fleet.work import Outcome, Settings

SONGS = Settings("songs")


@pytest.fixture
def talks(tmp_path: Path) -> Path:
    """Files with the names of recordings."""
    for name in ("talks/b.MP4", "talks/day/b.mp4", "talks/day/.b.mp4", "talks/.old/b.mp4", "talks/notes.txt"):
        (file := tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"12345")
    return tmp_path / "talks"


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


def targets(jobs: list[Job], out: Path) -> list[str]:
    return [job.target.relative_to(out).as_posix() for job in jobs]


def result(job: Job) -> Path:
    return job.target.with_name(f"{job.target.name}.songs.json")


def finish(ledger: Ledger, job: Job, error: str = "", digest: str = "") -> None:
    """What a worker and the fleet do."""
    if not error:
        result(job).parent.mkdir(parents=True, exist_ok=True)
        result(job).write_text("{}")
    ledger.add(job, SONGS, Outcome(() if error else (result(job),), sha256=digest, error=error))


def test_folders_keep_their_names(talks: Path, out: Path) -> None:
    assert targets(find_jobs([str(talks)], out), out) == ["talks/b.MP4", "talks/day/b.mp4"]
    assert targets(find_jobs([f"{talks}/day/", f"{talks}/*.*", f"{talks}/b.MP4"], out), out) == [
        "day/b.mp4",
        "b.MP4",
    ]


def test_what_is_not_there_or_has_the_name_of_another_is_refused(talks: Path, out: Path) -> None:
    for missing in ("none", "no*.mp4"):
        with pytest.raises(InputError):
            find_jobs([str(talks / missing)], out)
    (talks / "more/day").mkdir(parents=True)
    (talks / "more/day/b.mp4").touch()
    with pytest.raises(UsageError, match="has the name of"):
        find_jobs([f"{talks}/day", f"{talks}/more/day"], out)


def test_results_are_not_searched(talks: Path) -> None:
    out = talks / "results"
    with Ledger(out):
        (out / "talks").mkdir()
        (out / "talks/music.m4a").touch()
    assert len(find_jobs([str(talks)], out)) == 2


def test_done_is_what_has_the_same_content_settings_and_results(talks: Path, out: Path) -> None:
    job, other = find_jobs([str(talks)], out)
    digest = "5994471abb01112afcc18159f6cc74b4f511b99806da59b3caf5a9c173cacfc5"
    with Ledger(out) as ledger:
        finish(ledger, job, digest=digest)
        finish(ledger, other, error="is not media")
    with (out / LEDGER).open("ab") as stream:
        stream.write(b'[1]\n\xff\n{"command": "songs", "path')

    with Ledger(out) as ledger:
        assert ledger.done(job, SONGS)
        assert not ledger.done(other, SONGS)
        assert not ledger.done(job, Settings("run"))
        os.utime(job.path, (1, 1))
        (touched, _) = find_jobs([str(talks)], out)
        assert ledger.done(touched, SONGS)
        job.path.write_bytes(b"54321")
        (changed, _) = find_jobs([str(talks)], out)
        assert not ledger.done(changed, SONGS)
        finish(ledger, other)
        assert ledger.done(other, SONGS)
        result(other).unlink()
        assert not ledger.done(other, SONGS)
    with Ledger(out) as ledger:  # the line after the torn one was not lost
        result(other).write_text("{}")
        assert ledger.done(other, SONGS)


def test_one_fleet_at_a_time_in_a_folder_of_its_own(talks: Path, out: Path) -> None:
    with Ledger(out), pytest.raises(OutputError, match="another fleet"), Ledger(out):
        pass
    with pytest.raises(UsageError, match="other files"):
        Ledger(talks)
    with Ledger(talks, force=True):
        pass


def test_results_of_another_recording_are_not_replaced(talks: Path, out: Path) -> None:
    (job,) = find_jobs([f"{talks}/day/b.mp4"], out)
    (talks / "b.mp4").write_bytes(b"other")
    (same,) = find_jobs([f"{talks}/b.mp4"], out)
    with Ledger(out) as ledger:
        finish(ledger, job)
        with pytest.raises(UsageError, match="has the name of"):
            ledger.check([same], SONGS)
        job.path.unlink()  # moved
        ledger.check([same], SONGS)
