"""The journal of an editor: a file that brings the edit back after a crash, undo and redo with it.

The first line holds the state in which editing began, each other one thing that happened: an action, an undo,
a redo. A line is `digest SP json LF`; its digest is taken over the line before it, too, so that a line
that changed, went missing or came twice is noticed. Times are written exactly, as "numerator/denominator".
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

from edge.errors import EdgeError, InputError, OutputError, UsageError
from edge.files import whole_file
from edge.timeline.actions import EditState, Passage
from edge.timeline.editor import Editor, Entry
from edge.timeline.timeline import Clip, Timeline
from edge.vocabulary import Caption

SCHEMA = 1
_DIGITS = 16
"""Of a digest, hexadecimal: 64 bits."""


class _Head(Struct, frozen=True):
    schema: int


class _First(Struct, frozen=True):
    """An `EditState` as it is written: JSON has no keys but strings."""

    schema: int
    clips: tuple[Clip, ...]
    captions: tuple[tuple[Path, tuple[Caption, ...]], ...]
    removed: tuple[Passage, ...]
    texts: tuple[tuple[Passage, str], ...]

    @classmethod
    def of(cls, state: EditState) -> _First:
        removed = sorted(state.removed, key=lambda one: (one.media, one.start, one.end))
        captions = tuple((media, tuple(each)) for media, each in state.original.items())
        return cls(SCHEMA, state.timeline.clips, captions, tuple(removed), tuple(state.texts.items()))

    def state(self) -> EditState:
        timeline, removed = Timeline(self.clips), frozenset(self.removed)
        return EditState(timeline, dict(self.captions), removed, dict(self.texts))


class Journal:
    """An editor of which everything that it does is on disk before its methods return.

    A process that is killed, or loses power, loses at most the action that it was about to write. If the
    disk is full or gone, editing goes on in memory: `trouble` says so, and each action tries again to write
    all that is missing. One process at a time; what another one wrote is left alone, and is `trouble`.
    """

    def __init__(self, path: Path, editor: Editor, digest: bytes, size: int, lost: int = 0) -> None:
        """Use `create` or `open`."""
        self.path = path
        self.editor = editor
        self.lost = lost
        """Bytes at the end of the file that were damaged when it was opened, and are not part of the edit."""
        self.trouble: OutputError | None = None
        """Why what was done last is not on disk; None if all of it is."""
        self._digest, self._size = digest, size
        self._pending: list[bytes] = []
        self._torn = lost > 0
        editor.record = self._record

    @classmethod
    def create(cls, path: Path, first: EditState, *, force: bool = False) -> Journal:
        """Begin a journal, and editing, with a state; the file appears whole or not at all.

        Media are written down as their paths are given: absolute ones are found again from anywhere. Raises
        OutputError if it cannot be written, or exists and `force` is false; UsageError for a state that
        cannot be written down, such as text that is no Unicode.
        """
        line = _line(b"", _encoded(_First.of(first), _First))
        with whole_file(path, force=force) as draft, draft.open("wb") as file:
            file.write(line)
            _sync(file)
        with suppress(OSError):  # the name, too, is to outlast a power failure; Windows has no way to say so
            folder = os.open(path.parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
        return cls(path, Editor(first), line[:_DIGITS], len(line))

    @classmethod
    def open(cls, path: Path) -> Journal:
        """The edit as it was when it was last written down, to go on with.

        A damaged end of the file is left out, and goes when the next action is written. Raises InputError if
        the file cannot be read, is no journal, is one of another schema or was damaged at its beginning, or
        holds what cannot be done.
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
                editor.replay(msgspec.json.decode(line, type=Entry, dec_hook=_decoded))
            except (EdgeError, ArithmeticError, msgspec.DecodeError) as error:
                raise InputError(path, f"line {number} cannot be done again: {error}") from error
            digest, size = following, size + _DIGITS + 1 + len(line)
        return cls(path, editor, digest, size, lost=file.seek(0, os.SEEK_END) - size)

    def discard(self) -> None:
        """Remove the file: the edit is over. The editor goes on, without a journal. Raises OutputError."""
        self.editor.record = None
        try:
            self.path.unlink(missing_ok=True)
        except OSError as error:
            raise OutputError(self.path, f"cannot be removed: {error.strerror}") from error

    def flush(self) -> None:
        """Try again to write what is not on disk yet; `trouble` tells the outcome."""
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
        except BaseException:  # an interrupt: the editor takes the action back, so the file must lose it too
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
    """Digest and content (with its LF) of each line up to the first that is damaged."""
    before = b""
    for line in file:
        digest, content = line[:_DIGITS], line[_DIGITS + 1 :]
        if line != _line(before, content[:-1]):
            return
        yield digest, content
        before = digest


def _first(path: Path, head: bytes) -> EditState:
    try:
        schema = msgspec.json.decode(head, type=_Head).schema
        if schema != SCHEMA:
            raise InputError(path, f"is a journal of schema {schema}, and schema {SCHEMA} can be read here")
        return msgspec.json.decode(head, type=_First, dec_hook=_decoded).state()
    except (UsageError, ArithmeticError, msgspec.DecodeError) as error:
        raise InputError(path, "is no journal of an edit, or its beginning was damaged") from error


def _encoded(value: object, kind: Any) -> bytes:
    """As JSON that gives the same value back. Raises UsageError for what does not."""
    try:
        content = msgspec.json.encode(value, enc_hook=_plain)
        if msgspec.json.decode(content, type=kind, dec_hook=_decoded) == value:
            return content
        why = "a value is not of the kind that it needs to be"
    except (TypeError, ValueError, UsageError) as error:
        why = str(error)
    raise UsageError(f"the journal cannot hold it: {why}")


def _plain(value: object) -> object:
    match value:
        case Fraction():
            return f"{value.numerator}/{value.denominator}"
        case Path():
            return quote_from_bytes(os.fsencode(value))
        case Real():  # of numpy
            return float(value)
    raise NotImplementedError(f"{type(value).__name__} is not known to it")


def _decoded(kind: type, value: Any) -> object:
    if kind is Path:
        return Path(os.fsdecode(unquote_to_bytes(value)))
    if kind is Fraction:
        return Fraction(value)
    raise NotImplementedError(kind.__name__)
