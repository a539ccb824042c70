"""Clips of faces for training: patches around the mouth, landmarks, how far the lips are open, the sound.

    video -> 25 frames/s -> face mesh -> patches larger than the crops, so that crops of jittered landmarks
    can be sampled from them; audio -> the segmenter's confidences and levels every 100 ms

Kept in the run folder, one file a clip.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.arrays import Floats
from edge.evidence.labels import label_samples
from edge.media import decode_audio, frames_at, probe
from edge.networks.face_mesh import FaceMesh
from edge.networks.lip_crops import LipGeometry, crop, lip_matrices
from edge.networks.lips import lip_sound
from edge.networks.segmenter import Segmenter
from tools.evaluate.clips import Listed
from tools.progress import each
from tools.train.lips.mesh import Face, follow

RATE = 25
"""Frames a second of the cached patches."""

PATCH = LipGeometry(
    width=120, height=96, eyes=48.0, eyes_to_mouth=52.8, mouth_y=40.0, smooth=15, smooth_scale=15
)
"""The patches: a third finer than the crops, steadier, and with a margin for the head's motion."""

LONGEST_GAP = 5
"""Frames without the face over which its landmarks are interpolated."""


@dataclass(frozen=True)
class Clip:
    """A clip's frames and sound."""

    listed: Listed
    patches: NDArray[np.uint8]
    """uint8[n, 96, 120]: grey, `RATE` a second."""
    landmarks: Floats
    """float32[n, 5, 2] in pixels of the patches."""
    opening: Floats
    """float32[n]: distance of the inner lips relative to that of the eyes."""
    seen: NDArray[np.bool_]
    """bool[n]: whether the face was found, or interpolated over a short gap."""
    sound: Floats | None
    """float32[m, 5]: level in dBFS and four confidences, ten a second."""


def load_clips(clips: Sequence[Listed], cache: Path) -> list[Clip]:
    """All clips with a face, made where `cache` does not hold them."""
    cache.mkdir(parents=True, exist_ok=True)
    missing = [clip for clip in clips if not _place(cache, clip).exists()]
    if missing:
        mesh, segmenter = FaceMesh(), Segmenter()
        for listed in each(missing, "clip"):
            made: dict[str, Any] = _made(listed, mesh, segmenter)
            np.savez(_place(cache, listed), **made)
    loaded = [_loaded(listed, _place(cache, listed)) for listed in clips]
    return [clip for clip in loaded if clip.seen.any()]


def _place(cache: Path, clip: Listed) -> Path:
    return cache / f"{clip.path.parent.parent.name}_{clip.path.stem}.npz"


def _loaded(listed: Listed, file: Path) -> Clip:
    with np.load(file) as stored:
        content = {name: stored[name] for name in stored.files}
    sound = content.pop("sound")
    return Clip(listed, **content, sound=sound if len(sound) else None)


def _made(listed: Listed, mesh: FaceMesh, segmenter: Segmenter) -> dict[str, NDArray[Any]]:
    """The arrays of a clip by their names."""
    end_s = max(span.end_s for span in listed.spans)
    times = (np.arange(int(end_s * RATE)) + 0.5) / RATE
    frames = [frame.rgb for frame in frames_at(listed.path, times.tolist())]
    landmarks, opening, seen = filled(follow(mesh, frames))
    patches = np.zeros((len(frames), PATCH.height, PATCH.width), np.uint8)
    if seen.any():
        matrices = lip_matrices(landmarks, PATCH)
        for at, (rgb, matrix) in enumerate(zip(frames, matrices, strict=True)):
            patches[at] = crop(rgb, matrix, PATCH)
        landmarks = _inside(landmarks, matrices)
    return {
        "patches": patches,
        "landmarks": landmarks,
        "opening": opening,
        "seen": seen,
        "sound": sound_of(listed.path, segmenter),
    }


def filled(faces: Sequence[Face | None]) -> tuple[Floats, Floats, NDArray[np.bool_]]:
    """Landmarks float32[n, 5, 2] and openings float32[n], interpolated; bool[n] where they can be trusted."""
    known = np.array([at for at, face in enumerate(faces) if face is not None], int)
    landmarks, opening = np.zeros((len(faces), 5, 2), np.float32), np.zeros(len(faces), np.float32)
    seen = np.zeros(len(faces), bool)
    if not len(known):
        return landmarks, opening, seen
    rows = np.stack([np.append(face.landmarks.ravel(), face.opening) for face in faces if face is not None])
    every = np.arange(len(faces))
    columns = np.stack([np.interp(every, known, column) for column in rows.T], 1).astype(np.float32)
    distance = np.abs(every[:, None] - known).min(1)
    return columns[:, :10].reshape(-1, 5, 2), columns[:, 10], distance <= LONGEST_GAP


def _inside(landmarks: Floats, matrices: Floats) -> Floats:
    """Landmarks in pixels of the patches."""
    inverse = np.linalg.inv(matrices[:, :, :2])
    return np.asarray((landmarks - matrices[:, None, :, 2]) @ inverse.transpose(0, 2, 1), np.float32)


def sound_of(path: Path, segmenter: Segmenter, longest_s: float = 60.0) -> Floats:
    """Levels and confidences float32[m, 5] of a file's sound; none if it has none."""
    if not probe(path).audio:
        return np.zeros((0, 5), np.float32)
    blocks = [block.samples for block in decode_audio(path, rate_hz=segmenter.rate_hz)]
    samples = np.concatenate(blocks)[: int(longest_s * segmenter.rate_hz)]
    track = label_samples([samples], segmenter)
    return lip_sound(track.levels_db, track.frames)
