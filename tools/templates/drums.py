"""Drums: pieces by formulas and from the soundfont's kits, and how their grids are played."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from scipy.signal import butter, sosfilt

from edge.arrays import Floats
from edge.music.templates import RATE_HZ
from tools.templates.playing import PART_FORCE, Hit, Time, bar_of
from tools.templates.sampler import drum

FORCES = {"x": 0.78, "X": 1.0, "o": 0.3, "d": 0.78}
"""How hard symbols of drum grids are struck."""

LEVELS = 3
"""Strengths at which a drum of the soundfont is sampled."""


@dataclass(frozen=True)
class Piece:
    """A piece of a kit."""

    sound: str
    """`gm KIT KEY`, or a name of `FORMULAS`."""
    level_db: float = 0.0
    """Peak when struck hard."""
    pan: float = 0.0
    high_hz: float = 16_000.0
    tune: float = 0.0
    """Semitones."""


def kick(rng: np.random.Generator, low_hz: float = 48, top_hz: float = 190, fade_s: float = 0.16) -> Floats:
    """A sine that falls, and a click."""
    t = np.arange(round(5 * fade_s * RATE_HZ)) / RATE_HZ
    phase = 2 * np.pi * np.cumsum(low_hz + (top_hz - low_hz) * np.exp(-t / 0.028)) / RATE_HZ
    click = rng.standard_normal(len(t)) * np.exp(-t / 0.0025) * 0.25
    return np.asarray(np.tanh(1.5 * np.sin(phase) * np.exp(-t / fade_s)) + click, np.float32)


def long_kick(rng: np.random.Generator) -> Floats:
    """The kick of an 808."""
    return kick(rng, 44, 150, 0.28)


def dusty_kick(rng: np.random.Generator) -> Floats:
    """A kick from an old record: short, without highs."""
    return _filtered(kick(rng, 58, 170, 0.1), (35, 2200))


def snare(rng: np.random.Generator, tone_hz: float = 188, fade_s: float = 0.11) -> Floats:
    """Two tones of the skin, and the wires."""
    t = np.arange(round(0.45 * RATE_HZ)) / RATE_HZ
    skin = (np.sin(2 * np.pi * tone_hz * t) + 0.6 * np.sin(2 * np.pi * 1.72 * tone_hz * t)) * np.exp(
        -t / 0.05
    )
    wires = _filtered(rng.standard_normal(len(t)), (1400, 11_000)) * np.exp(-t / fade_s)
    return np.asarray(0.5 * skin + 0.9 * wires, np.float32)


def dusty_snare(rng: np.random.Generator) -> Floats:
    """A snare from an old record."""
    return _filtered(snare(rng, 205, 0.08), (160, 5200))


def clap(rng: np.random.Generator) -> Floats:
    """Hands that do not quite meet."""
    t = np.arange(round(0.4 * RATE_HZ)) / RATE_HZ
    level = 0.8 * np.exp(-t / 0.09) * (t > 0.028)
    for late_s in (0.0, 0.009, 0.019, 0.028):
        level = level + np.exp(-np.maximum(t - late_s, 0) / 0.006) * (t >= late_s)
    return np.asarray(_filtered(rng.standard_normal(len(t)), (900, 6500)) * level, np.float32)


def hat(rng: np.random.Generator, fade_s: float = 0.035) -> Floats:
    """Six squares out of tune, and noise, above 6 kHz."""
    t = np.arange(round((8 * fade_s + 0.03) * RATE_HZ)) / RATE_HZ
    metal = sum(np.sign(np.sin(2 * np.pi * hz * t)) for hz in (2049, 3071, 3693, 4165, 5438, 8005))
    mixed = metal / 6 + 0.8 * rng.standard_normal(len(t))
    return np.asarray(_filtered(mixed, (6200, 17_000)) * np.exp(-t / fade_s), np.float32)


def open_hat(rng: np.random.Generator) -> Floats:
    """A hat that rings."""
    return hat(rng, 0.17)


def shaker(rng: np.random.Generator) -> Floats:
    """Seeds that rise and fall."""
    t = np.arange(round(0.12 * RATE_HZ)) / RATE_HZ
    level = np.sin(np.pi * np.clip(t / 0.075, 0, 1)) ** 1.5
    return np.asarray(_filtered(rng.standard_normal(len(t)), (4500, 13_000)) * level, np.float32)


def rim(rng: np.random.Generator) -> Floats:
    """A stick across the rim."""
    t = np.arange(round(0.12 * RATE_HZ)) / RATE_HZ
    ring = np.sin(2 * np.pi * 1690 * t) + 0.7 * np.sin(2 * np.pi * 840 * t)
    return np.asarray(_filtered(ring * np.exp(-t / 0.014), (350, 9000)), np.float32)


def snap(rng: np.random.Generator) -> Floats:
    """Fingers."""
    t = np.arange(round(0.16 * RATE_HZ)) / RATE_HZ
    level = np.exp(-t / 0.02) + 0.5 * np.exp(-np.abs(t - 0.012) / 0.002)
    return np.asarray(_filtered(rng.standard_normal(len(t)), (1500, 4200)) * level, np.float32)


def boom(rng: np.random.Generator) -> Floats:
    """A large drum far away."""
    t = np.arange(round(1.6 * RATE_HZ)) / RATE_HZ
    phase = 2 * np.pi * np.cumsum(52 + 40 * np.exp(-t / 0.05)) / RATE_HZ
    skin = _filtered(rng.standard_normal(len(t)), (60, 500)) * np.exp(-t / 0.12)
    return np.asarray(np.tanh(1.4 * np.sin(phase) * np.exp(-t / 0.45)) + 0.8 * skin, np.float32)


def swell(rng: np.random.Generator) -> Floats:
    """A breath of noise that falls, as after a cymbal."""
    t = np.arange(round(2.2 * RATE_HZ)) / RATE_HZ
    level = np.minimum(1, t / 0.004) * np.exp(-t / 0.5)
    return np.asarray(_filtered(rng.standard_normal(len(t)), (2500, 12_000)) * level, np.float32)


FORMULAS: Mapping[str, Callable[[np.random.Generator], Floats]] = {
    "kick": kick,
    "long kick": long_kick,
    "dusty kick": dusty_kick,
    "snare": snare,
    "dusty snare": dusty_snare,
    "clap": clap,
    "hat": hat,
    "open hat": open_hat,
    "shaker": shaker,
    "rim": rim,
    "snap": snap,
    "boom": boom,
    "swell": swell,
}
"""Pieces by formulas."""

_ACOUSTIC = {
    "k": Piece("gm 0 36", 0),
    "s": Piece("gm 0 38", -2),
    "h": Piece("gm 0 42", -11, 0.3),
    "H": Piece("gm 0 46", -12, 0.3),
    "p": Piece("gm 0 44", -14, 0.3),
    "c": Piece("gm 0 49", -10, -0.3),
    "r": Piece("gm 0 51", -12, -0.4),
    "1": Piece("gm 0 48", -4, 0.25),
    "2": Piece("gm 0 45", -4, -0.1),
    "3": Piece("gm 0 41", -4, -0.35),
    "i": Piece("rim", -9, 0.1),
    "S": Piece("shaker", -17, -0.35),
    "t": Piece("gm 0 54", -15, 0.4),
}
_MACHINE = {
    "k": Piece("kick", 0),
    "s": Piece("snare", -5),
    "C": Piece("clap", -5),
    "h": Piece("hat", -15, 0.15),
    "H": Piece("open hat", -16, 0.2),
    "c": Piece("swell", -13),
    "S": Piece("shaker", -17, -0.4),
    "i": Piece("rim", -11, -0.2),
    "n": Piece("snap", -9, 0.15),
    "1": Piece("gm 24 48", -7, 0.3),
    "2": Piece("gm 24 45", -7, 0),
    "3": Piece("gm 24 41", -7, -0.3),
}
KITS: dict[str, dict[str, Piece]] = {
    "acoustic": _ACOUSTIC,
    "power": _ACOUSTIC | {
        "k": Piece("gm 16 36", 0), "s": Piece("gm 16 38", 0), "c": Piece("gm 0 57", -8, -0.3),
    },
    "tight": _ACOUSTIC | {"s": Piece("gm 8 40", -2, tune=1.5), "k": Piece("gm 8 36", -1, high_hz=7000)},
    "brushes": _ACOUSTIC | {
        "k": Piece("gm 32 36", -7, high_hz=3500), "s": Piece("gm 40 38", -5), "b": Piece("gm 40 40", -9, 0.1),
        "r": Piece("gm 32 51", -7, -0.25), "p": Piece("gm 32 44", -11, 0.3),
    },
    "machine": _MACHINE,
    "808": _MACHINE | {"k": Piece("long kick", 0), "C": Piece("clap", -4), "s": Piece("snare", -6, tune=2)},
    "dusty": _MACHINE | {
        "k": Piece("dusty kick", 0), "s": Piece("dusty snare", -3), "h": Piece("hat", -19, 0.2, 8500),
        "H": Piece("open hat", -21, 0.2, 8000), "i": Piece("rim", -10, -0.15, 5000),
    },
    "eighties": _MACHINE | {
        "s": Piece("gm 24 38", -3), "C": Piece("clap", -9),
        "1": Piece("gm 24 50", -4, 0.4), "2": Piece("gm 24 47", -4, 0), "3": Piece("gm 24 43", -4, -0.4),
    },
    "drama": {
        "k": Piece("boom", 0), "s": Piece("gm 48 38", -12), "3": Piece("gm 0 41", -4, -0.3, 3000, -5),
        "2": Piece("gm 0 45", -5, 0.2, 4000, -4), "1": Piece("gm 0 48", -6, 0.35, 5000, -4),
        "c": Piece("gm 48 59", -12), "S": Piece("shaker", -20, -0.4), "h": Piece("hat", -24, 0.2, 9000),
        "t": Piece("gm 0 54", -22, 0.4),
    },
    "latin": _ACOUSTIC | {
        "k": Piece("gm 8 36", -4, high_hz=3500), "i": Piece("rim", -9, 0.2), "g": Piece("gm 0 63", -7, -0.3),
        "G": Piece("gm 0 64", -7, -0.2), "m": Piece("gm 0 62", -9, -0.35), "w": Piece("gm 0 56", -15, 0.4),
        "l": Piece("gm 0 75", -11, 0.3), "o": Piece("gm 0 61", -9, 0.35), "O": Piece("gm 0 60", -9, 0.3),
    },
    "toys": {
        "k": Piece("dusty kick", -3), "s": Piece("gm 40 38", -7), "n": Piece("snap", -6, 0.2),
        "S": Piece("shaker", -14, -0.35), "l": Piece("gm 0 76", -10, 0.35), "L": Piece("gm 0 77", -10, 0.35),
        "t": Piece("gm 0 81", -17, -0.4), "T": Piece("gm 0 54", -15, 0.3), "C": Piece("clap", -8),
        "c": Piece("gm 0 55", -14, -0.2), "2": Piece("gm 0 60", -9, -0.2), "1": Piece("gm 0 61", -9, 0.2),
    },
}  # fmt: skip
"""Kits: pieces by the letter that stands in the patterns."""


def play(
    grids: Mapping[str, str],
    part: str,
    bars: int,
    *,
    turn: Mapping[str, str],
    time: Time,
    loose_ms: float,
    rng: np.random.Generator,
) -> Iterator[tuple[str, Hit]]:
    """Yield piece and hit of all that is struck in a part; `turn`, if not empty, replaces its last bar."""
    for number in range(bars):
        is_last = number == bars - 1
        now = turn if is_last and turn else grids
        for piece, grid in now.items():
            for step, _, symbol in bar_of(grid, 0 if now is turn else number):
                accent = 0.06 if step % 4 == 0 else 0.0
                force = (FORCES[symbol] + accent) * PART_FORCE[part] * (1 + rng.normal(0, 0.07))
                at = max(
                    0.0, time.at(number, step) + rng.normal(0, loose_ms) * 48 * (0.4 if piece == "k" else 1)
                )
                yield piece, Hit(at, 0, 0, float(np.clip(force, 0.1, 1)))
                if symbol == "d":
                    early = time.bar_samples / 32
                    yield from ((piece, Hit(max(0.0, at - early * k), 0, 0, 0.25 * force)) for k in (1, 2))


def strike(piece: Piece, force: float, rng: np.random.Generator) -> Floats:
    """One stroke, float32[2, n]: softer ones are darker, and no two the same."""
    if piece.sound.startswith("gm "):
        _, kit, key = piece.sound.split()
        level = min(LEVELS, 1 + int(force * LEVELS))
        sound = drum(int(kit), int(key), 127 * level // LEVELS)
        loudest = np.abs(drum(int(kit), int(key), 127)).max()
        sound = sound * np.float32(force / max(np.abs(sound).max(), 1e-9)) if loudest else sound
    else:
        mono = _ended(FORMULAS[piece.sound](rng))
        sound = np.stack([mono, mono]) * np.float32(force / np.abs(mono).max())
    speed = 2 ** ((piece.tune + rng.normal(0, 0.12)) / 12)
    moved = np.arange(0, sound.shape[1] - 1, speed)
    sound = np.stack([np.interp(moved, np.arange(sound.shape[1]), channel) for channel in sound])
    high_hz = min(piece.high_hz * (0.45 + 0.55 * force) * rng.uniform(0.93, 1.07), 20_000)
    if high_hz < 15_000:
        sound = sosfilt(butter(1, high_hz, fs=RATE_HZ, output="sos"), sound, axis=-1)
    angle = (piece.pan + 1) * np.pi / 4
    sides = np.array([[np.cos(angle)], [np.sin(angle)]]) * 2**0.5 * 10 ** (piece.level_db / 20)
    return np.asarray(sound * sides, np.float32)


def _ended(x: Floats) -> Floats:
    """With the last third faded, so that no click ends it."""
    third = -(-len(x) // 3)
    gain = np.ones(len(x), np.float32)
    gain[-third:] = np.cos(np.linspace(0, np.pi / 2, third)) ** 2
    return x * gain


def _filtered(x: np.ndarray, band_hz: tuple[float, float]) -> Floats:
    return np.asarray(sosfilt(butter(2, band_hz, "band", fs=RATE_HZ, output="sos"), x), np.float32)
