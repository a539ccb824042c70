"""The truth table of audio and video, on films composed of people and recordings that nobody trained on.

A song sounds and a face sings it, is frozen, moves out of step, or is not there; somebody talks, on screen or
off. No recording of a singing face is at hand, so a talking face is made to sing: its frames are played so
that the mouth opens when the voice is loud.
"""

from __future__ import annotations

import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from edge_kernels.images import Rgb
from numpy.typing import NDArray

from edge.arrays import Floats
from edge.evidence.face_track import FaceNetworks
from edge.evidence.fused import collect_evidence
from edge.evidence.labels import LabelTrack, label_samples
from edge.media import open_recording
from edge.networks.face_map import FaceMap
from edge.networks.face_mesh import FaceMesh
from edge.networks.lips import lip_sound
from edge.networks.segmenter import Segmenter
from edge.vocabulary import LABELS, Label
from tools.evaluate.clips import SILENT, TALKING, Listed, read_clips
from tools.evaluate.films import beside, load_frames, played, read_images, still, write_film
from tools.evaluate.metrics import mean_interval
from tools.evaluate.pack import RATE_HZ, read_pack
from tools.evaluate.recordings import Pack
from tools.progress import tell
from tools.train.lips.bursts import ALIVE, CHANGE, Stretch, stretches
from tools.train.lips.corpus import load_clips
from tools.train.lips.retime import USUAL, bounced, envelope, ranked, retimed

SECONDS = 9.0
"""Length of a film: three segments."""

FILMS = 30
"""Films of each case."""

TRIES, IN_STEP, OUT_OF_STEP, STEADY = 30, 0.6, 0.2, 0.1
"""Faces that are tried for a sound; correlation of lips and voice above which a face is in step, and below
which it is out of step; standard deviation below which a voice does not tell."""

MIN_FACE = 24
"""Pixels of a face that excludes an image from those that show nobody."""


@dataclass(frozen=True)
class Case:
    """A row of the table."""

    name: str
    label: Label
    """The right label."""
    sound: Label
    """What sounds."""


CASES = (
    Case("song, lips move", Label.SINGING, Label.SINGING),
    Case("song, frozen face", Label.MUSIC, Label.SINGING),
    Case("song, face out of step", Label.MUSIC, Label.SINGING),
    Case("song, nobody", Label.MUSIC, Label.SINGING),
    Case("song, two faces, one sings", Label.SINGING, Label.SINGING),
    Case("talk, lips move", Label.SPEAKING, Label.SPEAKING),
    Case("talk, nobody", Label.SPEAKING, Label.SPEAKING),
)


def evaluate(data: Path, *, films: int = FILMS, detector: str = FaceMap.default) -> dict[str, Any]:
    """Label `films` films of each case with and without the video, faces found by `detector`.

    Needs the face mesh, which tells how far lips are open. Keys: truth_table (case -> share of the films
    whose label, that of most segments, is right), truth_table_interval (case -> 95 %), truth_table_audio (the
    same by audio alone, which cannot tell the cases of a song apart), films (number), errors (what was found
    instead, and whose sound and face it was, by case).
    """
    right: dict[str, list[bool]] = defaultdict(list)
    alone: dict[str, list[bool]] = defaultdict(list)
    errors: dict[str, list[str]] = defaultdict(list)
    with tempfile.TemporaryDirectory() as scratch, FaceNetworks(detector) as networks:
        studio = Studio(data, Path(scratch), people=films) if films else None
        for number, case in ((n, case) for n in range(films) for case in CASES):
            assert studio is not None
            tell(f"film {number + 1} of {films}: {case.name}")
            path = Path(scratch, "film.mp4")
            what = studio.shoot(case, path)
            recording = open_recording(path)
            found = collect_evidence(recording, studio.segmenter, evidence="both", networks=networks)
            guess = _most(found.labels)
            right[case.name].append(guess is case.label)
            alone[case.name].append(_most(studio.labels) is case.label)
            if guess is not case.label:
                errors[case.name].append(f"{guess.value}: {what}")
    return {
        "truth_table": {name: float(np.mean(rows)) for name, rows in right.items()},
        "truth_table_interval": {name: mean_interval(np.array(rows, float)) for name, rows in right.items()},
        "truth_table_audio": {name: float(np.mean(rows)) for name, rows in alone.items()},
        "films": films * len(CASES),
        "errors": dict(errors),
    }


def table(result: dict[str, Any]) -> str:
    """The result for people."""
    lines = [f"{'films':28}{'both':>8}{'95 %':>16}{'audio':>8}"]
    for name, share in result["truth_table"].items():
        low, high = result["truth_table_interval"][name]
        audio = result["truth_table_audio"][name]
        lines.append(f"{name:28}{share:8.3f}{f'{low:.3f}-{high:.3f}':>16}{audio:8.3f}")
    lines += [f"{name}: {'; '.join(what)}" for name, what in result["errors"].items()]
    return "\n".join([*lines, f"{result['films']} films of {SECONDS:g} s"])


class Studio:
    """Composes films of the people and sounds of a pack; `labels` are those of the last one's sound."""

    def __init__(self, data: Path, cache: Path, people: int) -> None:
        self.segmenter = Segmenter()
        self.labels: LabelTrack
        self._rng = rng = np.random.default_rng(0)
        self._pack = Pack(read_pack(data), rng)
        with FaceMesh() as mesh:
            self._images = [image for image in read_images(data) if not len(mesh.detect(image, MIN_FACE))]
        clips = load_clips(some_people(read_clips(data), people), cache)
        self._talking = stretches(clips, TALKING)
        self._silent = stretches(clips, SILENT)

    def shoot(self, case: Case, path: Path) -> str:
        """Write the film of a case; return whose sound and whose face it is."""
        samples, who = self._sound(case.sound)
        scenes: dict[str, Callable[[Floats], tuple[Iterable[Rgb], str]]] = {
            "song, lips move": self._in_step,
            "talk, lips move": self._in_step,
            "song, frozen face": self._frozen,
            "song, face out of step": self._out_of_step,
            "song, two faces, one sings": self._two,
        }
        sound = lip_sound(self.labels.levels_db, self.labels.frames)
        view, face = scenes.get(case.name, self._nobody)(sound)
        write_film(path, view, samples)
        return f"{who}, {face}"

    def _sound(self, label: Label) -> tuple[Floats, str]:
        """Draw a sound in which somebody is to be heard, of a group; label it."""
        for _ in range(50):
            samples, who = self._pack.draw(label, SECONDS)
            if len(samples) < SECONDS * RATE_HZ:
                samples = np.resize(samples, int(SECONDS * RATE_HZ))
            self.labels = label_samples([samples], self.segmenter)
            sound = lip_sound(self.labels.levels_db, self.labels.frames)
            voice = envelope(sound, 1 + LABELS.index(label))
            if voice.mean() > 0.15 and voice.std() > STEADY:
                break
        return samples * np.float32(0.7 / max(0.7, np.abs(samples).max())), who

    def _in_step(self, sound: Floats) -> tuple[Iterable[Rgb], str]:
        view, who = self._performer(sound)
        return beside(view), who

    def _two(self, sound: Floats) -> tuple[Iterable[Rgb], str]:
        view, who = self._performer(sound)
        other = self._drawn(self._silent)
        frames = self._frames(other)
        steps = bounced(np.arange(len(sound)) * round(USUAL), len(frames))
        pair = [view, played(frames, steps.astype(np.float64), SECONDS)]
        return beside(
            *(pair if self._rng.random() < 0.5 else pair[::-1])
        ), f"{who} beside {other.clip.listed.group}"

    def _performer(self, sound: Floats) -> tuple[list[Rgb], str]:
        """Return a face that makes the sound."""
        for _ in range(TRIES):
            stretch = self._drawn(self._talking)
            positions = in_step(stretch, sound, int(self._rng.integers(len(stretch))))
            if fit(stretch, positions, sound) > IN_STEP:
                break
        return played(self._frames(stretch), positions, SECONDS), stretch.clip.listed.group

    def _out_of_step(self, sound: Floats) -> tuple[Iterable[Rgb], str]:
        for _ in range(TRIES):
            stretch = self._drawn(self._talking)
            steps = np.rint(np.arange(len(sound)) * USUAL).astype(np.int64)
            positions = bounced(steps, len(stretch)).astype(np.float64)
            if fit(stretch, positions, sound) < OUT_OF_STEP:
                break
        view = played(self._frames(stretch), positions, SECONDS)
        return beside(view), stretch.clip.listed.group

    def _frozen(self, sound: Floats) -> tuple[Iterable[Rgb], str]:
        stretch = self._drawn(self._talking)
        at = float(self._rng.integers(len(stretch)))
        view = played(self._frames(stretch), np.full(len(sound), at), SECONDS)
        noise = np.random.default_rng(0).integers(-3, 4, (8, *view[0].shape), np.int16)
        noisy = [np.clip(rgb + noise[i % 8], 0, 255).astype(np.uint8) for i, rgb in enumerate(view)]
        return beside(noisy), stretch.clip.listed.group

    def _nobody(self, sound: Floats) -> tuple[Iterable[Rgb], str]:
        index = int(self._rng.integers(len(self._images)))
        return still(self._images[index], len(sound) / 10), f"image {index}"

    def _frames(self, stretch: Stretch) -> tuple[Rgb, ...]:
        """Return the frames of a stretch in color."""
        frames = load_frames(stretch.clip.listed.path, stretch.stop / 25)
        return frames[stretch.start :]

    def _drawn(self, groups: dict[str, list[Stretch]]) -> Stretch:
        found = groups[list(groups)[int(self._rng.integers(len(groups)))]]
        return found[int(self._rng.integers(len(found)))]


def in_step(stretch: Stretch, sound: Floats, first: int) -> NDArray[np.float64]:
    """Return frames of a talking face, from about `first` on, whose mouth opens with the voice in `sound`.

    float64[n] for float32[n, 5] of `lip_sound`; takes time by the square of n.
    """
    many = bounced(np.arange(4 * len(sound)) + first, len(stretch))
    path = retimed(ranked(stretch.clip.opening[stretch.start + many]), ranked(voice_of(sound)))
    return many[path].astype(np.float64)


def voice_of(sound: Floats) -> Floats:
    """Return how open a mouth is to be, float32[n], for float32[n, 5] of `lip_sound`."""
    return np.maximum(envelope(sound, 1), envelope(sound, 2))


def fit(stretch: Stretch, positions: NDArray[np.float64], sound: Floats) -> float:
    """Return the correlation of the lips with the voice, -1 to 1; 0 if either is too still to tell."""
    every = np.arange(len(stretch))
    opening = np.interp(positions, every, stretch.clip.opening[stretch.start : stretch.stop])
    voice = voice_of(sound)
    if opening.std() < ALIVE or np.abs(np.diff(opening)).mean() < CHANGE or voice.std() < STEADY:
        return 0.0
    return float(np.corrcoef(opening, voice)[0, 1])


def some_people(clips: Sequence[Listed], count: int) -> list[Listed]:
    """Return the clips of at most `count` people who talk, and of as many who are silent."""
    chosen = set()
    for label in (TALKING, SILENT):
        groups = [clip.group for clip in clips if any(span.label == label for span in clip.spans)]
        chosen |= set(list(dict.fromkeys(groups))[:count])
    return [clip for clip in clips if clip.group in chosen]


def _most(labels: LabelTrack) -> Label:
    """Return the label of most segments; of a tie, the more confident one."""
    votes = np.bincount(labels.segments.argmax(axis=1), minlength=len(LABELS))
    return LABELS[int((votes + labels.segments.mean(axis=0) / 2).argmax())]
