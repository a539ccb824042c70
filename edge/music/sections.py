"""Compose the notes of a plan section by section, and keep those that are known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from edge.errors import UsageError
from edge.music.notes import Sampling, compose_notes
from edge.music.plan import Plan, Section
from edge.music.templates import Template
from edge.music.words import Bar
from edge.networks.composer import Composer
from edge.vocabulary import Progress

CANDIDATES = 2
"""Versions of each section, of which the best is kept."""

RECALLED = 4
"""Bars of an earlier section of the same part that a section goes on from."""

BEFORE = 2
"""Bars right before a section that it goes on from, too."""

Known = dict[tuple[object, ...], tuple[Bar, ...]]
"""Notes by what they depend on: the number of a section, its bars, unless it is kept seed and variant."""


def written_bars(plan: Plan, template: Template) -> tuple[Bar, ...]:
    """Return the bars of a plan with the chords of its template, still without notes."""
    verse, result = template.parts["verse"], list[Bar]()
    for section in plan.sections:
        for number, bar in enumerate(section.bars):
            part = template.parts.get(bar.part, verse)
            chords = part.chords[bar.index % part.bars]
            left = len(section.bars) - 1 - number
            result.append(Bar(chords, bar.density, bar.strength, number, left, template.minor))
    return tuple(result)


def compose_sections(
    plan: Plan,
    template: Template,
    network: Composer,
    *,
    seed: int,
    variants: Sequence[int],
    known: Known,
    progress: Progress | None,
) -> tuple[Bar, ...]:
    """Return all bars with notes, section by section; those that are known stay."""
    blank, done = written_bars(plan, template), list[Bar]()
    for number, (section, variant) in enumerate(zip(plan.sections, variants, strict=True)):
        bars = _of(section, blank)
        notes = known.get((number, bars)) or known.get((number, bars, seed, variant))
        if notes is None:
            own = (seed << 32) + (number << 12) + variant
            sampling = Sampling(seed=own, candidates=CANDIDATES)
            notes = compose_notes(bars, network, sampling, before=_context(plan, section, done))
        done += notes
        if progress:
            progress((number + 1) / len(plan.sections))
    return tuple(done)


def _context(plan: Plan, section: Section, done: Sequence[Bar]) -> list[Bar]:
    """Return what a section goes on from: how its part began before, which is recalled, and the last bars."""
    before, first = plan.bars[: len(done)], section.bars[0]
    again = [
        number
        for number, bar in enumerate(before[:-BEFORE])
        if (bar.part, bar.index) == (first.part, first.index)
    ]
    recalled = done[again[0] : min(again[0] + RECALLED, len(done) - BEFORE)] if again else []
    return [*recalled, *done[-BEFORE:]]


def known_notes(
    plan: Plan, bars: Sequence[Bar], seed: int, variants: Sequence[int], keep: Sequence[int]
) -> Known:
    """Return the notes of a composition by what they depend on: those to keep on their bars alone."""
    blank = tuple(replace(bar, notes=()) for bar in bars)
    known = Known()
    for number, section in enumerate(plan.sections):
        key = number, _of(section, blank)
        known[*key, seed, variants[number]] = _of(section, bars)
        if number + 1 in keep:
            known[key] = _of(section, bars)
    return known


def keep_sections(before: Plan, plan: Plan, keep: Sequence[int]) -> Plan:
    """Return the plan with sections, from 1, as they were before. Raises UsageError if one cannot be."""
    sections = list(plan.sections)
    for number in keep:
        old = before.sections[number - 1]
        new = sections[number - 1] if number <= len(sections) else None
        if new is None or (new.first, len(new.bars)) != (old.first, len(old.bars)):
            raise UsageError(f"section {number} cannot stay: its bars become others")
        sections[number - 1] = old
    return replace(plan, sections=tuple(sections))


def _of(section: Section, bars: Sequence[Bar]) -> tuple[Bar, ...]:
    return tuple(bars[section.first : section.first + len(section.bars)])
