"""Scenes to learn the fusion from: real sounds in a row, and for each segment what a camera might show.

talk, songs, music, noise -> the segmenter's labels
shots of a few segments: a face that makes the sound, another that moves, a still one, nobody
-> lips at the segment's sound -> what the lip network says of them -> a row of the video
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge.arrays import Floats
from edge.evidence.face_track import FaceTrackOptions, could_change
from edge.evidence.labels import LabelTrack, label_samples
from edge.files import whole_file
from edge.networks.face_fusion import COLUMNS, video_row
from edge.networks.lips import LipNetwork
from edge.networks.segmenter import Segmenter
from edge.vocabulary import LABELS, Label
from tools.evaluate.clips import NONSPEECH, SILENT, TALKING
from tools.evaluate.pack import RATE_HZ, Entry
from tools.evaluate.recordings import Pack, gain_db
from tools.train.lips.bursts import UNKNOWN, Burst, Stretch, stretches
from tools.train.lips.calibration import Calibration
from tools.train.lips.corpus import Clip
from tools.train.lips.render import augmented
from tools.train.lips.retime import USUAL, bounced, envelope, ranked, retimed

SCENE_S = 75.0
"""Seconds of sound in a scene, about."""

BURST = round(10 * FaceTrackOptions().burst_s)
"""Frames of a burst, 10 a second."""

PIECES = {Label.SINGING: 0.45, Label.SPEAKING: 0.25, Label.MUSIC: 0.15, Label.OTHER: 0.15}
"""Share of the pieces of a scene."""

PERFORMING, FOREIGN, FROZEN, SILENT_FACE, CHEWING, NOBODY = range(6)
SHOTS = ("performer", "foreign face", "frozen face", "silent face", "chewing face", "nobody")
"""What a shot shows."""

PLAYED_P, AWAY_P = 0.45, 0.2
"""Of scenes: the song comes from a loudspeaker. Of the shots of the others: the camera looks away."""

VOICELESS = [LABELS.index(Label.MUSIC), LABELS.index(Label.OTHER)]
"""Columns of labels during which the lips of a performer are still."""

SURE = 0.85
"""Share of a segment that must be one piece for its truth to be known."""


@dataclass(frozen=True)
class Scene:
    """One recording."""

    confidences: Floats
    """float32[m, 4]: the sound's."""
    rows: Floats
    """float32[m, 7]: the video's."""
    truth: Floats
    """float32[m, 4]; zero where it is not known."""
    shown: NDArray[np.int64]
    """What each segment shows, an index of `SHOTS`; -1 where no frame was examined."""


FIELDS = tuple(field.name for field in fields(Scene))


def write_scenes(scenes: Sequence[Scene], file: Path) -> None:
    """Keep scenes in an .npz file."""
    rows = {name: np.concatenate([getattr(scene, name) for scene in scenes]) for name in FIELDS}
    with whole_file(file, force=True) as draft, draft.open("wb") as handle:
        np.savez(handle, lengths=np.array([len(scene.truth) for scene in scenes]), **rows)  # type: ignore[arg-type]


def read_scenes(file: Path) -> list[Scene]:
    """Scenes that `write_scenes` kept."""
    with np.load(file) as stored:
        ends = np.cumsum(stored["lengths"])[:-1]
        columns = [np.split(stored[name], ends) for name in FIELDS]
    return [Scene(*rows) for rows in zip(*columns, strict=True)]


class Stage:
    """Draws scenes from the sounds of a pack and the faces of clips.

    `calibration` is applied to what the lip network says.
    """

    def __init__(
        self,
        entries: Sequence[Entry],
        clips: Sequence[Clip],
        networks: tuple[Segmenter, LipNetwork],
        rng: np.random.Generator,
        calibration: Calibration | None = None,
    ) -> None:
        self.rng = rng
        self._calibration = calibration or Calibration()
        self._pack = Pack(list(entries), rng)
        self._segmenter, self._lips = networks
        self._talking = stretches(clips, TALKING)
        self._silent = stretches(clips, SILENT, 15)
        self._chewing = stretches(clips, NONSPEECH, 15)

    def scenes(self, sounds: int, views: int) -> Iterator[Scene]:
        """Yield `sounds` different recordings, each with `views` different videos."""
        for _ in range(sounds):
            labels, truth = self._sound()
            for _ in range(views):
                yield self._view(labels, truth)

    def _sound(self) -> tuple[LabelTrack, Floats]:
        """Return the labels of a recording, and the true ones of its segments float32[m, 4]."""
        pieces, spans, end = [], [], 0
        while end < SCENE_S * RATE_HZ:
            label = Label(str(self.rng.choice([kind.value for kind in PIECES], p=list(PIECES.values()))))
            piece, _ = self._pack.draw(label, float(self.rng.uniform(6, 25)))
            pieces.append(piece * gain_db(self.rng, -12, 3))
            spans.append((end / RATE_HZ, (end + len(piece)) / RATE_HZ, LABELS.index(label)))
            end += len(piece)
        labels = label_samples([np.concatenate(pieces)], self._segmenter)
        truth = np.zeros((len(labels.segments), len(LABELS)), np.float32)
        for index in range(len(truth)):
            first = index * labels.segment_s
            for start, stop, column in spans:
                if min(stop, first + labels.segment_s) - max(start, first) >= SURE * labels.segment_s:
                    truth[index, column] = 1
        return labels, truth

    def _view(self, labels: LabelTrack, truth: Floats) -> Scene:
        """Return the scene with one video."""
        played = self.rng.random() < PLAYED_P
        shots, rows = self._shots(len(truth), played=played), np.zeros((len(truth), len(COLUMNS)), np.float32)
        shown, wanted, bursts = np.full(len(truth), -1), truth.copy(), []
        for index in could_change(labels, FaceTrackOptions()).tolist():
            if (sound := self._burst_sound(labels, index)) is None:
                continue
            shown[index], rows[index] = shots[index], video_row()
            if shots[index] == PERFORMING and truth[index, VOICELESS].any():
                bursts.append((index, self._burst(SILENT_FACE, sound)))
            elif shots[index] != NOBODY:
                bursts.append((index, self._burst(shots[index], sound)))
            if truth[index, LABELS.index(Label.SINGING)] and played:
                wanted[index] = np.eye(len(LABELS), dtype=np.float32)[LABELS.index(Label.MUSIC)]
        self._read(bursts, rows)
        return Scene(labels.segments, rows, wanted, shown)

    def _shots(self, count: int, *, played: bool) -> list[int]:
        """Return what each segment shows.

        Of a song from a loudspeaker shots of 1 to 8 segments; of a performance the performer, and for 1 to 3
        segments at a time what the camera shows elsewhere.
        """
        shots: list[int] = []
        still = (FOREIGN, FROZEN, SILENT_FACE, CHEWING, NOBODY)
        while len(shots) < count:
            one, length = PERFORMING, int(self.rng.integers(1, 9))
            if played:
                one = int(self.rng.choice(still, p=[0.3, 0.2, 0.1, 0.1, 0.3]))
            elif self.rng.random() < AWAY_P and shots:
                one, length = int(self.rng.choice((NOBODY, SILENT_FACE))), int(self.rng.integers(1, 4))
            shots += [one] * length
        return shots[:count]

    def _burst_sound(self, labels: LabelTrack, index: int) -> Floats | None:
        """Return the sound float32[BURST, 5] in the middle of a segment; None at an end that is too short."""
        first = round((index + 0.5) * labels.segment_s / labels.frame_s - BURST / 2)
        part = slice(first, first + BURST)
        if first < 0 or part.stop > len(labels.frames):
            return None
        return np.concatenate([labels.levels_db[part, None], labels.frames[part]], axis=1)

    def _burst(self, shot: int, sound: Floats) -> Burst:
        """Return lips that do what the shot says."""
        if shot in (PERFORMING, FOREIGN):
            stretch = self._drawn(self._talking)
            if shot == PERFORMING:
                return _performed(stretch, sound, self.rng)
            first = int(self.rng.integers(2 * len(stretch)))
            steps = first + np.rint(np.arange(BURST) * USUAL * self.rng.uniform(0.8, 1.2)).astype(np.int64)
            return Burst(
                stretch.clip, stretch.start + bounced(steps, len(stretch)).astype(float), UNKNOWN, sound, 0
            )
        kinds = {FROZEN: self._talking, SILENT_FACE: self._silent, CHEWING: self._chewing}
        stretch = self._drawn(kinds[shot])
        first = int(self.rng.integers(len(stretch)))
        pace = 0.0 if shot == FROZEN else USUAL
        steps = first + np.rint(np.arange(BURST) * pace).astype(np.int64)
        return Burst(
            stretch.clip, stretch.start + bounced(steps, len(stretch)).astype(float), 0.0, sound, 0.0
        )

    def _read(self, bursts: Sequence[tuple[int, Burst]], rows: Floats) -> None:
        """Fill the rows of segments with a face by what the lip network says."""
        if not bursts:
            return
        crops = augmented([burst for _, burst in bursts], self.rng).numpy()
        motion = self._lips.motion(crops)
        synchrony = self._lips.synchrony(motion, np.stack([burst.sound for _, burst in bursts]))
        producing, fits = (
            self._calibration.producing(motion.producing),
            self._calibration.synchrony(synchrony),
        )
        for at, (index, _) in enumerate(bursts):
            rows[index] = video_row(
                share=1.0 if self.rng.random() < 0.8 else self.rng.uniform(0.4, 1),
                side=np.exp(self.rng.uniform(np.log(0.08), np.log(0.7))),
                score=self.rng.uniform(0.5, 1),
                faces=int(self.rng.choice([1, 1, 1, 2, 3])),
                producing=float(producing[at]),
                synchrony=float(fits[at]),
            )

    def _drawn(self, groups: dict[str, list[Stretch]]) -> Stretch:
        found = groups[list(groups)[int(self.rng.integers(len(groups)))]]
        return found[int(self.rng.integers(len(found)))]


def _performed(stretch: Stretch, sound: Floats, rng: np.random.Generator) -> Burst:
    """Return lips of a talker, re-timed so that they open when the voice of the sound is loud."""
    voice = np.maximum(envelope(sound, 1), envelope(sound, 2))
    many = bounced(np.arange(8 * len(sound)) + int(rng.integers(len(stretch))), len(stretch))
    path = retimed(ranked(stretch.clip.opening[stretch.start + many]), ranked(voice))
    return Burst(stretch.clip, (stretch.start + many[path]).astype(np.float64), 1.0, sound, 1.0)
