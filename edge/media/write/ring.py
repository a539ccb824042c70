"""The last minutes of audio that arrives, in a temporary file of bounded size."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

import numpy as np

from edge.arrays import Floats
from edge.errors import OutputError

FULL: Final = 32768.0
"""Value of full scale in the file: 16 bits, as nearly all microphones give."""


class AudioRing:
    """Keeps the last `seconds` of blocks float32[n, channels] on disk; `close` removes them.

    The file has no name where the system allows it, so that nothing is left of it after a crash either.
    """

    def __init__(self, folder: Path, *, rate_hz: int, channels: int, seconds: float) -> None:
        self.rate_hz, self.channels = rate_hz, channels
        self.end = 0
        """Number of samples so far."""
        self._capacity = round(seconds * rate_hz)
        self._folder = folder
        self._file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 - closed by `close`

    @property
    def first(self) -> int:
        """Return the index of the first sample that is kept."""
        return max(0, self.end - self._capacity)

    def write(self, block: Floats) -> None:
        """Append a block float32[n, channels]. Raises OutputError if the disk is full."""
        values = np.clip(np.rint(block * np.float32(FULL)), -FULL, FULL - 1).astype(np.int16)
        try:
            while len(values):
                at = self.end % self._capacity
                part, values = np.split(values, [self._capacity - at])
                self._file.seek(at * 2 * self.channels)
                self._file.write(part.tobytes())
                self.end += len(part)
            self._file.flush()
        except OSError as error:
            what = f"the audio of songs cannot be kept: {(error.strerror or str(error)).lower()}"
            raise OutputError(self._folder, what) from error

    def read(self, first: int, stop: int) -> Iterator[Floats]:
        """Yield the samples [first, stop) that are kept as blocks float32[channels, n] of up to a second."""
        first, stop = max(first, self.first), min(stop, self.end)
        while first < stop:
            at = first % self._capacity
            count = min(stop - first, self.rate_hz, self._capacity - at)
            self._file.seek(at * 2 * self.channels)
            values = np.frombuffer(self._file.read(count * 2 * self.channels), np.int16)
            yield values.reshape(-1, self.channels).T.astype(np.float32) / np.float32(FULL)
            first += count

    def close(self) -> None:
        """Remove the file."""
        with suppress(OSError):  # a full disk has refused what was still to be written
            self._file.close()
