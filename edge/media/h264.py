"""Parse the parts of an H.264 bitstream that cutting needs: NAL units, parameter sets, the avcC header.

Section numbers are those of ITU-T H.264 (08/2021); MP4's and Matroska's header is ISO/IEC 14496-15, 5.3.3.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

IDR, SPS, PPS, AUD, FILLER = 5, 7, 8, 9, 12
"""NAL unit types (table 7-1)."""

HIGH_PROFILES = {100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135}
"""Profiles whose SPS has additional color fields (7.3.2.1.1)."""

_START = re.compile(b"\0\0\1")
_ESCAPED = re.compile(b"\0\0\3")


def kind(nal: bytes) -> int:
    """Return the type of a NAL unit."""
    return nal[0] & 31


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


@dataclass(frozen=True, slots=True)
class SequenceSet:
    """Fields of a sequence parameter set, SPS (7.3.2.1.1)."""

    id: int
    """seq_parameter_set_id."""
    profile: int
    """profile_idc."""
    chroma: int
    """chroma_format_idc; 1 is 4:2:0."""
    depth: int
    """Bits per luma sample."""
    references: int
    """max_num_ref_frames."""
    progressive: bool
    """frame_mbs_only_flag: no interlaced frames."""


def sequence_set(nal: bytes) -> SequenceSet:
    """Parse an SPS. Raises IndexError if it is too short."""
    profile, bits = nal[1], _Bits(_ESCAPED.sub(b"\0\0", nal[4:]))
    number, chroma, depth = bits.read_ue(), 1, 8
    if profile in HIGH_PROFILES:
        chroma = bits.read_ue()
        bits.skip(1 if chroma == 3 else 0)
        depth = 8 + bits.read_ue()
        bits.read_ue()
        bits.skip(1)
        if bits.take(1):
            for n in range(12 if chroma == 3 else 8):
                if bits.take(1):
                    bits.skip_scaling_list(16 if n < 6 else 64)
    bits.read_ue()
    order = bits.read_ue()
    if order == 0:
        bits.read_ue()
    elif order == 1:
        bits.skip(1)
        for _ in range(2):
            bits.read_ue()
        for _ in range(bits.read_ue()):
            bits.read_ue()
    references = bits.read_ue()
    bits.skip(1)
    bits.read_ue()
    bits.read_ue()
    return SequenceSet(number, profile, chroma, depth, references, bool(bits.take(1)))


def picture_set_id(nal: bytes) -> int:
    """Return the id of a picture parameter set (PPS). Raises IndexError if it is too short."""
    return _Bits(_ESCAPED.sub(b"\0\0", nal[1:])).read_ue()


@dataclass(slots=True)
class ParameterSets:
    """Parameter sets found in a stream, and the framing of its packets."""

    length_size: int = 0
    """Bytes of a NAL unit's length; 0 for start codes."""
    sequence: dict[int, bytes] = field(default_factory=dict)
    """SPS by id."""
    picture: dict[int, bytes] = field(default_factory=dict)
    """PPS by id."""
    changed: bool = False
    """Whether an id referred to different sets in the course of the stream."""

    @classmethod
    def of(cls, header: bytes | None) -> ParameterSets:
        """Read the sets in a stream's header (FFmpeg's extradata)."""
        if not header or header[0] != 1:
            sets = cls()
            sets.see(nals(header or b"", 0))
            return sets
        sets, offset = cls((header[4] & 3) + 1), 5
        for mask in (31, 255):
            count, offset = header[offset] & mask, offset + 1
            for _ in range(count):
                size = int.from_bytes(header[offset : offset + 2], "big")
                sets.see([header[offset + 2 : offset + 2 + size]])
                offset += 2 + size
        return sets

    def see(self, units: Iterable[bytes]) -> None:
        """Add the parameter sets among NAL units."""
        for nal in units:
            if kind(nal) == SPS:
                self._put(self.sequence, sequence_set(nal).id, nal)
            elif kind(nal) == PPS:
                self._put(self.picture, picture_set_id(nal), nal)

    def _put(self, sets: dict[int, bytes], number: int, nal: bytes) -> None:
        # Some encoders append zeros, which are not part of the NAL unit (7.4.1).
        nal = nal.rstrip(b"\0")
        self.changed |= sets.setdefault(number, nal) != nal

    def free_number(self) -> int | None:
        """Return an id that no SPS or PPS uses yet; None if all 32 are used."""
        return next((n for n in range(7, 32) if n not in self.sequence and n not in self.picture), None)


def header(sequence: Sequence[bytes], picture: Sequence[bytes]) -> bytes:
    """Return the "avcC" header of an 8-bit 4:2:0 stream with these SPS and PPS, framed like `framed`."""
    first = sequence[0]
    out = bytes([1, first[1], first[2], max(nal[3] for nal in sequence), 0xFF, 0xE0 | len(sequence)])
    out += b"".join(len(nal).to_bytes(2, "big") + nal for nal in sequence)
    out += bytes([len(picture)]) + b"".join(len(nal).to_bytes(2, "big") + nal for nal in picture)
    return out + bytes([0xFD, 0xF8, 0xF8, 0]) if first[1] in HIGH_PROFILES else out


class _Bits:
    """Bit reader for a NAL unit without its emulation prevention bytes (7.2)."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def take(self, count: int) -> int:
        value = 0
        for _ in range(count):
            value = value << 1 | self._data[self._at >> 3] >> (7 - (self._at & 7)) & 1
            self._at += 1
        return value

    def skip(self, count: int) -> None:
        self._at += count

    def read_ue(self) -> int:
        """Read an unsigned Exp-Golomb code (9.1)."""
        zeros = 0
        while not self.take(1):
            zeros += 1
        return (1 << zeros) - 1 + self.take(zeros)

    def skip_scaling_list(self, size: int) -> None:
        """Skip a scaling list (7.3.2.1.1.1): signed deltas, until one makes the rest equal."""
        last = following = 8
        for _ in range(size):
            if following:
                code = self.read_ue()
                following = (last + ((code + 1) // 2 if code % 2 else -(code // 2))) % 256
            last = following or last
