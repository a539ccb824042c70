"""Frames with the faces that two teachers agree on, and images without any.

train/faces, train/video -> frames -> MTCNN and the face mesh -> boxes and landmarks, or dropped
train/images, spans without a face -> images in which neither sees a face
"""

from __future__ import annotations

import zipfile
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from edge_kernels.images import Rgb

from edge.media import frames_at, probe
from edge.networks.faces import NO_FACES, FaceDetector, Faces, iou
from edge.networks.images import resize
from tools.evaluate.clips import FACELESS, Listed, read_clips
from tools.evaluate.quantized_faces import decode_jpeg
from tools.progress import tell

FRAMES_PER_PERSON = 40
"""Frames of one person at most: a broadcaster's clips are half of all."""

SAME = 0.45
"""Boxes of two teachers that overlap by more of their union are one face."""

SIZE = 240
"""Pixels of the longer side of images without faces, which are 64 pixels large."""


@dataclass(frozen=True)
class Sample:
    """A frame and the faces in it."""

    rgb: Rgb
    faces: Faces
    group: str
    """Person, or the source of an image without faces."""


def labeled_frames(pack: Path, teachers: Sequence[FaceDetector]) -> Iterator[Sample]:
    """Yield frames of the clips and videos of a pack on which the teachers agree."""
    clips = read_clips(pack)
    clips += [
        Listed(file, file.stem, probe(file).duration_s, ())
        for file in sorted((pack / "video").glob("*"))
        if file.suffix != ".csv"
    ]
    per_group = Counter(clip.group for clip in clips)
    for number, clip in enumerate(clips, 1):
        tell(f"clip {number} of {len(clips)}")
        count = max(1, min(FRAMES_PER_PERSON // per_group[clip.group], int(clip.seconds * 4)))
        for frame in frames_at(clip.path, (np.arange(count) + 0.5) * clip.seconds / count):
            known = clip.label_at(frame.time_s)
            faces = agreed(frame.rgb, teachers)
            if faces is not None and bool(len(faces)) != (known == FACELESS):
                yield Sample(frame.rgb, faces, clip.group)


def agreed(rgb: Rgb, teachers: Sequence[FaceDetector], min_face: int = 20) -> Faces | None:
    """Return the faces that all teachers see, boxes and landmarks averaged; None where one sees others."""
    first, *others = (teacher.detect(rgb, min_face) for teacher in teachers)
    boxes, landmarks = [first.boxes], [first.landmarks]
    for other in others:
        if len(other) != len(first):
            return None
        overlap = iou(first.boxes, other.boxes)
        best = overlap.argmax(axis=1) if len(first) else np.zeros(0, np.int64)
        if len(set(best.tolist())) != len(first) or (overlap.max(axis=1, initial=0) < SAME).any():
            return None
        boxes.append(other.boxes[best])
        landmarks.append(other.landmarks[best])
    return Faces(np.mean(boxes, axis=0), first.scores, np.mean(landmarks, axis=0))


def faceless_images(pack: Path, teachers: Sequence[FaceDetector], count: int) -> Iterator[Sample]:
    """Yield images of the pack, evenly spread, in which no teacher sees a face."""
    for archive in sorted((pack / "images").glob("*.zip")):
        with zipfile.ZipFile(archive) as file:
            names = sorted(name for name in file.namelist() if name.lower().endswith((".jpeg", ".jpg")))
            for number, name in enumerate(names[:: max(1, len(names) // count)], 1):
                tell(f"image {number} of {count}")
                image = decode_jpeg(file.read(name))
                large = np.asarray(np.rint(resize(image, SIZE, SIZE)), np.uint8)
                if not any(len(teacher.detect(large, 40)) for teacher in teachers):
                    yield Sample(image, NO_FACES, name.split("/")[-2])


def held_out(samples: Sequence[Sample]) -> tuple[list[Sample], list[Sample]]:
    """Split the samples by group: seven eighths to learn from, and one to choose thresholds by."""
    groups = sorted({sample.group for sample in samples})
    chosen = set(np.random.default_rng(0).permutation(groups)[: len(groups) // 8])
    return (
        [sample for sample in samples if sample.group not in chosen],
        [sample for sample in samples if sample.group in chosen],
    )


def by_group(samples: Sequence[Sample]) -> dict[str, list[Sample]]:
    """The samples of each person."""
    groups = defaultdict(list)
    for sample in samples:
        groups[sample.group].append(sample)
    return dict(groups)
