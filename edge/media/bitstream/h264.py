"""The H.264 bitstream as far as cutting needs it.

Section numbers are those of ITU-T H.264 (08/2021); MP4's and Matroska's header is ISO/IEC 14496-15, 5.3.3.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from edge.media.bitstream.bits import Bits, escaped, golomb, unescaped
from edge.media.bitstream.codec import Codec, Role, SequenceSet, SetKey

SLICE, IDR, SEI, SPS, PPS, AUD, END_OF_STREAM, FILLER = 1, 5, 6, 7, 8, 9, 11, 12
"""NAL unit types (table 7-1)."""

HIGH_PROFILES = {100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135}
"""Profiles whose SPS has additional color fields (7.3.2.1.1)."""

PROFILES = {66: "baseline", 77: "main", 110: "high10"}
"""x264's names of source profiles; others get "high"."""


class _H264(Codec):
    name, encoder, tag = "h264", "libx264", "avc1"
    head, limits, sei = 1, {SPS: 32, PPS: 256}, SEI

    def kind(self, nal: bytes) -> int:
        return nal[0] & 31

    def role(self, units: Iterable[bytes]) -> Role:
        return Role.ENTRY if any(self.kind(nal) == IDR for nal in units) else Role.OTHER

    def is_kept(self, nal: bytes) -> bool:
        return self.kind(nal) not in {SPS, PPS, AUD, END_OF_STREAM, FILLER}

    def numbers(self, nal: bytes) -> tuple[int, int]:
        if self.kind(nal) == SPS:
            return Bits(unescaped(nal[4:])).read_ue(), 0
        bits = Bits(unescaped(nal[1:]))
        return bits.read_ue(), bits.read_ue()

    def renumbered(self, nal: bytes, number: int, parent: int) -> bytes:
        if self.numbers(nal) == (number, parent if self.kind(nal) == PPS else 0):
            return nal
        begin = 4 if self.kind(nal) == SPS else 1
        bits = Bits(unescaped(nal[begin:]))
        bits.read_ue()
        if self.kind(nal) == SPS:
            return nal[:4] + escaped(bits.put(0, golomb(number)))
        bits.read_ue()
        return nal[:1] + escaped(bits.put(0, golomb(number) + golomb(parent)))

    def find_number(self, nal: bytes, bits: Bits) -> bool:
        if self.kind(nal) not in {SLICE, IDR}:
            return False
        bits.read_ue()  # first_mb_in_slice
        bits.read_ue()  # slice_type (7.3.3)
        return True

    def as_first(self, nal: bytes) -> bytes:
        return nal

    def sequence_set(self, nal: bytes) -> SequenceSet:
        """Parse an SPS (7.3.2.1.1)."""
        profile, bits = nal[1], Bits(unescaped(nal[4:]))
        bits.read_ue()
        chroma, depth = _read_format(bits) if profile in HIGH_PROFILES else (1, 8)
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
        width, height = 16 * (bits.read_ue() + 1), 16 * (bits.read_ue() + 1)
        return SequenceSet(profile, chroma, depth, (width, height), references, bool(bits.take(1)))

    def sets_in(self, header: bytes) -> tuple[int, Sequence[bytes]]:
        units, offset = [], 5
        for mask in (31, 255):
            count, offset = header[offset] & mask, offset + 1
            for _ in range(count):
                size = int.from_bytes(header[offset : offset + 2], "big")
                units.append(header[offset + 2 : offset + 2 + size])
                offset += 2 + size
        return (header[4] & 3) + 1, units

    def header(self, units: Mapping[SetKey, bytes]) -> bytes:
        sequence = [nal for key, nal in units.items() if key[0] == SPS]
        picture = [nal for key, nal in units.items() if key[0] == PPS]
        first = sequence[0]
        out = bytes([1, first[1], first[2], max(nal[3] for nal in sequence), 0xFF, 0xE0 | len(sequence)])
        out += b"".join(len(nal).to_bytes(2, "big") + nal for nal in sequence)
        out += bytes([len(picture)]) + b"".join(len(nal).to_bytes(2, "big") + nal for nal in picture)
        if first[1] not in HIGH_PROFILES:
            return out
        known = self.sequence_set(first)
        depth = 0xF8 | known.depth - 8
        return out + bytes([0xFC | known.chroma, depth, depth, 0])

    def options(self, like: Sequence[SequenceSet]) -> dict[str, str]:
        profile = PROFILES.get(min(known.profile for known in like), "high")
        references = max(1, *(known.references for known in like))
        private = f"ref={references}:force-cfr=0"
        return {"preset": "veryfast", "crf": "18", "bf": "0", "profile": profile, "x264-params": private}


def _read_format(bits: Bits) -> tuple[int, int]:
    """Read (chroma_format_idc, the larger of the bits per sample), and skip the scaling lists (7.3.2.1.1)."""
    chroma = bits.read_ue()
    bits.skip(1 if chroma == 3 else 0)
    depth = 8 + max(bits.read_ue(), bits.read_ue())
    bits.skip(1)
    if bits.take(1):
        for n in range(12 if chroma == 3 else 8):
            if bits.take(1):
                _skip_scaling_list(bits, 16 if n < 6 else 64)
    return chroma, depth


def _skip_scaling_list(bits: Bits, size: int) -> None:
    """Skip a scaling list (7.3.2.1.1.1): signed deltas, until one makes the rest equal."""
    last = following = 8
    for _ in range(size):
        if following:
            code = bits.read_ue()
            following = (last + ((code + 1) // 2 if code % 2 else -(code // 2))) % 256
        last = following or last


H264 = _H264()
"""H.264, also called AVC."""
