"""Audio that is made once and read several times, from a temporary file if it is not too long."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator
from typing import BinaryIO

import numpy as np

from edge.arrays import Floats

LONGEST_S = 1800.0
"""Seconds of audio that are kept, 0.7 GB; longer audio is made again each time."""


class Spool:
    """Stereo blocks float32[2, n] that can be iterated over again; each iteration gives the same ones."""

    def __init__(self, make: Callable[[], Iterable[Floats]], seconds: float) -> None:
        self._make = make
        self._worth_keeping = seconds <= LONGEST_S
        self._file: BinaryIO | None = None
        self._counts: list[int] = []

    def __iter__(self) -> Iterator[Floats]:
        if self._file is not None:
            yield from self._kept(self._file)
        elif self._worth_keeping:
            yield from self._keep()
        else:
            yield from self._make()

    @property
    def is_kept(self) -> bool:
        """Return whether it was iterated over and is read from the temporary file from now on."""
        return self._file is not None

    def close(self) -> None:
        """Remove the temporary file."""
        if self._file is not None:
            self._file.close()
        self._file = None

    def __enter__(self) -> Spool:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _keep(self) -> Iterator[Floats]:
        """Yield blocks while they are written; on a full disk they are not kept."""
        file: BinaryIO | None = tempfile.TemporaryFile()  # noqa: SIM115 - closed by `close`
        counts = list[int]()
        for block in self._make():
            if file is not None:
                try:
                    file.write(np.ascontiguousarray(block, np.float32).tobytes())
                    counts.append(block.shape[1])
                except OSError:
                    file.close()
                    file, self._worth_keeping = None, False
            yield block
        self._file, self._counts = file, counts

    def _kept(self, file: BinaryIO) -> Iterator[Floats]:
        at = 0
        for count in self._counts:
            file.seek(at)
            content = file.read(8 * count)
            at += len(content)
            yield np.frombuffer(content, np.float32).reshape(2, count)
