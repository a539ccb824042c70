"""Mix the audio tracks of a recording into one, as loud as the loudest of them."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import numpy as np
import numpy.typing as npt
from av.audio.frame import AudioFrame

from edge.media.read.mono import HOP_S, SILENT, power
from edge.media.read.placing import Placer
from edge.media.read.resampling import AudioFormat, AudioPiece, Blocks, Samples

REACH_S: Final = 30.0
"""Seconds by which a track may come later in the file than another one; beyond, it is silent there."""
CANCELED: Final = 0.1
"""Power of the sum over that of the loudest track, below which the tracks cancel out: -10 dB."""


class TrackMix:
    """Mixes the frames of several tracks: `accept` them as they come, then `finish`; both yield the mix.

    Each `HOP_S` of the recording is the sum of the tracks, softer if that has more power than the loudest of
    them. So a silent track changes nothing, nor does one that is the same as another; people who talk in
    turns keep their levels, and when all talk at once the mix is no louder than one. Where tracks are
    opposite, and would cancel out, only the loudest is used. From one hop to the next gains pass over in a
    ramp. Hops are at multiples of `HOP_S`, so that a range is mixed like the whole. Memory is bounded by
    `REACH_S`.
    """

    def __init__(self, tracks: Mapping[int, Placer], to: AudioFormat, first: int) -> None:
        """Begin early enough for the mix to be right from the sample with number `first` on."""
        hop = max(1, round(HOP_S * to.rate_hz))
        self._position = max(0, first // hop - 1) * hop
        self._tracks = tracks
        self._blocks = {track: Blocks(to.channels, hop, self._position, None) for track in tracks}
        self._hops: dict[int, deque[Samples]] = {track: deque() for track in tracks}
        self._gains: npt.NDArray[np.float32] | None = None
        self._reach = round(REACH_S * to.rate_hz)

    def accept(self, track: int, frame: AudioFrame) -> Iterator[AudioPiece]:
        """Add the next frame of a track."""
        yield from self._add(track, self._tracks[track].accept(frame))

    def finish(self) -> Iterator[AudioPiece]:
        """Yield the rest, up to the end of the longest track."""
        for track, placer in self._tracks.items():
            yield from self._add(track, placer.flush())
        self._pad(max(blocks.position for blocks in self._blocks.values()))
        for track, blocks in self._blocks.items():
            self._keep(track, blocks.finish())
        yield from self._mixed()

    def _add(self, track: int, pieces: Iterator[AudioPiece]) -> Iterator[AudioPiece]:
        if len(self._tracks) == 1:  # it passes as it is, which is faster
            yield from pieces
            return
        for piece in pieces:
            yield from self._bridge(track, piece.start_sample)
            self._keep(track, self._blocks[track].add(piece))
            self._pad(self._blocks[track].position - self._reach)
            yield from self._mixed()

    def _bridge(self, track: int, until: int) -> Iterator[AudioPiece]:
        """Mix while a track is silent up to a piece that begins far later, so that memory stays bounded."""
        blocks = self._blocks[track]
        while blocks.position + self._reach < until:
            self._keep(track, blocks.pad(blocks.position + self._reach))
            self._pad(blocks.position - self._reach)
            yield from self._mixed()

    def _keep(self, track: int, hops: Iterable[AudioPiece]) -> None:
        self._hops[track].extend(hop.samples for hop in hops)

    def _pad(self, until: int) -> None:
        """Let all tracks be known up to a sample: from the end of those that are late on they are silent."""
        for track, blocks in self._blocks.items():
            if blocks.position < until:
                for piece in self._tracks[track].flush():
                    self._keep(track, blocks.add(piece))
                self._keep(track, blocks.pad(until))

    def _mixed(self) -> Iterator[AudioPiece]:
        while all(self._hops.values()):
            samples = self._mix(np.stack([hops.popleft() for hops in self._hops.values()]))
            yield AudioPiece(self._position, samples)
            self._position += len(samples)

    def _mix(self, tracks: Samples) -> Samples:
        """Return the mix float32[n, channels] of a hop of tracks float32[tracks, n, channels]."""
        powers = np.array([power(track.ravel()) for track in tracks])
        before = now = self._gains
        if now is None or powers.max() > SILENT:
            now = self._gains = _gains(powers, power(tracks.sum(axis=0).ravel()))
        start = now if before is None else before
        ramp = start + np.linspace(0, 1, tracks.shape[1], dtype=np.float32)[:, np.newaxis] * (now - start)
        return np.asarray(np.einsum("knc,nk->nc", tracks, ramp))


def _gains(powers: npt.NDArray[np.float64], total: float) -> npt.NDArray[np.float32]:
    """Return the gain float32[tracks] of each track, whose sum has the power `total`."""
    loudest = powers.max()
    if total < CANCELED * loudest:
        return np.asarray(np.arange(len(powers)) == powers.argmax(), np.float32)
    gain = np.sqrt(loudest / total) if total > loudest else 1.0
    return np.full(len(powers), gain, np.float32)
