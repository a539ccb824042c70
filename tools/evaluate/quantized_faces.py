"""MTCNN before and after quantization, on every image and video of a pack; and its time."""

from __future__ import annotations

import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from av.codec.context import CodecContext
from av.packet import Packet
from av.video.codeccontext import VideoCodecContext
from numpy.typing import NDArray

from edge.errors import InputError
from edge.media import frames_at, probe
from edge.networks.face_cascade import FaceCascade
from edge.networks.faces import Faces, iou
from edge.networks.images import resize

LONGEST = 512
"""Pixels of the longer side at which everything is measured."""

SAME_FACE = 0.5
"""Boxes that overlap by more, over their union, are the same face."""

TIMED = 25
"""Images of 512 x 512 that are timed."""

Rgb = NDArray[np.uint8]


def evaluate(
    data: Path, *, folder: Path | str = "mtcnn", float_folder: Path | str = "mtcnn-float"
) -> dict[str, Any]:
    """Every face that the float networks find counts once; the quantized ones are to find the same.

    Keys: rows ("videos", "images" and "all" -> images, faces (of the float networks), recall (of those),
    extra (faces only the quantized networks find), box_iou and box_iou_95_percent (the mean, and what 95 %
    reach), landmark_px, landmark_px_95_percent and landmark_px_worst (distances of single landmarks at 512
    pixels)), ms_float and ms_int8 (512 x 512, median, one thread), bytes_float and bytes_int8.
    """
    exact, quantized = FaceCascade(float_folder), FaceCascade(folder)
    rows = {"videos": Tally(), "pictures": Tally(), "all": Tally()}
    squares: list[Rgb] = []
    for kind, source in (("videos", video_pictures(data)), ("pictures", still_pictures(data))):
        for image in source:
            truth, found = exact.detect(image), quantized.detect(image)
            for name in (kind, "all"):
                rows[name].add(truth, found)
            if len(truth) and len(squares) < TIMED:
                squares.append(np.asarray(np.rint(resize(image, LONGEST, LONGEST)), np.uint8))
    if not rows["all"].overlaps:
        raise InputError(data, "shows no face that both detectors find; pass --data DIR or set EDGE_DATA")
    return {
        "rows": {name: tally.summary() for name, tally in rows.items() if tally.overlaps},
        "ms_float": _milliseconds(exact, squares),
        "ms_int8": _milliseconds(quantized, squares),
        "bytes_float": _size(exact),
        "bytes_int8": _size(quantized),
    }


def table(result: dict[str, Any]) -> str:
    """The result for people."""
    heads = ("pictures", "faces", "found", "extra", "IoU", "95 %", "landmarks", "95 %", "worst")
    lines = [f"{'int8 against float':20}" + "".join(f"{head:>10}" for head in heads)]
    for name, row in result["rows"].items():
        counts = f"{row['images']:10}{row['faces']:10}{row['recall']:10.3f}{row['extra']:10}"
        boxes = f"{row['box_iou']:10.3f}{row['box_iou_95_percent']:10.3f}"
        points = (row[f"landmark_px{end}"] for end in ("", "_95_percent", "_worst"))
        lines.append(f"{name:20}{counts}{boxes}{''.join(f'{point:7.2f} px' for point in points)}")
    lines.append(
        f"512 x 512: {result['ms_float']:.1f} ms float, {result['ms_int8']:.1f} ms int8; "
        f"{result['bytes_float'] / 1e6:.2f} MB float, {result['bytes_int8'] / 1e6:.2f} MB int8"
    )
    return "\n".join(lines)


class Tally:
    """Faces found by two detectors in the same images."""

    def __init__(self) -> None:
        self.images = self.faces = self.extra = 0
        self.overlaps: list[float] = []
        self.distances: list[float] = []

    def add(self, truth: Faces, found: Faces) -> None:
        """Count one image."""
        overlaps, distances = _compare(truth, found)
        self.images += 1
        self.faces += len(truth)
        self.extra += len(found) - len(overlaps)
        self.overlaps += overlaps
        self.distances += distances

    def summary(self) -> dict[str, float]:
        """See `evaluate`; there is at least one pair."""
        return {
            "pictures": self.images,
            "faces": self.faces,
            "recall": len(self.overlaps) / self.faces,
            "extra": self.extra,
            "box_iou": float(np.mean(self.overlaps)),
            "box_iou_95_percent": float(np.percentile(self.overlaps, 5)),
            "landmark_px": float(np.mean(self.distances)),
            "landmark_px_95_percent": float(np.percentile(self.distances, 95)),
            "landmark_px_worst": float(np.max(self.distances)),
        }


def video_pictures(data: Path, *, longest: int = LONGEST) -> Iterator[Rgb]:
    """A frame of every second of the videos of a pack, longer side `longest`."""
    for video in sorted(file for file in (data / "video").glob("*") if file.suffix != ".csv"):
        info = probe(video)
        if info.video is None:
            continue
        height, width = _scaled(info.video.height, info.video.width, longest)
        times = np.arange(0.5, max(1.0, info.duration_s), 1.0)
        yield from (frame.rgb for frame in frames_at(video, times, size=(width, height)))


def still_pictures(data: Path, *, longest: int = LONGEST, count: int | None = None) -> Iterator[Rgb]:
    """The stills of a pack, longer side `longest`; with `count` that many of each archive, evenly spread."""
    for archive in sorted((data / "images").glob("*.zip")):
        with zipfile.ZipFile(archive) as file:
            names = sorted(name for name in file.namelist() if name.lower().endswith((".jpeg", ".jpg")))
            step = max(1, len(names) // count) if count else 1
            for name in names[::step][:count]:
                still = decode_jpeg(file.read(name))
                height, width = _scaled(still.shape[0], still.shape[1], longest)
                yield np.asarray(np.rint(resize(still, height, width)), np.uint8)


def decode_jpeg(content: bytes) -> Rgb:
    """uint8[height, width, 3] of a JPEG file's bytes. Raises InputError if there is no image in them."""
    decoder = CodecContext.create("mjpeg", "r")
    assert isinstance(decoder, VideoCodecContext)
    for frame in decoder.decode(Packet(content)) + decoder.decode(None):
        return np.ascontiguousarray(frame.to_ndarray(format="rgb24"), np.uint8)
    raise InputError("JPEG", "holds no image")


def _scaled(height: int, width: int, longest: int) -> tuple[int, int]:
    """The same aspect with a longer side of `longest`."""
    share = longest / max(height, width)
    return max(1, round(height * share)), max(1, round(width * share))


def _compare(truth: Faces, found: Faces) -> tuple[list[float], list[float]]:
    """IoU of each pair of boxes that are the same face, best pairs first, and the distances of landmarks."""
    overlaps = iou(truth.boxes, found.boxes)
    matched: list[float] = []
    distances: list[float] = []
    while overlaps.size and overlaps.max() > SAME_FACE:
        first, second = np.unravel_index(overlaps.argmax(), overlaps.shape)
        matched.append(float(overlaps[first, second]))
        gaps = np.linalg.norm(truth.landmarks[first] - found.landmarks[second], axis=1)
        distances += [float(gap) for gap in gaps]
        overlaps[first, :] = overlaps[:, second] = 0
    return matched, distances


def _milliseconds(detector: FaceCascade, squares: list[Rgb]) -> float:
    """Median time of an image of 512 x 512."""
    times = []
    for image in [squares[0], *squares]:
        started = time.perf_counter()
        detector.detect(image)
        times.append(time.perf_counter() - started)
    return 1000 * float(np.median(times[1:]))


def _size(detector: FaceCascade) -> int:
    networks = detector.folder.manifest.networks.values()
    return sum((detector.folder.path / network.file).stat().st_size for network in networks)
