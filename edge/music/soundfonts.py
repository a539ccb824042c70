"""Play notes by a SoundFont of the user, with TinySoundFont: FILE.sf2, or FILE.sf2#N for its preset N."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from edge.arrays import Floats
from edge.errors import UsageError, require
from edge.media.loudness import LoudnessMeter
from edge.music.instruments import Played

SUFFIXES: Final = (".sf2", ".sf3", ".sfo")
"""Suffixes of SoundFonts."""

SCALE: Final = (60, 62, 64, 65, 67, 69, 71, 72)
"""What is played to measure how loud a preset is."""

LUFS: Final = -20.0
"""Loudness of that scale at velocity 0.7, as of our own instruments."""


@dataclass(frozen=True, slots=True)
class Preset:
    """A preset of a SoundFont."""

    path: Path
    """The file."""
    number: int
    """MIDI program, from 0."""


def parse_preset(name: str) -> Preset | None:
    """Return the preset that is named; None if it is no SoundFont. Raises UsageError, MissingExtraError.

    >>> parse_preset("harp") is None
    True
    """
    file, _, number = name.partition("#")
    path = Path(file)
    if path.suffix.lower() not in SUFFIXES:
        return None
    if not path.is_file():
        raise UsageError(f"{path}: does not exist; a SoundFont is a file")
    if number and not (number.isdecimal() and int(number) < 128):
        raise UsageError(f"{name}: a preset is a number from 0 to 127")
    require("tinysoundfont", "SoundFonts", "soundfont")
    return Preset(path, int(number or 0))


def play_preset(
    preset: Preset, bars: Iterable[list[Played]], counts: Iterable[int], speed: float, rate_hz: int
) -> Iterator[Floats]:
    """Yield what a preset plays in each bar, float32[2, count]; notes ring on into those after it.

    speed: of the template, by which all pitches are raised. Raises UsageError if the file is no SoundFont, or
    has no such preset.
    """
    synth = _opened(preset, rate_hz, _gain_db(preset, rate_hz))
    synth.set_tuning(0, 12 * np.log2(speed))
    ends: list[tuple[int, int]] = []  # sample and key
    start = 0
    for notes, count in zip(bars, counts, strict=True):
        begins = sorted((start + note.start, _key(note, speed), _velocity(note)) for note in notes)
        for note in notes:
            heapq.heappush(ends, (start + note.start + note.duration, _key(note, speed)))
        pieces, at = [np.zeros((2, 0), np.float32)], start
        while at < start + count:
            following = min([start + count, *(one[0] for one in begins[:1]), *(one[0] for one in ends[:1])])
            pieces.append(_generated(synth, max(0, following - at)))
            at = max(at, following)
            while ends and ends[0][0] <= at:
                synth.noteoff(0, heapq.heappop(ends)[1])
            while begins and begins[0][0] <= at:
                _, key, velocity = begins.pop(0)
                synth.noteon(0, key, velocity)
        yield np.concatenate(pieces, axis=1)
        start += count


def _opened(preset: Preset, rate_hz: int, gain_db: float) -> Any:
    import tinysoundfont  # noqa: PLC0415 - an extra

    synth = tinysoundfont.Synth(samplerate=rate_hz)
    try:
        loaded = synth.sfload(str(preset.path), gain=gain_db)
        synth.program_select(0, loaded, 0, preset.number)
    except (RuntimeError, OSError) as error:
        raise UsageError(f"{preset.path}: is no SoundFont, or has no preset {preset.number}") from error
    return synth


def _gain_db(preset: Preset, rate_hz: int) -> float:
    """Return the gain that makes a preset as loud as our instruments. Raises UsageError if it is silent."""
    synth, meter = _opened(preset, rate_hz, 0.0), LoudnessMeter(rate_hz, 2, peaks=False)
    for key in SCALE:
        synth.noteon(0, key, 89)
        meter.accept(_generated(synth, rate_hz // 2))
        synth.noteoff(0, key)
    if meter.integrated_lufs == -np.inf:
        raise UsageError(f"{preset.path}: its preset {preset.number} is silent")
    return LUFS - meter.integrated_lufs


def _generated(synth: Any, count: int) -> Floats:
    if not count:
        return np.zeros((2, 0), np.float32)
    return np.frombuffer(synth.generate(count), np.float32).reshape(-1, 2).T


def _key(note: Played, speed: float) -> int:
    return round(69 + 12 * float(np.log2(note.pitch_hz / 440 / speed)))


def _velocity(note: Played) -> int:
    return max(1, min(127, round(127 * note.velocity)))
