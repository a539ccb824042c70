"""Wishes in words: what a user who does not like the music yet asks for, as options of a refinement."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace
from difflib import get_close_matches
from typing import Any

from edge.errors import UsageError
from edge.music.options import MusicOptions
from edge.music.perform import VOICES

LEVELS = {
    "denser": ("denser", 1),
    "calmer": ("denser", -1),
    "stronger": ("stronger", 1),
    "softer": ("stronger", -1),
}
"""Words that change a level: which one, and by how much."""

NAMED = ("style", "mood", "template", "tempo")
"""Options that are named, as in style=house; "any" takes it back."""

WORDS = (
    *LEVELS,
    *(f"{name}=" for name in (*NAMED, *VOICES)),
    "new-melody",
    "new-melody=",
    "keep=",
    "dislike",
    "undo",
)
"""All wishes; those that end in = go on."""


@dataclass(slots=True)
class Wishes:
    """What a refinement changes."""

    options: MusicOptions
    """The options that the wishes lead to."""
    new_melody: list[int] = field(default_factory=list)
    """Sections, from 1, that get other notes."""
    keep: list[int] = field(default_factory=list)
    """Sections whose notes stay."""
    undo: bool = False
    """Whether the last refinement is taken back."""


def parse_wishes(words: Sequence[str], options: MusicOptions, sections: int, template: str) -> Wishes:
    """Return what wishes lead to, from the options of the music that they are about.

    sections: their number; template: the one that plays, which "dislike" avoids. Raises UsageError.
    """
    wishes = Wishes(options)
    for word in words:
        name, _, value = word.partition("=")
        if word in LEVELS:
            level, by = LEVELS[word]
            wishes.options = replace(wishes.options, **{level: getattr(wishes.options, level) + by})
        elif name in NAMED and value:
            wishes.options = _named(wishes.options, name, value)
        elif name in VOICES and value:
            chosen = {**wishes.options.instruments, name: value}
            wishes.options = replace(wishes.options, instruments=chosen)
        elif name == "new-melody":
            wishes.new_melody += _numbers(word, value) if value else range(1, sections + 1)
        elif name == "keep" and value:
            wishes.keep += _numbers(word, value)
        elif word == "dislike":
            avoided = (*wishes.options.avoid, template)
            wishes.options = replace(
                wishes.options, seed=wishes.options.seed + 1, template=None, avoid=avoided
            )
        elif word == "undo":
            wishes.undo = True
        else:
            raise UsageError(_unknown(word))
    if wishes.undo and len(words) > 1:
        raise UsageError("undo stands alone: it takes the last refinement back")
    return wishes


def overridden(options: MusicOptions, asked: MusicOptions) -> MusicOptions:
    """Return options with those that are asked for, which differ from the defaults, in their place."""
    default = MusicOptions()
    names = [field.name for field in fields(MusicOptions)]
    changed = {name: getattr(asked, name) for name in names if getattr(asked, name) != getattr(default, name)}
    if "instruments" in changed:
        changed["instruments"] = {**options.instruments, **asked.instruments}
    return replace(options, **changed)


def _named(options: MusicOptions, name: str, value: str) -> MusicOptions:
    chosen: dict[str, Any] = {name: None if value == "any" else value}
    if name == "tempo" and value != "any":
        try:
            chosen = {name: float(value)}
        except ValueError:
            raise UsageError(f"tempo={value}: a tempo is a number of beats per minute") from None
    return replace(options, **chosen)


def _numbers(word: str, value: str) -> list[int]:
    try:
        return [int(number) for number in value.split(",")]
    except ValueError:
        raise UsageError(f"{word}: sections are numbers, as in keep=1,3") from None


def _unknown(word: str) -> str:
    near = get_close_matches(word, WORDS, n=1)
    hint = f"did you mean {near[0]}?" if near else f"there are {' '.join(WORDS)}"
    return f"no such wish: {word}; {hint}"
