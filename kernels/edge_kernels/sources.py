"""What compiled kernels are made from, so that a library older than its sources is noticed.

A checkout keeps the library compiled for it in `lib`, beside a file with the fingerprint of its sources. A
wheel has no such file: its sources do not change. Imports no NumPy: the build backend reads this too.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

PACKAGE = Path(__file__).parent

LIBRARIES = PACKAGE / "lib"
"""Where a wheel, and a checkout that was installed, keep their libraries."""

MADE_FROM = LIBRARIES / "sources"
"""The fingerprint of the sources that a checkout's libraries were compiled from."""


def fingerprint() -> str:
    """Hexadecimal digest of the header and of the kernels."""
    digest = hashlib.sha256()
    for file in [*sorted(PACKAGE.glob("*.h")), *sorted((PACKAGE / "native").glob("*.py"))]:
        digest.update(file.name.encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()[:16]


def stale() -> bool:
    """Whether the libraries were compiled from other sources than those here now."""
    try:
        return MADE_FROM.read_text(encoding="ascii") != fingerprint()
    except FileNotFoundError:
        return False
