"""Fingerprint of the kernels' sources, to detect a compiled library that is older than its sources.

A checkout has its compiled library in `lib`, beside a file with the fingerprint of its sources. A wheel has
no such file, because its sources do not change. Does not import NumPy, because the build backend imports it.
"""

from __future__ import annotations

import zlib
from pathlib import Path

PACKAGE = Path(__file__).parent

LIBRARIES = PACKAGE / "lib"
"""Folder of the libraries in a wheel, and in a checkout that was installed."""

MADE_FROM = LIBRARIES / "sources"
"""File with the fingerprint of the sources that a checkout's libraries were compiled from."""


def fingerprint() -> str:
    """Return a checksum of the header and the kernels; CRC-32, because hashlib loads 2 MB of OpenSSL."""
    checksum = 0
    for file in [*sorted(PACKAGE.glob("*.h")), *sorted((PACKAGE / "native").glob("*.py"))]:
        checksum = zlib.crc32(file.name.encode() + b"\0" + file.read_bytes(), checksum)
    return f"{checksum:08x}"


def stale() -> bool:
    """Return whether the libraries were compiled from other sources than the current ones."""
    try:
        return MADE_FROM.read_text(encoding="ascii") != fingerprint()
    except FileNotFoundError:
        return False
