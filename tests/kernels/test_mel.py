"""Mel spectra and cepstra against their float64 twin and Kaldi's own, and hostile samples."""

from __future__ import annotations

from dataclasses import replace

import kaldi_native_fbank as knf
import numpy as np
import pytest
from edge_kernels.mel import Mel, MelOptions, MelStream, Scale, kaldi_fbank, slaney
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.kernels import twins
from tests.kernels.makers import OPTIONS, SEGMENTER


def sound(count: int, seed: int = 0) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    """A gliding tone with harmonics over noise, bursts and pauses."""
    rng = np.random.default_rng(seed)
    t = np.arange(count) / 16_000
    tone = sum(np.sin(2 * np.pi * k * (180 + 40 * np.sin(t)) * t) / k for k in range(1, 8))
    return (0.2 * tone * (np.sin(3 * t) > 0) + 0.03 * rng.standard_normal(count)).astype(np.float32)


@pytest.mark.parametrize("options", OPTIONS.values(), ids=OPTIONS.keys())
def test_equals_the_float64_twin(options: MelOptions) -> None:
    samples = sound(32_000)
    if options.scale_kind is Scale.KALDI:
        samples *= np.float32(32_768)
    ours, exact = Mel(options)(samples), twins.mel(samples, options)
    assert ours.shape == exact.shape
    if options.logarithm:
        # Kaldi's low bands lie far below the loudest of their frame, down where float32 ends.
        limit = 5e-4 if options.scale_kind is Scale.KALDI else 1e-4 if options.coefficients else 5e-5
        assert np.abs(ours - exact).max() < limit
        assert np.abs(ours - exact).mean() < 1e-5
    else:
        np.testing.assert_allclose(ours, exact, rtol=2e-5)


def test_kaldi_is_kaldi() -> None:
    samples = sound(80_000) * np.float32(32_768)
    wanted = knf.FbankOptions()
    wanted.frame_opts.dither = 0
    wanted.mel_opts.num_bins, wanted.energy_floor = 80, 0
    theirs = knf.OnlineFbank(wanted)
    theirs.accept_waveform(16_000, samples)
    frames = np.stack([theirs.get_frame(i) for i in range(theirs.num_frames_ready)])
    ours = Mel(kaldi_fbank())(samples)
    assert ours.shape == frames.shape
    assert np.abs(ours - frames).mean() < 1e-4


def test_a_tone_lands_in_its_band() -> None:
    tone = np.sin(2 * np.pi * 1000 * np.arange(16_000) / 16_000).astype(np.float32)
    centres = twins.filters(SEGMENTER).argmax(axis=1) * 16_000 / 1024
    assert abs(centres[Mel(SEGMENTER)(tone).mean(axis=0).argmax()] - 1000) < 60


@pytest.mark.parametrize("length", [0, 1, 799, 800, 801, 1000, 800 + 200 * 16, 800 + 200 * 17 + 3])
def test_returns_exactly_the_frames_that_the_samples_hold(length: int) -> None:
    frames = Mel(SEGMENTER)(np.ones(length, np.float32))
    assert frames.shape == (max(0, (length - 800) // 200 + 1), 64)
    assert np.isfinite(frames).all()


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 3000), min_size=1, max_size=12), st.sampled_from(sorted(OPTIONS)), st.data())
def test_a_stream_in_any_pieces_gives_the_bits_of_one_call(
    sizes: list[int], name: str, data: st.DataObject
) -> None:
    mel, samples = Mel(OPTIONS[name]), sound(sum(sizes))
    stream, parts, at = MelStream(mel), [], 0
    for size in sizes:
        stream.accept(samples[at : at + size])
        at += size
        parts.append(stream.get(data.draw(st.integers(0, stream.ready))))
    parts.append(stream.get())
    assert stream.ready == 0
    np.testing.assert_array_equal(np.concatenate(parts), mel(samples))


@pytest.mark.parametrize("threads", [2, 3, 8])
def test_threads_change_nothing(threads: int) -> None:
    samples, mel = sound(100_003), Mel(slaney())
    np.testing.assert_array_equal(mel(samples, threads=threads), mel(samples))


def test_a_stream_refuses_more_frames_than_are_ready() -> None:
    stream = MelStream(Mel(SEGMENTER))
    stream.accept(np.zeros(1000, np.float32))
    assert stream.ready == 2
    with pytest.raises(ValueError, match="3 frames asked for, 2 ready"):
        stream.get(3)


@pytest.mark.parametrize("name", ["segmenter", "kaldi", "mfcc", "magnitude"])
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_bad_sample_spoils_its_own_frames_alone(name: str, bad: float) -> None:
    options, samples = OPTIONS[name], sound(16_000)
    mel = Mel(options)
    clean = mel(samples)
    samples[5000] = bad
    spoilt = mel(samples)
    first = np.arange(len(clean)) * options.hop
    touched = (first <= 5000) & (first + options.window > 5000)
    np.testing.assert_array_equal(spoilt[~touched], clean[~touched])
    # The ends of a window may be zero, and 0 * infinity is not a number either.
    assert not np.isfinite(spoilt[touched]).any()


@pytest.mark.parametrize("level", [0.0, 1e-30, 1e-40, 1e12])
def test_silence_and_absurd_levels_are_finite(level: float) -> None:
    for options in OPTIONS.values():
        assert np.isfinite(Mel(options)(sound(20_000) * np.float32(level))).all()


def test_takes_strided_misaligned_read_only_and_double_samples() -> None:
    samples, mel = sound(8000), Mel(SEGMENTER)
    expected = mel(samples)
    strided = np.repeat(samples, 2)[::2]
    buffer = np.empty(8000 * 4 + 1, np.uint8)
    misaligned = buffer[1:].view(np.float32)
    misaligned[:] = samples
    read_only = samples.copy()
    read_only.setflags(write=False)
    assert not strided.flags.c_contiguous
    assert not misaligned.flags.aligned
    for given_ in (strided, misaligned, read_only, samples.astype(np.float64), samples.tolist()):
        np.testing.assert_array_equal(mel(given_), expected)


@pytest.mark.parametrize(
    ("samples", "error", "message"),
    [
        (np.zeros(1000, np.int16), TypeError, "samples must be floating point, not int16"),
        (np.zeros(1000, np.complex64), TypeError, "samples must be floating point, not complex64"),
        (np.zeros((2, 1000), np.float32), ValueError, "samples must have 1 dimension, not 2"),
        (np.float32(0), ValueError, "samples must have 1 dimension, not 0"),
    ],
)
def test_other_samples_are_refused_by_name(samples: object, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        Mel(SEGMENTER)(samples)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "change",
    [
        {"n_fft": 1000}, {"n_fft": 16}, {"n_fft": 32_768}, {"n_fft": 0}, {"n_fft": -1024}, {"n_fft": 2**40},
        {"window": 1}, {"window": 1025}, {"window": 0}, {"hop": 0}, {"hop": -5}, {"hop": 70_000},
        {"n_mels": 0}, {"n_mels": 513}, {"coefficients": 65}, {"coefficients": -1},
        {"high_hz": 9000.0}, {"low_hz": 7900.0}, {"low_hz": -1.0}, {"rate_hz": 0.0},
        {"rate_hz": float("nan")}, {"scale": 0.0}, {"scale": float("nan")}, {"mean": float("inf")},
        {"offset": 0.0}, {"offset": float("nan")}, {"floor": -1.0}, {"lifter": -1.0}, {"preemphasis": 2.0},
        {"window_kind": 3}, {"scale_kind": -1}, {"norm": 7},
    ],
    ids=str,
)  # fmt: skip
def test_refuses_options_that_it_cannot_serve(change: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="an option is outside its range"):
        Mel(replace(SEGMENTER, **change))  # type: ignore[arg-type]
