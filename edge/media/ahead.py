"""Make items in a thread of their own while those before are used."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from queue import Full, Queue
from threading import Event, Thread
from typing import Generic, TypeVar

Item = TypeVar("Item")

WAITING = 8
"""Items that are made before they are needed."""

PATIENCE_S = 0.1
"""How often the thread looks whether anybody still wants its items."""


class _End(Generic[Item]):
    """The end of the items, or the error that ended them."""

    def __init__(self, error: BaseException | None) -> None:
        self.error = error


def ahead(items: Iterable[Item]) -> Iterator[Item]:
    """Yield the items, which are made in a thread; its errors are raised here. Closing it ends the thread."""
    queue: Queue[Item | _End[Item]] = Queue(WAITING)
    unwanted = Event()

    def put(item: Item | _End[Item]) -> None:
        while not unwanted.is_set():
            try:
                queue.put(item, timeout=PATIENCE_S)
            except Full:
                continue
            return

    def make() -> None:
        try:
            for item in items:
                put(item)
                if unwanted.is_set():
                    return
        except BaseException as error:
            put(_End(error))
        else:
            put(_End(None))

    thread = Thread(target=make, daemon=True)
    thread.start()
    try:
        while not isinstance(item := queue.get(), _End):
            yield item
        if item.error is not None:
            raise item.error
    finally:
        unwanted.set()
        thread.join()
