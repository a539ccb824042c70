"""What a smart cut needs to know about a codec, and parameter sets from several streams in one header.

All sets of the output are in its header: those of the recording, and those of the encoder. Where two sets of
different content have the same id, the later one gets another, and so do the slices that refer to it.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import TypeAlias

from edge.media.bitstream.bits import Bits, escaped, golomb, nals, unescaped

SetKey: TypeAlias = "tuple[int, int]"
"""(NAL unit type of a parameter set, its id)."""

_ZERO_WORDS = re.compile(b"(?:\0\0\3)+\\Z")
_HEAD_BYTES = 16
"""Bytes at a slice's start that surely hold its parameter set's id."""

LASTING = {137, 144, 147, 148}
"""SEI messages (H.265 D.2.1) that hold until the next keyframe: mastering display, content light level,
alternative transfer characteristics, ambient viewing environment."""


class Role(IntEnum):
    """What a coded frame is to a cut."""

    OTHER = 0
    """Needs frames before it."""
    ENTRY = 1
    """Can be decoded without the frames before it, and so can all after it, except its leading frames."""
    LEADING = 2
    """Follows an entry in decoding order and precedes it in presentation order; no later frame needs it."""


@dataclass(frozen=True, slots=True)
class SequenceSet:
    """Fields of a sequence parameter set, SPS."""

    profile: int
    """profile_idc."""
    chroma: int
    """chroma_format_idc; 1 is 4:2:0."""
    depth: int
    """Bits per sample."""
    size: tuple[int, int]
    """Coded width and height in pixels."""
    references: int
    """Number of frames that are kept for reference."""
    progressive: bool
    """Whether there are no interlaced frames."""


@dataclass(slots=True)
class ParameterSets:
    """Parameter sets that are valid at a place of a stream, and the framing of its packets."""

    length_size: int = 0
    """Bytes of a NAL unit's length; 0 for start codes."""
    units: dict[SetKey, bytes] = field(default_factory=dict)
    """NAL units of the sets."""
    notes: tuple[bytes, ...] = ()
    """SEI NAL units that describe all frames: the mastering display, the content light level."""


class Codec(ABC):
    """Bitstream of a codec; without state."""

    name: str
    """FFmpeg's name."""
    encoder: str
    """FFmpeg's name of the encoder of matching frames."""
    tag: str
    """Sample entry in MP4 for a stream whose parameter sets are all in the header."""
    head: int
    """Bytes of a NAL unit's header."""
    limits: Mapping[int, int]
    """Number of ids by NAL unit type of the parameter sets; a set refers to one of the type before it."""
    sei: int
    """NAL unit type of SEI messages before a frame."""

    @abstractmethod
    def kind(self, nal: bytes) -> int:
        """Return the type of a NAL unit."""

    @abstractmethod
    def role(self, units: Iterable[bytes]) -> Role:
        """Return what the frame in a packet is to a cut."""

    @abstractmethod
    def is_kept(self, nal: bytes) -> bool:
        """Return whether a NAL unit belongs into a packet of a file whose header holds the sets."""

    @abstractmethod
    def numbers(self, nal: bytes) -> tuple[int, int]:
        """Return (id, id of the set that it refers to) of a parameter set. Raises IndexError."""

    @abstractmethod
    def renumbered(self, nal: bytes, number: int, parent: int) -> bytes:
        """Return a parameter set with another id, which refers to another set."""

    @abstractmethod
    def find_number(self, nal: bytes, bits: Bits) -> bool:
        """Move `bits` of a slice's payload to its PPS's id; return False if the NAL unit is no slice."""

    @abstractmethod
    def as_first(self, nal: bytes) -> bytes:
        """Return a NAL unit of an entry as it is where the frames before it are gone."""

    @abstractmethod
    def sequence_set(self, nal: bytes) -> SequenceSet:
        """Parse an SPS. Raises IndexError if it is too short."""

    @abstractmethod
    def sets_in(self, header: bytes) -> tuple[int, Sequence[bytes]]:
        """Return (bytes of a NAL unit's length, the NAL units) in a file's header. Raises IndexError."""

    @abstractmethod
    def header(self, units: Mapping[SetKey, bytes]) -> bytes:
        """Return the header of a file with these parameter sets, for packets framed like `framed`."""

    @abstractmethod
    def options(self, like: Sequence[SequenceSet]) -> dict[str, str]:
        """Return encoder options for frames among those of streams `like`: no B-frames, the same profile."""

    def read_header(self, header: bytes | None) -> ParameterSets:
        """Read a stream's header (FFmpeg's extradata). Raises IndexError if it is damaged."""
        data = header or b""
        size, units = self.sets_in(data) if data[:1] == b"\1" else (0, nals(data, 0))
        sets = ParameterSets(size)
        self.merge(sets, units)
        return sets

    def merge(self, sets: ParameterSets, units: Iterable[bytes]) -> ParameterSets | None:
        """Add the parameter sets among NAL units; where one differs, leave `sets` and return the new ones.

        Raises IndexError.
        """
        units = list(units)
        found = dict(self.sets_among(units))
        notes = tuple(self.lasting(units)) or sets.notes
        if all(sets.units.get(key, nal) == nal for key, nal in found.items()) and sets.notes in {(), notes}:
            sets.units.update(found)
            sets.notes = notes
            return None
        return ParameterSets(sets.length_size, sets.units | found, notes)

    def sequence_sets(self, sets: ParameterSets) -> list[SequenceSet]:
        """Parse all SPS. Raises IndexError."""
        (sequence,) = list(self.limits)[-2:-1]
        return [self.sequence_set(nal) for key, nal in sets.units.items() if key[0] == sequence]

    def is_complete(self, sets: ParameterSets) -> bool:
        """Return whether there are sets of each type."""
        return {kind for kind, _ in sets.units} >= set(self.limits)

    def sets_among(self, units: Iterable[bytes]) -> Iterator[tuple[SetKey, bytes]]:
        """Yield the parameter sets among NAL units. Raises IndexError."""
        for nal in units:
            if self.kind(nal) in self.limits and len(nal) > self.head:
                # Some encoders append zeros, which are not part of the NAL unit (7.4.1).
                yield (self.kind(nal), self.numbers(nal)[0]), nal.rstrip(b"\0")

    def lasting(self, units: Iterable[bytes]) -> Iterator[bytes]:
        """Yield SEI NAL units with only the messages that are LASTING, one for each (7.3.5)."""
        for nal in units:
            if self.kind(nal) != self.sei:
                continue
            data, at = unescaped(nal[self.head :]), 0
            while at + 2 < len(data):
                fields = []
                for _ in range(2):
                    begin = at
                    while at < len(data) - 1 and data[at] == 255:
                        at += 1
                    fields.append(255 * (at - begin) + data[at])
                    at += 1
                kind, size = fields
                if kind in LASTING:
                    yield nal[: self.head] + escaped(bytes([kind, size]) + data[at : at + size] + b"\x80")
                at += size

    def slice_renumbered(self, nal: bytes, numbers: Mapping[int, int]) -> bytes:
        """Return a slice that refers to its PPS by another id, whose code is longer by whole bytes."""
        whole = _ZERO_WORDS.sub(b"", nal)  # cabac_zero_words (7.3.2.10) look like escapes
        data = unescaped(whole[self.head :])
        bits = Bits(data[:_HEAD_BYTES])
        if not self.find_number(nal, bits):
            return nal
        begin, number = bits.at, bits.read_ue()
        if numbers.get(number, number) == number:
            return nal
        text = bits.text[:begin] + golomb(numbers[number]) + bits.text[bits.at :]
        moved = int(text, 2).to_bytes(len(text) // 8, "big") + data[_HEAD_BYTES:]
        return nal[: self.head] + escaped(moved) + nal[len(whole) :]


class TooManySetsError(Exception):
    """No id is left for a parameter set."""


class SharedHeader:
    """Parameter sets of several streams, whose ids are changed where they collide."""

    def __init__(self, codec: Codec) -> None:
        self._codec = codec
        self.units: dict[SetKey, bytes] = {}
        """NAL units of the sets."""

    def add(self, sets: ParameterSets) -> dict[int, int]:
        """Add sets; return the new id of each PPS whose id changes. Raises TooManySetsError, IndexError."""
        codec, moved = self._codec, {}
        parents: dict[int, int] = {}
        for kind, limit in codec.limits.items():
            here: dict[int, int] = {}
            is_last = kind == list(codec.limits)[-1]
            for nal in (nal for key, nal in sets.units.items() if key[0] == kind):
                number, parent = codec.numbers(nal)
                for other in _candidates(number, limit, by_bytes=is_last):
                    unit = codec.renumbered(nal, other, parents.get(parent, parent))
                    if self.units.setdefault((kind, other), unit) == unit:
                        here[number] = other
                        break
                else:
                    raise TooManySetsError
            parents = moved = here
        return {number: other for number, other in moved.items() if number != other}


def _candidates(number: int, limit: int, *, by_bytes: bool) -> Iterator[int]:
    """Yield ids instead of `number`, itself first; `by_bytes`: only with codes longer by whole bytes.

    The bits after such an id stay where they are in their bytes, so nothing else of a slice changes.
    """
    yield number
    for other in range(limit):
        longer = len(golomb(other)) - len(golomb(number))
        if other != number and (not by_bytes or longer % 8 == 0):
            yield other
