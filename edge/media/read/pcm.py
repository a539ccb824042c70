"""Raw PCM from a pipe, as recorders and `ffmpeg -f s16le` write it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any, BinaryIO, Final, get_args

import numpy as np

from edge.errors import UsageError
from edge.media.read.live_input import BLOCK_S, RATE_HZ, ThreadedInput
from edge.media.read.resampling import Samples
from edge.vocabulary import PcmFormat

_TYPES: Final[dict[str, np.dtype[Any]]] = {"s16le": np.dtype("<i2"), "f32le": np.dtype("<f4")}
_FULL: Final = {"s16le": 32768.0, "f32le": 1.0}
"""Value of full scale."""


class PcmInput(ThreadedInput):
    """Interleaved PCM that is read from an open file, such as `sys.stdin.buffer`, until it ends.

    `pcm_format` is "s16le" or "f32le"; of more than two channels the mean is used. Nothing drops: the writer
    of the pipe waits. Raises UsageError.
    """

    def __init__(
        self,
        file: BinaryIO,
        *,
        rate_hz: int = RATE_HZ,
        channels: int = 1,
        pcm_format: PcmFormat = "s16le",
        seconds: float | None = None,
    ) -> None:
        super().__init__("standard input", seconds=seconds)
        if rate_hz < 1000 or not 1 <= channels <= 64 or pcm_format not in get_args(PcmFormat):
            raise UsageError(f"no PCM of {rate_hz} Hz, {channels} channels, {pcm_format}")
        self._file, self._format = file, (rate_hz, channels, pcm_format)

    def _open(self) -> None:
        rate_hz, channels, _ = self._format
        self._begin(rate_hz, channels if channels <= 2 else 1)
        self._start()

    def _blocks(self) -> Iterator[Samples]:
        rate_hz, channels, name = self._format
        size = _TYPES[name].itemsize * channels
        wanted, rest = round(BLOCK_S * rate_hz) * size, b""
        while data := os.read(self._file.fileno(), wanted):
            data = rest + data
            whole = len(data) // size * size
            rest = data[whole:]
            if whole:
                samples = np.frombuffer(data[:whole], _TYPES[name]).reshape(-1, channels)
                samples = (samples / np.float32(_FULL[name])).astype(np.float32)
                yield samples if channels <= 2 else samples.mean(axis=1, keepdims=True)
