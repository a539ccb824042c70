"""Videos composed of what is known of pictures, recordings and faces, and the tags that fit them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from edge.arrays import Floats
from tools.train.tagging.knowledge import Weights

GRAY = ("black and white", "vintage", "old film", "classic")
DARK = ("night", "dark")
ONE = ("man", "person", "woman", "face", "portrait", "close-up")
"""Tags of a video with one face; the last three only where it is large."""
FEW = ("people", "man", "woman", "friends", "group", "two people")
MANY = ("crowd", "people", "audience", "group", "event")
SPOKEN = ("talking", "speech", "interview", "speaking")

PEOPLE = frozenset(
    (
        "sport", "musician", "music", "concert", "person", "man", "woman", "people", "fashion", "doctor",
        "soldier", "police", "wedding", "gym", "cooking", "child", "baby", "rider", "players", "singer",
        "performance", "dancing", "army", "model", "student", "teacher", "athlete", "driver", "work",
    )
)  # fmt: skip
"""Tags of videos that mostly show people too."""

NOTHING = "nothing"
"""Class of recordings that say nothing about a video: silence and noise."""

KINDS, SHARES = ("speech", "music", "singing", "other", NOTHING), (0.3, 0.2, 0.1, 0.2, 0.2)
"""Classes of recordings, and how often they are drawn."""

WORTH = {"speech": 0.15, "music": 0.25, "singing": 0.5, "other": 0.3}
"""How often a sound that has nothing to do with the video is worth a tag, by its class."""

MAX_TAGS = 24
"""Of a sample, the best fitting ones."""


@dataclass(frozen=True)
class Parts:
    """What videos are composed of."""

    classes: Floats
    """float32[pictures, labels]: what the encoder says of each."""
    light: Floats
    """float32[pictures, 3]."""
    label: NDArray[np.int64]
    """int64[pictures]: the class of each."""
    class_tags: Sequence[Weights]
    """For each label."""
    likeness: NDArray[np.int64]
    """int64[labels, labels]: labels by how much they are like each one, itself first."""
    audio: Floats
    """float32[sounds, features]."""
    sound: Sequence[str]
    """Subclass of each sound."""
    kind: Sequence[str]
    """Class of each sound: singing, speech, music or other."""
    sound_tags: dict[str, Weights]
    """By subclass or class."""


@dataclass(frozen=True)
class Sample:
    """A composed video."""

    classes: Floats | None
    """float32[labels], the mean of its frames; None without video."""
    light: Floats
    """float32[3]."""
    faces: Floats | None
    """float32[4]: see `edge.networks.tag_towers.VideoInput`; None without video."""
    audio: Floats | None
    """float32[features]; None without audio."""
    title: str
    """Empty for none."""
    tags: Weights
    """Those that fit."""


class Composer:
    """Draws samples; `rng` may be replaced."""

    def __init__(self, parts: Parts, rng: np.random.Generator) -> None:
        self.rng = rng
        self._parts = parts
        self._pictures: dict[int, NDArray[np.int64]] = {
            int(label): np.flatnonzero(parts.label == label) for label in np.unique(parts.label)
        }
        self._sounds: dict[str, list[int]] = {}
        for index, (sound, kind) in enumerate(zip(parts.sound, parts.kind, strict=True)):
            name = sound if sound in parts.sound_tags else kind
            if name in parts.sound_tags or kind == NOTHING:
                self._sounds.setdefault(name, []).append(index)
        self._matching = [self._fitting_sounds(tags) for tags in parts.class_tags]

    def sample(self) -> Sample:
        """Draw a video."""
        label, other = self.rng.integers(len(self._parts.class_tags), size=2)
        classes, light = self._frames(int(label))
        tags = dict(self._parts.class_tags[label])
        if self._chance(0.7):  # most frames of real videos show other things, too
            share = np.float32(self.rng.uniform(0.25, 1))
            classes = share * classes + (1 - share) * self._frames(int(other))[0]
            tags = _joined(tags, self._parts.class_tags[other]) if share < 0.6 and self._chance(0.4) else tags
        light = self._lit(light, tags)
        audio, audible = self._audio(int(label))
        tags = _joined(tags, audible)
        faces = self._faces(tags, spoken="talking" in audible)
        title = self._title(tags)
        if title and self._chance(0.4):  # what is called by its name is often hard to recognize
            classes = self._frames(int(other))[0]
        return self._with_gaps(Sample(classes, light, faces, audio, title, _best(tags)), _best(audible))

    def _frames(self, label: int) -> tuple[Floats, Floats]:
        """Return the mean probabilities and light of a few frames that show a class.

        A class without pictures takes those of another, with every probability given to the class that is as
        far from the one as it was from the other.
        """
        parts = self._parts
        if label in self._pictures and self._chance(0.6):
            donor = label
        else:
            donor = int(self.rng.choice(list(self._pictures)))
        chosen = self.rng.choice(self._pictures[donor], size=self.rng.choice([1, 1, 2, 2, 4]))
        classes = parts.classes[chosen].mean(axis=0)
        if donor != label:
            moved = np.zeros_like(classes)
            moved[parts.likeness[label]] = classes[parts.likeness[donor]]
            classes = moved
        return classes, parts.light[chosen].mean(axis=0)

    def _lit(self, light: Floats, tags: Weights) -> Floats:
        light = light.copy()
        if self._chance(0.05):
            light[2] = self.rng.uniform(0, 0.015)
            tags.update({tag: 0.9**rank for rank, tag in enumerate(GRAY)})
        elif self._chance(0.15):  # pale, not gray
            light[2] = self.rng.uniform(0.03, 0.12)
        elif self._chance(0.1):
            light[:2] *= self.rng.uniform(0.15, 0.45)
            light[2] *= 0.5
            tags.update({tag: 0.9**rank for rank, tag in enumerate(DARK)})
        return light

    def _audio(self, label: int) -> tuple[Floats | None, Weights]:
        """Choose a sound that fits the class, or any other; return its features and tags worth giving."""
        parts, fitting = self._parts, self._matching[label]
        if not fitting and self._chance(0.25):
            return None, {}
        sound = str(self.rng.choice(fitting)) if fitting and self._chance(0.5) else self._any_sound()
        index = int(self.rng.choice(self._sounds[sound]))
        worth = 1.0 if sound in fitting else WORTH.get(parts.kind[index], 0.0)
        return parts.audio[index], dict(parts.sound_tags.get(sound, {})) if self._chance(worth) else {}

    def _any_sound(self) -> str:
        there = {self._parts.kind[found[0]] for found in self._sounds.values()}
        shares = np.array([share * (kind in there) for kind, share in zip(KINDS, SHARES, strict=True)])
        kind = str(self.rng.choice(KINDS, p=shares / shares.sum()))
        return str(
            self.rng.choice(
                [name for name, found in self._sounds.items() if self._parts.kind[found[0]] == kind]
            )
        )

    def _faces(self, tags: Weights, *, spoken: bool) -> Floats:
        """Draw faces, more often where people belong; their tags join."""
        if not self._chance(0.6 if not PEOPLE.isdisjoint(tags) else 0.2):
            return np.zeros(4, np.float32)
        count = int(self.rng.choice([1, 2, 3, 4, 6, 9, 14], p=[0.5, 0.2, 0.1, 0.07, 0.06, 0.04, 0.03]))
        side = float(np.exp(self.rng.uniform(np.log(0.06), np.log(0.75 if count < 3 else 0.3))))
        share = float(self.rng.uniform(0.3, 1))
        names: tuple[str, ...] = ONE if count == 1 else FEW if count < 5 else MANY
        if count == 1 and side < 0.35:
            names = names[:3]
        shown = self.rng.permutation(len(names))
        tags.update({names[index]: float(self.rng.uniform(0.6, 1)) for index in shown})
        if spoken and side > 0.2:
            tags.update({tag: 0.9**rank for rank, tag in enumerate(SPOKEN)})
        noisy = count * self.rng.uniform(0.6, 1.0)
        return np.array([share, np.log1p(share * noisy), np.log1p(count), side], np.float32)

    def _title(self, tags: Weights) -> str:
        """Write a title: none, one of the class or of another tag, or one that says something else."""
        fate = self.rng.random()
        if fate < 0.45:
            return ""
        if fate < 0.5:
            tags = self._parts.class_tags[int(self.rng.integers(len(self._parts.class_tags)))]
        names = list(tags)
        weights = np.array([tags[name] for name in names]) ** 2
        count = min(len(names), int(self.rng.choice([1, 2, 3], p=[0.6, 0.3, 0.1])))
        chosen = self.rng.choice(names, size=count, replace=False, p=weights / weights.sum())
        return " ".join(map(str, chosen))

    def _with_gaps(self, sample: Sample, audible: Weights) -> Sample:
        """Leave modalities out; without video, only what can be told from the rest is asked for."""
        if sample.audio is not None and audible and self._chance(0.15):
            return replace(sample, classes=None, faces=None, title="", tags=audible)
        if sample.title and self._chance(0.12):
            return replace(sample, classes=None, faces=None, audio=None)
        return replace(sample, audio=None) if self._chance(0.15) else sample

    def _fitting_sounds(self, tags: Weights) -> list[str]:
        strong = {tag for tag, weight in tags.items() if weight > 0.5}
        return [
            name
            for name in self._sounds
            if name not in KINDS
            and strong & set(list(self._parts.sound_tags[name])[:2]) - {"music", "water", "animal"}
        ]

    def _chance(self, probability: float) -> bool:
        return bool(self.rng.random() < probability)


def _joined(tags: Weights, others: Weights) -> Weights:
    return {tag: max(tags.get(tag, 0), others.get(tag, 0)) for tag in {**tags, **others}}


def _best(tags: Weights) -> Weights:
    return dict(sorted(tags.items(), key=lambda item: -item[1])[:MAX_TAGS])
