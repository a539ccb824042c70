"""Rhythm and key of music whose tempo, beats, bars and key are known, and of what has none."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from edge.evidence.collect import audio_blocks
from edge.evidence.key import Key, KeyCollector, key_of
from edge.evidence.rhythm.collect import RhythmCollector, collect_rhythm, collect_rhythm_and_key
from edge.evidence.rhythm.track import RhythmTrack
from edge.music.instruments import Played, play
from tools.sound.speech import speak
from tools.sound.wave import write_wav

Floats = NDArray[np.float32]
Times = NDArray[np.float64]
RATE_HZ = 16_000

PROGRESSIONS = {
    "major": ((0, 4, 7), (5, 9, 12), (7, 11, 14), (0, 4, 7)),
    "minor": ((0, 3, 7), (5, 8, 12), (7, 11, 14), (0, 3, 7)),
}
"""Chords of a bar each, in semitones above the tonic."""


def analyzed(blocks: Iterable[Floats]) -> tuple[RhythmTrack, Key | None]:
    key = KeyCollector()
    rhythm = RhythmCollector(key)
    for block in audio_blocks(blocks):
        key.accept(block)
        rhythm.accept(block)
    key.finish()
    rhythm.finish()
    return rhythm.result, key.result


def rhythm_of(sound: Floats) -> RhythmTrack:
    return analyzed([sound])[0]


def clicks(times_s: Times, seconds: float) -> Floats:
    """Ticks of 20 ms in faint noise."""
    sound = 1e-4 * np.random.default_rng(1).standard_normal(round(seconds * RATE_HZ)).astype(np.float32)
    at = np.arange(320)
    tick = 0.5 * np.exp(-at / 60) * np.sin(at * 0.6)
    for time_s in times_s:
        first = round(time_s * RATE_HZ)
        part = sound[first : first + len(tick)]
        part += tick[: len(part)].astype(np.float32)
    return sound


def band(beats_s: Times, meter: int, tonic: float = 0.0, mode: str = "major") -> Floats:
    """Bass drum and bass on the first beat of each bar, chords on all, a hi-hat on the others."""
    parts = dict[str, list[Played]]()
    lengths = np.diff(beats_s, append=2 * beats_s[-1] - beats_s[-2])
    for number, (beat_s, length_s) in enumerate(zip(beats_s, lengths, strict=True)):
        chord = PROGRESSIONS[mode][number // meter % 4]
        start, length = round(beat_s * RATE_HZ), round(length_s * RATE_HZ)
        if number % meter == 0:
            parts.setdefault("bass", []).append(
                Played(start, meter * length, hertz(tonic, chord[0] - 24), 0.9)
            )
            parts.setdefault("kick", []).append(Played(start, length, 60.0, 0.9))
        else:
            parts.setdefault("hat", []).append(Played(start, length // 2, 60.0, 0.5))
        for step in chord:
            parts.setdefault("piano", []).append(Played(start, length, hertz(tonic, step), 0.6))
    names = {"bass": "bass", "kick": "kick", "hat": "hat", "piano": "electric piano"}
    sounds = [play(names[part], notes, RATE_HZ).mean(axis=0) for part, notes in parts.items()]
    out = np.zeros(max(map(len, sounds)), np.float32)
    for sound in sounds:
        out[: len(sound)] += sound
    return out


def hertz(tonic: float, step: float) -> float:
    return float(261.6256 * 2 ** ((tonic + step) / 12))


def steady(tempo: float, seconds: float, start_s: float = 0.0) -> Times:
    return np.arange(start_s, seconds, 60 / tempo)


def farthest(found: Times, true: Times) -> float:
    """The largest distance from a time of either list to the nearest of the other."""
    apart = np.abs(found[:, None] - true)
    return float(max(apart.min(axis=0).max(), apart.min(axis=1).max()))


@settings(max_examples=25, deadline=None)
@given(st.floats(70, 170), st.floats(0.05, 0.6))
def test_beats_of_clicks_are_where_they_click(tempo: float, start_s: float) -> None:
    times_s = steady(tempo, 19.5, start_s)
    found = rhythm_of(clicks(times_s, 20))
    assert found.tempo == pytest.approx(tempo, rel=0.01)
    assert farthest(found.beats_s, times_s) < 0.02
    assert found.strength > 0.7


@settings(max_examples=10, deadline=None)
@given(st.lists(st.integers(1, 150_000), min_size=1, max_size=6), st.integers(0, 3))
def test_blocks_of_any_size_give_the_same(sizes: Sequence[int], bars: int) -> None:
    sound = band(steady(112, 14 + bars), 4)
    edges = np.cumsum(sizes)
    (one, one_key), (other, other_key) = (
        analyzed([sound]),
        analyzed(np.split(sound, edges[edges < len(sound)])),
    )
    assert one.beats_s.tolist() == other.beats_s.tolist()
    assert one.downbeats.tolist() == other.downbeats.tolist()
    assert (one.tempo, one.strength, one_key) == (other.tempo, other.strength, other_key)
    assert one.levels_db.tolist() == pytest.approx(other.levels_db.tolist(), abs=1e-3)


@pytest.mark.parametrize("meter", [3, 4])
@pytest.mark.parametrize("tempo", [84, 110, 138])
def test_bars_begin_where_bass_and_harmony_say(meter: int, tempo: float) -> None:
    times_s = steady(tempo, 30, 0.3)
    found = rhythm_of(band(times_s, meter))
    assert found.tempo == pytest.approx(tempo, rel=0.01)
    assert set(np.diff(found.downbeats).tolist()) == {meter}
    assert np.abs(found.bars_s[:, None] - times_s[::meter]).min(axis=1).max() < 0.03


def test_a_drifting_tempo_is_followed() -> None:
    times_s = np.cumsum(60 / np.linspace(100, 106, 100))
    found = rhythm_of(band(times_s, 4))
    assert farthest(found.beats_s, times_s) < 0.03
    assert 100 < found.tempo < 106


def test_what_has_no_pulse_has_no_beats() -> None:
    rng = np.random.default_rng(2)
    noise = (0.1 * rng.standard_normal(20 * RATE_HZ)).astype(np.float32)
    swell = noise * (0.2 + np.abs(np.sin(np.cumsum(rng.uniform(0, 4e-4, len(noise)))))).astype(np.float32)
    talk = speak(
        "We have a full house tonight in spite of the rain, and I thank you all for coming here. " * 3
    )
    for sound in (np.zeros(20 * RATE_HZ, np.float32), noise, swell, talk):
        found = rhythm_of(sound)
        assert len(found.beats_s) == len(found.downbeats) == found.tempo == 0
        assert found.strength < 0.15


def test_beats_are_only_where_the_music_is() -> None:
    rng = np.random.default_rng(3)
    noise = (0.02 * rng.standard_normal(150 * RATE_HZ)).astype(np.float32)
    times_s = steady(120, 90, 50.0)
    music = band(times_s, 4)[: 95 * RATE_HZ]
    noise[: len(music)] += music
    found = rhythm_of(noise)
    assert 35 < found.beats_s[0] < 55
    assert 85 < found.beats_s[-1] < 105
    assert found.tempo == pytest.approx(120, rel=0.01)


@pytest.mark.parametrize("samples", [0, 1, 100, 8_000, 48_000])
def test_short_recordings_have_a_track(samples: int) -> None:
    found, _ = analyzed([clicks(steady(120, 3), 3)[:samples]])
    assert found.duration_s == samples / RATE_HZ
    assert len(found.levels_db) == -(-samples // RATE_HZ)
    assert ((found.beats_s >= 0) & (found.beats_s <= found.duration_s)).all()


@pytest.mark.parametrize("mode", ["major", "minor"])
def test_keys_are_found_in_every_transposition_and_tuning(mode: str) -> None:
    for tonic in range(12):
        _, key = analyzed([band(steady(120, 16), 4, tonic - 6 + 0.3 * (tonic % 3 - 1), mode)])
        assert key is not None
        assert (key.tonic, key.mode) == ((tonic - 6) % 12, mode)
        assert key.confidence > 0.3


def test_names_of_keys_and_no_key() -> None:
    assert Key(6, "minor", 1.0).name == "F# minor"
    assert key_of(np.zeros(120)) is None
    assert analyzed([np.zeros(RATE_HZ, np.float32)])[1] is None


def test_samples_that_are_no_numbers_count_as_silence() -> None:
    sound = band(steady(112, 14), 4)
    broken = sound.copy()
    sound[5_000:5_100] = 0
    broken[5_000:5_100] = np.nan
    assert rhythm_of(broken).beats_s.tolist() == rhythm_of(sound).beats_s.tolist()


def test_a_file_has_the_rhythm_and_key_of_its_samples(tmp_path: Path) -> None:
    sound = band(steady(112, 14), 4)
    sound *= 0.5 / np.abs(sound).max()
    write_wav(tmp_path / "band.wav", sound, RATE_HZ)
    shares = list[float]()
    found, key = collect_rhythm_and_key(tmp_path / "band.wav", progress=shares.append)
    assert found.tempo == pytest.approx(112, rel=0.01)
    assert key is not None
    assert key.name == "C major"
    assert shares[-1] == 1.0
    assert collect_rhythm(tmp_path / "band.wav").beats_s.tolist() == found.beats_s.tolist()
