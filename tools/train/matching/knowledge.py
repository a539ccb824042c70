"""Which music fits which video: scenes, moods and styles, and how near they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge.arrays import Floats
from edge.errors import InputError

HERE = Path(__file__).parent

MOODS: dict[str, tuple[float, float]] = {
    "happy": (0.8, 0.5), "calm": (0.4, -0.7), "sad": (-0.7, -0.5), "tense": (-0.6, 0.6), "epic": (0.3, 0.8),
    "playful": (0.7, 0.3), "dreamy": (0.3, -0.5), "energetic": (0.5, 0.9), "tender": (0.5, -0.5),
    "nostalgic": (-0.1, -0.4), "dark": (-0.7, 0.2), "romantic": (0.6, -0.3),
}  # fmt: skip
"""Valence and arousal of each mood, -1 to 1 (after Russell's circumplex, 1980)."""

FAMILIES = (
    ("ambient", "cinematic", "piano", "acoustic", "folk", "choir", "orchestral"),
    ("hip hop", "trap", "lo-fi", "soul", "drum and bass"),
    ("house", "electronic", "techno", "synthwave", "pop", "corporate"),
    ("rock", "metal", "funk", "country", "trailer"),
    ("latin", "reggae", "bossa nova", "tango", "flamenco", "indian", "jazz", "children"),
)
"""Styles that can stand in for each other."""

STYLES = tuple(style for family in FAMILIES for style in family)
"""All styles."""

TEMPLATES = {
    "acoustic folk": "folk", "latin pop": "latin", "uplifting corporate": "corporate", "jazz swing": "jazz",
    "action trailer": "trailer",
}  # fmt: skip
"""Style of a template -> its name here, where they differ."""

RELATED = 0.35
"""How near two styles of a family are."""

LATER = 0.8
"""What is listed later counts this much less."""

MOOD, STYLE = 0.6, 0.4
"""Weights of both in how well music fits."""

HELD_OUT = 5
"""Every such scene is held out of training."""


@dataclass(frozen=True)
class Character:
    """Moods and styles, the first counts most; empty for what is not known."""

    moods: tuple[str, ...] = ()
    styles: tuple[str, ...] = ()

    @property
    def mood(self) -> Floats:
        """Share of each of `MOODS`, float32[12]; zeros if unknown."""
        return _shares(self.moods, tuple(MOODS))

    @property
    def style(self) -> Floats:
        """Share of each of `STYLES`, float32[styles]; zeros if unknown."""
        return _shares(self.styles, STYLES)

    @property
    def arousal(self) -> float:
        """Arousal of the moods, -1 to 1."""
        return float(self.mood @ np.array([MOODS[name][1] for name in MOODS]))


@dataclass(frozen=True)
class Scene:
    """What a video may be about."""

    keywords: tuple[str, ...]
    character: Character


def read_scenes(*, held_out: bool) -> list[Scene]:
    """Return the scenes to train with, and words for moods and styles, or the scenes that are held out."""
    rows = _read("scenes.txt")
    chosen = [row for number, row in enumerate(rows) if (number % HELD_OUT == HELD_OUT - 1) == held_out]
    chosen += [] if held_out else _read("words.txt")
    return [Scene(keywords, Character(moods, styles)) for keywords, moods, styles in chosen]


def track_character(path: str, style: str = "") -> Character:
    """Return the character of a recording of a pack, by its path."""
    for (pattern,), moods, styles in _read("tracks.txt"):
        if pattern in path:
            return Character(moods, styles)
    return Character(styles=(style,) if style in STYLES else ())


def fits(first: Sequence[Character], second: Sequence[Character]) -> NDArray[np.float32]:
    """Return how well each of the first fits each of the second, 0 to 1, float32[first, second].

    Of mood and style, what is not known of one of them does not count.
    """
    near = _kernel()
    moods = _cosines([one.mood for one in first], [one.mood for one in second], near)
    styles = _cosines([one.style for one in first], [one.style for one in second], _styles())
    known_mood = np.outer([bool(one.moods) for one in first], [bool(one.moods) for one in second])
    known_style = np.outer([bool(one.styles) for one in first], [bool(one.styles) for one in second])
    weights = MOOD * known_mood + STYLE * known_style
    total = MOOD * known_mood * moods + STYLE * known_style * styles
    return np.asarray(total / np.maximum(weights, 1e-9), np.float32)


def _cosines(first: list[Floats], second: list[Floats], near: Floats) -> Floats:
    """Return the cosines of distributions over names whose nearness is a matrix."""
    a, b = np.stack(first), np.stack(second)
    lengths = np.sqrt(np.einsum("in,nm,im->i", a, near, a)), np.sqrt(np.einsum("in,nm,im->i", b, near, b))
    return np.asarray(a @ near @ b.T / np.maximum(np.outer(*lengths), 1e-9))


@cache
def _kernel() -> Floats:
    """Return how near moods are, float32[12, 12]."""
    places = np.array(list(MOODS.values()))
    squares = ((places[:, None] - places) ** 2).sum(-1)
    return np.asarray(0.5 * np.exp(-squares / 0.5) + 0.5 * np.eye(len(places)), np.float32)


@cache
def _styles() -> Floats:
    """Return how near styles are, float32[styles, styles]."""
    family = np.repeat(np.arange(len(FAMILIES)), [len(names) for names in FAMILIES])
    alike = family[:, None] == family
    return np.asarray(RELATED * alike + (1 - RELATED) * np.eye(len(family)), np.float32)


def _shares(given: Sequence[str], names: Sequence[str]) -> Floats:
    shares = np.zeros(len(names), np.float32)
    for rank, name in enumerate(given):
        shares[names.index(name)] += LATER**rank
    return np.asarray(shares / max(1e-9, shares.sum()), np.float32)


@cache
def _read(name: str) -> list[tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]]:
    """Read lines of three lists. Raises InputError for names of moods and styles that do not exist."""
    rows = []
    for line in (HERE / name).read_text(encoding="utf-8").splitlines():
        if not line or line.startswith("#"):
            continue
        keys, moods, styles = (
            tuple(part.strip() for part in text.split(",") if part.strip()) for text in line.split(":")
        )
        if unknown := [*set(moods) - set(MOODS), *set(styles) - set(STYLES)]:
            raise InputError(HERE / name, f"names an unknown mood or style: {', '.join(unknown)}")
        rows.append((keys, moods, styles))
    return rows
