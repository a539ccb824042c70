"""Examine faces while somebody might be singing: are they on screen, and do their lips move with the sound?

labels of the audio -> segments whose label the video can change -> bursts of frames, by seeking
-> faces tracked -> lips: do they produce the sound? -> a row for each segment -> fused confidences
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from os import PathLike

import numpy as np
from numpy.typing import NDArray

from edge.arrays import Floats
from edge.errors import UsageError
from edge.evidence.faces import FaceOptions, FaceTracker, TrackedFace
from edge.evidence.labels import LabelTrack
from edge.media import DecodeReport, Frame, Recording, frames_at
from edge.media.read.probe import VideoStream
from edge.models.store import find
from edge.networks.face_detectors import find_face_detector, open_face_detector
from edge.networks.face_fusion import COLUMNS, FaceFusion, video_row
from edge.networks.face_map import FaceMap
from edge.networks.faces import FaceDetector, shrunk
from edge.networks.lips import LipNetwork, lip_sound
from edge.vocabulary import LABELS, Label, Progress

Times = NDArray[np.float64]

STILL = 6.0
"""Levels by which a 16th of the width and height of an image that does not change may differ: noise."""

SAMPLES = 12
"""Frames of a recording that are searched for a face."""


@dataclass(frozen=True, slots=True)
class FaceTrackOptions:
    """Settings of what is examined."""

    min_singing: float = 0.15
    """Confidence of singing from which a segment is examined; below, no video makes it a song."""
    burst_s: float = 3.0
    """Seconds that are examined around the middle of each segment, at most two segments."""
    longest: int = 640
    """Pixels of the longer side of the frames that are analyzed; larger ones are shrunk."""
    faces: FaceOptions = field(default_factory=FaceOptions)
    """Detection and tracking."""

    def __post_init__(self) -> None:
        if not (0 <= self.min_singing <= 1 and 0.8 <= self.burst_s <= 4 and self.longest >= 64):
            raise UsageError("face tracks need 0 <= min_singing <= 1, 0.8 <= burst_s <= 4 and longest >= 64")


@dataclass(frozen=True, slots=True, eq=False)
class SeenFace:
    """A tracked face, and what its lips do."""

    track: TrackedFace
    """Where it is."""
    producing: float
    """Probability that the lips produce speech or song, 0 to 1."""
    synchrony: float
    """Probability that their motion fits the sound, 0 to 1."""

    @property
    def performing(self) -> float:
        """Return the probability that this face makes the sound."""
        return self.producing * self.synchrony


@dataclass(frozen=True, slots=True, eq=False)
class Burst:
    """The frames of a segment that were examined."""

    segment: int
    """Index of the segment in the label track."""
    times_s: Times
    """float64[n]: times of the frames in seconds of the recording."""
    faces: tuple[SeenFace, ...]
    """Faces long enough on screen to judge their lips, the likeliest performer first."""
    thumbnails: Floats
    """float32[2, 3, 16, 16]: the first and the last frame, 0 to 255."""

    def row(self) -> Floats:
        """Return float32[7] for `FaceFusion.fuse`: of the face that most likely makes the sound."""
        if not self.faces:
            return video_row()
        face = self.faces[0]
        return video_row(
            share=len(face.track) / len(self.times_s),
            side=float((face.track.boxes[:, 2:] - face.track.boxes[:, :2]).mean()),
            score=float(face.track.scores.mean()),
            faces=len(self.faces),
            producing=face.producing,
            synchrony=face.synchrony,
        )


@dataclass(frozen=True, slots=True, eq=False)
class FaceTrack:
    """What is known of the faces of a recording."""

    bursts: tuple[Burst, ...]
    """In order of time; segments without one were not examined."""
    frames_decoded: int
    """Video frames that were decoded."""
    frames_total: int
    """Video frames of the recording, by its length and frame rate."""

    def __repr__(self) -> str:
        return f"FaceTrack({len(self.bursts)} bursts, {self.share_decoded:.0%} of the frames)"

    @property
    def share_decoded(self) -> float:
        """Return the share of the frames that were decoded, 0 to 1."""
        return min(1.0, self.frames_decoded / max(1, self.frames_total))

    @property
    def shows_faces(self) -> bool:
        """Return whether a face was found."""
        return any(burst.faces for burst in self.bursts)

    @property
    def is_still(self) -> bool:
        """Return whether all frames that were examined are the same image."""
        thumbnails = np.concatenate([burst.thumbnails for burst in self.bursts])
        return bool(np.ptp(thumbnails, axis=0).max() < STILL)

    def rows(self, segments: int) -> Floats:
        """Return float32[segments, 7] for `FaceFusion.fuse`; rows of other segments are zero."""
        rows = np.zeros((segments, len(COLUMNS)), np.float32)
        for burst in self.bursts:
            rows[burst.segment] = burst.row()
        return rows


class FaceNetworks:
    """The networks that examine faces, opened when they are first needed.

    `detector` is the id or folder of a face detector; `options` say what is examined. Close them, or use
    them in a `with` statement. Raises ModelError if there is no such detector; the attributes raise
    ModelError if a model is missing or damaged, MissingRuntimeError without its runtime.
    """

    def __init__(
        self,
        detector: str | PathLike[str] = FaceMap.default,
        *,
        options: FaceTrackOptions | None = None,
        threads: int = 1,
    ) -> None:
        self.options = options or FaceTrackOptions()
        self._folder, self._threads = find_face_detector(detector), threads

    @property
    def identity(self) -> tuple[object, ...]:
        """Return what changes with any network or option."""
        others = (find(network.default).manifest.digest for network in (LipNetwork, FaceFusion))
        return (self._folder.manifest.digest, *others, self.options)

    @cached_property
    def detector(self) -> FaceDetector:
        """Return the face detector."""
        return open_face_detector(self._folder, threads=self._threads)

    @cached_property
    def lips(self) -> LipNetwork:
        """Return the lip network."""
        return LipNetwork(threads=self._threads)

    @cached_property
    def fusion(self) -> FaceFusion:
        """Return the fusion of audio and faces."""
        return FaceFusion(threads=self._threads)

    def close(self) -> None:
        """Release those that were opened."""
        for name in ("detector", "lips", "fusion"):
            if name in self.__dict__:
                self.__dict__.pop(name).close()

    def __enter__(self) -> FaceNetworks:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def collect_faces(
    recording: Recording,
    labels: LabelTrack,
    networks: FaceNetworks,
    *,
    progress: Progress | None = None,
) -> tuple[FaceTrack, DecodeReport]:
    """Examine the segments of a recording whose label its video can change.

    Frames are decoded for one burst at a time, so memory does not grow with the length. Raises InputError if
    there is no video or it cannot be read, and the errors of `FaceNetworks`.
    """
    report, examiner, video = DecodeReport(), _Examiner(labels, networks), recording.info.video
    wanted = examiner.plan()
    if video is None or not wanted:
        return FaceTrack((), 0, 0), report
    every = (float(time_s) for _, times in wanted for time_s in times)
    size = analyzed_size(video, networks.options.longest)
    frames = frames_at(recording, every, size=size, threads=True, report=report)
    bursts = []
    for number, (index, times) in enumerate(wanted, 1):
        burst = examiner.examine(index, times, list(islice(frames, len(times))))
        bursts += [] if burst is None else [burst]
        if progress:
            progress(number / len(wanted))
    total = round(labels.duration_s * float(video.rate)) if video.rate else report.frames
    return FaceTrack(tuple(bursts), report.frames, total), report


def could_change(labels: LabelTrack, options: FaceTrackOptions) -> NDArray[np.int64]:
    """Return the indices of the segments that sound enough like singing for the video to matter."""
    return np.flatnonzero(labels.segments[:, LABELS.index(Label.SINGING)] >= options.min_singing)


def analyzed_size(video: VideoStream, longest: int) -> tuple[int, int]:
    """Return width and height of the frames that are analyzed: square pixels, never enlarged."""
    width, height = float(video.width * video.pixel_aspect), float(video.height)
    scale = min(1.0, longest / max(width, height))
    return max(1, round(width * scale)), max(1, round(height * scale))


def shows_anybody(recording: Recording, networks: FaceNetworks, report: DecodeReport) -> bool:
    """Search a face in a few frames of the whole recording; `report` counts what is decoded."""
    video, options = recording.info.video, networks.options
    if video is None:
        return False
    times = (np.arange(SAMPLES) + 0.5) / SAMPLES * recording.duration_s
    size = analyzed_size(video, options.longest)
    min_face = max(1, round(options.faces.min_face_share * min(size)))
    frames = frames_at(recording, times.tolist(), size=size, threads=True, report=report)
    return any(len(networks.detector.detect(frame.rgb, min_face)) for frame in frames)


class _Examiner:
    """Examines the bursts of one recording."""

    def __init__(self, labels: LabelTrack, networks: FaceNetworks) -> None:
        self._labels, self._networks, self._lips = labels, networks, networks.lips

    def plan(self) -> list[tuple[int, Times]]:
        """Return the segments to examine, with the times of their bursts; a last one may be too short."""
        shortest_s = self._lips.parameters.min_frames * self._labels.frame_s
        last = (self._labels.duration_s - shortest_s) / self._labels.segment_s
        wanted = could_change(self._labels, self._networks.options)
        return [(int(index), self._times(int(index))) for index in wanted if index <= last]

    def examine(self, index: int, times: Times, frames: Sequence[Frame]) -> Burst | None:
        """Examine one burst; None if the video does not last as long."""
        if len(frames) < len(times) or frames[-1].end_s <= times[-1]:
            return None
        tracker = FaceTracker(self._networks.detector, self._networks.options.faces)
        for time_s, frame in zip(times, frames, strict=True):
            tracker.accept(float(time_s), frame.rgb)
        tracks = [track for track in tracker.finish() if len(track) >= self._lips.parameters.min_frames]
        faces = [self._judge(track, times, frames) for track in tracks]
        ends = [shrunk(frames[at].rgb, 16, 16) for at in (0, -1)]
        ordered = tuple(sorted(faces, key=lambda face: -face.performing))
        return Burst(index, times, ordered, np.concatenate(ends))

    def _judge(self, track: TrackedFace, times: Times, frames: Sequence[Frame]) -> SeenFace:
        """Judge the lips of a face by the frames and the sound of its track."""
        start = int(np.argmin(np.abs(times - track.times_s[0])))
        shown = [frame.rgb for frame in frames[start : start + len(track)]]
        size = np.array(shown[0].shape[1::-1], np.float32)
        motion = self._lips.motion(self._lips.crops(shown, track.landmarks * size))
        first = round(track.times_s[0] / self._labels.frame_s - 0.5)
        levels_db, labels = (
            rows[first : first + len(track)] for rows in (self._labels.levels_db, self._labels.frames)
        )
        synchrony = self._lips.synchrony(motion, lip_sound(levels_db, labels))
        return SeenFace(track, float(motion.producing[0]), float(synchrony[0]))

    def _times(self, index: int) -> Times:
        """Return the times of a burst: the middles of the frames of the sound around the segment's middle."""
        labels, frame_s = self._labels, self._labels.frame_s
        longest = self._lips.parameters.max_frames
        burst_s = min(self._networks.options.burst_s, 2 * labels.segment_s)
        count = max(self._lips.parameters.min_frames, min(round(burst_s / frame_s), longest))
        count = min(count, len(labels.frames))
        middle = (index + 0.5) * labels.segment_s / frame_s
        first = int(np.clip(round(middle - count / 2), 0, len(labels.frames) - count))
        return np.asarray((first + np.arange(count) + 0.5) * frame_s, np.float64)
