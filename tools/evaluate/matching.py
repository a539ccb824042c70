"""Matching: is the right one of hundreds of tracks found for a video, and are moods and scenes understood?

A right pair is known in two ways. Composed (a proxy): for each held-out track a video is composed of a
held-out scene that fits its character, with cuts at beats of the track; so it measures whether what was
taught of moods, styles, pictures and motion carries over to other scenes, tracks and games. Real: music of a
game under the name that its makers gave it ("snow", "pirate"), and the sound of videos as published.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from edge.arrays import Floats
from edge.matching.features import mean_vector, name_words
from edge.matching.match import CLOSE, RHYTHM
from edge.models.arithmetic import describe
from edge.networks.match_towers import MatchTowers, TrackFeatures, VideoFeatures
from edge.networks.text_encoder import TextEncoder
from tools.evaluate.matching_films import Film, Library, films, library, rhythm_fits
from tools.evaluate.matching_real import described, published
from tools.evaluate.metrics import mean_interval
from tools.progress import each
from tools.train.matching.knowledge import MOODS

MOOD_QUERIES = ("calm", "energetic", "happy", "nostalgic", "tender")
"""Moods of the package immich-memories-music."""


@dataclass(frozen=True)
class Sizes:
    """How much is measured."""

    seeds: int = 7
    """Renditions of each template in the library."""
    real: int = 10
    """Videos of the pack whose first tracks are described; all are matched with their own sound, unless 0."""

    @classmethod
    def quick(cls) -> Sizes:
        """Small enough for a test."""
        return cls(seeds=1, real=1)


def evaluate(
    data: Path,
    *,
    towers: str | Path = MatchTowers.default,
    run: Path = Path("runs/matching"),
    sizes: Sizes | None = None,
    seed: int = 90_000,
) -> dict[str, Any]:
    """Rank the tracks of a library for composed films and real names, and describe tracks of real videos.

    `run` keeps renditions and analyses. Keys: `recall_at_1`, `recall_at_5`, `median_rank` of the track that a
    film was composed for, by all that is known; `rows`: the same by parts of it, and by `text_only` (words of
    the video and names of tracks alone, also a key of its own); `moods`: average precision of moods of the
    package by their words; `games`: names of held-out games; `published`, `videos`: see `matching_real`.
    """
    sizes = sizes or Sizes()
    wheels = os.environ.get("EDGE_WHEELS")
    with MatchTowers(towers) as network, TextEncoder() as texts:
        music = library(data, run, None if wheels is None else Path(wheels), sizes.seeds, seed)
        made = films(data, music, texts, run, seed)
        ranks = _ranks(made, music, network, texts)
        places = _places(music, network, None)
        result: dict[str, Any] = {
            "tracks": len(music.names),
            "films": len(made),
            "rows": {name: _recalls(row, len(music.names)) for name, row in ranks.items()},
            "moods": _moods(music, places, network, texts),
            "games": _games(music, places, network, texts),
            "published": published(data, places, network, texts) if sizes.real else {},
            "videos": described(data, music, places, network, texts, count=sizes.real),
            "arithmetic": describe(),
        }
    rows: dict[str, dict[str, Any]] = result["rows"]
    whole = {key: rows["all"][key] for key in ("recall_at_1", "recall_at_5", "median_rank")}
    return {**whole, "text_only": rows["text_only"], **result}


def _places(music: Library, network: MatchTowers, words: Sequence[Floats | None] | None) -> Floats:
    """Return the places of all tracks, with or without their names."""
    named = words if words is not None else [None] * len(music.sound)
    pairs = zip(music.sound, named, strict=True)
    return np.stack([network.track(TrackFeatures(sound, name)) for sound, name in pairs])


def _ranks(
    made: Sequence[Film], music: Library, network: MatchTowers, texts: TextEncoder
) -> dict[str, list[int]]:
    """Return the rank of the right track of each film, from 1, by each part of what is known."""
    names = [mean_vector(name, texts) for name in music.words]
    silent = np.zeros(texts.size, np.float32)
    text = np.stack([silent if name is None else name for name in names])
    unnamed, named = _places(music, network, None), _places(music, network, names)
    parts: dict[str, Callable[[VideoFeatures], VideoFeatures]] = {
        "image": lambda one: VideoFeatures(image=one.image, light=one.light),
        "motion": lambda one: VideoFeatures(motion=one.motion),
        "words": lambda one: VideoFeatures(words=one.words),
        "image and motion": lambda one: VideoFeatures(one.image, one.light, one.motion),
    }
    ranks: dict[str, list[int]] = {}
    rng = np.random.default_rng(0)
    for film in each(made, "films"):
        seen, rhythm = film.features, rhythm_fits(film, music)
        said = silent if seen.words is None else seen.words
        scores = {"chance": rng.random(len(text)), "text_only": text @ said}
        for name, part in parts.items():
            scores[f"{name}, no names"] = unnamed @ network.video(part(seen))
        scores["no names"] = unnamed @ network.video(seen)
        scores["no rhythm"] = named @ network.video(seen)
        scores["rhythm"] = rhythm
        scores["all"] = _with_rhythm(scores["no rhythm"], rhythm)
        scores["no names, with rhythm"] = _with_rhythm(scores["no names"], rhythm)
        for name, score in scores.items():
            ranks.setdefault(name, []).append(_rank(score, film.track, rng))
    return ranks


def _with_rhythm(scores: Floats, rhythm: Floats) -> Floats:
    """Add the fit of the rhythm to the nearest tracks; the others come after them, as in `match_music`."""
    near = np.argsort(-scores, kind="stable")[:CLOSE]
    result = scores - 10
    result[near] = scores[near] + RHYTHM * rhythm[near]
    return result


def _rank(scores: Floats, right: int, rng: np.random.Generator) -> int:
    """Return the rank of a track, from 1; among equal scores by chance."""
    better, equal = int((scores > scores[right]).sum()), int((scores == scores[right]).sum())
    return better + 1 + int(rng.integers(equal))


def _recalls(ranks: Sequence[int], count: int) -> dict[str, Any]:
    at = np.array(ranks)
    low, high = mean_interval((at <= 5).astype(float))
    return {
        "recall_at_1": round(float((at == 1).mean()), 4),
        "recall_at_5": round(float((at <= 5).mean()), 4),
        "recall_at_5_interval": [round(low, 4), round(high, 4)],
        "median_rank": float(np.median(at)),
        "of": count,
    }


def _moods(music: Library, places: Floats, network: MatchTowers, texts: TextEncoder) -> dict[str, float]:
    """Return the average precision of each mood of the package by its word, and `chance`; without names."""
    rows = [row for row, kind in enumerate(music.kinds) if kind == "package"]
    if not rows:
        return {}
    result, chances = {}, []
    for mood in MOOD_QUERIES:
        assert mood in MOODS
        place = network.video(VideoFeatures(words=mean_vector([mood], texts)))
        right = np.array([music.characters[row].moods[0] == mood for row in rows])
        result[mood] = round(average_precision(places[rows] @ place, right), 4)
        chances.append(_chance(right))
    mean, chance = float(np.mean(list(result.values()))), float(np.mean(chances))
    return {**result, "mean": round(mean, 4), "chance": round(chance, 4)}


def average_precision(scores: ArrayLike, right: NDArray[np.bool_]) -> float:
    """Return the mean of the precision at each right one, by descending score."""
    hits = right[np.argsort(-np.asarray(scores), kind="stable")]
    precision = np.cumsum(hits) / np.arange(1, len(hits) + 1)
    return float(precision[hits].mean())


def _chance(right: NDArray[np.bool_]) -> float:
    rng = np.random.default_rng(0)
    return float(np.mean([average_precision(rng.random(len(right)), right) for _ in range(200)]))


def _games(music: Library, places: Floats, network: MatchTowers, texts: TextEncoder) -> dict[str, Any]:
    """Rank the music of held-out games, by its sound alone, for the names that its makers gave it."""
    rows = [row for row, kind in enumerate(music.kinds) if kind == "game"]
    ranks, rng = [], np.random.default_rng(0)
    for at, row in enumerate(rows):
        words = [" ".join(text.split()[1:]) for text in name_words(Path(music.names[row]).stem)]
        vector = mean_vector([text for text in words if text], texts)
        if vector is not None:
            ranks.append(_rank(places[rows] @ network.video(VideoFeatures(words=vector)), at, rng))
    return _recalls(ranks, len(rows)) if ranks else {}


def table(result: dict[str, Any]) -> str:
    """Return the result as Markdown."""
    lines = ["| by | recall at 1 | at 5 (95 %) | median rank |", "| --- | --- | --- | --- |"]
    rows = {**result["rows"], **({"names of games": result["games"]} if result["games"] else {})}
    for name, row in rows.items():
        low, high = row["recall_at_5_interval"]
        lines.append(
            f"| {name} | {row['recall_at_1']:.3f} | {row['recall_at_5']:.3f} ({low:.2f}-{high:.2f}) "
            f"| {row['median_rank']:.0f} of {row['of']} |"
        )
    lines += ["", f"{result['films']} composed films, {result['tracks']} tracks"]
    if result["moods"]:
        said = ", ".join(f"{name} {value:.2f}" for name, value in result["moods"].items())
        lines.append(f"average precision of moods by their word: {said}")
    if result["published"]:
        row = result["published"]
        lines.append(
            f"own sound of {row['videos']} published videos: median rank {row['median_rank']:.0f} "
            f"of {row['of']}, recall at 5 {row['recall_at_5']:.2f}"
        )
    lines.append("")
    lines += [f"- {one['video']} ({one['about']}): {'; '.join(one['tracks'])}" for one in result["videos"]]
    return "\n".join(lines)
