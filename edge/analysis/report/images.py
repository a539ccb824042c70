"""Small images of a recording for a page: a strip of its frames, and the faces that were seen."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from edge_kernels.images import Rgb, area_crops
from numpy.typing import NDArray

from edge.errors import InputError
from edge.evidence.face_track import FaceTrack, SeenFace, analyzed_size
from edge.media import Recording, frames_at
from edge.media.read.frames import cheap_times
from edge.media.write.jpeg import jpeg

STRIP_HEIGHT, STRIP_FRAMES = 72, 48
"""Pixels of a frame of the strip, and how many frames it has at most."""

STRIP_EVERY_S = 2.0
"""Seconds between two of them at least."""

FACE_SIDE, MOST_FACES = 96, 24
"""Pixels of the image of a face, and how many are shown at most."""

AROUND = 0.35
"""How much is shown around a face, as a part of its side."""


def frame_strip(recording: Recording) -> list[tuple[float, str]]:
    """Return frames spread evenly over a recording, as (seconds, data URI); none without video."""
    video, end_s = recording.info.video, recording.duration_s
    if video is None or not end_s > 0:
        return []
    count = int(np.clip(end_s / STRIP_EVERY_S, 1, STRIP_FRAMES))
    width, height = analyzed_size(video, 1 << 14)
    size = max(1, round(STRIP_HEIGHT * width / height)), STRIP_HEIGHT
    try:
        times = cheap_times(recording, list(pairwise(np.linspace(0, end_s, count + 1).tolist())))
        frames = frames_at(recording, times, size=size, rough=True)
        return [(time_s, as_uri(frame.rgb)) for time_s, frame in zip(times, frames, strict=True)]
    except InputError:  # a note of the analysis says what is wrong with the video
        return []


def face_images(recording: Recording, faces: FaceTrack | None) -> list[tuple[float, SeenFace, str]]:
    """Return the faces that most likely make the sound, as (seconds, face, data URI), in order of time."""
    seen = [face for burst in faces.bursts for face in burst.faces] if faces else []
    best = sorted(seen, key=lambda face: -face.performing)[:MOST_FACES]
    found = sorted(((_best_time(face), face) for face in best), key=lambda pair: pair[0])
    times = [time_s for time_s, _ in found]
    images = []
    for (time_s, face), frame in zip(found, frames_at(recording, times), strict=True) if found else ():
        images.append((time_s, face, as_uri(_crop(frame.rgb, face, time_s))))
    return images


def as_uri(rgb: Rgb) -> str:
    """Return uint8[height, width, 3] as the data URI of a JPEG."""
    return f"data:image/jpeg;base64,{base64.b64encode(jpeg(rgb)).decode()}"


def _best_time(face: SeenFace) -> float:
    return float(face.track.times_s[int(np.argmax(face.track.scores))])


def _crop(rgb: Rgb, face: SeenFace, time_s: float) -> Rgb:
    """Return a square around a face, uint8[FACE_SIDE, FACE_SIDE, 3]."""
    row = int(np.argmin(np.abs(face.track.times_s - time_s)))
    scale = np.array([rgb.shape[1], rgb.shape[0]] * 2, np.float32)
    box = _square(face.track.boxes[row] * scale, rgb.shape[:2])
    crop = area_crops(rgb, [box], FACE_SIDE, FACE_SIDE)[0]
    return np.ascontiguousarray(crop.transpose(1, 2, 0).round().astype(np.uint8))


def _square(box: NDArray[np.float32], shape: Sequence[int]) -> list[int]:
    """Return left, top, right, bottom of a square around a box, moved and shrunk to be inside an image."""
    height, width = shape
    side = min(height, width, round(float((box[2:] - box[:2]).max()) * (1 + 2 * AROUND)))
    middle = (box[:2] + box[2:]) / 2 - side / 2
    left = int(np.clip(middle[0], 0, width - side))
    top = int(np.clip(middle[1], 0, height - side))
    return [left, top, left + max(1, side), top + max(1, side)]
