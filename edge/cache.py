"""What was recognised once is not recognised again: a cache on disk that may be deleted at any time.

It lies in the folder in `EDGE_CACHE`, else in the platform's folder for caches (`~/.cache/edgereel` on
Linux), never beside what the user owns. A key is made of contents, models and settings, so nothing in it goes
stale. Entries that are damaged count as missing; a disk that is full costs nothing but the time to recognise
again.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from contextlib import suppress
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from edge import __version__
from edge.evidence.speech.recognizers import Heard, Recognizer

SETTING = "EDGE_CACHE"

LIMIT_BYTES = 256 << 20
"""The least recently used entries go when there is more; an hour of speech is about 1 MB."""

PRUNE_EVERY = 64
"""Entries written between looks at the size."""

_DIGEST = 32


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

    def content_digest(self, path: Path) -> str:
        """SHA-256 of a file; not read again while its name, size and time of change are the same."""
        status = path.stat()
        known = key("file", str(path.resolve()), status.st_ino, status.st_size, status.st_mtime_ns)
        if (found := self.get(known)) is not None:
            return found.decode("ascii", "replace")
        with path.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
        self.put(known, digest.encode())
        return digest

    def _file(self, key: str) -> Path:
        return self.root / key[:2] / key[2:]


def default_root() -> Path:
    """Where the cache lies; it need not exist."""
    if chosen := os.environ.get(SETTING):
        return Path(chosen)
    import platformdirs  # noqa: PLC0415 - only who caches pays for it

    return Path(platformdirs.user_cache_dir("edgereel", appauthor=False)) / "captions"


def key(*parts: object) -> str:
    """A key for what depends on these, which must print as what they are, and on this version of edge."""
    return hashlib.sha256(repr((__version__, parts)).encode()).hexdigest()


class CachedRecognizer(Recognizer):
    """A recogniser that remembers what it heard: stretches of sound that are the same, sample by sample."""

    def __init__(self, recognizer: Recognizer, cache: Cache) -> None:
        self._recognizer, self._cache = recognizer, cache
        self.folder, self.rate_hz, self.language = recognizer.folder, recognizer.rate_hz, recognizer.language

    @property
    def identity(self) -> tuple[str, str, str | None]:
        """See `Recognizer`."""
        return self._recognizer.identity

    def recognize(self, samples: NDArray[np.float32]) -> Heard:
        """See `Recognizer`."""
        sound = hashlib.sha256(np.ascontiguousarray(samples, np.float32).tobytes()).hexdigest()
        at = key("heard", sound, self.identity)
        if (found := self._cache.get(at)) is not None:
            with suppress(msgspec.MsgspecError, ValueError):
                return msgspec.msgpack.decode(found, type=Heard)
        heard = self._recognizer.recognize(samples)
        self._cache.put(at, msgspec.msgpack.encode(heard))
        return heard
