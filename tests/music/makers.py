"""Films of moving textures: every shot another one, at a known speed."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from edge.arrays import Floats

FPS = 25
WIDTH, HEIGHT = 160, 96
RATE_HZ = 48_000


def film(path: Path, shots: Sequence[tuple[float, float]], *, sound: Floats | None = None) -> Path:
    """Write shots of (seconds, speed in frame heights per second), and mono audio at 48 kHz, if any."""
    with av.open(str(path), "w") as out:
        video = out.add_stream("libx264", rate=FPS, options={"preset": "ultrafast"})
        video.width, video.height, video.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        audio = out.add_stream("aac", rate=RATE_HZ, layout="mono") if sound is not None else None
        for number, image in enumerate(images(shots)):
            frame = av.VideoFrame.from_ndarray(image, format="gray")
            frame.pts, frame.time_base = number, Fraction(1, FPS)
            out.mux(video.encode(frame.reformat(format="yuv420p")))
        out.mux(video.encode(None))
        if audio is not None and sound is not None:
            given = av.AudioFrame.from_ndarray(sound[None], format="fltp", layout="mono")
            given.sample_rate, given.pts, given.time_base = RATE_HZ, 0, Fraction(1, RATE_HZ)
            out.mux(audio.encode(given))
            out.mux(audio.encode(None))
    return path


def images(shots: Sequence[tuple[float, float]]) -> list[NDArray[np.uint8]]:
    """Return the frames of the shots."""
    frames = []
    for number, (seconds, speed) in enumerate(shots):
        rng = np.random.default_rng(number)
        coarse = rng.integers(30, 226, (HEIGHT // 8, WIDTH // 8))
        texture = np.kron(coarse, np.ones((8, 8))) + rng.normal(0, 6, (HEIGHT, WIDTH))
        for frame in range(round(seconds * FPS)):
            shift = round(frame / FPS * speed * HEIGHT)
            frames.append(np.roll(texture, shift, axis=1).clip(0, 255).astype(np.uint8))
    return frames
