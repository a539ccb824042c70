"""The HEVC bitstream as far as cutting needs it.

Section numbers are those of ITU-T H.265 (08/2021); MP4's and Matroska's header is ISO/IEC 14496-15, 8.3.3.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from edge.media.bitstream.bits import Bits, escaped, golomb, unescaped
from edge.media.bitstream.codec import Codec, Role, SequenceSet, SetKey

RADL_N, RASL_R = 6, 9
"""First and last NAL unit type of leading frames (table 7-1)."""

BLA_W_LP, BLA_N_LP, CRA, LAST_IRAP = 16, 18, 21, 23
"""NAL unit types of random access points: broken links (BLA), IDR frames, and clean ones (CRA)."""

VPS, SPS, PPS, END_OF_SEQUENCE, SEI, SEI_AFTER = 32, 33, 34, 36, 39, 40
"""NAL unit types of parameter sets, the end of a sequence, and SEI messages; smaller ones are of frames."""

_PROFILE_BITS = 88
_LEVEL_BITS = 8


class _Hevc(Codec):
    name, encoder, tag = "hevc", "libx265", "hvc1"
    head, limits, sei = 2, {VPS: 16, SPS: 16, PPS: 64}, SEI

    def kind(self, nal: bytes) -> int:
        return nal[0] >> 1 & 63

    def role(self, units: Iterable[bytes]) -> Role:
        kind = next((kind for kind in map(self.kind, units) if kind < VPS), 0)
        if RADL_N <= kind <= RASL_R:
            return Role.LEADING
        return Role.ENTRY if BLA_W_LP <= kind <= LAST_IRAP else Role.OTHER

    def is_kept(self, nal: bytes) -> bool:
        """Keep the base layer: encoded frames have no other, and no data of Dolby Vision."""
        layer = (nal[0] & 1) << 5 | nal[1] >> 3 if len(nal) >= self.head else 1
        return layer == 0 and (self.kind(nal) < VPS or self.kind(nal) in {END_OF_SEQUENCE, SEI, SEI_AFTER})

    def numbers(self, nal: bytes) -> tuple[int, int]:
        bits = Bits(unescaped(nal[2:]))
        if self.kind(nal) == VPS:
            return bits.take(4), 0
        if self.kind(nal) == SPS:
            parent = bits.take(4)
            _skip_levels(bits)
            return bits.read_ue(), parent
        return bits.read_ue(), bits.read_ue()

    def renumbered(self, nal: bytes, number: int, parent: int) -> bytes:
        kind = self.kind(nal)
        if self.numbers(nal) == (number, 0 if kind == VPS else parent):
            return nal
        bits = Bits(unescaped(nal[2:]))
        if kind == PPS:
            bits.read_ue()
            bits.read_ue()
            return nal[:2] + escaped(bits.put(0, golomb(number) + golomb(parent)))
        bits.take(4)
        if kind == VPS:
            return nal[:2] + escaped(bits.put(0, f"{number:04b}"))
        _skip_levels(bits)
        levels = bits.text[4 : bits.at]
        bits.read_ue()
        return nal[:2] + escaped(bits.put(0, f"{parent:04b}{levels}{golomb(number)}"))

    def find_number(self, nal: bytes, bits: Bits) -> bool:
        """Move to slice_pic_parameter_set_id (7.3.6.1)."""
        kind = self.kind(nal)
        bits.skip(2 if BLA_W_LP <= kind <= LAST_IRAP else 1)
        return kind < VPS

    def as_first(self, nal: bytes) -> bytes:
        """Make a CRA frame a BLA frame, which begins a sequence; its slices have the same syntax (8.1.3).

        Its leading frames must be dropped. no_output_of_prior_pics_flag becomes 0, or the frames of the
        sequence before might not be displayed.
        """
        if not BLA_W_LP <= self.kind(nal) <= LAST_IRAP:
            return nal
        kind = BLA_N_LP if self.kind(nal) == CRA else self.kind(nal)
        return bytes([nal[0] & 0x81 | kind << 1, nal[1], nal[2] & 0xBF]) + nal[3:]

    def sequence_set(self, nal: bytes) -> SequenceSet:
        """Parse an SPS (7.3.2.2.1)."""
        bits = Bits(unescaped(nal[2:]))
        bits.skip(8)
        bits.skip(3)
        profile = bits.take(5)
        bits.skip(32)
        progressive, interlaced = bits.take(1), bits.take(1)
        bits.at = 4
        layers = _skip_levels(bits)
        bits.read_ue()
        chroma = bits.read_ue()
        bits.skip(1 if chroma == 3 else 0)
        size = bits.read_ue(), bits.read_ue()
        if bits.take(1):
            for _ in range(4):
                bits.read_ue()
        depth = 8 + max(bits.read_ue(), bits.read_ue())
        bits.read_ue()
        kept = 0
        for _ in range(layers if bits.take(1) else 1):
            kept = bits.read_ue()
            bits.read_ue()
            bits.read_ue()
        return SequenceSet(profile, chroma, depth, size, kept, bool(progressive) or not interlaced)

    def sets_in(self, header: bytes) -> tuple[int, Sequence[bytes]]:
        units, offset = [], 23
        for _ in range(header[22]):
            count, offset = int.from_bytes(header[offset + 1 : offset + 3], "big"), offset + 3
            for _ in range(count):
                size = int.from_bytes(header[offset : offset + 2], "big")
                units.append(header[offset + 2 : offset + 2 + size])
                offset += 2 + size
        return (header[21] & 3) + 1, units

    def header(self, units: Mapping[SetKey, bytes]) -> bytes:
        sequence = [nal for key, nal in units.items() if key[0] == SPS]
        known = [self.sequence_set(nal) for nal in sequence]
        levels = [unescaped(nal[2:])[1:13] for nal in sequence]
        general = max(levels, key=lambda level: (level[0], level[11]))  # (tier and profile, level)
        general = general[:11] + bytes([max(level[11] for level in levels)])
        layers = unescaped(sequence[0][2:])[0]
        depth = 0xF8 | known[0].depth - 8
        out = b"\1" + general + bytes([0xF0, 0, 0xFC, 0xFC | known[0].chroma, depth, depth, 0, 0])
        out += bytes([((layers >> 1 & 7) + 1) << 3 | (layers & 1) << 2 | 3, len(self.limits)])
        for kind in self.limits:
            here = [nal for key, nal in units.items() if key[0] == kind]
            out += bytes([0x80 | kind]) + len(here).to_bytes(2, "big")
            out += b"".join(len(nal).to_bytes(2, "big") + nal for nal in here)
        return out

    def options(self, like: Sequence[SequenceSet]) -> dict[str, str]:
        profile = "main10" if like[0].depth == 10 else "main"
        references = min(max(1, *(known.references for known in like)), 4)
        private = f"bframes=0:ref={references}:open-gop=0:repeat-headers=0:info=0:log-level=none"
        return {"preset": "ultrafast", "crf": "17", "profile": profile, "x265-params": private}


def _skip_levels(bits: Bits) -> int:
    """Skip sps_max_sub_layers_minus1 to profile_tier_level (7.3.2.2.1); return the number of layers."""
    more = bits.take(3)
    bits.skip(1 + _PROFILE_BITS + _LEVEL_BITS)
    present = [(bits.take(1), bits.take(1)) for _ in range(more)]
    bits.skip(2 * (8 - more) if more else 0)
    for profile, level in present:
        bits.skip(profile * _PROFILE_BITS + level * _LEVEL_BITS)
    return more + 1


HEVC = _Hevc()
"""HEVC, also called H.265."""
