"""Composed videos and tracks: what a video of a scene may show, move like and be called.

That is knowledge, not observation: which moods go with which scenes, how fast exciting videos are cut.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.arrays import Floats
from edge.evidence.excerpts import light_features
from edge.networks.match_towers import MODALITIES, VideoFeatures
from tools.train.matching.knowledge import Character, Scene
from tools.train.matching.pictures import Pictures

PRESENT = (0.85, 0.8, 0.75)
"""How often each of `MODALITIES` is there."""

NAMED = 0.5
"""How often a track has a name that says something, and among these: of its character, of a scene."""


@dataclass(frozen=True)
class Words:
    """Texts with their vectors, encoded once."""

    encode: Callable[[Sequence[str]], Floats]
    known: dict[str, Floats]

    def mean(self, texts: Sequence[str]) -> Floats:
        """Return the mean vector of texts, of norm 1."""
        if new := [text for text in texts if text not in self.known]:
            self.known.update(zip(new, self.encode(new), strict=True))
        total = np.mean([self.known[text] for text in texts], axis=0)
        return np.asarray(total / max(1e-9, float(np.linalg.norm(total))), np.float32)


@dataclass(frozen=True)
class Studio:
    """What videos are composed of."""

    pictures: Pictures
    names: Floats
    """float32[labels, text]: text vectors of the classes."""
    shown: Sequence[NDArray[np.int64]]
    """Classes that each scene may show."""
    words: Words

    def video(self, scene: Scene, number: int, rng: np.random.Generator) -> VideoFeatures:
        """Compose a video of a scene, whose number it is."""
        present = rng.random(len(MODALITIES)) < PRESENT
        if not present.any():
            present[rng.integers(len(MODALITIES))] = True
        arousal = scene.character.arousal
        image, light = self._image(self.shown[number], scene.character, rng)
        count = int(rng.integers(1, 4))
        texts = rng.choice(np.array(scene.keywords), min(count, len(scene.keywords)), replace=False).tolist()
        return VideoFeatures(
            image=image if present[0] else None,
            light=light if present[0] else None,
            motion=drawn_motion(arousal, rng) if present[1] else None,
            words=self.words.mean(texts) if present[2] else None,
        )

    def _image(
        self, classes: NDArray[np.int64], character: Character, rng: np.random.Generator
    ) -> tuple[Floats, Floats]:
        """Compose what frames show: pictures of a class or two of the scene, and one of anything."""
        pictures = self.pictures
        rows = [int(rng.integers(len(pictures.labels)))]
        seen = 0.25 * pictures.classes[rows[0]]
        for _ in range(int(rng.integers(1, 4))):
            if not len(classes):
                break
            wanted = int(rng.choice(classes))
            like = np.flatnonzero(pictures.labels == wanted)
            row = int(rng.choice(like)) if len(like) else int(rng.integers(len(pictures.labels)))
            seen = seen + (pictures.classes[row] if len(like) else 0.5 * pictures.classes[row])
            if not len(like):
                seen[wanted] += 0.5
            rows.append(row)
        seen = seen / seen.sum()
        light = pictures.light[rows].mean(axis=0)
        valence = 0.15 * (character.mood @ _BRIGHT)
        noise = np.array([valence + 0.08 * rng.normal(), 0, 0.5 * valence + 0.05 * rng.normal()])
        light = np.clip(light + noise, 0, 1)
        return np.asarray(seen @ self.names, np.float32), light_features(light.astype(np.float32), seen)


_BRIGHT = np.array([1, 0.5, -1, -1, 0, 1, 0, 0.3, 0.6, -0.2, -2, 0.3], np.float32)
"""How bright videos of each mood are beside others, in the order of `MOODS`."""


def drawn_motion(arousal: float, rng: np.random.Generator) -> Floats:
    """Draw `motion_features` of a video: exciting ones move more and are cut more often."""
    excitement = arousal + 0.5 * rng.normal()
    speed = 0.12 * np.exp(1.0 * excitement + 0.5 * rng.normal())
    cuts = 8.0 * np.exp(1.0 * excitement + 0.7 * rng.normal()) * (rng.random() < 0.8)
    peak = speed * (2 + np.exp(0.4 * rng.normal()))
    return np.array([
        np.log1p(10 * speed),
        np.log1p(10 * peak),
        np.log1p(10 * speed * np.exp(0.5 * rng.normal())),
        np.log1p(cuts) / 2,
        0.3 * np.exp(0.4 * rng.normal()) + 0.1 * (cuts > 0),
        np.clip(0.42 + 0.12 * rng.normal(), 0.05, 0.95),
    ], np.float32)  # fmt: skip


def track_name(character: Character, scene: Scene, rng: np.random.Generator) -> list[str]:
    """Draw what a track is called: words of its character, of a scene that it fits, or nothing."""
    if rng.random() >= NAMED:
        return []
    if rng.random() < 0.5:
        return [str(rng.choice(np.array(scene.keywords)))]
    said = [*character.moods[:1], *character.styles[:1]]
    return [" ".join(said)] if said else []
