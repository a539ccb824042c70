"""Journal of an editor: a file that restores an edit after a crash, including undo and redo.

The first line holds the initial state, each other line one entry: an action, an undo or a redo. A line is
`digest SP json LF`; each digest also covers the previous digest, so that changed, missing and duplicate lines
are detected. Times are written exactly, as "numerator/denominator".

SQLite takes as long for an action that must be on disk, but returns rows whose bytes have changed unnoticed.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from fractions import Fraction
from hashlib import blake2b
from numbers import Real
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import quote_from_bytes, unquote_to_bytes

import msgspec
from msgspec import Struct

from edge.decoding import prepared
from edge.errors import EdgeError, InputError, OutputError, UsageError
from edge.files import whole_file
from edge.timeline.actions import EditState, Passage
from edge.timeline.editor import Editor, Entry
from edge.timeline.timeline import Clip, Timeline
from edge.vocabulary import Caption

SCHEMA = 1
"""Version of the file format."""
_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""Errors of msgspec for bytes that are no JSON, or are nested without end."""
_DIGITS = 16
"""Hexadecimal digits of a digest: 64 bits."""


class _Head(Struct, frozen=True):
    schema: int


class _First(Struct, frozen=True):
    """Serialized form of an `EditState`: JSON keys must be strings."""

    schema: int
    clips: tuple[Clip, ...]
    captions: tuple[tuple[Path, tuple[Caption, ...]], ...]
    removed: tuple[Passage, ...]
    texts: tuple[tuple[Passage, str], ...]

    @classmethod
    def of(cls, state: EditState) -> _First:
        removed = sorted(state.removed, key=lambda passage: (passage.media, passage.start, passage.end))
        captions = tuple((media, tuple(each)) for media, each in state.original.items())
        return cls(SCHEMA, state.timeline.clips, captions, tuple(removed), tuple(state.texts.items()))

    def state(self) -> EditState:
        timeline, removed = Timeline(self.clips), frozenset(self.removed)
        return EditState(timeline, dict(self.captions), removed, dict(self.texts))


class Journal:
    """An editor whose actions are on disk before its methods return.

    A process that is killed, or loses power, loses at most the action that it was writing. If the disk is
    full or missing, editing continues in memory: `trouble` is set, and each action retries to write
    everything that is missing. Only one process may use a journal; if another one writes to it, its data is
    kept, and `trouble` is set.
    """

    def __init__(self, path: Path, editor: Editor, digest: bytes, size: int, lost: int = 0) -> None:
        """Use `create` or `open`."""
        self.path = path
        self.editor = editor
        self.lost = lost
        """Damaged bytes at the end of the file when it was opened, which are not part of the edit."""
        self.trouble: OutputError | None = None
        """Why the last actions are not on disk; None if all of them are."""
        self._digest, self._size = digest, size
        self._pending: list[bytes] = []
        self._torn = lost > 0
        editor.record = self._record

    @classmethod
    def create(cls, path: Path, first: EditState, *, force: bool = False) -> Journal:
        """Create a journal whose editor starts with state `first`; the file is written whole or not at all.

        Media paths are stored as they are given; absolute ones work from any folder. Raises OutputError if
        the file cannot be written, or exists and `force` is false; UsageError for a state that cannot be
        serialized, such as text that is not Unicode.
        """
        line = _line(b"", _encoded(_First.of(first), _First))
        with whole_file(path, force=force) as draft, draft.open("wb") as file:
            file.write(line)
            _sync(file)
        with suppress(OSError):  # the folder entry must survive a power failure too; not possible on Windows
            folder = os.open(path.parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        return cls(path, Editor(first), line[:_DIGITS], len(line))

    @classmethod
    def open(cls, path: Path) -> Journal:
        """Restore the editor from a journal.

        A damaged end of the file is skipped, and overwritten by the next action. Raises InputError if the
        file cannot be read, is not a journal, has another schema, is damaged at its beginning, or holds an
        action that cannot be done.
        """
        try:
            with path.open("rb") as file:
                return cls._recovered(path, file)
        except OSError as error:
            raise InputError(path, f"cannot be read: {(error.strerror or str(error)).lower()}") from error

    @classmethod
    def _recovered(cls, path: Path, file: BinaryIO) -> Journal:
        lines = _valid(file)
        digest, head = next(lines, (b"", b""))
        size = _DIGITS + 1 + len(head)
        editor = Editor(_first(path, head))
        for number, (following, line) in enumerate(lines, start=2):
            try:
                editor.replay(msgspec.json.decode(line, type=prepared(Entry), dec_hook=_decoded))
            except (EdgeError, ArithmeticError, *_UNREADABLE) as error:
                raise InputError(path, f"line {number} cannot be replayed: {error}") from error
            digest, size = following, size + _DIGITS + 1 + len(line)
        return cls(path, editor, digest, size, lost=file.seek(0, os.SEEK_END) - size)

    def discard(self) -> None:
        """Delete the file; the editor continues without a journal. Raises OutputError."""
        self.editor.record = None
        try:
            self.path.unlink(missing_ok=True)
        except OSError as error:
            raise OutputError(self.path, f"cannot be removed: {error.strerror}") from error

    def flush(self) -> None:
        """Retry to write what is not on disk yet, and set `trouble` accordingly."""
        if not self._pending:
            return
        try:
            with self.path.open("r+b") as file:
                self._append(file, b"".join(self._pending))
        except OSError as error:
            why = (error.strerror or str(error)).lower()
            self.trouble = OutputError(
                self.path, f"cannot be written: {why}; the edit is in memory only, save it or make room"
            )
        else:
            self.trouble = None

    def _record(self, entry: Entry) -> None:
        before = self._digest, self._size, self._pending
        line = _line(self._digest, _encoded(entry, Entry))
        self._digest, self._pending = line[:_DIGITS], [*self._pending, line]
        try:
            self.flush()
        except BaseException:  # an interrupt: the editor rolls the action back, so the file must too
            (self._digest, self._size, self._pending), self._torn = before, True
            raise

    def _append(self, file: BinaryIO, lines: bytes) -> None:
        end = file.seek(0, os.SEEK_END)
        if end < self._size or (end > self._size and not self._torn):
            raise OSError("another program changed it")
        self._torn = True
        file.truncate(self._size)
        file.seek(self._size)
        file.write(lines)
        _sync(file)
        self._size, self._pending, self._torn = self._size + len(lines), [], False


def _sync(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())


def _line(before: bytes, content: bytes) -> bytes:
    return b"%s %s\n" % (_digest(before, content), content)


def _digest(before: bytes, content: bytes) -> bytes:
    return blake2b(before + content, digest_size=_DIGITS // 2).hexdigest().encode()


def _valid(file: BinaryIO) -> Iterator[tuple[bytes, bytes]]:
    """Yield digest and content (with its LF) of each line before the first damaged one."""
    before = b""
    for line in file:
        digest, content = line[:_DIGITS], line[_DIGITS + 1 :]
        if line != _line(before, content[:-1]):
            return
        yield digest, content
        before = digest


def _first(path: Path, head: bytes) -> EditState:
    try:
        schema = msgspec.json.decode(head, type=prepared(_Head)).schema
        if schema != SCHEMA:
            raise InputError(path, f"is a journal of schema {schema}; only schema {SCHEMA} can be read")
        return msgspec.json.decode(head, type=prepared(_First), dec_hook=_decoded).state()
    except (UsageError, ArithmeticError, *_UNREADABLE) as error:
        raise InputError(path, "is not a journal of an edit, or its beginning is damaged") from error


def _encoded(value: object, kind: Any) -> bytes:
    """Return JSON that decodes to an equal value. Raises UsageError if there is none."""
    try:
        content = msgspec.json.encode(value, enc_hook=_plain)
        if msgspec.json.decode(content, type=prepared(kind), dec_hook=_decoded) == value:
            return content
        why = "a value has the wrong type"
    except (TypeError, ValueError, UsageError) as error:
        why = str(error)
    raise UsageError(f"the journal cannot hold it: {why}")


def _plain(value: object) -> object:
    match value:
        case Fraction():
            return f"{value.numerator}/{value.denominator}"
        case Path():
            return quote_from_bytes(os.fsencode(value))
        case Real():  # NumPy scalars
            return float(value)
    raise NotImplementedError(f"{type(value).__name__} is not supported")


def _decoded(kind: type, value: Any) -> object:
    if kind is Path:
        return Path(os.fsdecode(unquote_to_bytes(value)))
    if kind is Fraction:
        return Fraction(value)
    raise NotImplementedError(kind.__name__)
