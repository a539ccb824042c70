"""What is fuzzed: seeds, and what is done with each damaged one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import TypeAlias

from tools.fuzz.corrupt import corrupted

Use: TypeAlias = Callable[[Path, Path], None]
"""(damaged file, empty folder for what is written): raises EdgeError for what it refuses."""


@dataclass(frozen=True)
class Target:
    """Something that takes bytes of others."""

    name: str
    """Name on the command line."""
    seeds: Callable[[Path], list[Path]]
    """Makes the files that are damaged in a folder, unless they are there."""
    use: Use
    """What is done with a damaged one."""
    weight: int
    """Share of the inputs of a run of all targets."""
    damage: Callable[[bytes, bytes, Random], bytes] = corrupted
    """How a seed is damaged."""


def damaged(target: Target, seeds: list[Path], number: int, seed: int) -> tuple[str, bytes]:
    """Return name and bytes of an input: they depend on target, number and seed only."""
    dice = Random(f"{seed} {target.name} {number}")
    chosen, other = seeds[number % len(seeds)], dice.choice(seeds)
    return chosen.name, target.damage(chosen.read_bytes(), other.read_bytes(), dice)
