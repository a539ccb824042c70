"""Corrupt bytes: the same dice, the same damage."""

from __future__ import annotations

import re
import struct
from collections.abc import Callable
from random import Random
from typing import Final, TypeAlias

Data: TypeAlias = bytearray

EXTREMES: Final = (0, 1, -1, 2, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFF_FFFF, 0x8000_0000, 2**62)
"""Integers at which counts, sizes and times go wrong."""
NUMBERS: Final = (b"0", b"-1", b"1e308", b"1e-308", b"99999999999999999999", b"null", b'"x"', b"[]", b"true")
"""What takes the place of a number in a text."""
ENDS: Final = 4096
"""Bytes at the beginning and the end of a file, where its headers and indices are."""
LONGEST: Final = 1 << 16
"""Bytes of a part that is moved, at most."""

_NUMBER = re.compile(rb"(?<=[\s:,\[])-?\d[\d.eE+-]*")


def corrupted(data: bytes, other: bytes, dice: Random) -> bytes:
    """Damage `data` in one to four ways; parts of `other` may get into it."""
    broken = Data(data)
    ways = [*WAYS, _other_number, _other_number] if _is_text(data) else WAYS
    for _ in range(dice.choice((1, 1, 2, 4))):
        if broken:
            dice.choice(ways)(broken, other, dice)
    return bytes(broken)


def _is_text(data: bytes) -> bool:
    return not data[:512].translate(None, bytes(range(32, 127)) + b"\t\r\n")


def _place(data: Data, dice: Random) -> int:
    """A byte, as often as not near an end."""
    near = dice.randrange(4)
    if near == 0:
        return dice.randrange(min(len(data), ENDS))
    return len(data) - 1 - dice.randrange(min(len(data), ENDS)) if near == 1 else dice.randrange(len(data))


def _part(data: Data, dice: Random) -> slice:
    begin = _place(data, dice)
    longest = max(1, min(LONGEST, len(data) - begin))
    return slice(begin, begin + 1 + int((longest - 1) ** dice.random()))


def _flip(data: Data, _other: bytes, dice: Random) -> None:
    for _ in range(dice.choice((1, 1, 4, 16))):
        data[_place(data, dice)] ^= 1 << dice.randrange(8)


def _replace(data: Data, _other: bytes, dice: Random) -> None:
    for _ in range(dice.choice((1, 4, 16))):
        data[_place(data, dice)] = dice.randrange(256)


def _extreme(data: Data, _other: bytes, dice: Random) -> None:
    size, value = dice.choice((1, 2, 4, 8)), dice.choice(EXTREMES) + dice.choice((0, 0, 1, -1))
    packed = struct.pack(dice.choice("<>") + "Q", value % (1 << 64))
    at = _place(data, dice)
    data[at : at + size] = (packed[:size] if packed[0] or not packed[-1] else packed[-size:])[
        : len(data) - at
    ]


def _truncate(data: Data, _other: bytes, dice: Random) -> None:
    del data[_place(data, dice) :]


def _duplicate(data: Data, _other: bytes, dice: Random) -> None:
    part = _part(data, dice)
    data[part.start : part.start] = data[part] * dice.choice((1, 1, 2, 8))


def _delete(data: Data, _other: bytes, dice: Random) -> None:
    del data[_part(data, dice)]


def _insert(data: Data, _other: bytes, dice: Random) -> None:
    at = _place(data, dice)
    data[at:at] = dice.randbytes(dice.choice((1, 4, 64, 1024)))


def _zero(data: Data, _other: bytes, dice: Random) -> None:
    part = _part(data, dice)
    data[part] = bytes([dice.choice((0, 255))]) * len(data[part])


def _swap(data: Data, _other: bytes, dice: Random) -> None:
    one, two = sorted((_part(data, dice), _part(data, dice)), key=lambda part: part.start)
    if one.stop <= two.start:
        first, second = data[one], data[two]
        data[two], data[one] = first, second


def _splice(data: Data, other: bytes, dice: Random) -> None:
    if other:
        part, from_other = _part(data, dice), _part(Data(other), dice)
        data[part] = other[from_other]


def _other_number(data: Data, _other: bytes, dice: Random) -> None:
    found = list(_NUMBER.finditer(data))
    if found:
        chosen = dice.choice(found)
        data[chosen.start() : chosen.end()] = dice.choice(NUMBERS)


WAYS: Final[tuple[Callable[[Data, bytes, Random], None], ...]] = (
    _flip, _replace, _extreme, _extreme, _truncate, _duplicate, _delete, _insert, _zero, _swap, _splice,
)  # fmt: skip
"""What can be done to bytes; the two for extremes are one that is done more often."""
