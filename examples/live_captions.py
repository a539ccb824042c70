"""Captions of the microphone while somebody speaks; `pip install sounddevice`: python live_captions.py"""

import queue
import sys
from collections.abc import Iterator

import numpy as np

import edge

RATE_HZ = 16_000


def microphone() -> Iterator[np.ndarray]:
    """Yield blocks of a quarter of a second; the callback only enqueues."""
    import sounddevice  # noqa: PLC0415 - only the microphone needs it

    blocks: queue.Queue[np.ndarray] = queue.Queue()
    with sounddevice.InputStream(
        samplerate=RATE_HZ,
        channels=1,
        blocksize=RATE_HZ // 4,
        callback=lambda data, *_: blocks.put(data[:, 0].copy()),
    ):
        while True:
            yield blocks.get()


def file(path: str) -> Iterator[np.ndarray]:
    """Yield the same blocks from a file, to try it without a microphone."""
    return (block.samples for block in edge.decode_audio(path, block_s=0.25))


for captions in edge.live_captions(file(sys.argv[1]) if sys.argv[1:] else microphone()):
    text = " ".join(sentence.text for sentence in captions.sentences)
    print(f"\r{text}", end="\n" if captions.final else "", flush=True)
