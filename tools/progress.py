"""What a benchmark or an evaluation is doing, on stderr, while it goes on for minutes."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from typing import TypeVar

EVERY_S = 1.0
"""Lines come no faster than this."""

T = TypeVar("T")

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


def each(items: Sequence[T], what: str) -> Iterator[T]:
    """The items one by one; tells which of how many it is: `what` is the word for one."""
    for number, item in enumerate(items, 1):
        tell(f"{what} {number} of {len(items)}")
        yield item
