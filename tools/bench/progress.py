"""What a benchmark is doing, on stderr, while it goes on for minutes."""

from __future__ import annotations

import sys
import time

EVERY_S = 1.0
"""Lines come no faster than this."""

_began: float | None = None
_told = 0.0


def begin() -> None:
    """Tell from now on; without this nothing is printed."""
    global _began  # noqa: PLW0603 - of the process, as its stderr is
    _began = time.monotonic()


def tell(what: str) -> None:
    """Print one line, unless one was printed just now."""
    global _told  # noqa: PLW0603 - as above
    now = time.monotonic()
    if _began is not None and now - _told >= EVERY_S:
        _told = now
        print(f"{now - _began:7.1f} s  {what}", file=sys.stderr, flush=True)
