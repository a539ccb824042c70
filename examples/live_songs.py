"""Songs of a stream: ffmpeg -i URL -f f32le -ac 1 -ar 16000 - | python live_songs.py"""

import sys
from collections.abc import Iterator

import numpy as np

import edge


def standard_input() -> Iterator[np.ndarray]:
    """Yield blocks of a quarter of a second."""
    while data := sys.stdin.buffer.read(4 * 4_000):
        yield np.frombuffer(data[: len(data) // 4 * 4], np.float32)


def file(path: str) -> Iterator[np.ndarray]:
    """Yield the same blocks from a file, to try it without a stream."""
    return (block.samples for block in edge.decode_audio(path, block_s=0.25))


for song in edge.live_songs(file(sys.argv[1]) if sys.argv[1:] else standard_input()):
    print(f"a song of {song.seconds:.0f} s, from {song.start:.1f} to {song.end:.1f} s", flush=True)
