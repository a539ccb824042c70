"""Encode single frames as JPEG."""

from __future__ import annotations

from fractions import Fraction

import av
import numpy as np
import numpy.typing as npt
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame

QUALITY = 6
"""Quantizer of the encoder, 2 (best) to 31."""


def jpeg(rgb: npt.NDArray[np.uint8], *, quality: int = QUALITY) -> bytes:
    """Encode uint8[height, width, 3] as a JPEG file; `quality` is 2 (best) to 31 (smallest)."""
    height, width = rgb.shape[:2]
    encoder = av.CodecContext.create("mjpeg", "w")
    assert isinstance(encoder, VideoCodecContext)
    encoder.width, encoder.height, encoder.pix_fmt = width, height, "yuvj420p"
    encoder.framerate = Fraction(1)
    encoder.options = {"flags": "+qscale", "global_quality": str(quality * 118)}  # 118: FF_QP2LAMBDA
    frame = VideoFrame.from_ndarray(np.ascontiguousarray(rgb), format="rgb24").reformat(format="yuvj420p")
    packets = [*encoder.encode(frame), *encoder.encode(None)]
    return b"".join(bytes(packet) for packet in packets)
