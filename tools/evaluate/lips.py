"""Lips on clips of faces, by person: do they move as in speech, and does the motion fit its sound?"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
from edge_kernels.images import Rgb

from edge.arrays import Floats
from edge.evidence.faces import FaceTracker
from edge.media import frames_at
from edge.models.arithmetic import describe
from edge.networks.face_detectors import open_face_detector
from edge.networks.face_map import FaceMap
from edge.networks.faces import FaceDetector
from edge.networks.lip_crops import LipGeometry, lip_crops
from edge.networks.lips import LipMotion, LipNetwork
from edge.networks.segmenter import Segmenter
from tools.evaluate import truth_table
from tools.evaluate.clips import NONSPEECH, SILENT, TALKING, Listed, read_clips
from tools.evaluate.lip_scores import Judged, Window, pairs, places, rates
from tools.progress import each
from tools.train.lips.corpus import sound_of

FLOAT_FOLDER = Path(__file__).parents[1] / "train" / "lips" / "float"
"""The same networks before quantization."""

RATE = 10
"""Frames a second."""
TIMED = 200
"""Bursts that are timed."""


def evaluate(
    data: Path,
    *,
    folder: Path | str = "lips",
    float_folder: Path = FLOAT_FOLDER,
    detector: str = FaceMap.default,
    films: int = truth_table.FILMS,
) -> dict[str, Any]:
    """Judge the lips of the faces that `detector` tracks, as the product does.

    Every person counts once, whatever the number and length of their clips; spans are cut into 3 s.

    Keys: moving_recall, still_recall, nonspeech_called_speech (means over people of the share of windows,
    each with _interval, 95 % of a bootstrap over people, and _groups), synchrony (see
    `lip_scores.synchrony`), float (the same keys for the float networks), people (who is judged wrongly, by
    label), windows, arithmetic, ms (of one burst of 30 crops, one thread), bytes; and those of
    `truth_table.evaluate`, with `films` films of each case.
    """
    networks = {"int8": LipNetwork(folder), "float": LipNetwork(float_folder)}
    with closing(open_face_detector(detector)) as faces:
        windows = list(windows_of(read_clips(data), networks["int8"].parameters, faces))
    answers = {name: judged(windows, network) for name, network in networks.items()}
    return {
        **answers["int8"].scores(),
        "float": answers["float"].scores(),
        "people": _wrong(windows, answers["int8"].producing),
        "windows": len(windows),
        "arithmetic": describe(),
        "ms": _milliseconds(networks["int8"]),
        "bytes": sum(file.stat().st_size for file in networks["int8"].folder.path.glob("*.onnx")),
        **truth_table.evaluate(data, films=films, detector=detector),
    }


def windows_of(clips: Sequence[Listed], geometry: LipGeometry, detector: FaceDetector) -> Iterator[Window]:
    """The windows of clips in which a face is tracked from beginning to end, cropped as at runtime."""
    segmenter = Segmenter()
    for listed in each(clips, "clip"):
        wanted = [place for place in places(listed) if place[0] in (TALKING, SILENT, NONSPEECH)]
        if not wanted:
            continue
        times = (np.arange(max(stop for _, _, stop in wanted)) + 0.5) / RATE
        frames = [frame.rgb for frame in frames_at(listed.path, times.tolist())]
        tracks = _tracks(frames, detector)
        sound = sound_of(listed.path, segmenter) if listed.in_sync else np.zeros((0, 5), np.float32)
        for label, start, stop in wanted:
            track = next((track for track in tracks if start in track and stop - 1 in track), None)
            if track is not None:
                landmarks = np.stack([track[index] for index in range(start, stop)])
                crops = lip_crops(frames[start:stop], landmarks, geometry)
                own = sound if len(sound) else None
                yield Window(listed.group, label, start, crops, own, listed.path.stem)


def _tracks(frames: Sequence[Rgb], detector: FaceDetector) -> list[dict[int, Floats]]:
    """Tracked faces, the longest first: landmarks float32[5, 2] in pixels, by the number of the frame."""
    tracker = FaceTracker(detector)
    for index, rgb in enumerate(frames):
        tracker.accept(index / RATE, rgb)
    size = np.array(frames[0].shape[1::-1], np.float32)
    return [
        {
            round(time_s * RATE): landmarks * size
            for time_s, landmarks in zip(face.times_s, face.landmarks, strict=True)
        }
        for face in tracker.finish()
    ]


def judged(windows: Sequence[Window], network: LipNetwork) -> Judged:
    """What a network says of windows, and of them with several sounds."""
    motions: dict[int, LipMotion] = {id(window): network.motion(window.crops) for window in windows}
    producing = [motions[id(window)].producing[0] for window in windows]
    found = pairs(windows)
    fits = [network.synchrony(motions[id(window)], sound)[0] for window, sound, _ in found]
    return Judged(list(windows), np.array(producing, np.float32), found, np.array(fits, np.float32))


def table(result: dict[str, Any]) -> str:
    """The result for people."""
    lines = [f"{'by person':28}{'int8':>8}{'95 %':>16}{'float':>8}{'people':>8}"]
    names = ("moving_recall", "still_recall", "nonspeech_called_speech")
    lines += [_line(name, result, result["float"]) for name in names if name in result]
    ours, exact = result["synchrony"], result["float"]["synchrony"]
    kinds = [f"auc_{kind}" for kind in ("shifted", "other", "short") if f"auc_{kind}" in ours]
    lines += [_line(name, ours, exact, "synchrony ") for name in kinds]
    if "accuracy" in ours:
        lines.append(f"{'synchrony accuracy':28}{ours['accuracy']:8.3f}{'':16}{exact['accuracy']:8.3f}")
    lines.append(
        f"{result['windows']} windows; {result['ms']:.2f} ms for 30 crops, {result['bytes'] / 1000:.0f} kB; "
        f"int8 on {result['arithmetic']}"
    )
    for label, people in result["people"].items():
        lines.append(f"{label}: " + ", ".join(f"{name} {rate:.2f}" for name, rate in people.items()))
    return "\n".join([*lines, *(["", truth_table.table(result)] if result["films"] else [])])


def _line(name: str, scores: dict[str, Any], exact: dict[str, Any], what: str = "") -> str:
    low, high = scores[f"{name}_interval"]
    value, other, people = scores[name], exact[name], scores[f"{name}_groups"]
    return f"{what + name:28}{value:8.3f}{f'{low:.3f}-{high:.3f}':>16}{other:8.3f}{people:8}"


def _wrong(windows: Sequence[Window], producing: Floats) -> dict[str, dict[str, float]]:
    """By label, the people with errors and the share of their windows that is said to produce speech."""
    return {
        label: wrong
        for label, groups in rates(windows, producing).items()
        if (wrong := {group: rate for group, rate in groups.items() if rate != float(label == TALKING)})
    }


def _milliseconds(network: LipNetwork) -> float:
    """The median time of `motion` for 30 crops."""
    geometry = network.parameters
    crops = np.random.default_rng(0).integers(0, 255, (30, geometry.height, geometry.width), np.uint8)
    taken = []
    for _ in range(TIMED):
        started = time.perf_counter()
        network.motion(crops)
        taken.append(time.perf_counter() - started)
    return float(np.median(taken) * 1000)
