"""Bitstreams of H.264 and HEVC as far as cutting needs them: NAL units, parameter sets, their headers."""

from __future__ import annotations

from edge.media.bitstream.codec import Codec
from edge.media.bitstream.h264 import H264
from edge.media.bitstream.hevc import HEVC

CODECS: dict[str, Codec] = {codec.name: codec for codec in (H264, HEVC)}
"""By FFmpeg's name. To add one: subclass `Codec` in a file of its own, and add it here."""
