"""Presets of a SoundFont are in tune, in time, and as loud as our own instruments."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from edge.errors import UsageError
from edge.media.loudness import LoudnessMeter
from edge.music.instruments import Played
from edge.music.soundfonts import SCALE, Preset, parse_preset, play_preset

FONT = Path("/usr/share/sounds/sf2/FluidR3_GM.sf2")
RATE_HZ = 48_000

needs_font = pytest.mark.skipif(
    not FONT.exists() or importlib.util.find_spec("tinysoundfont") is None,
    reason="FluidR3 or tinysoundfont is not installed",
)


@needs_font
@pytest.mark.parametrize("speed", [0.93, 1.0, 1.1])
def test_a_flute_is_in_tune_and_in_time(speed: float) -> None:
    notes = [[Played(4800, 2 * RATE_HZ, 440.0 * speed, 0.8)], []]
    first, second = play_preset(Preset(FONT, 73), notes, [RATE_HZ, 2 * RATE_HZ], speed, RATE_HZ)
    assert (first.shape, second.shape) == ((2, RATE_HZ), (2, 2 * RATE_HZ))
    assert not np.abs(first[:, :4700]).max() > 1e-3
    assert np.abs(first[:, 14_400:]).max() > 0.01
    held = np.concatenate([first, second], axis=1).mean(axis=0)[RATE_HZ // 2 : 2 * RATE_HZ]
    spectrum = np.abs(np.fft.rfft(held * np.hanning(len(held)), 1 << 19))
    lowest = spectrum[: round(700 * (1 << 19) / RATE_HZ)].argmax() * RATE_HZ / (1 << 19)
    assert 1200 * abs(np.log2(lowest / (440 * speed))) < 12  # cents: it has vibrato
    assert np.abs(second[:, -4800:]).max() < 0.01


@needs_font
@pytest.mark.parametrize("number", [0, 24, 48])
def test_presets_are_as_loud_as_our_own_instruments(number: int) -> None:
    notes = [[Played(0, RATE_HZ // 2, 440 * 2 ** ((key - 69) / 12), 0.7)] for key in SCALE]
    meter = LoudnessMeter(RATE_HZ, 2)
    for block in play_preset(Preset(FONT, number), notes, [RATE_HZ // 2] * len(SCALE), 1.0, RATE_HZ):
        meter.accept(block)
    assert meter.integrated_lufs == pytest.approx(-20, abs=0.5)


@needs_font
def test_names_of_presets(tmp_path: Path) -> None:
    assert parse_preset("harp") is None
    assert parse_preset(f"{FONT}#41") == Preset(FONT, 41)
    assert parse_preset(str(FONT)) == Preset(FONT, 0)
    for name in (f"{FONT}#200", f"{FONT}#x", str(tmp_path / "none.sf2")):
        with pytest.raises(UsageError):
            parse_preset(name)
    broken = tmp_path / "broken.sf2"
    broken.write_bytes(b"RIFF")
    with pytest.raises(UsageError, match="is no SoundFont"):
        list(play_preset(Preset(broken, 0), [[]], [100], 1.0, RATE_HZ))
