"""Headers of WAV and MP3 files that FFmpeg believes, whether they are right or not."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO, Final

_KNOWN: Final = frozenset((b"LIST", b"id3 ", b"ID3 ", b"bext", b"iXML", b"cue ", b"smpl", b"inst", b"PEAK"))
"""Chunks that often follow the samples, which may be cut off."""
_PADDING: Final = 65_536
"""So many zero bytes after the samples fill a sector, they are no sound."""
_PRINTABLE: Final = frozenset(range(0x20, 0x7F))
_TAG: Final = 10
"""Bytes of the header of an ID3v2 tag."""
_FRAME: Final = 4096
"""Bytes of the longest frame of MP3, and more."""


def ends_early(path: Path) -> bool:
    """Return whether sound goes on after its end in the header: a recorder died, or passed 4 GiB.

    It does if what follows is no chain of chunks, as the format wants. Raises OSError.
    """
    with path.open("rb") as file:
        head = file.read(12)
        if head[:4] != b"RIFF" or head[8:] != b"WAVE":
            return False
        size = path.stat().st_size
        end = _samples_end(file, size)
        return end is not None and end < size and not _harmless(file, end, size)


def _samples_end(file: BinaryIO, size: int) -> int | None:
    """Return the end of the samples as declared; None if FFmpeg reads to the end of the file anyway."""
    at = 12
    while at + 8 <= size:
        file.seek(at)
        name, length = _chunk(file)
        if name == b"data":
            return at + 8 + length if 0 < length < 0xFFFF_FFFF else None
        at += 8 + length + length % 2
    return None


def _harmless(file: BinaryIO, at: int, size: int) -> bool:
    """Return whether chunks, or zeros that fill a sector, follow up to the end of the file."""
    file.seek(at)
    if size - at <= _PADDING and not file.read(size - at).strip(b"\0"):
        return True
    return any(_chunks_follow(file, start, size) for start in (at + at % 2, at))


def _chunks_follow(file: BinaryIO, at: int, size: int) -> bool:
    while at + 8 <= size:
        file.seek(at)
        name, length = _chunk(file)
        if name in _KNOWN:
            return True
        if not _PRINTABLE.issuperset(name) or at + 8 + length > size:
            return False
        at += 8 + length + length % 2
    return size - at < 8


def _chunk(file: BinaryIO) -> tuple[bytes, int]:
    head = file.read(8)
    return head[:4], int.from_bytes(head[4:], "little")


def xing_is_right(path: Path) -> bool:
    """Return whether an MP3 file has a Xing header whose number of bytes is the file's. Raises OSError.

    It is not if files were copied one behind the other.
    """
    with path.open("rb") as file:
        head = file.read(_TAG)
        begin = 0
        if head.startswith(b"ID3"):
            for byte in head[6:]:  # seven bits each
                begin = begin << 7 | byte & 0x7F
            begin += _TAG
        file.seek(begin)
        frame = file.read(_FRAME)
    at = next((k for k in (frame.find(b"Xing"), frame.find(b"Info")) if k >= 0), None)
    if at is None or not frame[at + 7] & 1 or not frame[at + 7] & 2:  # frames, bytes
        return False
    declared = int.from_bytes(frame[at + 12 : at + 16])
    return abs(path.stat().st_size - begin - declared) <= max(_FRAME, declared // 500)
