"""What a recording, a image or a text becomes before a network sees it: data, stated in the manifest.

A front end is one of the classes of `FrontEnd`, told apart by `kind`. A model trained elsewhere drops in by
stating its own numbers.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import Annotated, Literal

import numpy as np
from edge_kernels.mel import Mel, MelOptions, MelStream, Window, kaldi_fbank
from msgspec import Meta, Struct
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Positive = Annotated[int, Meta(ge=1)]


class LogMel(Struct, frozen=True, dict=True, forbid_unknown_fields=True, tag_field="kind", tag="log-mel"):
    """Log-mel spectrogram (formula: `edge_kernels.mel`). Frames are centred on their hop."""

    rate_hz: Positive
    """Sample rate that the network was trained at."""
    n_fft: Positive
    window: Positive
    """Samples under the Hann window."""
    hop: Positive
    """Samples between frames."""
    n_mels: Positive
    low_hz: float
    high_hz: float
    floor: float
    """Added to the power before the logarithm."""
    mean: float
    """Subtracted from the natural logarithm."""
    scale: float
    """Divides the result."""

    @property
    def lead(self) -> int:
        """Samples that the first frame needs before the first sample."""
        return (self.window - self.hop) // 2

    @cached_property
    def mel(self) -> Mel:
        """Samples to the network's input: (ln(power + floor) - mean) / scale."""
        return Mel(self._options(logarithm=True))

    @cached_property
    def power(self) -> Mel:
        """Samples to mel power, which training mixes before it takes the logarithm."""
        return Mel(self._options(logarithm=False))

    def stream(self) -> MelStream:
        """The network's input frame by frame, from silence before the first sample on."""
        stream = MelStream(self.mel)
        stream.accept(np.zeros(self.lead, np.float32))
        return stream

    def normalise(self, power: Floats) -> Floats:
        """What `mel` does after the filters: the network's input from mel power, of the same shape."""
        return np.asarray((np.log(power + np.float32(self.floor)) - self.mean) / self.scale, np.float32)

    def _options(self, *, logarithm: bool) -> MelOptions:
        return MelOptions(
            rate_hz=self.rate_hz, n_fft=self.n_fft, window=self.window, hop=self.hop, n_mels=self.n_mels,
            low_hz=self.low_hz, high_hz=self.high_hz, logarithm=logarithm, offset=self.floor, floor=0.0,
            mean=self.mean, scale=self.scale,
        )  # fmt: skip


class Fbank(Struct, frozen=True, dict=True, forbid_unknown_fields=True, tag_field="kind", tag="kaldi-fbank"):
    """Kaldi's log filter bank, as speech recognizers of the Kaldi family are trained on."""

    rate_hz: Positive
    n_mels: Positive
    low_hz: float = 20.0
    high_hz: float = 0.0
    """Up to this frequency; 0 or less counts from half the rate."""
    window: Literal["povey", "hamming", "hann"] = "povey"
    sample_scale: float = 32768.0
    """Samples in -1..1 are multiplied by this; some recognizers were trained on 1."""
    centred: bool = False
    """Frames centred on their hop, the recording mirrored at both ends (Kaldi's `snip_edges=false`)."""
    stack: Positive = 1
    """Frames put side by side to one row of the network's input."""
    skip: Positive = 1
    """Frames from one row to the next."""
    statistics: str | None = None
    """A .npy file of the folder, float32[2, stack * n_mels]: added to a row, then multiplied with it."""

    @property
    def row_s(self) -> float:
        """Seconds from one row to the next."""
        return self.skip * self.mel.options.hop / self.rate_hz

    @cached_property
    def mel(self) -> Mel:
        """Samples on the scale of `sample_scale` to frames."""
        kaldi = kaldi_fbank(self.rate_hz, self.n_mels, self.low_hz)
        high_hz = self.high_hz if self.high_hz > 0 else self.rate_hz / 2 + self.high_hz
        return Mel(replace(kaldi, high_hz=high_hz, window_kind=Window[self.window.upper()]))

    def rows(self, samples: Floats) -> Floats:
        """The network's rows float32[rows, stack * n_mels] of samples float32[n], without statistics."""
        scaled = np.asarray(samples, np.float32) * np.float32(self.sample_scale)
        frames = self.mel(self._mirrored(scaled) if self.centred else scaled)
        count = max(0, (len(frames) - self.stack) // self.skip + 1)
        at = np.arange(count)[:, None] * self.skip + np.arange(self.stack)
        return np.asarray(frames[at].reshape(count, self.stack * self.n_mels), np.float32)

    def _mirrored(self, samples: Floats) -> Floats:
        """With the ends mirrored, so that a frame is centred on each hop that is at least half there."""
        options = self.mel.options
        frames = (len(samples) + options.hop // 2) // options.hop
        before = (options.window - options.hop) // 2
        after = (frames - 1) * options.hop + options.window - before - len(samples)
        if frames == 0:
            return samples[:0]
        return np.pad(samples, (before, max(0, after)), "symmetric")[: len(samples) + before + after]


class Samples(Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="samples"):
    """The samples themselves, float32 in -1..1."""

    rate_hz: Positive


class ImageInput(Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="picture"):
    """A image of a fixed size, or of any size where width and height are left out."""

    width: Positive | None = None
    height: Positive | None = None
    fit: Literal["stretch", "crop", "pad"] = "stretch"
    """How another aspect becomes this one: stretched, its middle cut out, or bars of the mean added."""
    part: Annotated[float, Meta(gt=0, le=1)] = 1.0
    """With `crop`, how much of the largest middle is left: 0.875 for "shorter side to 256, middle 224"."""
    layout: Literal["nchw", "nhwc"] = "nchw"
    order: Literal["rgb", "bgr"] = "rgb"
    mean: tuple[float, float, float] = (0.0, 0.0, 0.0)
    """Subtracted from the colours 0..255, in the order of `order`."""
    scale: tuple[float, float, float] = (1.0, 1.0, 1.0)
    """Divides the result."""


class Tokens(Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", tag="tokens"):
    """A text as the numbers of its word pieces."""

    tokenizer: str
    """A file of the folder, in the format of the `tokenizers` package."""
    max_tokens: Positive
    """A longer text is cut."""


FrontEnd = LogMel | Fbank | Samples | ImageInput | Tokens
