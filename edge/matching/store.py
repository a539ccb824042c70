"""Where analyses of tracks are kept: a SQLite database, which may be deleted at any time.

An analysis belongs to a content and to the networks that made it, a file to its place in the folder. Each
track is one transaction, so a process that is killed loses at most the track at hand, and several processes
may write at once.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import msgspec
import numpy as np

from edge.arrays import Floats
from edge.cache import default_root
from edge.decoding import prepared
from edge.errors import OutputError

RowT = TypeVar("RowT")

FORMAT = 1
"""Version of the tables; a database of another one is made anew."""

PATIENCE_S = 60.0
"""How long to wait for another process that is writing."""

RETRY_S = 0.02
"""How long to wait before the next attempt where SQLite itself does not wait."""

FILE_NAME = "music.sqlite"
"""Name of the database in the cache folder."""

_DAMAGED = (sqlite3.Error, UnicodeDecodeError)
"""Errors of a damaged database; the second where its own words get into SQLite's message."""

_TABLES = """
CREATE TABLE IF NOT EXISTS analyses (
    digest TEXT, networks TEXT, seconds REAL, music REAL, vocals REAL, words INTEGER, content BLOB,
    PRIMARY KEY (digest, networks)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS files (
    path BLOB PRIMARY KEY, size INTEGER, mtime_ns INTEGER, digest TEXT, problem TEXT, space TEXT, place BLOB
) WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file that was examined."""

    path: str
    """Its absolute path."""
    size: int
    """Bytes, when it was examined."""
    mtime_ns: int
    """Time of its last change, when it was examined."""
    digest: str = ""
    """SHA-256 of its bytes; empty if it cannot be read."""
    problem: str = ""
    """Why it is no track; empty if it is one."""
    space: str = ""
    """Id of the space that its place is in; empty if it has none."""
    place: bytes = b""
    """float32[size]."""

    def of(self, digest: str) -> StoredFile:
        """Return the file with the digest of its bytes."""
        return replace(self, digest=digest)

    def failed(self, problem: str) -> StoredFile:
        """Return the file with the reason why it is no track."""
        return replace(self, problem=problem)

    def at(self, place: Floats, space: str) -> StoredFile:
        """Return the file with its place in a space."""
        return replace(self, place=place.astype(np.float32).tobytes(), space=space)


@dataclass(frozen=True, slots=True)
class StoredTrack:
    """Numbers of an analysis that decide whether a track counts."""

    seconds: float
    """Length."""
    music: float
    """Share of the time that is music or singing."""
    vocals: float
    """Share of the time in which somebody sings or speaks."""
    words: bool
    """Whether words were recognized."""


class MusicStore:
    """The database; close it, or use it in a `with` statement. Each thread opens its own.

    Raises OutputError if it cannot be opened; one that is damaged or of another version is made anew.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.path = path or default_root() / FILE_NAME
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._connection = self._opened()
        except (OSError, *_DAMAGED) as error:
            raise OutputError(self.path, f"the index of music cannot be kept here: {error}") from error

    def files(self, folder: Path) -> dict[str, StoredFile]:
        """Return all files that were examined in a folder and those below it, by path."""
        start = os.fsencode(folder / "_")[:-1]  # with the separator at its end
        rows = self._rows(
            "SELECT path, size, mtime_ns, digest, problem, space, place FROM files"
            " WHERE path >= ? AND path < ?",
            (start, start[:-1] + bytes([start[-1] + 1])),
            tuple[bytes, int, int, str, str, str, bytes],
        )
        files = (StoredFile(os.fsdecode(row[0]), *row[1:]) for row in rows)
        return {file.path: file for file in files}

    def track(self, digest: str, networks: str) -> StoredTrack | None:
        """Return the numbers of an analysis; None if there is none by these networks."""
        rows = self._rows(
            "SELECT seconds, music, vocals, words FROM analyses WHERE digest = ? AND networks = ?",
            (digest, networks),
            tuple[float, float, float, int],
        )
        return next((_track(*row) for row in rows), None)

    def tracks(self, networks: str) -> dict[str, StoredTrack]:
        """Return the numbers of all analyses by these networks, by digest."""
        rows = self._rows(
            "SELECT digest, seconds, music, vocals, words FROM analyses WHERE networks = ?",
            (networks,),
            tuple[str, float, float, float, int],
        )
        return {row[0]: _track(*row[1:]) for row in rows}

    def analysis(self, digest: str, networks: str) -> bytes | None:
        """Return an analysis; None if there is none by these networks."""
        rows = self._rows(
            "SELECT content FROM analyses WHERE digest = ? AND networks = ?",
            (digest, networks),
            tuple[bytes],
        )
        return next((content for (content,) in rows), None)

    def put(
        self, file: StoredFile, networks: str = "", track: StoredTrack | None = None, content: bytes = b""
    ) -> None:
        """Store a file, and the analysis of its content if there is a new one, in one transaction."""
        with self._writing() as connection:
            if track is not None:
                connection.execute(
                    "INSERT OR REPLACE INTO analyses VALUES (?, ?, ?, ?, ?, ?, ?)",
                    (file.digest, networks, track.seconds, track.music, track.vocals, track.words, content),
                )
            _put(connection, [file])

    def put_files(self, files: Iterable[StoredFile]) -> None:
        """Store files in one transaction."""
        with self._writing() as connection:
            _put(connection, files)

    def forget(self, paths: Iterable[str]) -> None:
        """Remove files, and the analyses that belong to none that is left."""
        with self._writing() as connection:
            connection.executemany(
                "DELETE FROM files WHERE path = ?", ((os.fsencode(path),) for path in paths)
            )
            connection.execute("DELETE FROM analyses WHERE digest NOT IN (SELECT digest FROM files)")

    def close(self) -> None:
        """Release the database."""
        self._connection.close()

    def __enter__(self) -> MusicStore:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _rows(self, query: str, given: tuple[object, ...], row: type[RowT]) -> list[RowT]:
        """Return the rows of a query, of the type `row`. Raises OutputError."""
        try:
            found = self._connection.execute(query, given).fetchall()
            return msgspec.convert(found, prepared(list[row]))  # type: ignore[valid-type]
        except (*_DAMAGED, msgspec.ValidationError) as error:
            what = f"the index of music cannot be read; delete it if this stays so: {error}"
            raise OutputError(self.path, what) from error

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """Begin a transaction; it is committed at the end, or undone. Raises OutputError."""
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            yield self._connection
            self._connection.execute("COMMIT")
        except BaseException as error:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            if isinstance(error, _DAMAGED):
                raise OutputError(self.path, f"the index of music cannot be written: {error}") from error
            raise

    def _opened(self) -> sqlite3.Connection:
        try:
            return self._connected()
        except sqlite3.OperationalError:
            raise
        except (sqlite3.DatabaseError, UnicodeDecodeError):
            for suffix in ("", "-wal", "-shm"):
                self.path.with_name(self.path.name + suffix).unlink(missing_ok=True)
            return self._connected()

    def _connected(self) -> sqlite3.Connection:
        """Connect, with the tables made. Raises sqlite3.DatabaseError for a file that is no such database."""
        connection = sqlite3.connect(
            self.path, timeout=PATIENCE_S, isolation_level=None, check_same_thread=False
        )
        try:
            _set_wal(connection)
            connection.execute("PRAGMA synchronous = NORMAL")
            (version,) = connection.execute("PRAGMA user_version").fetchone()
            if version not in (0, FORMAT):
                raise sqlite3.DatabaseError("another version")
            if version == 0:
                connection.execute("BEGIN IMMEDIATE")
                for statement in _TABLES.split(";"):
                    connection.execute(statement)
                connection.execute(f"PRAGMA user_version = {FORMAT}")
                connection.execute("COMMIT")
        except BaseException:
            connection.close()
            raise
        return connection


def _track(seconds: float, music: float, vocals: float, words: int) -> StoredTrack:
    return StoredTrack(seconds, music, vocals, bool(words))


def _set_wal(connection: sqlite3.Connection) -> None:
    """Set the journal mode, which does not itself wait for another process that does so."""
    until = time.monotonic() + PATIENCE_S
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 255 != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
            time.sleep(RETRY_S)
        else:
            return


def _put(connection: sqlite3.Connection, files: Iterable[StoredFile]) -> None:
    connection.executemany(
        "INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            (os.fsencode(one.path), one.size, one.mtime_ns, one.digest, one.problem, one.space, one.place)
            for one in files
        ),
    )
