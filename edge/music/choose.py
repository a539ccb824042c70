"""Choose a template, a tempo and the warp for a video: what fits its motion, and puts its cuts on beats."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache

import numpy as np

from edge.errors import UsageError
from edge.evidence.motion.track import MotionTrack
from edge.music.loops import speed_for
from edge.music.notes import Sampling, compose_notes
from edge.music.options import MusicOptions
from edge.music.plan import measure
from edge.music.templates import Template
from edge.music.vectors import PLACES, MusicVector, describe, fit, strength_of
from edge.music.warp import Warp, on_beats, unchanged, warp
from edge.music.words import Bar, chord_of
from edge.networks.composer import Composer

STEP = 1.01
"""Ratio of one tempo that is tried to the next."""

FASTER = 0.11
"""How much faster or slower than it was made a template may be played."""

NARROW, WIDEST = 0.12, 0.25
"""How much a tempo that is asked for may differ from a template's, if there is a nearer one and if not."""

CHANGING = 4.0
"""What changing the speed of the video costs, by the mean change."""

CUTS = 150
"""Cuts by which the tempo is chosen, the first of them."""

LANDING = 2.0
"""How much cuts on beats count against what a template is like."""

DARK = 0.3
"""Mean brightness of a video below which its music is in minor."""

PROGRESSIONS = {
    False: tuple(chord_of(*chord) for chord in ((0, "maj"), (7, "maj"), (9, "min"), (5, "maj"))),
    True: tuple(chord_of(*chord) for chord in ((9, "min"), (5, "maj"), (0, "maj"), (7, "maj"))),
}
"""Chords of the sketch, in major and in minor."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What music is made of."""

    template: Template
    """Loops that are played."""
    speed: Fraction
    """How much faster than they were made."""
    warp: Warp
    """How the video is changed."""
    vector: MusicVector
    """What the sketch of the notes is like."""

    @property
    def tempo(self) -> float:
        """Beats per minute."""
        return float(self.template.tempo * self.speed)


def scene_cuts(motion: MotionTrack) -> list[float]:
    """Return where scenes begin in seconds, ascending, without the start: cuts, and the middle of blends."""
    times = sorted({(one.start + one.end) / 2 for one in motion.transitions})
    return [time for time in times if 0.05 < time < motion.end_s - 0.05]


def sketch(motion: MotionTrack, composer: Composer, options: MusicOptions) -> MusicVector:
    """Return the vector of eight bars as dense and strong as the video is lively."""
    bar_s = 2.0
    whole = measure(motion, unchanged(motion.end_s), bar_s, max(1, round(motion.end_s / bar_s)))
    lively, salient = (float(np.mean(one)) for one in (whole.speed, whole.saliency))
    dark = len(motion.brightness) > 0 and float(motion.brightness.mean()) < DARK
    minor = PLACES[options.mood][0] < 0.5 if options.mood else dark
    chords, density = PROGRESSIONS[minor], 1 + round(5 * lively)
    bars = [
        Bar((chords[number % 4],) * 4, density, strength_of(salient), number % 4, 3 - number % 4, minor)
        for number in range(8)
    ]
    return describe(compose_notes(bars, composer, Sampling(seed=options.seed, candidates=1)))


def choose(
    motion: MotionTrack, vector: MusicVector, templates: Sequence[Template], options: MusicOptions
) -> Choice:
    """Return the template, speed and warp that fit best; what the user asks for wins.

    Raises UsageError if no template has the style, mood, id or tempo that is asked for.
    """
    ranked = sorted(_asked(templates, options), key=lambda template: fit(vector, template, options.mood))
    cuts = scene_cuts(motion)

    @cache
    def cost(tempo: float) -> float:
        """Return what a tempo costs: cuts that do not land, and changes of speed."""
        known = cuts[:CUTS]
        found = _warped(known, known[-1] + 1, tempo, options)
        return CHANGING * found.mean_change - LANDING * on_beats(found.moved(known), 60 / tempo)

    costs = [
        (fit(vector, template, options.mood) + (cost(tempo) if cuts else 0), number, tempo)
        for number, template in enumerate(ranked)
        for tempo in _tempos(template, options, following=bool(cuts))
    ]
    _, number, tempo = min(costs)
    template = ranked[number]
    speed = speed_for(tempo, template)
    warped = _warped(cuts, motion.end_s, float(template.tempo * speed), options)
    return Choice(template, speed, warped, vector)


def _asked(templates: Sequence[Template], options: MusicOptions) -> list[Template]:
    """Return the templates that are as asked for. Raises UsageError if there are none."""
    found = [
        one
        for one in templates
        if options.template in {None, one.id} and _is_in(options.style, one.style)
        and (options.mood is None or options.mood in one.moods) and one.id not in options.avoid
    ]  # fmt: skip
    if not found:
        raise UsageError(f"no template is like that; {_listed(templates)}")
    if options.tempo is None:
        return found
    apart = [abs(options.tempo / one.tempo - 1) for one in found]
    if min(apart) > WIDEST:
        tempos = ", ".join(sorted({f"{one.tempo:g}" for one in found}, key=float))
        raise UsageError(f"no such template can be played at {options.tempo:g}: they have {tempos}")
    return [one for one, far in zip(found, apart, strict=True) if far <= max(NARROW, min(apart))]


def _is_in(asked: str | None, style: str) -> bool:
    """Return whether a style is the one that is asked for, or a word of its name is."""
    return asked is None or asked.casefold() in {style.casefold(), *style.casefold().split()}


def _listed(templates: Sequence[Template]) -> str:
    styles = ", ".join(dict.fromkeys(one.style for one in templates))
    moods = ", ".join(dict.fromkeys(mood for one in templates for mood in one.moods))
    return f"styles are {styles}; moods are {moods}; not every style has every mood"


def _tempos(template: Template, options: MusicOptions, *, following: bool) -> list[float]:
    """Return the tempos at which a template may be played; if cuts are not to be followed its own."""
    if options.tempo is not None:
        return [options.tempo]
    if not following:
        return [template.tempo]
    first, last = (np.log(template.tempo * share) / np.log(STEP) for share in (1 - FASTER, 1 + FASTER))
    return [template.tempo, *(float(STEP**step) for step in range(int(np.ceil(first)), int(last) + 1))]


def _warped(cuts: Sequence[float], end_s: float, tempo: float, options: MusicOptions) -> Warp:
    if not cuts or not options.max_speed_change:
        return unchanged(end_s)
    return warp(cuts, end_s, 60 / tempo, limit=options.max_speed_change)
