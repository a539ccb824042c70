"""Notes and drums against their twins, and against what a tone of that pitch must be."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from edge_kernels.library import KernelError
from edge_kernels.synthesis import Drum, Pluck, Voice, Wave, add_drum, add_pluck, add_voice
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.kernels import sound_twins as twins

RATE = 48_000
SHARES = st.floats(0, 1)


def real(low: float, high: float) -> st.SearchStrategy[float]:
    """Numbers that are float32 as the options of the kernels are, so that nothing is rounded."""
    return st.floats(float(np.float32(low)), float(np.float32(high)), width=32)


VOICES = st.builds(
    Voice, st.just(RATE), real(50, 5000), st.sampled_from((Wave.SINE, Wave.TRIANGLE)),
    oscillators=st.integers(1, 3), detune_cents=real(0, 30), width=real(0, 1),
    fm_ratio=real(0.5, 4), fm_index=real(0, 2), fm_decay_s=real(0, 0.1), fm_sustain=real(0, 1),
    cutoff_hz=st.just(0.0) | real(100, 9000), cutoff_octaves=real(-2, 2), cutoff_decay_s=real(0, 0.1),
    resonance=real(0.5, 5), attack_s=real(0, 0.02), decay_s=real(0, 0.1), sustain=real(0, 1),
    release_s=real(0, 0.02), vibrato_hz=real(3, 8), vibrato_cents=real(0, 80), vibrato_delay_s=real(0, 0.01),
    gain=real(0, 1), pan=real(-1, 1), seed=st.integers(0, 9),
)  # fmt: skip
PLUCKS = st.builds(
    Pluck, st.just(RATE), real(40, 6000), decay_s=real(0.1, 5), damping=real(0, 1),
    brightness_hz=real(500, 12_000), position=real(0.05, 0.5), noise=real(0, 1), attack_s=real(0, 0.01),
    release_s=real(0.01, 0.05), gain=real(0, 1), pan=real(-1, 1), seed=st.integers(0, 9),
)  # fmt: skip
DRUMS = st.builds(
    Drum, st.just(RATE), length_s=real(0.01, 0.06), attack_s=real(0, 0.005), tone=real(0, 1),
    tone_hz=real(50, 500), tone_end_hz=real(20, 90), sweep_s=real(0, 0.05), tone_decay_s=real(0, 0.1),
    noise=real(0, 1), noise_hz=real(100, 15_000), noise_q=real(0.5, 5), noise_high=real(0, 1),
    noise_decay_s=real(0, 0.05), bursts=st.integers(1, 4), burst_s=real(0, 0.01), gain=real(0, 1),
    pan=real(-1, 1), seed=st.integers(0, 9),
)  # fmt: skip


@settings(deadline=None, max_examples=40)
@given(VOICES, st.integers(0, 3000))
def test_a_voice_is_that_of_the_twin(voice: Voice, hold: int) -> None:
    out = np.zeros((2, hold + 1500), np.float32)
    add_voice(out, voice, 0, hold)
    wanted = twins.voice(voice, hold)
    np.testing.assert_allclose(out[:, : wanted.shape[1]], wanted, atol=2e-4)
    assert not out[:, wanted.shape[1] :].any()


@settings(deadline=None, max_examples=40)
@given(PLUCKS, st.integers(0, 3000))
def test_a_string_is_that_of_the_twin(pluck: Pluck, hold: int) -> None:
    out = np.zeros((2, hold + 2500), np.float32)
    add_pluck(out, pluck, 0, hold)
    wanted = twins.pluck(pluck, hold)
    np.testing.assert_allclose(out[:, : wanted.shape[1]], wanted, atol=2e-4)
    assert not out[:, wanted.shape[1] :].any()


@settings(deadline=None, max_examples=40)
@given(DRUMS)
def test_a_drum_is_that_of_the_twin(drum: Drum) -> None:
    out = np.zeros((2, 3000), np.float32)
    add_drum(out, drum, 0)
    wanted = twins.drum(drum)
    np.testing.assert_allclose(out[:, : wanted.shape[1]], wanted, atol=2e-4)
    assert not out[:, wanted.shape[1] :].any()


@pytest.mark.parametrize(("wave", "odd"), [(Wave.SAW, False), (Wave.SQUARE, True)])
@pytest.mark.parametrize("hz", [110.7, 440.0, 2011.3])
def test_edges_have_the_partials_of_fourier_and_no_aliases(wave: Wave, odd: bool, hz: float) -> None:
    out = np.zeros((2, 40_000), np.float32)
    add_voice(out, Voice(RATE, hz, wave), 0, 40_000)
    window = np.blackman(32_768)
    spectrum = np.abs(np.fft.rfft(out[0, 4000:36_768] * window, 1 << 18)) / window.sum() * 2
    bins = np.arange(len(spectrum)) * RATE / (1 << 18)
    number = np.round(bins / hz)
    beside = (np.abs(bins - number * hz) > 9) & (bins > 20)
    first = 4 / np.pi if odd else 2 / np.pi
    assert spectrum[beside].max() < first * 10 ** (-50 / 20)
    for partial in range(1, int(17_000 / hz)):
        height = spectrum[number == partial].max()
        wanted = 0 if odd and partial % 2 == 0 else first / partial
        assert height == pytest.approx(wanted, rel=0.06, abs=first * 0.001)


@pytest.mark.parametrize("hz", [80, 123.47, 329.63, 739.99, 1046.5, 1500])
@pytest.mark.parametrize("damping", [0.05, 0.6])
def test_a_string_is_in_tune(hz: float, damping: float) -> None:
    out = np.zeros((2, 96_000), np.float32)
    add_pluck(out, Pluck(RATE, hz, decay_s=8, damping=damping), 0, 96_000)
    spectrum = np.abs(np.fft.rfft(out[0, 4800:] * np.blackman(91_200), 1 << 19))
    low, high = (int(hz * share * 2**19 / RATE) for share in (0.95, 1.05))
    top = low + int(spectrum[low:high].argmax())
    a, b, c = np.log(spectrum[top - 1 : top + 2])
    found = (top + (a - c) / (a - 2 * b + c) / 2) * RATE / 2**19
    assert abs(1200 * np.log2(found / hz)) < 0.2


def test_what_lies_outside_is_cut_off_and_the_rest_is_added() -> None:
    whole = np.zeros((2, 6000), np.float32)
    parts = np.ones((2, 6000), np.float32)
    voice, pluck, drum = Voice(RATE, 300, noise=0.3), Pluck(RATE, 300), Drum(RATE, 0.05, tone=1, noise=1)
    for out in (whole, parts[:, :2500].copy(), parts[:, 2500:].copy()):
        start = -2500 if out.shape[1] == 3500 else 0
        add_voice(out, voice, start, 4000)
        add_pluck(out, pluck, start + 100, 4000)
        add_drum(out, drum, start + 700)
        if out is not whole:
            wanted = whole[:, -start : -start + out.shape[1]]
            np.testing.assert_allclose(out - 1, wanted, atol=1e-6)
            assert np.abs(wanted).max() > 0.1


def test_noise_is_seeded() -> None:
    def played(seed: int) -> bytes:
        out = np.zeros((2, 2000), np.float32)
        add_voice(out, Voice(RATE, 300, noise=0.5, cutoff_hz=2000, seed=seed), 0, 1500)
        return out.tobytes()

    assert played(3) == played(3) != played(4)
    assert played(2**32 + 3) == played(3)


def test_options_out_of_range_are_refused() -> None:
    out = np.zeros((2, 100), np.float32)
    voice, pluck, drum = Voice(RATE, 300), Pluck(RATE, 300), Drum(RATE)
    for pitch_hz in (9.0, 7000.0, float("nan")):
        with pytest.raises(KernelError):
            add_voice(out, replace(voice, pitch_hz=pitch_hz), 0, 10)
        with pytest.raises(KernelError):
            add_pluck(out, replace(pluck, pitch_hz=pitch_hz), 0, 10)
    with pytest.raises(KernelError):
        add_voice(out, replace(voice, release_s=-1), 0, 10)
    with pytest.raises(KernelError):
        add_voice(out, replace(voice, oscillators=4), 0, 10)
    with pytest.raises(KernelError):
        add_pluck(out, replace(pluck, position=0.6), 0, 10)
    with pytest.raises(KernelError):
        add_drum(out, replace(drum, bursts=9), 0)
    with pytest.raises(ValueError, match="hold must be at least 0"):
        add_voice(out, voice, 0, -1)
    with pytest.raises(ValueError, match=r"float32\[2, n\]"):
        add_drum(out[0], drum, 0)
    with pytest.raises(TypeError, match="contiguous array of float"):
        add_drum(out.astype(np.float64), drum, 0)
    assert not out.any()
