"""Cache of evidence on disk, which may be deleted at any time.

It is stored in the folder named by `EDGE_CACHE`, else in the platform's cache folder (`~/.cache/edgereel` on
Linux), never beside the user's files. A key is made of contents, models and settings, so no entry goes
stale. Damaged entries count as missing; on a full disk nothing is stored, and the evidence is computed again.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from edge.errors import InputError
from edge.version import __version__

SETTING = "EDGE_CACHE"
"""Environment variable that names the cache folder."""

LIMIT_BYTES = 256 << 20
"""Size above which the least recently used entries are deleted; an hour of speech is about 1 MB."""

PRUNE_EVERY = 64
"""Number of entries written between checks of the size."""

_DIGEST = 32


class HasDigest(Protocol):
    """A file with a content digest, such as a `Recording`."""

    @property
    def path(self) -> Path:
        """Path of the file."""

    @property
    def digest(self) -> str:
        """SHA-256 of its bytes, in hexadecimal."""


class Cache:
    """A key-value store of bytes in a folder."""

    def __init__(self, root: Path | None = None, *, limit_bytes: int = LIMIT_BYTES) -> None:
        self.root = root or default_root()
        self._limit = limit_bytes
        self._written = 0

    def get(self, key: str) -> bytes | None:
        """Return the value stored under `key`; None if it is missing or damaged."""
        file = self._file(key)
        try:
            content = file.read_bytes()
        except OSError:
            return None
        digest, value = content[:_DIGEST], content[_DIGEST:]
        if hashlib.sha256(value).digest() != digest:
            return None
        with suppress(OSError):
            os.utime(file)
        return value

    def put(self, key: str, value: bytes) -> None:
        """Store `value` under `key`; does nothing if the disk cannot be written."""
        file = self._file(key)
        draft = file.with_suffix(f".{secrets.token_hex(4)}")
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            draft.write_bytes(hashlib.sha256(value).digest() + value)
            draft.replace(file)
        except OSError:
            with suppress(OSError):
                draft.unlink()
        self._written += 1
        if self._written % PRUNE_EVERY == 1:
            self.prune()

    def prune(self) -> None:
        """Delete the least recently used entries until the rest is at most `limit_bytes`."""
        entries = []
        for file in self.root.glob("*/*"):
            with suppress(OSError):
                status = file.stat()
                entries.append((status.st_mtime, status.st_size, file))
        total = sum(size for _, size, _ in entries)
        for _, size, file in sorted(entries):
            if total <= self._limit:
                return
            with suppress(OSError):
                file.unlink()
                total -= size

    def digest_of(self, recording: HasDigest) -> str:
        """Return the recording's digest, without reading a file again whose path, size and mtime are known.

        Raises InputError if the file cannot be read.
        """
        path = recording.path
        try:
            status = path.stat()
        except OSError as error:
            raise InputError(path, f"cannot be read ({error.strerror})") from error
        known = key("file", str(path.resolve()), status.st_ino, status.st_size, status.st_mtime_ns)
        if (digest := self.get(known)) is not None:
            return digest.decode("ascii", "replace")
        self.put(known, recording.digest.encode())
        return recording.digest

    def _file(self, key: str) -> Path:
        return self.root / key[:2] / key[2:]


def default_root() -> Path:
    """Return the cache folder; it need not exist."""
    if chosen := os.environ.get(SETTING):
        return Path(chosen)
    import platformdirs  # noqa: PLC0415 - only needed with a cache

    return Path(platformdirs.user_cache_dir("edgereel", appauthor=False)) / "evidence"


def key(*parts: object) -> str:
    """Return the key of a value that depends on `parts` and on this version of edge.

    Parts are compared by their `repr`, which must therefore show their whole content.
    """
    return hashlib.sha256(repr((__version__, parts)).encode()).hexdigest()
