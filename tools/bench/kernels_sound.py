"""Spectra by our kernels and by what else computes them: the peers, and what a result is compared with.

Most peers and the float64 reference are one function, `spectra`, with another Fourier transform or precision.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache, partial
from importlib import import_module
from typing import Any

import numpy as np
from edge_kernels.mel import Mel, MelOptions, Norm, Scale, Window
from numpy.typing import NDArray

from tools.bench.rows import Peer
from tools.sound.mel import hz_to_mel, mel_to_hz

Array = NDArray[Any]
Job = Callable[[], Any]

CHUNK = 256
"""Frames at once: the fastest of 16 to 6000 for every matrix peer, because its arrays stay in the cache."""


@dataclass(frozen=True)
class Tables:
    """What `spectra` multiplies with, all of one precision."""

    options: MelOptions
    window: Array
    filters: Array
    """[bins, bands]"""
    dct: Array | None

    @classmethod
    def of(cls, options: MelOptions, dtype: type[np.floating[Any]] = np.float32) -> Tables:
        """The tables of options with a Hann or Hamming window, made in float64."""
        hann = options.window_kind is Window.HANN
        shape = np.hanning(options.window + 1)[:-1] if hann else np.hamming(options.window)
        bands, rows = np.arange(options.n_mels) + 0.5, np.arange(options.coefficients)
        dct = np.cos(np.pi / options.n_mels * bands[:, None] * rows) * np.sqrt(2 / options.n_mels)
        dct[:, :1] /= np.sqrt(2)
        filters = np.ascontiguousarray(triangles(options).T.astype(dtype))
        return cls(options, shape.astype(dtype), filters, dct.astype(dtype) if options.coefficients else None)


def triangles(options: MelOptions) -> NDArray[np.float64]:
    """Filters float64[bands, bins] from 0 Hz to half the rate, straight over hertz."""
    high = options.rate_hz / 2
    if options.scale_kind is Scale.SLANEY:
        mels = np.linspace(0, 15 + 27 * np.log(high / 1000) / np.log(6.4), options.n_mels + 2)
        points = np.where(mels < 15, mels * 200 / 3, 1000 * 6.4 ** ((mels - 15) / 27))
    else:
        points = mel_to_hz(np.linspace(0, hz_to_mel(high), options.n_mels + 2))
    low, centre, top = points[:-2, None], points[1:-1, None], points[2:, None]
    bins = np.arange(options.n_fft // 2 + 1) * options.rate_hz / options.n_fft
    filters = np.maximum(np.minimum((bins - low) / (centre - low), (top - bins) / (top - centre)), 0.0)
    sums = filters.sum(axis=1, keepdims=True)
    return np.asarray(filters / {Norm.PEAK: 1.0, Norm.AREA: (top - low) / 2, Norm.MEAN: sums}[options.norm])


def spectra(rfft: Callable[..., Array], tables: Tables, sound: Array) -> Array:
    """What `Mel` gives, by a library's Fourier transform and matrix products."""
    options = tables.options
    frames = np.lib.stride_tricks.sliding_window_view(sound, options.window)[:: options.hop]
    out = np.empty((len(frames), options.coefficients or options.n_mels), sound.dtype)
    for first in range(0, len(frames), CHUNK):
        part = frames[first : first + CHUNK]
        if options.preemphasis:
            part = part - options.preemphasis * np.concatenate([part[:, :1], part[:, :-1]], axis=1)
        spectrum = rfft(part * tables.window, options.n_fft)
        bands = (spectrum.real**2 + spectrum.imag**2) @ tables.filters
        logs = np.log(np.maximum(bands, options.floor))
        out[first : first + CHUNK] = logs if tables.dct is None else logs @ tables.dct
    return out


def voiced(minutes: float, rate_hz: int = 16_000) -> NDArray[np.float32]:
    """Phrases of a gliding voice with twelve harmonics, pauses between them, and noise throughout."""
    t = np.arange(int(minutes * 60 * rate_hz)) / rate_hz
    pitch_hz = 180 * 2 ** (0.3 * np.sin(0.8 * t) + 0.02 * np.sin(35 * t))
    phase = 2 * np.pi * np.cumsum(pitch_hz) / rate_hz
    loudness = np.clip(np.sin(13 * t) + 0.4, 0, 1) * (np.sin(t) > -0.5) * 0.2
    sound = loudness * sum(np.sin(h * phase) / h for h in range(1, 13))
    noise = np.random.default_rng(0).standard_normal(len(t), np.float32)
    return np.asarray(sound + 0.003 * noise, np.float32)


def ours(options: MelOptions, sound: Array, threads: int = 1) -> Callable[[], Job]:
    """The maker of our job."""
    return lambda: partial(Mel(options), sound, threads=threads)


def distance(options: MelOptions, sound: Array) -> Callable[[Array], float]:
    """The largest difference of a result from float64."""
    tables = Tables.of(options, np.float64)
    exact = cache(lambda: spectra(np.fft.rfft, tables, sound.astype(np.float64)))
    return lambda result: float(np.abs(result - exact()).max())


def peers(options: MelOptions, sound: Array) -> tuple[Peer, ...]:
    """All that give log-mel or, of a Hamming window and pre-emphasis, cepstra."""

    def by_scipy() -> Job:
        rfft = partial(import_module("scipy.fft").rfft, workers=1)
        return partial(spectra, rfft, Tables.of(options), sound)

    either = (
        Peer("2 threads", ours(options, sound, 2)),
        Peer("SciPy rfft + matmul", by_scipy),
        Peer("NumPy rfft + matmul", lambda: partial(spectra, np.fft.rfft, Tables.of(options), sound)),
        librosa(options, sound),
        knf(options, sound),
    )
    rocket = Peer("rocket-fft in a numba function", lambda: _rocket(options, sound))
    torch = Peer("torch.stft + matmul", lambda: _torch(options, sound))
    return either if options.coefficients else (*either, rocket, torch)


def librosa(options: MelOptions, sound: Array) -> Peer:
    """librosa, whose frames have `n_fft` samples with the window in their middle."""
    side, htk = (options.n_fft - options.window) // 2, options.scale_kind is Scale.HTK
    settings = {
        "y": np.pad(sound, (side, side)), "sr": options.rate_hz, "n_fft": options.n_fft, "center": False,
        "win_length": options.window, "hop_length": options.hop, "n_mels": options.n_mels, "htk": htk,
    }  # fmt: skip

    def log_mel() -> Job:
        extract, norm = import_module("librosa").feature.melspectrogram, 1 if htk else "slaney"
        return lambda: np.log(np.maximum(extract(**settings, norm=norm), options.floor)).T

    def cepstra() -> Job:
        extract = import_module("librosa").feature.mfcc
        return partial(extract, **settings, n_mfcc=options.coefficients, window="hamming")

    if options.coefficients:
        return Peer("librosa", cepstra, lambda result: None, "the peer has no pre-emphasis, cuts at 80 dB")
    return Peer("librosa", log_mel)


def _torch(options: MelOptions, sound: Array) -> Job:
    torch, tables = import_module("torch"), Tables.of(options)
    samples, window, filters = map(torch.from_numpy, (sound, tables.window, tables.filters))
    frames, side = Mel(options).frames(len(sound)), (options.n_fft - options.window) // 2
    settings = {"win_length": options.window, "window": window, "center": False, "return_complex": True}

    def job() -> Array:
        out = torch.empty((frames, options.n_mels))
        with torch.inference_mode():
            for first in range(0, frames, CHUNK):
                last = min(first + CHUNK, frames) - 1
                part = samples[first * options.hop : last * options.hop + options.window]
                padded = torch.nn.functional.pad(part, (side, side))
                spectrum = torch.stft(padded, options.n_fft, options.hop, **settings)
                bands = (spectrum.real.square() + spectrum.imag.square()).T @ filters
                out[first : last + 1] = bands.clamp_(min=options.floor).log_()
        return np.asarray(out)

    return job


def _rocket(options: MelOptions, sound: Array) -> Job:
    import_module("rocket_fft")
    compiled, tables = import_module("numba").njit(fastmath=True)(_rocket_mel), Tables.of(options)
    sizes = Mel(options).frames(len(sound)), options.n_fft, options.hop
    factors = tables.window, tables.filters
    return lambda: compiled(sound, sizes, factors, np.float32(options.floor))


def _rocket_mel(sound: Array, sizes: tuple[int, ...], factors: tuple[Array, ...], floor: float) -> Array:
    """For numba, which cannot slide a window over an array: copies each frame into a row."""
    (frames, n_fft, hop), (window, filters) = sizes, factors
    out = np.empty((frames, filters.shape[1]), np.float32)
    rows = np.zeros((CHUNK, n_fft), np.float32)
    for first in range(0, frames, CHUNK):
        count = min(CHUNK, frames - first)
        for row in range(count):
            for n in range(len(window)):
                rows[row, n] = sound[(first + row) * hop + n] * window[n]
        spectrum = np.fft.rfft(rows[:count])
        power = (spectrum.real**2 + spectrum.imag**2).astype(np.float32)
        out[first : first + count] = np.log(np.maximum(np.dot(power, filters), floor))
    return out


def knf(options: MelOptions, sound: Array) -> Peer:
    """kaldi-native-fbank, whose frames are computed, but not fetched, because that goes one by one."""
    kind = "Mfcc" if options.coefficients else "Fbank"

    def make() -> Job:
        library, samples = import_module("kaldi_native_fbank"), sound.data  # a list: 10 % faster, 300 MB
        settings = _knf_options(getattr(library, f"{kind}Options")(), options)

        def job() -> Any:
            extractor = getattr(library, f"Online{kind}")(settings)
            extractor.accept_waveform(options.rate_hz, samples)
            extractor.input_finished()
            return extractor

        return job

    def read(extractor: Any) -> Array:
        frames = np.stack([extractor.get_frame(index) for index in range(extractor.num_frames_ready)])
        if options.norm is Norm.MEAN:  # which it does not have
            return np.asarray(frames - np.log(triangles(replace(options, norm=Norm.PEAK)).sum(axis=1)))
        return frames

    return Peer("kaldi-native-fbank", make, read, "the peer's frames computed, not fetched")


def _knf_options(settings: Any, options: MelOptions) -> Any:
    frame, mel, ms = settings.frame_opts, settings.mel_opts, options.rate_hz / 1000
    frame.samp_freq, frame.dither, frame.preemph_coeff = options.rate_hz, 0, options.preemphasis
    frame.remove_dc_offset, frame.window_type = options.remove_mean, options.window_kind.name.lower()
    frame.frame_length_ms, frame.frame_shift_ms = options.window / ms, options.hop / ms
    mel.num_bins, mel.low_freq = options.n_mels, options.low_hz
    if options.scale_kind is not Scale.KALDI:
        mel.is_librosa, mel.use_slaney_mel_scale = True, options.scale_kind is Scale.SLANEY
        mel.norm = "slaney" if options.norm is Norm.AREA else ""
    if options.coefficients:
        settings.num_ceps, settings.use_energy, settings.cepstral_lifter = options.coefficients, False, 0
    else:
        settings.eps = options.floor
    return settings
