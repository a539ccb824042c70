"""A cache of evidence on disk, which may be deleted at any time.

It lies in the folder in `EDGE_CACHE`, else in the platform's folder for caches (`~/.cache/edgereel` on
Linux), never beside what the user owns. A key is made of contents, models and settings, so nothing in it goes
stale. Entries that are damaged count as missing; a disk that is full costs nothing but the time to recognize
again.
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

LIMIT_BYTES = 256 << 20
"""The least recently used entries go when there is more; an hour of speech is about 1 MB."""

PRUNE_EVERY = 64
"""Entries written between looks at the size."""

_DIGEST = 32


class HasDigest(Protocol):
    """A recording."""

    @property
    def path(self) -> Path:
        """Its file."""

    @property
    def digest(self) -> str:
        """SHA-256 of its bytes."""


class Cache:
    """Bytes by key in a folder."""

    def __init__(self, root: Path | None = None, *, limit_bytes: int = LIMIT_BYTES) -> None:
        self.root = root or default_root()
        self._limit = limit_bytes
        self._written = 0

    def get(self, key: str) -> bytes | None:
        """What was put under this key, if it is there and undamaged."""
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
        """Keep this, if the disk lets us."""
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
        """Delete what was not used for longest, until the rest fits."""
        found = []
        for file in self.root.glob("*/*"):
            with suppress(OSError):
                status = file.stat()
                found.append((status.st_mtime, status.st_size, file))
        total = sum(size for _, size, _ in found)
        for _, size, file in sorted(found):
            if total <= self._limit:
                return
            with suppress(OSError):
                file.unlink()
                total -= size

    def digest_of(self, recording: HasDigest) -> str:
        """Return the recording's digest; a file of known name, size and time is not read again."""
        path = recording.path
        try:
            status = path.stat()
        except OSError as error:
            raise InputError(path, f"cannot be read ({error.strerror})") from error
        known = key("file", str(path.resolve()), status.st_ino, status.st_size, status.st_mtime_ns)
        if (found := self.get(known)) is not None:
            return found.decode("ascii", "replace")
        self.put(known, recording.digest.encode())
        return recording.digest

    def _file(self, key: str) -> Path:
        return self.root / key[:2] / key[2:]


def default_root() -> Path:
    """Where the cache lies; it need not exist."""
    if chosen := os.environ.get(SETTING):
        return Path(chosen)
    import platformdirs  # noqa: PLC0415 - only who caches pays for it

    return Path(platformdirs.user_cache_dir("edgereel", appauthor=False)) / "evidence"


def key(*parts: object) -> str:
    """A key for what depends on these, which must print as what they are, and on this version of edge."""
    return hashlib.sha256(repr((__version__, parts)).encode()).hexdigest()
