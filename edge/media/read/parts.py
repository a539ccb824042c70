"""Parts of a file whose clock restarts: a recorder that was started again, files copied one behind the other.

FFmpeg reads the timestamps of the second part as earlier ones, or ends where an Ogg file changes its format.
So each part is a file of its own here, of some bytes of the whole; `chain` reads one after the other.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import BinaryIO, Final

import numpy as np
import numpy.typing as npt

Bytes = tuple[int, int]
"""First byte of a part, and the one after its last."""
Clocks = tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.int64]]
"""int64[n] each: bytes at which clock values are, numbers of the clocks, values in ticks of 1/90000 s."""
Reader = Callable[[bytes, int], Clocks]
"""(bytes, position of the first in the file) -> the clock values in them."""

FORWARD: Final = 10 * 90_000
"""Ticks by which a clock may go ahead without a restart: FFmpeg's `dts_delta_threshold`."""
BACK: Final = 90_000
"""Ticks by which a clock may go back: values are not always in order."""
_WRAP: Final = 1 << 33
"""Ticks after which the clock of MPEG begins anew; FFmpeg knows of that."""
_CHUNK: Final = 188 * 192 * 32
"""Bytes read at a time: whole packets of transport streams, whichever their size."""
_WHOLE: Final = 1 << 28
"""Bytes up to which all is read to find restarts; of longer files, chunks in as many places."""
_PACKET_SIZES: Final = ((188, 0), (192, 4), (204, 0))
"""Size of a packet of a transport stream, and place of its first byte 0x47: plain, Blu-ray, with parity."""
_SYNC: Final = 0x47
"""First byte of a packet of a transport stream."""
_IN_A_ROW: Final = 4
"""Packets that are found where they should be, where a stream was broken off."""
_BREAKS: Final = 50
"""Breaks in a chunk after which its rest is not looked at."""
_BEFORE: Final = 256
"""Packets before the last clock value of a part that tell how its packets are numbered."""
_BESIDE: Final = 2
"""Packets from a table of programs, which by chance is numbered on, to one that is not, at most."""


class Piece(io.RawIOBase):
    """Some bytes of a file, as a file."""

    def __init__(self, path: Path, part: Bytes) -> None:
        self._file = path.open("rb")
        self._begin, self._end = part
        self.seek(0)

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True

    def read(self, size: int = -1) -> bytes:
        """Read at most `size` bytes, by default the rest."""
        left = max(self._end - self._file.tell(), 0)
        return self._file.read(left if size < 0 else min(size, left))

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a byte of the piece; return its number."""
        base = {io.SEEK_SET: self._begin, io.SEEK_CUR: self._file.tell(), io.SEEK_END: self._end}[whence]
        return self._file.seek(max(base + offset, self._begin)) - self._begin

    def tell(self) -> int:
        """Return the number of the next byte."""
        return self._file.tell() - self._begin

    def close(self) -> None:
        """Close the file."""
        self._file.close()
        super().close()


def parts_of(path: Path) -> tuple[Bytes, ...]:
    """Return the parts of a file in order; none if its clock does not restart. Raises OSError."""
    found = path.stat()
    return _parts_of(path, found.st_size, found.st_mtime_ns)


@lru_cache(maxsize=64)
def _parts_of(path: Path, size: int, modified_ns: int) -> tuple[Bytes, ...]:
    with path.open("rb") as file:
        head = file.read(_CHUNK)
        if head.startswith(b"OggS"):
            starts = _ogg_links(file, size)
        elif head.startswith(b"\0\0\1\xba"):
            starts = [after for _, after in _restarts(file, size, _program_clocks)]
        elif packet := _packet_of(head):
            found = _restarts(file, size, lambda data, at: _transport_clocks(data, at, packet))
            starts = [_joint(file, near, packet) for near in found]
        else:
            return ()
    edges = [0, *starts, size] if starts else []
    return tuple((a, b) for a, b in pairwise(edges) if a < b)


def _ogg_links(file: BinaryIO, size: int) -> list[int]:
    """Return where the first pages of streams follow the pages of others."""
    links, at, begins = [], 0, True
    while at + 27 <= size:
        file.seek(at)
        head = file.read(27 + 255)
        if not head.startswith(b"OggS"):
            at = _find(file, at + 1, b"OggS")
            if at < 0:
                break
            continue
        first = bool(head[5] & 2)
        if first and not begins:
            links.append(at)
        begins = first
        at += 27 + head[26] + sum(head[27 : 27 + head[26]])
    return links


def _find(file: BinaryIO, at: int, wanted: bytes) -> int:
    """Return the place of the next `wanted` from `at` on; -1 if there is none."""
    file.seek(at)
    while data := file.read(_CHUNK):
        if (found := data.find(wanted)) >= 0:
            return at + found
        if len(data) < len(wanted):
            break
        at += len(data) - len(wanted) + 1
        file.seek(at)
    return -1


def _packet_of(head: bytes) -> tuple[int, int] | None:
    """Return the size of a transport stream's packets and the place of their first byte; None for others."""
    for size, at in _PACKET_SIZES:
        firsts = head[at : at + size * 16 : size]
        if len(firsts) > 3 and not firsts.strip(b"G"):
            return size, at
    return None


def _restarts(file: BinaryIO, size: int, read: Reader) -> list[Bytes]:
    """Return (place of the last value before a restart, of the first one after it) for each.

    If there is one among the chunks of a long file that are read, all of it is.
    """
    step = max(size // (_WHOLE // _CHUNK) // _CHUNK, 1) * _CHUNK
    found = list(_jumps(file, range(0, size, step), read))
    return list(_jumps(file, range(0, size, _CHUNK), read)) if found and step > _CHUNK else found


def _jumps(file: BinaryIO, chunks: Iterable[int], read: Reader) -> Iterator[Bytes]:
    """Yield the places of values between which a clock jumps, in chunks that begin at these bytes."""
    last: dict[int, tuple[int, int]] = {}
    for at in chunks:
        file.seek(at)
        places, clocks, values = read(file.read(_CHUNK), at)
        for clock in np.unique(clocks).tolist():
            mine = clocks == clock
            place, known = last.get(clock, (int(places[mine][0]), int(values[mine][0])))
            before, after = np.append(place, places[mine]), np.append(known, values[mine])
            moved = (np.diff(after) + _WRAP // 2) % _WRAP - _WRAP // 2
            for k in np.flatnonzero((moved < -BACK) | (moved > FORWARD)).tolist():
                yield int(before[k]), int(before[k + 1])
            last[clock] = int(before[-1]), int(after[-1])


def _transport_clocks(data: bytes, at: int, packet: tuple[int, int]) -> Clocks:
    """Return the clock references of a transport stream (ISO 13818-1, 2.4.3.5), a clock by its PID."""
    size, sync = packet
    rows, begin = np.frombuffer(data, np.uint8), -at % size
    found: list[Clocks] = []
    for _ in range(_BREAKS):
        table = rows[begin : begin + (len(rows) - begin) // size * size].reshape(-1, size)[:, sync:]
        broken = np.flatnonzero(table[:, 0] != _SYNC)
        count = int(broken[0]) if len(broken) else len(table)
        places, pids, values = _references(table[:count])
        found.append((at + begin + places * size, pids, values))
        if count == len(table) or (next_ := _synchronized(rows, begin + count * size, packet)) is None:
            break
        begin = next_
    places, pids, values = (np.concatenate(each) for each in zip(*found, strict=True))
    return places, pids, values


def _references(table: npt.NDArray[np.uint8]) -> Clocks:
    """Return the clock references in packets uint8[n, 188]; places are numbers of packets."""
    has = (table[:, 3] & 0x20 > 0) & (table[:, 4] >= 7) & (table[:, 5] & 0x10 > 0)
    found = table[has].astype(np.int64)
    pids = (found[:, 1] & 0x1F) << 8 | found[:, 2]
    values = found[:, 6] << 25 | found[:, 7] << 17 | found[:, 8] << 9 | found[:, 9] << 1 | found[:, 10] >> 7
    return np.flatnonzero(has), pids, values


def _synchronized(rows: npt.NDArray[np.uint8], begin: int, packet: tuple[int, int]) -> int | None:
    """Return where whole packets begin again from a byte on; None if they do not soon."""
    size, sync = packet
    for start in range(begin, min(begin + 2 * size, len(rows) - size * _IN_A_ROW)):
        if (rows[start + sync : start + sync + size * _IN_A_ROW : size] == _SYNC).all():
            return start
    return None


def _program_clocks(data: bytes, at: int) -> Clocks:
    """Return the clock references of a program stream: MPEG-2 (ISO 13818-1, 2.5.3.3) or MPEG-1."""
    places, values, found = [], [], data.find(b"\0\0\1\xba")
    while 0 <= found <= len(data) - 10:
        bits = int.from_bytes(data[found + 4 : found + 9], "big")
        if bits >> 38 == 1:  # 01, 3 bits, 1, 15 bits, 1, 15 bits, 1, ...
            bits = int.from_bytes(data[found + 4 : found + 10], "big")
            high, middle, low = bits >> 43 & 7, bits >> 27 & 0x7FFF, bits >> 11 & 0x7FFF
        else:  # 0010, 3 bits, 1, 15 bits, 1, 15 bits, 1
            high, middle, low = bits >> 33 & 7, bits >> 17 & 0x7FFF, bits >> 1 & 0x7FFF
        places.append(at + found)
        values.append(high << 30 | middle << 15 | low)
        found = data.find(b"\0\0\1\xba", found + 4)
    return np.array(places, np.int64), np.zeros(len(places), np.int64), np.array(values, np.int64)


def _joint(file: BinaryIO, near: Bytes, packet: tuple[int, int]) -> int:
    """Return where a part begins, between the last clock value of one and the first of the next.

    That is where packets of a PID are not numbered on, or the table of programs (PID 0) just before it.
    """
    size, sync = packet
    begin = near[0] - min(near[0] // size, _BEFORE) * size
    file.seek(begin)
    data = file.read(near[1] - begin)
    numbers: dict[int, int] = {}
    broken: int | None = None
    table: int | None = None
    for at in range(len(data) % size, len(data), size):  # from the end, were the last packets whole
        head = data[at + sync : at + sync + 4]
        if head[0] != _SYNC or (head[1] & 0x1F == 0x1F and head[2] == 0xFF):  # no number in padding
            continue
        pid, number = int.from_bytes(head[1:3]) & 0x1FFF, head[3] & 0xF
        if begin + at > near[0]:
            before = (number - 1) % 16
            if broken is None and head[3] & 0x10 and numbers.get(pid, before) != before:
                broken = begin + at
            if pid == 0 and head[1] & 0x40:
                table = begin + at
        numbers[pid] = number
    if broken is not None and table is not None and 0 <= broken - table <= _BESIDE * size:
        return table
    return broken or table or near[1]
