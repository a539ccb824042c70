"""Songs as they end: those of the file, each once, not before it is known and not long after."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from edge.arrays import Floats
from edge.media import decode_audio
from edge.networks.segmenter import Segmenter
from edge.songs.find import find_songs
from edge.songs.live import live_songs
from edge.songs.options import SongOptions
from tools.sound.sample import Truth

RATE_HZ = 16_000


@pytest.mark.parametrize("block", [4_000, 52_345])
def test_a_stream_gives_the_songs_of_the_file(
    sample: tuple[Path, Truth], segmenter: Segmenter, block: int
) -> None:
    evening = np.concatenate([piece.samples for piece in decode_audio(sample[0])])
    stream = np.concatenate([evening, evening])  # two songs
    heard_s = 0.0

    def blocks() -> Iterator[Floats]:
        nonlocal heard_s
        for first in range(0, len(stream), block):
            heard_s = min(first + block, len(stream)) / RATE_HZ
            yield stream[first : first + block]

    found = []
    for song in live_songs(blocks(), segmenter=segmenter):
        assert song.end <= heard_s
        assert heard_s - song.end < 35 + block / RATE_HZ
        found.append(song)
    (of_file,) = find_songs(sample[0], segmenter=segmenter)
    assert len(found) == 2
    for number, song in enumerate(found):
        start = number * len(evening) / RATE_HZ
        assert (song.start - start, song.end - start) == pytest.approx((of_file.start, of_file.end), abs=0.5)


def test_a_stream_without_songs_gives_none(segmenter: Segmenter) -> None:
    noise = np.random.default_rng(0).standard_normal((60, RATE_HZ)).astype(np.float32) * np.float32(0.01)
    assert list(live_songs(iter(noise), SongOptions(), segmenter=segmenter)) == []
    assert list(live_songs(iter([]), segmenter=segmenter)) == []
