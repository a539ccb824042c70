"""Front ends: how audio, an image or a text is converted to the input of a network, as data in the manifest.

A front end is one of the classes of `FrontEnd`, distinguished by `kind`. A model trained elsewhere states its
own numbers.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import Annotated, Literal

import numpy as np
from edge_kernels.mel import Mel, MelOptions, MelStream, Norm, Scale, Window, kaldi_fbank
from msgspec import Meta, Struct

from edge.arrays import Floats

Positive = Annotated[int, Meta(ge=1)]
"""An integer of at least 1."""


class LogMel(Struct, frozen=True, dict=True, forbid_unknown_fields=True, tag_field="kind", tag="log-mel"):
    """Log-mel spectrogram (formula: `edge_kernels.mel`). Frames are centered on their hop."""

    rate_hz: Positive
    """Sample rate that the network was trained at."""
    n_fft: Positive
    """Points of the Fourier transform."""
    window: Positive
    """Samples in the Hann window."""
    hop: Positive
    """Samples between frames."""
    n_mels: Positive
    """Number of bands."""
    low_hz: float
    """Lower end of the first band."""
    high_hz: float
    """Upper end of the last band."""
    floor: float
    """Added to the power before the logarithm."""
    mean: float
    """Subtracted from the natural logarithm."""
    scale: float
    """Divisor of the result."""
    filters: Literal["htk", "slaney"] = "htk"
    """Mel scale: HTK's with bands that are means, or librosa's with triangles of area 1."""

    @property
    def lead(self) -> int:
        """Number of zeros that the first frame needs before the first sample."""
        return (self.window - self.hop) // 2

    @cached_property
    def mel(self) -> Mel:
        """Transform from samples to the network's input: (ln(power + floor) - mean) / scale."""
        return Mel(self._options(logarithm=True))

    @cached_property
    def power(self) -> Mel:
        """Transform from samples to mel power, which training mixes before taking the logarithm."""
        return Mel(self._options(logarithm=False))

    def stream(self) -> MelStream:
        """Return a stream of frames for the network, which starts with silence before the first sample."""
        stream = MelStream(self.mel)
        stream.accept(np.zeros(self.lead, np.float32))
        return stream

    def normalize(self, power: Floats) -> Floats:
        """Convert mel power to the network's input, of the same shape, like `mel` after the filters."""
        return np.asarray((np.log(power + np.float32(self.floor)) - self.mean) / self.scale, np.float32)

    def flat(self, level_db: float) -> Floats:
        """Return the mean input float32[n_mels] for white noise of an RMS level in dBFS."""
        impulse = np.zeros(self.window, np.float32)
        impulse[self.window // 2] = 1.0  # flat in frequency, where the Hann window is 1
        windowed = 0.375 * self.window * 10 ** (level_db / 10)  # 0.375: mean square of a Hann window
        return self.normalize(self.power(impulse)[0] * np.float32(windowed))

    def _options(self, *, logarithm: bool) -> MelOptions:
        slaney = self.filters == "slaney"
        scale, norm = (Scale.SLANEY, Norm.AREA) if slaney else (Scale.HTK, Norm.MEAN)
        return MelOptions(
            rate_hz=self.rate_hz, n_fft=self.n_fft, window=self.window, hop=self.hop, n_mels=self.n_mels,
            low_hz=self.low_hz, high_hz=self.high_hz, logarithm=logarithm, offset=self.floor, floor=0.0,
            mean=self.mean, scale=self.scale, scale_kind=scale, norm=norm,
        )  # fmt: skip


class Fbank(Struct, frozen=True, dict=True, forbid_unknown_fields=True, tag_field="kind", tag="kaldi-fbank"):
    """Kaldi's log filter bank, the input of speech recognizers of the Kaldi family."""

    rate_hz: Positive
    """Sample rate that the network was trained at."""
    n_mels: Positive
    """Number of bands."""
    low_hz: float = 20.0
    """Lower end of the first band."""
    high_hz: float = 0.0
    """Upper end of the last band; 0 or less is relative to half the rate."""
    window: Literal["povey", "hamming", "hann"] = "povey"
    """Window function, see `edge_kernels.mel.Window`."""
    sample_scale: float = 32768.0
    """Factor of samples in -1..1; some recognizers were trained on 1."""
    centered: bool = False
    """Center frames on their hop and mirror the audio at both ends (Kaldi's `snip_edges=false`)."""
    stack: Positive = 1
    """Frames per row of the network's input."""
    skip: Positive = 1
    """Frames between rows."""
    statistics: str | None = None
    """.npy file of the folder, float32[2, stack * n_mels]: offset and factor of a row, in this order."""

    @property
    def row_s(self) -> float:
        """Seconds between rows."""
        return self.skip * self.mel.options.hop / self.rate_hz

    @cached_property
    def mel(self) -> Mel:
        """Transform from samples, scaled by `sample_scale`, to frames."""
        kaldi = kaldi_fbank(self.rate_hz, self.n_mels, self.low_hz)
        high_hz = self.high_hz if self.high_hz > 0 else self.rate_hz / 2 + self.high_hz
        return Mel(replace(kaldi, high_hz=high_hz, window_kind=Window[self.window.upper()]))

    def rows(self, samples: Floats) -> Floats:
        """Return the rows float32[rows, stack * n_mels] of samples float32[n], before statistics."""
        scaled = np.asarray(samples, np.float32) * np.float32(self.sample_scale)
        frames = self.mel(self._mirrored(scaled) if self.centered else scaled)
        count = max(0, (len(frames) - self.stack) // self.skip + 1)
        index = np.arange(count)[:, None] * self.skip + np.arange(self.stack)
        return np.asarray(frames[index].reshape(count, self.stack * self.n_mels), np.float32)

    def _mirrored(self, samples: Floats) -> Floats:
        """Mirror the ends, so that a frame is centered on each hop with at least half of its samples."""
        options = self.mel.options
        frames = (len(samples) + options.hop // 2) // options.hop
        before = (options.window - options.hop) // 2
        after = (frames - 1) * options.hop + options.window - before - len(samples)
        if frames == 0:
            return samples[:0]
        return np.pad(samples, (before, max(0, after)), "symmetric")[: len(samples) + before + after]


class Samples(Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="samples"):
    """Raw samples, float32 in -1..1."""

    rate_hz: Positive
    """Sample rate that the network was trained at."""


class ImageInput(Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="image"):
    """An image of a fixed size, or of any size if width and height are omitted."""

    width: Positive | None = None
    """Pixels; None for any width."""
    height: Positive | None = None
    """Pixels; None for any height."""
    fit: Literal["stretch", "crop", "pad"] = "stretch"
    """How other aspect ratios are fitted: stretched, center-cropped, or padded with the mean."""
    part: Annotated[float, Meta(gt=0, le=1)] = 1.0
    """With `crop`, share of the largest crop: 0.875 for "shorter side to 256, center crop of 224"."""
    layout: Literal["nchw", "nhwc"] = "nchw"
    """Order of the axes; c are the channels."""
    order: Literal["rgb", "bgr"] = "rgb"
    """Order of the channels."""
    mean: tuple[float, float, float] = (0.0, 0.0, 0.0)
    """Subtracted from the values 0 to 255, in the order of `order`."""
    scale: tuple[float, float, float] = (1.0, 1.0, 1.0)
    """Divisors of the result."""


class Tokens(Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="tokens"):
    """A text as the numbers of its tokens (subwords)."""

    tokenizer: str
    """File of the folder in the format of the `tokenizers` package."""
    max_tokens: Positive
    """Longer texts are truncated."""


FrontEnd = LogMel | Fbank | Samples | ImageInput | Tokens
"""Any front end."""
