"""Call the C core from Python: to compare it with the package, and to measure it."""

from __future__ import annotations

import ctypes
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from edge.arrays import Floats
from edge.songs.options import SongOptions
from edge.songs.song import Song
from edge.vocabulary import LABELS

STATUS = ("OK", "NULL", "SIZE", "OPTION", "MODEL", "ALIGN", "FULL", "STATE", "SAMPLES")
"""Names of the statuses, by number."""


class CoreError(Exception):
    """A status other than OK."""

    def __init__(self, status: str) -> None:
        super().__init__(status)
        self.status = status


class _Options(ctypes.Structure):
    _fields_ = (
        ("segment_s", ctypes.c_double), ("min_run", ctypes.c_int64), ("speech_margin", ctypes.c_double),
        ("other_margin", ctypes.c_double), ("refine_step_s", ctypes.c_double),
        ("edge_is_other", ctypes.c_int32), ("max_interlude_s", ctypes.c_double),
        ("max_rest_s", ctypes.c_double), ("max_gap_s", ctypes.c_double), ("rest_below_db", ctypes.c_double),
        ("refine_on_frames", ctypes.c_int32), ("live", ctypes.c_int32), ("max_seconds", ctypes.c_double),
    )  # fmt: skip


_TIMES = ("start", "end", "prelude", "postlude", "confidence")


class _Song(ctypes.Structure):
    _fields_ = tuple((name, ctypes.c_double) for name in _TIMES)


@dataclass(frozen=True)
class Core:
    """A library and a model for it."""

    library: Path
    model: bytes

    def open(
        self, options: SongOptions | None = None, *, live: bool = False, max_seconds: float = 1800.0
    ) -> CoreSongs:
        """Begin a recording. Raises CoreError."""
        return CoreSongs(self, options or SongOptions(), live=live, max_seconds=max_seconds)


class CoreSongs:
    """A recording, whose samples are handed over in blocks; see `core/edge_songs.h`."""

    def __init__(self, core: Core, options: SongOptions, *, live: bool, max_seconds: float) -> None:
        self._library = ctypes.CDLL(str(core.library))
        self._library.edge_song_defaults.restype = _Options
        self._library.edge_songs_arithmetic.restype = ctypes.c_char_p
        given = self._library.edge_song_defaults()
        for name, value in asdict(options).items():
            setattr(given, name, value)
        given.live, given.max_seconds = live, max_seconds
        self._model = _aligned(len(core.model))
        self._model[:] = np.frombuffer(core.model, np.uint8)
        model = (_address(self._model), ctypes.c_int64(len(core.model)))
        self.size = self._count("size", *model, ctypes.byref(given))
        """Bytes of memory that the instance takes."""
        self._memory = _aligned(self.size)
        self._songs = ctypes.c_void_p()
        memory = (_address(self._memory), ctypes.c_int64(self.size))
        self._do("open", *model, ctypes.byref(given), *memory, ctypes.byref(self._songs))

    @property
    def arithmetic(self) -> str:
        """Return the name of the dot products that are used here."""
        return str(self._library.edge_songs_arithmetic().decode())

    def accept(self, samples: Floats) -> None:
        """Label samples float32[n] at 16 kHz. Raises CoreError."""
        samples = np.ascontiguousarray(samples, np.float32)
        self._do("accept", self._songs, _address(samples), ctypes.c_int64(len(samples)))

    def finish(self) -> None:
        """Label what is left. Raises CoreError."""
        self._do("finish", self._songs)

    def take(self) -> list[Song]:
        """Return the songs that are known and were not yet taken."""
        found, songs = (_Song * 64)(), list[Song]()
        while count := self._count("take", self._songs, found, ctypes.c_int64(len(found))):
            songs += [Song(*(getattr(one, name) for name in _TIMES)) for one in found[:count]]
        return songs

    def frames(self, first: int = 0) -> Floats:
        """Return the confidences float32[n, 4] of the frames from `first` on that are remembered."""
        return self._rows("frames", first)

    def segments(self, first: int = 0) -> Floats:
        """Return the confidences float32[n, 4] of the segments from `first` on that are known."""
        return self._rows("segments", first)

    def _rows(self, what: str, first: int) -> Floats:
        at, parts = ctypes.c_int64(first), [np.zeros((0, len(LABELS)), np.float32)]
        while True:
            rows = np.empty((1024, len(LABELS)), np.float32)
            count = self._count(
                what, self._songs, ctypes.byref(at), _address(rows), ctypes.c_int64(len(rows))
            )
            if not count:
                return np.concatenate(parts)
            parts.append(rows[:count])
            at.value += count

    def _do(self, what: str, *arguments: Any) -> None:
        if status := getattr(self._library, f"edge_songs_{what}")(*arguments):
            raise CoreError(STATUS[status])

    def _count(self, what: str, *arguments: Any) -> int:
        function = getattr(self._library, f"edge_songs_{what}")
        function.restype = ctypes.c_int64
        count = int(function(*arguments))
        if count < 0:
            raise CoreError(STATUS[-count])
        return count


def _aligned(size: int) -> Any:
    """Return uint8[size] that begins at a multiple of 64 bytes."""
    spacious = np.zeros(size + 64, np.uint8)
    begin = -spacious.ctypes.data % 64
    return spacious[begin : begin + size]


def _address(array: Any) -> ctypes.c_void_p:
    return ctypes.c_void_p(array.ctypes.data)
