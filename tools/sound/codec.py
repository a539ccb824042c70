"""What recordings go through on their way to a listener: lossy codecs, overdriven inputs, telephones."""

from __future__ import annotations

import io

import av
import numpy as np
from av.audio.stream import AudioStream

from tools.sound.signals import RATE_HZ, Samples, resample


def through_codec(samples: Samples, codec: str, bit_rate: int) -> Samples:
    """Encode and decode at `RATE_HZ`; the codec's delay is left in."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="matroska") as out:
        stream = out.add_stream(codec, rate=RATE_HZ)
        assert isinstance(stream, AudioStream)
        stream.bit_rate, stream.layout = bit_rate, "mono"
        frame = av.AudioFrame.from_ndarray(samples[None], format="fltp", layout="mono")
        frame.sample_rate, frame.pts = RATE_HZ, 0
        for piece in av.AudioResampler(stream.format, "mono", RATE_HZ, 1024).resample(frame):
            out.mux(stream.encode(piece))
        out.mux(stream.encode(None))
    buffer.seek(0)
    resampler = av.AudioResampler("flt", "mono", RATE_HZ)
    with av.open(buffer, "r") as back:
        frames = (piece for frame in back.decode(audio=0) for piece in resampler.resample(frame))
        return np.concatenate([frame.to_ndarray()[0] for frame in frames])


def overdriven(samples: Samples, *, drive_db: float, hard: bool) -> Samples:
    """Clipped as by a loud master or a phone's microphone, then back at the level it had.

    At a `drive_db` of 0 full scale is 15 dB above the RMS level; `hard` clips there, else tanh.
    """
    rms = float(np.sqrt(np.mean(samples**2))) + 1e-9
    gain = np.float32(10 ** ((drive_db - 15) / 20) / rms)
    driven = np.clip(samples * gain, -1, 1) if hard else np.tanh(samples * gain)
    return np.asarray(driven / gain, np.float32)


def by_telephone(samples: Samples) -> Samples:
    """Sampled at 8 kHz, in 8 bits by the mu-law of G.711."""
    narrow = resample(samples, RATE_HZ, RATE_HZ // 2).clip(-1, 1)
    law = np.sign(narrow) * np.log1p(255 * np.abs(narrow)) / np.log(256)
    coded = np.round(law * 127) / 127
    wide = np.sign(coded) * np.expm1(np.abs(coded) * np.log(256)) / 255
    return resample(wide.astype(np.float32), RATE_HZ // 2, RATE_HZ)[: len(samples)]


def in_8_bits(samples: Samples) -> Samples:
    """Rounded to 8-bit linear samples."""
    return np.asarray(np.round(samples.clip(-1, 1) * 127) / 127, np.float32)
