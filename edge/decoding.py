"""Types that documents are decoded into, made ready for threads."""

from __future__ import annotations

from functools import cache
from threading import Lock
from typing import Any, TypeVar

import msgspec

T = TypeVar("T")

_looking = Lock()


def prepared(kind: T) -> T:
    """Return the type, which threads may now decode into at the same time.

    msgspec (0.22) looks at a type when it first decodes into it, and keeps what it finds with each class on
    the way before it is complete: a second thread that decodes into that class then crashes the process.
    So one thread at a time looks; decoding itself runs in parallel.
    """
    with _looking:
        _look_at(kind)
    return kind


@cache
def _look_at(kind: Any) -> None:
    msgspec.msgpack.Decoder(kind)
