"""The mel kernel against its plain NumPy twin in float64."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from edge.models.frontend import FrontEnd, MelStream
from kernels.mel import MelTables, mel_filters, mel_power, mel_tables

SETUPS = [
    {"n_fft": 1024, "window": 800, "hop": 200, "n_mels": 64},
    {"n_fft": 512, "window": 400, "hop": 160, "n_mels": 80},
    {"n_fft": 256, "window": 256, "hop": 64, "n_mels": 20},
    {"n_fft": 16, "window": 16, "hop": 8, "n_mels": 3},
]


def tables(**sizes: int) -> MelTables:
    return mel_tables(rate_hz=16_000, low_hz=40.0, high_hz=7800.0, **sizes)


def twin(samples: NDArray[np.float32], n_fft: int, window: int, hop: int, n_mels: int) -> NDArray[np.float64]:
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(window) / window)
    frames = np.lib.stride_tricks.sliding_window_view(samples.astype(np.float64), window)[::hop]
    power = np.abs(np.fft.rfft(frames * hann, n_fft)) ** 2
    return np.asarray(power @ mel_filters(16_000, n_fft, n_mels, 40.0, 7800.0).T)


@pytest.mark.parametrize("sizes", SETUPS)
def test_equals_the_float64_twin(sizes: dict[str, int]) -> None:
    samples = np.random.default_rng(1).standard_normal(16_000).astype(np.float32) * np.float32(0.1)
    ours, exact = mel_power(samples, tables(**sizes)), twin(samples, **sizes)
    assert ours.shape == exact.shape
    assert np.abs(np.log(ours) - np.log(exact)).max() < 5e-5


def test_a_tone_lands_in_its_band() -> None:
    tone = np.sin(2 * np.pi * 1000 * np.arange(16_000) / 16_000).astype(np.float32)
    power = mel_power(tone, tables(**SETUPS[0])).mean(axis=0)
    centres = mel_filters(16_000, 1024, 64, 40.0, 7800.0).argmax(axis=1) * 16_000 / 1024
    assert abs(centres[power.argmax()] - 1000) < 60


@pytest.mark.parametrize("length", [0, 1, 799, 800, 801, 1000, 800 + 200 * 16, 800 + 200 * 17 + 3])
def test_returns_exactly_the_frames_that_the_samples_hold(length: int) -> None:
    power = mel_power(np.ones(length, np.float32), tables(**SETUPS[0]))
    assert power.shape == (max(0, (length - 800) // 200 + 1), 64)


def test_takes_any_strides_and_types() -> None:
    samples = np.random.default_rng(2).standard_normal(8000)
    every_other = samples[::2].astype(np.float32)
    np.testing.assert_array_equal(
        mel_power(samples.astype(np.float32)[::2], tables(**SETUPS[0])),
        mel_power(every_other, tables(**SETUPS[0])),
    )


@pytest.mark.parametrize(
    "sizes",
    [
        {"n_fft": 1000, "window": 800, "hop": 200, "n_mels": 64},
        {"n_fft": 8, "window": 8, "hop": 4, "n_mels": 4},
        {"n_fft": 512, "window": 800, "hop": 200, "n_mels": 64},
        {"n_fft": 1024, "window": 801, "hop": 200, "n_mels": 64},
    ],
)
def test_refuses_sizes_that_it_cannot_serve(sizes: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="unsupported sizes"):
        tables(**sizes)


FRONT_END = FrontEnd(16_000, 1024, 800, 200, 64, 40.0, 7800.0, 1e-6, -4.0, 4.0)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 3000), min_size=1, max_size=12))
def test_a_stream_in_any_pieces_gives_the_frames_of_one_call(pieces: list[int]) -> None:
    samples = np.random.default_rng(sum(pieces)).standard_normal(sum(pieces)).astype(np.float32)
    stream, parts, at = MelStream(FRONT_END), [], 0
    for size in pieces:
        parts.append(stream.accept(samples[at : at + size]))
        at += size
    expected = -(-len(samples) // 200)
    parts.append(stream.finish(expected - sum(map(len, parts))))
    padded = np.pad(samples, (FRONT_END.tables.lead, 800))
    np.testing.assert_array_equal(np.concatenate(parts), mel_power(padded, FRONT_END.tables)[:expected])
