"""Composed music: do controls work, do cuts land on beats, are the notes sound, is the audio as promised?"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.evidence.motion.collect import collect_motion
from edge.evidence.motion.track import MotionTrack, Transition
from edge.models.arithmetic import describe
from edge.music.choose import choose, scene_cuts, sketch
from edge.music.compose import planned
from edge.music.notes import Sampling, compose_notes
from edge.music.options import MusicOptions
from edge.music.templates import Template, open_templates
from edge.music.vectors import MusicVector
from edge.music.warp import on_beats
from edge.music.words import BAR_STRENGTHS, Bar
from edge.networks.composer import Composer
from tools.evaluate.motion import clear_films
from tools.evaluate.music_notes import compared
from tools.evaluate.music_plots import draw
from tools.evaluate.music_sound import drawn, mastered, renditions
from tools.progress import each

BARS = 8
"""Bars of a plan."""

SHOTS = 20
"""Shots of a drawn list."""

AVERAGE = MusicVector(0.5, 0.5, 0.2, 3.0, 4.0)
"""Notes that ask for nothing."""


@dataclass(frozen=True)
class Sizes:
    """How much is measured."""

    plans: int = 50
    """Plans of eight bars with drawn levels."""
    films: int = 20
    """Composed films whose cuts are fitted to beats."""
    pieces: int = 20
    """Pieces composed anew over the bars of human ones."""
    rendered: int = 2
    """Renditions of each template."""
    templates: int | None = None
    """How many templates are rendered; None for all."""
    copies: bool = True
    """Whether copies of the training pack are looked for, which takes two minutes to read."""

    @classmethod
    def quick(cls) -> Sizes:
        """Small enough for a test."""
        return cls(plans=1, films=1, pieces=1, rendered=1, templates=2, copies=False)


def evaluate(
    data: Path, *, sizes: Sizes | None = None, seed: int = 90_000, plots: Path | None = None
) -> dict[str, Any]:
    """Compose plans, fit films, and compare composed notes with those of people, and audio with its plan.

    Keys: `density_rho`, `strength_rho` (Spearman's correlation of asked levels and composed notes, by bar),
    `cuts_on_beat`, `cuts_on_beat_before`, `speed_change`, `section_at_cut` (share of scenes that begin a
    section within a bar), `made_lists` (the same of drawn lists of longer shots), `notes` (statistics of
    composed and human pieces, copies), `sound` (loudness, true peak, tracked beats, joins), `style`
    (recognized), `arithmetic`. Six renditions are drawn into `plots`.
    """
    sizes, templates = sizes or Sizes(), open_templates()
    with Composer() as network:
        result = controls(network, templates, sizes.plans, seed)
        result |= landing(data, network, templates, sizes.films, seed)
        result["made_lists"] = made_lists(templates, AVERAGE, sizes.films, seed)
        result["notes"] = compared(data, network, sizes.pieces, seed, copies=sizes.copies)
        chosen = templates[: sizes.templates]
        result["sound"], result["style"] = renditions(network, chosen, sizes.rendered, seed)
        if plots is not None:
            plots.mkdir(parents=True, exist_ok=True)
            scores = {
                one.id: drawn(network, one, seed) for one in templates[:: max(1, len(templates) // 6)][:6]
            }
            draw({name: (score, mastered(score)) for name, score in scores.items()}, plots / "renditions.jpg")
    return {**result, "arithmetic": describe()}


def controls(network: Composer, templates: Sequence[Template], plans: int, seed: int) -> dict[str, Any]:
    """Compose plans with drawn levels, and correlate them with what is composed."""
    asked, found = list[tuple[int, int]](), list[tuple[int, float]]()
    for number in each(range(plans), "plans"):
        rng = np.random.default_rng([seed, number])
        template = templates[number % len(templates)]
        chords = template.parts["verse"].chords
        bars = [
            Bar(
                chords[bar % len(chords)],
                int(rng.integers(1, 7)),
                int(rng.integers(0, BAR_STRENGTHS)),
                bar,
                BARS - 1 - bar,
                template.minor,
            )
            for bar in range(BARS)
        ]
        composed = compose_notes(bars, network, Sampling(seed=number, candidates=1))
        asked += [(bar.density, bar.strength) for bar in bars]
        found += [(len(bar.notes), float(np.mean([note.strength for note in bar.notes]))) for bar in composed]
    columns = (np.array(rows, float).T for rows in (asked, found))
    (density, strength), (count, played) = columns
    return {
        "plans": plans,
        "density_rho": correlation(density, count),
        "strength_rho": correlation(strength, played),
    }


def landing(
    data: Path, network: Composer, templates: Sequence[Template], films: int, seed: int
) -> dict[str, Any]:
    """Fit composed films of the pack's videos to beats; shares are of all their cuts."""
    before, after, begun, changes = list[float](), list[float](), list[float](), list[float]()
    with tempfile.TemporaryDirectory() as folder:
        made = clear_films(Path(folder), data, films=films, seed=seed)
        for _ in each(range(films), "films"):
            track, _ = collect_motion(next(made).path)
            options = MusicOptions()
            choice = choose(track, sketch(track, network, options), templates, options)
            plan = planned(track, choice, options)
            cuts, beat_s = scene_cuts(track), 60 / choice.tempo
            moved = choice.warp.moved(cuts)
            before += [on_beats([cut], beat_s) for cut in cuts]
            after += [on_beats([cut], beat_s) for cut in moved.tolist()]
            starts = np.array([section.first for section in plan.sections]) * plan.bar_s
            begun += [float(np.abs(starts - cut).min() <= plan.bar_s) for cut in moved]
            changes.append(choice.warp.mean_change)
    return {
        "films": films,
        "cuts": len(before),
        "cuts_on_beat_before": float(np.mean(before)),
        "cuts_on_beat": float(np.mean(after)),
        "speed_change": float(np.mean(changes)),
        "section_at_cut": float(np.mean(begun)),
    }


def made_lists(templates: Sequence[Template], vector: MusicVector, count: int, seed: int) -> dict[str, float]:
    """Fit lists of twenty drawn shots of four seconds, as in edited films; shares are of all their cuts."""
    before, after, changes = list[float](), list[float](), list[float]()
    for number in range(count):
        rng = np.random.default_rng([seed, number])
        cuts = np.cumsum(rng.gamma(3, 1.2, SHOTS) + 0.5).tolist()
        shown = tuple(Transition("cut", cut, cut, 1.0) for cut in cuts)
        nothing = np.zeros(0, np.float32)
        track = MotionTrack(nothing.astype(np.float64), cuts[-1] + 3, nothing, nothing, nothing, shown)
        choice = choose(track, vector, templates, MusicOptions())
        beat_s = 60 / choice.tempo
        before += [on_beats([cut], beat_s) for cut in cuts]
        after += [on_beats([cut], beat_s) for cut in choice.warp.moved(cuts).tolist()]
        changes.append(choice.warp.mean_change)
    shares = (before, after, changes)
    return dict(
        zip(("before", "after", "speed_change"), (float(np.mean(one)) for one in shares), strict=True)
    )


def correlation(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """Return Spearman's correlation; equal values share their mean rank."""
    return float(np.corrcoef(_ranks(one), _ranks(other))[0, 1])


def _ranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    return np.asarray((ends - (counts - 1) / 2)[inverse])


def table(result: dict[str, Any]) -> str:
    """Format the result for people."""
    lines = [
        f"{result['plans']} plans: Spearman of density {result['density_rho']:.3f}, "
        f"of strength {result['strength_rho']:.3f}",
        f"{result['films']} films, {result['cuts']} cuts: on strong beats "
        f"{result['cuts_on_beat_before']:.3f} before, {result['cuts_on_beat']:.3f} after "
        f"a mean change of speed of {result['speed_change']:.1%}",
        f"sections begin with {result['section_at_cut']:.3f} of the scenes; of drawn lists of longer shots "
        + ", ".join(f"{name} {value:.3f}" for name, value in result["made_lists"].items()),
        "",
        f"{'':22}{'composed':>10}{'human':>10}",
    ]
    notes = result["notes"]
    lines += [
        f"{name:22}{value:10.3f}{notes['human'].get(name, float('nan')):10.3f}"
        for name, value in notes["composed"].items()
    ]
    lines += [
        f"major or minor recognized in {notes['mode']:.3f} of the human pieces",
        f"copies of eight bars of the training pack: {notes['copies']}",
        "",
    ]
    for name, row in result["sound"].items():
        shown = ", ".join(f"{key} {value:.2f}" for key, value in row.items())
        lines.append(f"{name:20} {shown}")
    lines += [
        "",
        ", ".join(f"{key} {value:.2f}" for key, value in result["style"].items()),
        result["arithmetic"],
    ]
    return "\n".join(lines)
