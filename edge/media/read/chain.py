"""Read the parts of a file whose clock restarts one after the other, with times that go on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from fractions import Fraction
from functools import lru_cache
from pathlib import Path

from av.audio.stream import AudioStream
from av.container import InputContainer
from av.packet import Packet
from av.stream import Discard, Stream
from av.video.stream import VideoStream

from edge.media.read.opening import DECODE_ERRORS, open_file
from edge.media.read.parts import Bytes
from edge.media.time import pts_seconds, ticks_to_seconds

Reach = dict[int, tuple[Fraction, Fraction]]
"""Index of a stream -> its start and end in seconds of the part."""


class Chain:
    """The parts of an open file. Times of packets are moved so that a part begins where the one before ends.

    All streams of a part are moved by the same time.
    """

    def __init__(self, first: InputContainer, path: Path, parts: Sequence[Bytes]) -> None:
        self._first = first
        self._path = path
        self._parts = parts
        self._place = _places(path, tuple(parts), path.stat().st_mtime_ns)
        self._number = 0
        self._later: InputContainer | None = None

    @property
    def end(self) -> Fraction:
        """Return the end of the last part in container seconds."""
        return self._place[-1][2]

    def demux(self, streams: Sequence[Stream]) -> Iterator[Packet[Stream]]:
        """Yield packets of streams of the first part from the current position on, and of all later parts.

        They belong to streams of the same index in their own part, which has decoders of its own.
        """
        while True:
            container, (shift, _, _) = self._container(), self._place[self._number]
            with suppress(*DECODE_ERRORS):  # a damaged part ends early, like a damaged file
                same = self._same(container, streams)
                for packet in container.demux(*same) if same else ():  # without any it would demux all
                    ticks = round(shift / packet.time_base) if packet.time_base else 0
                    packet.pts = None if packet.pts is None else packet.pts + ticks
                    packet.dts = None if packet.dts is None else packet.dts + ticks
                    yield packet
            if self._number + 1 == len(self._parts):
                return
            self._enter(self._number + 1)

    def part_at(self, stream: Stream, at: Fraction) -> tuple[InputContainer, Stream, Fraction]:
        """Go to the part that is on at `at` (container seconds); return it, its stream, and `at` in it."""
        number = max((k for k, (_, begin, _) in enumerate(self._place) if begin <= at), default=0)
        self._enter(number)
        container = self._container()
        same = self._same(container, [stream])
        return container, same[0] if same else stream, at - self._place[number][0]

    def close(self) -> None:
        """Close what is open but the first part."""
        if self._later is not None:
            self._later.close()
            self._later = None

    def _container(self) -> InputContainer:
        return self._later or self._first

    def _enter(self, number: int) -> None:
        if number != self._number or number:
            self.close()
            self._number = number
            self._later = open_file(self._path, self._parts[number]) if number else None

    def _same(self, container: InputContainer, streams: Sequence[Stream]) -> list[Stream]:
        """Return the streams of a part that continue those of the first one; others are not read."""
        if container is self._first:
            return list(streams)
        found: list[Stream] = []
        for other in container.streams:
            like = next((s for s in streams if s.index == other.index and s.type == other.type), None)
            if like is None:
                other.discard = Discard.all
                continue
            found.append(other)
            if isinstance(like, VideoStream) and isinstance(other, VideoStream):
                other.thread_type = like.thread_type
                other.codec_context.skip_frame = like.codec_context.skip_frame
        return found


_CHAINS: dict[int, Chain] = {}
"""Chains by the identity of the open first part: PyAV's containers take no attributes."""


@contextmanager
def chained(first: InputContainer, path: Path, parts: Sequence[Bytes]) -> Iterator[None]:
    """Let `chain_of` find the other parts of a file, of which the first one is open."""
    chain = _CHAINS[id(first)] = Chain(first, path, parts)
    try:
        yield
    finally:
        del _CHAINS[id(first)]
        chain.close()


def chain_of(container: InputContainer) -> Chain | None:
    """Return the parts of a file opened by `open_container`; None if its clock does not restart."""
    return _CHAINS.get(id(container))


@lru_cache(maxsize=64)
def _places(
    path: Path,
    parts: tuple[Bytes, ...],
    modified_ns: int,
) -> tuple[tuple[Fraction, Fraction, Fraction], ...]:
    """Return for each part: what its times are moved by, and where it begins and ends after that."""
    placed: list[tuple[Fraction, Fraction, Fraction]] = []
    before: Reach = {}
    for part in parts:
        reach = _reach(path, part)
        starts, ends = zip(*reach.values(), strict=True) if reach else ((Fraction(0),), (Fraction(0),))
        shift = Fraction(0)
        if placed:
            shared = [before[k][1] - reach[k][0] for k in reach.keys() & before.keys()]
            shift = max(shared, default=placed[-1][2] - min(starts))
        before = {k: (start + shift, end + shift) for k, (start, end) in reach.items()}
        placed.append((shift, min(starts) + shift, max(ends) + shift))
    return tuple(placed)


def _reach(path: Path, part: Bytes) -> Reach:
    """Return where the streams of a part begin and end, from its packets; nothing is decoded."""
    reach: Reach = {}
    count: Counter[int] = Counter()
    with open_file(path, part) as container, suppress(*DECODE_ERRORS):
        streams = [s for s in container.streams if isinstance(s, AudioStream | VideoStream)]
        for packet in container.demux(streams) if streams else ():
            if packet.size == 0 or packet.pts is None:
                continue
            start = pts_seconds(packet)
            end = start + ticks_to_seconds(packet.duration, packet.time_base)
            if packet.stream_index not in reach:
                start += _skipped(packet)
            known = reach.get(packet.stream_index, (start, end))
            reach[packet.stream_index] = min(known[0], start), max(known[1], end)
            count[packet.stream_index] += not packet.duration
    # packets that do not say how long they are last as long as the others on average
    return {k: (a, b + (b - a) / max(count[k] - 1, 1) * (count[k] > 1)) for k, (a, b) in reach.items()}


def _skipped(packet: Packet[Stream]) -> Fraction:
    """Return the seconds of a packet's sound that are not presented, because they are the codec's delay."""
    if not isinstance(packet.stream, AudioStream) or not packet.has_sidedata("skip_samples"):
        return Fraction(0)
    skipped = int.from_bytes(bytes(packet.get_sidedata("skip_samples"))[:4], "little")
    return Fraction(skipped, packet.stream.rate)
