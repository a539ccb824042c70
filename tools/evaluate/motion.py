"""Transitions of composed films and real videos, and the speed of made pans, beside PySceneDetect."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.evidence.motion.collect import collect_motion
from edge.media import open_recording
from edge.models.arithmetic import describe
from tools.evaluate.camera import FPS, HEIGHT, mosaic, moved
from tools.evaluate.shots import Change, Film, compose_all, some_images, write
from tools.progress import each

FILMS = 28
"""Composed films, four of each recipe."""

PANS = 40
"""Made pans."""

OVERLAP = 0.3
"""Intersection over union from which a fade or dissolve is found."""

CUTS: dict[str, tuple[float, ...]] = {
    "baby_laughing.mp4": (2.48,),
    "big_buck_bunny_0_30.webm": (283 / 24, 376 / 24, 551 / 24),
    "double_bass.mp4": (6.4,),
    "goldeneye.mp4": (3.76, 8.76),
    "gym_basketball.mp4": (1.4, 4.72, 8.36),
    "har_bike_riding.mp4": (3.56,),
    "har_camel_safari.mp4": (0.12, 3.72),
    "har_cards_shuffling.mp4": (0.76, 7.44),
    "har_yoga.mp4": (7.16,),
    "men_hats.mp4": (0.04, 3.2, 6.28, 9.76),
    "motorcycle_repair.mp4": (1.84,),
    "sintel_trailer.mp4": (2.84, 9.8),
    "street_bikes.mp4": (1.2, 3.04, 5.48, 7.48, 9.68),
}
"""Cuts in the videos of the evaluation pack, seen by eye, in seconds; the others have none."""

GRADUAL = {
    "big_buck_bunny_0_30.webm": ((0.0, 2.1),),
    "bongos_lesson.mp4": ((5.8, 7.9),),
    "har_boxing.mp4": ((4.7, 5.7),),
    "sintel_trailer.mp4": ((0.0, 2.6), (3.3, 5.9), (6.3, 8.6)),
    "airplane.mp4": ((2.8, 3.8),),
}
"""Spans in seconds with fades, wipes or blank frames, where what is found does not count."""

UNCLEAR = {"arm_wrestling.mp4", "minecraft.mp4", "fireworks1.mp4"}
"""Videos that say not where they change: damaged, menus over a game, light in a black sky."""

Detect = Callable[[Path], "dict[str, list[tuple[float, float]]]"]
"""Finds the transitions of a file: spans in seconds by kind."""


def evaluate(data: Path, *, films: int = FILMS, pans: int = PANS, seed: int = 50_000) -> dict[str, Any]:
    """Compose films of a pack, and compare what is found with what is known.

    Keys: `composed` and `real` (for each detector the hits, misses and false ones of a kind, with precision,
    recall and F1, cuts at a tolerance of no frame), `by_recipe` (of cuts), `ms_per_frame`, `pans` (Spearman's
    correlation of speeds, median error), `worst`, `arithmetic`. Detectors are `edge` and, if PySceneDetect is
    installed, its two with their defaults. Cuts that a detector finds within a fade or dissolve do not count.
    """
    detectors = {"edge": find_transitions, **peers()}
    result: dict[str, Any] = {"worst": []}
    composed: dict[str, dict[str, list[int]]] = {name: {} for name in detectors}
    recipes: dict[str, dict[str, list[int]]] = {name: {} for name in detectors}
    seconds, frames = dict.fromkeys(detectors, 0.0), 0
    with tempfile.TemporaryDirectory() as folder:
        made = clear_films(Path(folder), data, films=films, seed=seed)
        for _ in each(range(films), "films"):
            film = next(made)
            frames += film.frames
            for name, detect in detectors.items():
                began = time.perf_counter()
                found = detect(film.path)
                seconds[name] += time.perf_counter() - began
                counts = judged(film.changes, found)
                _add(composed[name], counts)
                _add(recipes[name], {film.recipe: counts["cut"]})
                if name == "edge":
                    result["worst"] += _errors(film, counts)
            film.path.unlink()
        result["pans"] = _pans(Path(folder), data, pans, seed)
    result["composed"] = {name: _scores(counts) for name, counts in composed.items()}
    result["by_recipe"] = {name: _scores(counts) for name, counts in recipes.items()}
    result["ms_per_frame"] = {name: 1000 * spent / max(1, frames) for name, spent in seconds.items()}
    result["real"] = {name: _scores({"cut": _real(data, detect)}) for name, detect in detectors.items()}
    return result | {"frames": frames, "arithmetic": describe()}


def clear_films(
    folder: Path, data: Path, *, films: int, seed: int, size: tuple[int, int] | None = None
) -> Iterator[Film]:
    """Compose films of the clips of a pack of which it is known where they change."""
    clips = {name: cuts for name, cuts in CUTS.items() if name not in GRADUAL}
    without = UNCLEAR | GRADUAL.keys()
    yield from compose_all(folder, data, clips, films=films, seed=seed, without=without, size=size)


def table(result: dict[str, Any]) -> str:
    """Format the result for people."""
    lines = [f"{result['frames']} frames composed; {result['arithmetic']}"]
    head = f"{'':34}{'precision':>10}{'recall':>8}{'F1':>8}{'right':>8}{'known':>8}{'found':>8}"
    for part in ("composed", "by_recipe", "real"):
        lines += ["", f"{part.replace('_', ' ')}{head[len(part) :]}"]
        for name, kinds in result[part].items():
            for kind, row in kinds.items():
                lines.append(
                    f"  {name:10}{kind:22}{row['precision']:10.3f}{row['recall']:8.3f}{row['f1']:8.3f}"
                    f"{row['right']:8}{row['known']:8}{row['found']:8}"
                )
    spent = ", ".join(f"{name} {ms:.2f}" for name, ms in result["ms_per_frame"].items())
    pans = result["pans"]
    lines += ["", f"ms per frame, decoding included: {spent}"]
    lines += [f"speed of {pans['count']} pans: Spearman {pans['spearman']:.3f}, error {pans['error']:.1%}"]
    return "\n".join([*lines, *(f"  {line}" for line in result["worst"][:10])])


def judged(
    changes: Sequence[Change], found: Mapping[str, Sequence[tuple[float, float]]]
) -> dict[str, list[int]]:
    """Return right, known and found ones by kind."""
    gradual = [change for change in changes if change.kind != "cut"]
    spans = {
        kind: [(round(start * FPS), round(end * FPS)) for start, end in found.get(kind, ())]
        for kind in ("cut", "fade", "dissolve")
    }
    known = {change.start for change in changes if change.kind == "cut"}
    cuts = {start for start, _ in spans["cut"] if not any(one.start <= start <= one.end for one in gradual)}
    counts = {"cut": [len(known & cuts), len(known), len(cuts)]}
    for kind in ("fade", "dissolve"):
        ours = [(one.start, one.end) for one in gradual if one.kind == kind]
        hits = sum(any(_overlap(one, other) >= OVERLAP for other in spans[kind]) for one in ours)
        counts[kind] = [hits, len(ours), len(spans[kind])]
    return counts


def _overlap(one: tuple[int, int], other: tuple[int, int]) -> float:
    """Return the intersection over union of two spans."""
    shared = min(one[1], other[1]) - max(one[0], other[0])
    return max(0, shared) / max(1, max(one[1], other[1]) - min(one[0], other[0]))


def _add(counts: dict[str, list[int]], more: Mapping[str, Sequence[int]]) -> None:
    for kind, values in more.items():
        before = counts.get(kind, [0, 0, 0])
        counts[kind] = [a + b for a, b in zip(before, values, strict=True)]


def _scores(counts: Mapping[str, Sequence[int]]) -> dict[str, dict[str, Any]]:
    rows = {}
    for kind, (right, known, found) in counts.items():
        precision, recall = right / max(1, found), right / max(1, known)
        f1 = 2 * right / max(1, known + found)
        scores = {"precision": precision, "recall": recall, "f1": f1}
        rows[kind] = {**scores, "right": right, "known": known, "found": found}
    return rows


def _errors(film: Film, counts: Mapping[str, Sequence[int]]) -> list[str]:
    """Return a line for each kind with errors in a film."""
    return [
        f"{film.path.name} ({film.recipe}): {right} of {known} {kind}s, {found} found"
        for kind, (right, known, found) in counts.items()
        if not right == known == found
    ]


def find_transitions(path: Path) -> dict[str, list[tuple[float, float]]]:
    """Return the transitions that this project finds, in seconds by kind."""
    track, _ = collect_motion(path)
    found: dict[str, list[tuple[float, float]]] = {}
    for one in track.transitions:
        found.setdefault(one.kind, []).append((one.start, one.end))
    return found


def peers() -> dict[str, Detect]:
    """Return the detectors of PySceneDetect, with their defaults; none if it is not installed."""
    if find_spec("scenedetect") is None:
        return {}
    import scenedetect  # noqa: PLC0415 - an alternative, seldom there

    def detector(make: Callable[[], Any]) -> Detect:
        def detect(path: Path) -> dict[str, list[tuple[float, float]]]:
            scenes = scenedetect.detect(str(path), make())
            times = [float(start.seconds) for start, _ in scenes[1:]]
            return {"cut": [(time_s, time_s) for time_s in times]}

        return detect

    return {
        "adaptive": detector(scenedetect.AdaptiveDetector),
        "content": detector(scenedetect.ContentDetector),
    }


def _real(data: Path, detect: Detect) -> list[int]:
    """Return right, known and found cuts of a pack's videos; a frame's time may be rounded."""
    counts = [0, 0, 0]
    folders = (data / "tagvideos", data / "video")
    for path in sorted(path for folder in folders for path in folder.glob("*.*") if path.suffix != ".csv"):
        if path.name in UNCLEAR:
            continue
        known, passed = CUTS.get(path.name, ()), GRADUAL.get(path.name, ())
        cuts = [start for start, _ in detect(path).get("cut", ())]
        cuts = [start for start in cuts if not any(first <= start <= last for first, last in passed)]
        frame = open_recording(path).info.video
        near = 0.5 / float(frame.rate or FPS) if frame else 0.0
        hits = sum(any(abs(cut - other) < near for other in cuts) for cut in known)
        counts = [counts[0] + hits, counts[1] + len(known), counts[2] + len(cuts)]
    return counts


def _pans(folder: Path, data: Path, count: int, seed: int) -> dict[str, Any]:
    """Compare the median speed of made pans with the known one, in frame heights per second."""
    rng, images = np.random.default_rng(seed), some_images(data)
    known = np.exp(rng.uniform(np.log(0.05), np.log(3.0), count))
    measured = []
    for speed in each(known.tolist(), "pans"):
        angle, steps = rng.uniform(0, 2 * np.pi), np.arange(FPS) / FPS * speed * HEIGHT
        places = np.stack([steps * np.cos(angle), steps * np.sin(angle), np.ones(FPS)], axis=1)
        write(folder / "pan.mp4", moved([mosaic(rng, images)] * FPS, places))
        track, _ = collect_motion(folder / "pan.mp4")
        measured.append(float(np.median(track.speed[1:])))
    errors = np.abs(np.array(measured) - known) / known
    return {
        "count": count,
        "spearman": spearman(known, np.array(measured)),
        "error": float(np.median(errors)),
    }


def spearman(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """Return the correlation of the ranks of two lists without ties."""
    ranks = np.stack([values.argsort().argsort() for values in (one, other)])
    return float(np.asarray(np.corrcoef(ranks))[0, 1])
