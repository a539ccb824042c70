"""Scores by person: how often lips are judged rightly, and how well sounds are told apart."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.arrays import Floats
from tools.evaluate.clips import NONSPEECH, SILENT, TALKING, Listed
from tools.evaluate.metrics import mean_interval

SHORTEST, LONGEST, STEP = 8, 30, 10
"""Tenths of a second: of the windows that a span is judged by, and between their starts."""
SHIFT = 7
"""Tenths of a second by which the sound of a negative is shifted at least."""
JUDGED = 20
"""Tenths of a second of the windows whose synchrony counts: less sound has too little to tell apart."""
THRESHOLD = 0.5


@dataclass(frozen=True)
class Window:
    """A burst with one label."""

    group: str
    label: str
    start: int
    """In tenths of a second of its clip."""
    crops: NDArray[np.uint8]
    """uint8[t, height, width]."""
    sound: Floats | None
    """The whole clip's sound, float32[m, 5], if it is that of the lips."""
    clip: str

    @property
    def own(self) -> Floats | None:
        """The sound of this window, float32[t, 5]."""
        if self.sound is None or self.start + len(self.crops) > len(self.sound):
            return None
        return self.sound[self.start : self.start + len(self.crops)]


def places(listed: Listed) -> Iterator[tuple[str, int, int]]:
    """Label, start and stop of the windows of a clip, in tenths of a second; every span starts anew."""
    for span in listed.spans:
        first, last = int(np.ceil(span.start_s * 10 - 1e-6)), int(span.end_s * 10 + 1e-6)
        for start in range(first, max(first, last - LONGEST) + STEP, STEP):
            stop = min(start + LONGEST, last)
            if stop - start >= SHORTEST:
                yield span.label, start, stop
            if stop == last:
                break


def rates(windows: Sequence[Window], producing: Floats) -> dict[str, dict[str, float]]:
    """By label and group: the share of windows whose lips are said to produce speech or song."""
    said: dict[str, dict[str, list[bool]]] = {}
    for window, value in zip(windows, producing, strict=True):
        said.setdefault(window.label, {}).setdefault(window.group, []).append(bool(value > THRESHOLD))
    return {
        label: {group: float(np.mean(values)) for group, values in groups.items()}
        for label, groups in said.items()
    }


def summary(windows: Sequence[Window], producing: Floats) -> dict[str, Any]:
    """Means over groups, each with its 95 % interval of a bootstrap over groups."""
    found = rates(windows, producing)
    result: dict[str, Any] = {}
    names = ((TALKING, "moving_recall"), (SILENT, "still_recall"), (NONSPEECH, "nonspeech_called_speech"))
    for label, name in names:
        values = np.array(list(found.get(label, {}).values()))
        if name == "still_recall":
            values = 1 - values
        if len(values):
            result[name] = float(values.mean())
            result[f"{name}_interval"] = mean_interval(values)
            result[f"{name}_groups"] = len(values)
    return result


Pairs = list[tuple[Window, Floats, str]]
"""Windows, each with a sound and how that is related: "own", "shifted" or "other"."""


def pairs(windows: Sequence[Window], others: int = 4) -> Pairs:
    """Every talking window with its sound, with it shifted, and with the sounds of other people."""
    rng = np.random.default_rng(5)
    talking = [window for window in windows if window.label == TALKING and window.own is not None]
    found: Pairs = []
    for window in talking:
        own, sound, frames = window.own, window.sound, len(window.crops)
        assert own is not None
        assert sound is not None
        found.append((window, own, "own"))
        starts = np.arange(len(sound) - frames + 1)
        starts = starts[np.abs(starts - window.start) > SHIFT]
        for start in rng.permutation(starts)[:others]:
            found.append((window, sound[start : start + frames], "shifted"))
        strange = [w.sound for w in talking if w.group != window.group and w.sound is not None]
        long = [other for other in strange if len(other) >= frames]
        for at in rng.permutation(len(long))[:others]:
            other = long[at]
            start = int(rng.integers(len(other) - frames + 1))
            found.append((window, other[start : start + frames], "other"))
    return found


def synchrony(found: Pairs, fits: Floats) -> dict[str, Any]:
    """How well sounds are told apart, by group and for windows of at least `JUDGED` tenths of a second.

    "auc_shifted" and "auc_other" are the chance that a window's own sound fits better than another, with
    _interval and _groups; "auc_short" is that of shorter windows against the sounds of others; "accuracy" is
    the mean of the shares of own and of other sounds that are on their side of 0.5.
    """
    own = {id(window): value for (window, _, kind), value in zip(found, fits, strict=True) if kind == "own"}
    wins: dict[str, dict[str, list[float]]] = {"shifted": {}, "other": {}, "short": {}}
    right: dict[bool, dict[str, list[bool]]] = {True: {}, False: {}}
    for (window, _, kind), value in zip(found, fits, strict=True):
        long = len(window.crops) >= JUDGED
        if long:
            hit = bool((value > THRESHOLD) == (kind == "own"))
            right[kind == "own"].setdefault(window.group, []).append(hit)
        if kind != "own" and (long or kind == "other"):
            mine = own[id(window)]
            won = float(mine > value) + 0.5 * float(mine == value)
            wins[kind if long else "short"].setdefault(window.group, []).append(won)
    result: dict[str, Any] = {}
    for kind, groups in wins.items():
        if groups:
            values = np.array([np.mean(won) for won in groups.values()])
            result |= {f"auc_{kind}": float(values.mean()), f"auc_{kind}_interval": mean_interval(values)}
            result[f"auc_{kind}_groups"] = len(values)
    if right[True] and right[False]:
        sides = [np.mean([np.mean(hits) for hits in groups.values()]) for groups in right.values()]
        result["accuracy"] = float(np.mean(sides))
    return result


@dataclass(frozen=True)
class Judged:
    """What a network says of windows."""

    windows: list[Window]
    producing: Floats
    """float32[n]: probability that the lips of each window produce speech or song."""
    pairs: Pairs
    fits: Floats
    """float32[m]: probability that the sound of each pair fits."""

    def scores(self) -> dict[str, Any]:
        """The scores of `summary`, and "synchrony"."""
        return {**summary(self.windows, self.producing), "synchrony": synchrony(self.pairs, self.fits)}
