"""The index of a folder of music: what counts, what is analyzed again, and what no accident can break."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from shutil import copyfile, copytree
from tempfile import TemporaryDirectory
from threading import Barrier

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.errors import InputError, OutputError
from edge.matching.index import MusicIndex, index_music
from edge.matching.networks import MatchNetworks
from edge.matching.scan import media_files
from edge.matching.store import MusicStore, StoredFile, StoredTrack
from edge.models.store import builtin_root
from edge.networks.match_towers import MatchTowers
from edge.vocabulary import Word
from tests.makers import Knowing
from tests.matching.makers import band, write
from tests.media.makers import Recipe, make
from tools.convert.folder import rewrite
from tools.sound.speech import speak

RATE_HZ = 16_000

TEMPOS = (80, 96, 110, 124, 140)

MARK_S = 77.0

NUMBERS = StoredTrack(3.0, 1.0, 0.0, words=False)

PROCESS = """
import sys
from pathlib import Path
from edge.matching.index import index_music
from edge.matching.networks import MatchNetworks
with MatchNetworks("images", tagger="music") as networks:
    index_music(sys.argv[1], networks, store=Path(sys.argv[2]))
"""


@pytest.fixture(scope="module")
def networks() -> Iterator[MatchNetworks]:
    with MatchNetworks("images", tagger="music") as opened:
        yield opened


@pytest.fixture(scope="module")
def music(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Tracks of six seconds, and one file that is none."""
    folder = tmp_path_factory.mktemp("music")
    for tempo in TEMPOS:
        write(folder / f"{tempo}.wav", band(6, tempo, rate_hz=RATE_HZ), RATE_HZ)
    (folder / "noise.mp3").write_bytes(b"noise" * 1000)
    return folder


@pytest.fixture
def index_of(networks: MatchNetworks, tmp_path: Path) -> Callable[[Path], MusicIndex]:
    return lambda folder: index_music(folder, networks, store=tmp_path / "cache" / "music.sqlite")


def track(path: Path, tempo: float = 120) -> Path:
    return write(path, band(4, tempo, rate_hz=RATE_HZ), RATE_HZ)


def names(index: MusicIndex) -> list[str]:
    return [str(one.path.relative_to(index.folder)) for one in index.tracks]


def content(index: MusicIndex) -> tuple[object, ...]:
    """All that an index holds."""
    analyses = [one.to_bytes() for one in index.analyses(index.tracks)]
    return index.tracks, index.codes.tobytes(), index.scales.tobytes(), analyses, index.skipped


def analyzed(store: Path) -> int:
    """The number of analyses in a database."""
    connection = sqlite3.connect(store)
    (count,) = connection.execute("SELECT count(*) FROM analyses").fetchone()
    connection.close()
    return int(count)


def mark(store: Path) -> None:
    """Change the length of all tracks in a database to `MARK_S`; those analyzed again lose it."""
    connection = sqlite3.connect(store)
    connection.execute("UPDATE analyses SET seconds = ?", (MARK_S,))
    connection.commit()
    connection.close()


def is_marked(index: MusicIndex) -> bool:
    return all(one.seconds == MARK_S for one in index.tracks)


def test_files_that_are_no_tracks_are_named_and_the_others_kept(
    index_of: Callable[[Path], MusicIndex], tmp_path: Path
) -> None:
    folder = tmp_path / "music"
    folder.mkdir()
    write(folder / "3 s.wav", band(3, rate_hz=RATE_HZ), RATE_HZ)
    write(
        folder / "talk.wav",
        speak("Good evening everybody, welcome to the river hall.", voice="en-us"),
        RATE_HZ,
    )
    hiss = np.random.default_rng(0).standard_normal(6 * RATE_HZ).astype(np.float32)
    write(folder / "hiss.wav", 0.1 * hiss, RATE_HZ)
    (folder / "noise.mp3").write_bytes(b"noise" * 1000)
    (folder / "empty.mp3").write_bytes(b"")
    (folder / "notes.txt").write_text("no media")
    make(folder / "silent.mp4", Recipe(seconds=1, audio=()))
    write(folder / "silence.wav", np.zeros(RATE_HZ, np.float32), RATE_HZ)
    write(folder / "sample.wav", np.zeros(1, np.float32), RATE_HZ)
    index = index_of(folder)
    assert names(index) == ["3 s.wav"]
    assert index.tracks[0].seconds == pytest.approx(3)
    problems = dict(line.split(": ", 1) for line in index.skipped)
    assert problems.keys() == {
        "talk.wav", "hiss.wav", "noise.mp3", "empty.mp3", "silent.mp4", "silence.wav", "sample.wav",
    }  # fmt: skip
    assert "empty" in problems["empty.mp3"]
    assert "is not media" in problems["noise.mp3"]
    assert "audio" in problems["silent.mp4"]
    assert problems["hiss.wav"].endswith("of it is music")
    assert problems["sample.wav"] == "lasts 0.00 s"
    assert len(repr(index)) < 200


def test_a_folder_without_music_is_refused(index_of: Callable[[Path], MusicIndex], tmp_path: Path) -> None:
    folder = tmp_path / "music"
    with pytest.raises(InputError, match="no folder that can be read"):
        index_of(folder)
    folder.mkdir()
    with pytest.raises(InputError, match="holds no audio"):
        index_of(folder)
    (folder / "noise.mp3").write_bytes(b"noise" * 1000)
    with pytest.raises(InputError, match=r"holds no music; 1 files: noise\.mp3: is not media"):
        index_of(folder)
    with pytest.raises(InputError, match="no folder that can be read"):
        index_of(folder / "noise.mp3")


def test_links_in_circles_and_several_names_of_one_file(tmp_path: Path) -> None:
    folder, elsewhere = tmp_path / "music", tmp_path / "elsewhere"
    (folder / "b" / "below").mkdir(parents=True)
    elsewhere.mkdir()
    for path in (folder / "b" / "song.MP3", elsewhere / "far.ogg", folder / ".hidden.mp3"):
        path.write_bytes(b"x")
    (folder / ".git").mkdir()
    (folder / ".git" / "kept.mp3").write_bytes(b"x")
    (folder / "b" / "below" / "circle").symlink_to(folder)
    (folder / "b" / "self").symlink_to(folder / "b" / "self")
    (folder / "a.mp3").symlink_to(folder / "b" / "song.MP3")
    os.link(folder / "b" / "song.MP3", folder / "c.mp3")
    (folder / "far").symlink_to(elsewhere)
    (folder / "gone.mp3").symlink_to(folder / "nowhere.mp3")
    (folder / "folder.mp3").mkdir()
    os.mkfifo(folder / "pipe.mp3")
    found = [file.path for file in media_files(folder)]
    assert found == [str(folder / "a.mp3"), str(folder / "far" / "far.ogg")]


def test_a_folder_of_fifty_thousand_files_is_looked_through(tmp_path: Path) -> None:
    for number in range(50):
        (tmp_path / f"{number:02}").mkdir()
        for file in range(1000):
            suffix = "flac" if file == number else "txt"
            os.close(os.open(tmp_path / f"{number:02}" / f"{file}.{suffix}", os.O_CREAT | os.O_WRONLY))
    found = media_files(tmp_path)
    assert [file.path for file in found] == [str(tmp_path / f"{n:02}" / f"{n}.flac") for n in range(50)]


def test_names_in_any_script(index_of: Callable[[Path], MusicIndex], tmp_path: Path) -> None:
    folder = tmp_path / "音楽 & müzik"
    folder.mkdir()
    given = ["مطر.wav", "弹吉他.wav", "лето\n2.wav", "🎸 'rock' %s.wav", os.fsdecode(b"caf\xe9.wav")]
    for number, name in enumerate(given):
        track(folder / name, 80 + 10 * number)
    index = index_of(folder)
    assert set(names(index)) == set(given)
    assert content(index_of(folder)) == content(index)
    (folder / given[-1]).unlink()
    assert set(names(index_of(folder))) == set(given[:-1])


def test_only_contents_that_are_new_are_analyzed(
    index_of: Callable[[Path], MusicIndex], tmp_path: Path
) -> None:
    folder, store = tmp_path / "music", tmp_path / "cache" / "music.sqlite"
    (folder / "below").mkdir(parents=True)
    old, other = track(folder / "old name.wav", 90), track(folder / "other.wav", 130)
    before = index_of(folder)
    mark(store)
    old.rename(folder / "below" / "new name.wav")
    copyfile(other, folder / "copy.wav")
    after = index_of(folder)
    assert names(after) == ["below/new name.wav", "copy.wav", "other.wav"]
    assert after.tracks[0].digest == before.tracks[0].digest
    assert after.tracks[1].digest == after.tracks[2].digest
    folder = folder.rename(tmp_path / "moved")
    assert names(index_of(folder)) == names(after)
    (folder / "copy.wav").unlink()
    kept = index_of(folder)
    assert names(kept) == ["below/new name.wav", "other.wav"]
    assert analyzed(store) == 2
    assert is_marked(after)
    assert is_marked(kept)
    (folder / "below" / "new name.wav").unlink()
    track(folder / "other.wav", 100)
    changed = index_of(folder)
    assert names(changed) == ["other.wav"]
    assert not is_marked(changed)
    mark(store)
    copytree(folder, tmp_path / "moved 2")  # a folder whose name begins like that of the other
    for one in (tmp_path / "moved 2", folder):
        assert names(index_of(one)) == ["other.wav"]
        assert is_marked(index_of(one))


def test_what_was_deleted_is_forgotten(tmp_path: Path) -> None:
    with MusicStore(tmp_path / "music.sqlite") as store:
        for name, digest in (("/m/a.mp3", "1"), ("/m/b.mp3", "1"), ("/m/c.mp3", "2"), ("/m2/d.mp3", "3")):
            store.put(StoredFile(name, 1, 1, digest), "networks", NUMBERS, b"content")
        assert list(store.files(Path("/m"))) == ["/m/a.mp3", "/m/b.mp3", "/m/c.mp3"]
        assert len(store.files(Path("/"))) == 4
        store.forget(["/m/a.mp3", "/m/c.mp3"])
        assert store.tracks("networks").keys() == {"1", "3"}
        assert store.analysis("1", "networks") == b"content"
        assert store.analysis("1", "other networks") is None
        assert store.track("2", "networks") is None


def test_the_place_of_a_track_depends_on_its_name(
    index_of: Callable[[Path], MusicIndex], tmp_path: Path
) -> None:
    folder = tmp_path / "music"
    folder.mkdir()
    for name in ("summer beach.wav", "dark forest.wav", "01.wav"):
        track(folder / name)
    index = index_of(folder)
    assert len({one.digest for one in index.tracks}) == 1
    cosines = index.places @ index.places.T
    assert cosines[np.triu_indices(3, 1)].max() < 0.99
    best = index.nearest(index.places[1], 2)
    assert best[0][0].path.name == names(index)[1]
    assert best[0][1] > best[1][1]


def test_other_networks_have_an_index_of_their_own(
    music: Path, networks: MatchNetworks, tmp_path: Path
) -> None:
    store = tmp_path / "music.sqlite"
    first = index_music(music, networks, store=store)
    mark(store)
    for name in ("matching", "music"):
        copytree(builtin_root() / name, tmp_path / name)
    with MatchTowers(tmp_path / "matching") as towers:
        rewrite(towers.folder, version="2")
    with MatchNetworks("images", tagger="music", towers=tmp_path / "matching") as others:
        moved = index_music(music, others, store=store)
        assert is_marked(moved)  # towers place what is analyzed already
        assert moved.space != first.space
        assert moved.codes.tobytes() == first.codes.tobytes()
    with MatchNetworks("images", tagger=tmp_path / "music") as others:
        rewrite(others.tagger.folder, version="2")
    with MatchNetworks("images", tagger=tmp_path / "music") as others:
        assert analyzed(store) == len(TEMPOS)
        again = index_music(music, others, store=store)
        assert again.networks != first.networks
        assert not is_marked(again)
        assert analyzed(store) == 2 * len(TEMPOS)


def test_what_is_sung_counts_once_it_was_recognized(networks: MatchNetworks, tmp_path: Path) -> None:
    folder, store = tmp_path / "music", tmp_path / "music.sqlite"
    folder.mkdir()
    samples = 0.2 * band(14, rate_hz=RATE_HZ)
    said = speak("Snow is falling on the river tonight", voice="en-us")
    samples[5 * RATE_HZ : 5 * RATE_HZ + len(said)] += said
    song = write(folder / "song.wav", samples, RATE_HZ)
    plain = index_music(folder, networks, store=store)
    (before,) = plain.analyses(plain.tracks)
    assert before.words == ()
    words = [Word(5.5 + 0.3 * n, 5.7 + 0.3 * n, one) for n, one in enumerate(("Snow", "is", "here."))]
    recognizer = Knowing(song, words)
    index = index_music(folder, networks, recognizer=recognizer, store=store)
    (after,) = index.analyses(index.tracks)
    assert " ".join(after.words) == "Snow is here."
    assert (index.places[0] != plain.places[0]).any()
    asked = len(recognizer.asked)
    assert content(index_music(folder, networks, recognizer=recognizer, store=store)) == content(index)
    assert content(index_music(folder, networks, store=store)) == content(index)
    assert len(recognizer.asked) == asked


def start(folder: Path, store: Path) -> subprocess.Popen[bytes]:
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.Popen([sys.executable, "-c", PROCESS, folder, store], env=environment)


@pytest.mark.slow
def test_a_killed_process_leaves_what_it_has_done(
    music: Path, networks: MatchNetworks, tmp_path: Path
) -> None:
    expected = content(index_music(music, networks, store=tmp_path / "undisturbed.sqlite"))
    delays, store, done = random.Random(5), tmp_path / "killed.sqlite", 0
    for _ in range(6):
        process = start(music, store)
        try:
            process.wait(delays.uniform(0.8, 2.2))
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
        if store.exists():
            with MusicStore(store) as opened:
                now = len(opened.tracks(networks.analysis))
            assert now >= done
            done = now
    assert content(index_music(music, networks, store=store)) == expected


@pytest.mark.slow
def test_two_processes_at_once_make_one_index(music: Path, networks: MatchNetworks, tmp_path: Path) -> None:
    expected = content(index_music(music, networks, store=tmp_path / "alone.sqlite"))
    store = tmp_path / "shared.sqlite"
    processes = [start(music, store) for _ in range(2)]
    assert [process.wait(100) for process in processes] == [0, 0]
    assert analyzed(store) == len(TEMPOS)
    assert content(index_music(music, networks, store=store)) == expected


@pytest.mark.parametrize("attempt", range(5))
def test_a_database_that_many_open_at_once_is_made_once(tmp_path: Path, attempt: int) -> None:
    path, all_ready = tmp_path / "new" / "music.sqlite", Barrier(8)

    def write_to(number: int) -> None:
        all_ready.wait()
        with MusicStore(path) as store:
            for file in range(10):
                store.put(StoredFile(f"/{number}/{file}", 1, 1, f"{file}"), "n", NUMBERS, b"x")

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write_to, range(8)))
    with MusicStore(path) as store:
        assert len(store.files(Path("/"))) == 80
        assert len(store.tracks("n")) == 10


def damaged(path: Path, how: str) -> None:
    if how == "noise":
        path.write_bytes(b"noise" * 1000)
    elif how == "cut":
        path.write_bytes(path.read_bytes()[:1000])
    else:
        connection = sqlite3.connect(path)
        connection.execute("PRAGMA user_version = 99")
        connection.close()


@pytest.mark.parametrize("how", ["noise", "cut", "version"])
def test_a_damaged_database_is_made_anew(
    music: Path, networks: MatchNetworks, tmp_path: Path, how: str
) -> None:
    store = tmp_path / "music.sqlite"
    expected = content(index_music(music, networks, store=store))
    damaged(store, how)
    assert content(index_music(music, networks, store=store)) == expected


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_a_database_with_damaged_pages_is_one_clear_error(data: st.DataObject) -> None:
    """Or none, if the damage is where nothing is read."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "music.sqlite"
        with MusicStore(path) as store:
            for n in range(40):
                file = StoredFile(f"/m/{n}.mp3", 1, 1, f"{n:064}")
                store.put(file, "n", NUMBERS, b"x" * 900)
        at = data.draw(st.integers(0, path.stat().st_size - 600))
        whole = bytearray(path.read_bytes())
        whole[at : at + 600] = data.draw(st.sampled_from([b"\xff" * 600, b"\0" * 600, b"noise!" * 100]))
        path.write_bytes(whole)
        try:
            with MusicStore(path) as store:
                store.files(Path("/m"))
                store.tracks("n")
                store.analysis(f"{7:064}", "n")
                store.put(StoredFile("/m/new.mp3", 1, 1, "1"), "n", NUMBERS, b"x")
                store.forget(["/m/3.mp3"])
        except OutputError as error:
            said = str(error)
        else:
            return
        assert said.startswith(str(path))
        assert "\n" not in said


def test_a_value_of_another_type_is_one_clear_error(tmp_path: Path) -> None:
    path = tmp_path / "music.sqlite"
    with MusicStore(path) as store:
        store.put(StoredFile("/m/a.mp3", 1, 1, "a"), "n", NUMBERS, b"x")
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE files SET size = 'large'")
    with MusicStore(path) as store, pytest.raises(OutputError, match="cannot be read; delete it"):
        store.files(Path("/m"))


def test_a_cache_that_cannot_be_written_is_one_clear_error(
    music: Path, networks: MatchNetworks, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(OutputError, match="the index of music cannot be kept here"):
        index_music(music, networks, store=tmp_path / "file" / "music.sqlite")
    with pytest.raises(OutputError, match="the index of music cannot be kept here"):
        index_music(music, networks, store=tmp_path)
    locked = tmp_path / "locked"
    locked.mkdir()
    locked.chmod(0o500)
    if not os.access(locked, os.W_OK):
        with pytest.raises(OutputError, match="the index of music cannot be kept here"):
            index_music(music, networks, store=locked / "music.sqlite")
