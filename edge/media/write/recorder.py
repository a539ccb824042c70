"""Write audio that arrives to a file that appears when the audio has ended."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from queue import Full, Queue
from threading import Thread
from typing import Final

from edge.arrays import Floats
from edge.media.write.sound import write_audio

WAITING: Final = 100
"""Blocks that may wait for the disk."""
PATIENCE_S: Final = 0.1
"""How often a waiting caller looks whether the writer has failed."""


class AudioRecorder:
    """Encodes blocks float32[n, channels] in a thread of its own; `close` completes the file.

    `write` and `close` raise OutputError if the file cannot be written.
    """

    def __init__(self, path: Path, *, rate_hz: int, layout: str, force: bool = False) -> None:
        self.path = path
        self._blocks: Queue[Floats | None] = Queue(WAITING)
        self._error: Exception | None = None
        self._thread = Thread(target=self._run, args=(rate_hz, layout, force), daemon=True)
        self._thread.start()

    def write(self, block: Floats) -> None:
        """Append a block float32[n, channels]."""
        self._put(block)

    def close(self) -> None:
        """Complete the file."""
        self._put(None)
        self._thread.join()
        self._check()

    def _put(self, block: Floats | None) -> None:
        while self._thread.is_alive():
            try:
                self._blocks.put(block, timeout=PATIENCE_S)
            except Full:
                continue
            return
        self._check()

    def _check(self) -> None:
        if self._error is not None:
            raise self._error

    def _run(self, rate_hz: int, layout: str, force: bool) -> None:
        try:
            write_audio(self.path, self._arrived(), rate_hz, layout=layout, force=force)
        except Exception as error:
            self._error = error

    def _arrived(self) -> Iterator[Floats]:
        while (block := self._blocks.get()) is not None:
            yield block.T
