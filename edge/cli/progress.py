"""A progress line on stderr, only where somebody can see it."""

from __future__ import annotations

import sys
import time
from types import TracebackType

WIDTH = 30


class Progress:
    """Called with a share of 0 to 1; redraws at most five times a second, and cleans up after itself."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._shown = sys.stderr.isatty()
        self._last = 0.0

    def __call__(self, share: float) -> None:
        """Show that `share` of the work is done."""
        now = time.monotonic()
        if self._shown and now - self._last > 0.2:
            self._last = now
            bar = "█" * int(share * WIDTH)
            print(f"\r{self._what} {bar:<{WIDTH}} {share:4.0%}", end="", file=sys.stderr, flush=True)

    def __enter__(self) -> Progress:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._shown and self._last:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)
