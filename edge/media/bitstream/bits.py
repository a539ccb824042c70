"""Read and write the bits of NAL units, and split packets into them; the same in H.264 and HEVC.

Sections of ITU-T H.265 (08/2021); those of H.264 are 7.3.1, 9.1 and annex B too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_START = re.compile(b"\0\0\1")
_ESCAPED = re.compile(b"\0\0\3")
_TO_ESCAPE = re.compile(b"\0\0(?=[\0-\3])")


def nals(data: bytes, length_size: int) -> list[bytes]:
    r"""Split a packet into NAL units, framed by lengths of `length_size` bytes, or start codes (0, annex B).

    >>> nals(b"\0\0\0\1\x67a\0\0\1\x68b", 0)
    [b'ga', b'hb']
    """
    units = []
    if length_size == 0:
        starts = [match.end() for match in _START.finditer(data)]
        ends = [start - 3 for start in starts[1:]] + [len(data)]
        units = [data[start:end].rstrip(b"\0") for start, end in zip(starts, ends, strict=True)]
    else:
        offset = 0
        while offset + length_size <= len(data):
            begin = offset + length_size
            offset = begin + int.from_bytes(data[offset:begin], "big")
            units.append(data[begin:offset])
    return [nal for nal in units if nal]


def framed(units: Iterable[bytes]) -> bytes:
    r"""Join NAL units, each preceded by its length in four bytes.

    >>> framed([b"ga"])
    b'\x00\x00\x00\x02ga'
    """
    return b"".join(len(nal).to_bytes(4, "big") + nal for nal in units)


def unescaped(data: bytes) -> bytes:
    """Remove the emulation prevention bytes of a NAL unit (7.3.1.1)."""
    return _ESCAPED.sub(b"\0\0", data)


def escaped(data: bytes) -> bytes:
    r"""Insert the emulation prevention bytes of a NAL unit (7.4.2).

    >>> escaped(b"\0\0\0\0\1")
    b'\x00\x00\x03\x00\x00\x03\x01'
    """
    return _TO_ESCAPE.sub(b"\0\0\3", data)


def golomb(value: int) -> str:
    """Return the bits of an unsigned Exp-Golomb code, ue(v) (9.2).

    >>> golomb(0), golomb(3)
    ('1', '00100')
    """
    digits = f"{value + 1:b}"
    return "0" * (len(digits) - 1) + digits


class Bits:
    """The bits of a NAL unit without its emulation prevention bytes, as text of zeros and ones."""

    def __init__(self, data: bytes) -> None:
        self.text = f"{int.from_bytes(data, 'big'):0{8 * len(data)}b}" if data else ""
        """All bits."""
        self.at = 0
        """Number of bits read."""

    def take(self, count: int) -> int:
        """Read an unsigned number of `count` bits, u(n). Raises IndexError after the end."""
        self.at += count
        if self.at > len(self.text):
            raise IndexError("a NAL unit ends within a field")
        return int(self.text[self.at - count : self.at] or "0", 2)

    def skip(self, count: int) -> None:
        """Leave out `count` bits."""
        self.at += count

    def read_ue(self) -> int:
        """Read an unsigned Exp-Golomb code, ue(v). Raises IndexError after the end."""
        one = self.text.find("1", self.at)
        if one < 0:
            raise IndexError("a NAL unit ends within a field")
        zeros, self.at = one - self.at, one
        return self.take(zeros + 1) - 1

    def put(self, begin: int, bits: str) -> bytes:
        """Return the bytes with the bits from `begin` to those read so far replaced.

        The end is aligned as a NAL unit's is (7.3.2.11): a one, and zeros to a whole byte.
        """
        text = (self.text[:begin] + bits + self.text[self.at :]).rstrip("0")
        text += "0" * (-len(text) % 8)
        return int(text, 2).to_bytes(len(text) // 8, "big")
