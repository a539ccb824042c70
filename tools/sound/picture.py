"""Video of audio: a scrolling log-frequency spectrogram with a playhead and colored sections."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt

from edge.files import whole_file
from edge.vocabulary import Label, Span
from tools.sound.signals import RATE_HZ, Samples, resample

Pixels = npt.NDArray[np.uint8]
"""RGB [rows, columns, 3]."""

WIDTH, HEIGHT, STRIP = 320, 180, 20
"""The video frame, and the rows at its bottom that show the sections."""
FPS, AUDIO_HZ = 25, 48_000
LOW_HZ, HIGH_HZ = 60.0, 7600.0
FLOOR_DB, RANGE_DB = -85.0, 70.0
WINDOW = 1024
HEAT = ((0, 0, 8), (60, 15, 90), (160, 45, 95), (235, 110, 60), (252, 220, 130), (255, 255, 240))
COLOURS = {
    Label.SINGING: (230, 70, 120),
    Label.SPEAKING: (70, 150, 230),
    Label.MUSIC: (90, 190, 110),
    Label.OTHER: (130, 130, 130),
}


def write_video(path: Path, stereo: Samples, sections: Sequence[tuple[Span, Label]]) -> None:
    """Write [2, n] samples at `RATE_HZ` with their video frame: H.264 320x180 at 25 fps, AAC 48 kHz stereo.

    An existing file is replaced, by a whole one. Raises OutputError if it cannot be written.
    """
    loud = np.stack([resample(channel, RATE_HZ, AUDIO_HZ) for channel in stereo])
    with whole_file(path, force=True) as draft, av.open(str(draft), "w") as container:
        picture = container.add_stream("libx264", rate=FPS, options={"preset": "veryfast", "crf": "26"})
        picture.width, picture.height, picture.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        sound = container.add_stream("aac", rate=AUDIO_HZ, layout="stereo", options={"b": "128k"})
        heard = 0
        for index, pixels in enumerate(frames(stereo.mean(axis=0), sections)):
            image = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            image.pts, image.time_base = index, Fraction(1, FPS)
            container.mux(picture.encode(image))
            until = min((index + 1) * AUDIO_HZ // FPS, loud.shape[1])
            block = av.AudioFrame.from_ndarray(
                np.ascontiguousarray(loud[:, heard:until]), format="fltp", layout="stereo"
            )
            block.pts, block.time_base, block.sample_rate = heard, Fraction(1, AUDIO_HZ), AUDIO_HZ
            container.mux(sound.encode(block))
            heard = until
        container.mux(picture.encode(None))
        container.mux(sound.encode(None))


def frames(x: Samples, sections: Sequence[tuple[Span, Label]]) -> Iterator[Pixels]:
    """One video frame per 1/25 s; the playhead stays in the middle while the audio moves a column a frame."""
    heat = np.array(HEAT, np.float32)
    shade = np.clip((_log_spectrogram(x) - FLOOR_DB) / RANGE_DB, 0, 1) * (len(HEAT) - 1)
    low = np.minimum(shade.astype(np.int64), len(HEAT) - 2)
    colours = heat[low] + (heat[low + 1] - heat[low]) * (shade - low)[..., None]
    count = shade.shape[1]
    scroll = np.zeros((HEIGHT, count + 2 * WIDTH, 3), np.uint8)
    left = WIDTH // 2
    scroll[: HEIGHT - STRIP, left : left + count] = colours.astype(np.uint8)
    for span, label in sections:
        scroll[HEIGHT - STRIP + 2 :, left + round(span.start * FPS) : left + round(span.end * FPS)] = COLOURS[
            label
        ]
    for index in range(count):
        pixels = scroll[:, index : index + WIDTH].copy()
        pixels[:, left] = 255
        yield pixels


def _log_spectrogram(x: Samples) -> Samples:
    """Level in dB [rows, one column per video frame], low frequencies at the bottom."""
    hop = RATE_HZ // FPS
    count = -(-len(x) // hop)
    padded = np.pad(x, (WINDOW // 2 - hop // 2, WINDOW + hop))
    rows = np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[::hop][:count]
    power = np.abs(np.fft.rfft(rows * np.hanning(WINDOW), axis=1)) ** 2 / (WINDOW / 4) ** 2
    hz = np.geomspace(HIGH_HZ, LOW_HZ, HEIGHT - STRIP)
    bins = np.round(hz * WINDOW / RATE_HZ).astype(np.int64)
    return (10 * np.log10(power[:, bins].T + 1e-12)).astype(np.float32)
