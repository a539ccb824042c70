"""Label a recording by its audio, and by the faces in its video where they can change a label."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, get_args

from edge import schema
from edge.errors import InputError, UsageError
from edge.evidence.face_track import FaceNetworks, FaceTrack, collect_faces, shows_anybody
from edge.evidence.labels import LabelTrack, collect_labels
from edge.media import DecodeReport, Recording
from edge.networks.segmenter import Segmenter
from edge.vocabulary import Evidence, Progress, part_of

MIN_RATE = 6
"""Frames per second below which a video cannot show how lips move."""

AUDIO_SHARE = 0.4
"""Share of the progress that the audio is; a guess, because how much is examined is known after it."""


@dataclass(frozen=True, slots=True, eq=False)
class LabelEvidence:
    """The labels of a recording, and what they are based on."""

    labels: LabelTrack
    """Labels of the audio, corrected by the video where that was examined."""
    used: Literal["audio", "both"]
    """What the labels are based on."""
    faces: FaceTrack | None
    """Faces in the video; None if no frame was examined."""
    changed: int
    """Number of segments whose label the video changed."""
    why: str
    """Why the video was used or not, one line."""
    notes: tuple[str, ...]
    """Problems found in the file, one line each."""

    def to_document(self) -> schema.Evidence:
        """Return the part of JSON documents that says what was used."""
        seen = self.faces
        return schema.Evidence(
            used=self.used,
            why=self.why,
            segments_examined=len(seen.bursts) if seen else 0,
            segments_changed=self.changed,
            frames_decoded=seen.frames_decoded if seen else 0,
            share_decoded=schema.share(seen.share_decoded) if seen else 0.0,
        )


def check_evidence(evidence: str) -> None:
    """Raise UsageError for an unknown kind of evidence."""
    if evidence not in get_args(Evidence):
        raise UsageError(f"evidence is one of {', '.join(get_args(Evidence))}, not {evidence!r}")


def collect_evidence(
    recording: Recording,
    segmenter: Segmenter,
    *,
    segment_s: float = 3.0,
    step_s: float = 1.0,
    evidence: Evidence = "auto",
    networks: FaceNetworks | None = None,
    progress: Progress | None = None,
) -> LabelEvidence:
    """Decode the audio of a recording, then the frames that can change a label, and return its labels.

    With `evidence` "auto" a video that cannot be decoded leaves the labels to the audio, with a note. Raises
    the errors of `collect_labels` and, but for that, `collect_faces`; InputError if `evidence` is "both" and
    there is no usable video, UsageError if it is unknown.
    """
    check_evidence(evidence)
    unusable = _unusable(recording, evidence)
    audio = part_of(progress, 0.0, 1.0 if unusable else AUDIO_SHARE)
    labels, report = collect_labels(recording, segmenter, segment_s=segment_s, step_s=step_s, progress=audio)
    return correct_labels(
        recording,
        labels,
        evidence=evidence,
        networks=networks,
        notes=tuple(report.notes()),
        progress=part_of(progress, AUDIO_SHARE, 1.0),
    )


def correct_labels(
    recording: Recording,
    labels: LabelTrack,
    *,
    evidence: Evidence = "auto",
    networks: FaceNetworks | None = None,
    notes: tuple[str, ...] = (),
    progress: Progress | None = None,
) -> LabelEvidence:
    """Decode the frames that can change a label of the audio, and return the corrected labels.

    `notes` are those of the audio. Arguments and errors are those of `collect_evidence`.
    """
    check_evidence(evidence)
    if unusable := _unusable(recording, evidence):
        return LabelEvidence(labels, "audio", None, 0, unusable, notes)
    networks = networks or FaceNetworks()
    try:
        faces, report = collect_faces(recording, labels, networks, progress=progress)
        why = _says_nothing(recording, faces, networks, report, insist=evidence == "both")
    except InputError as error:
        if evidence == "both":
            raise
        why = f"the video {error.what}"
        return LabelEvidence(labels, "audio", None, 0, why, (*notes, f"{why}; the audio alone was used"))
    faces = replace(faces, frames_decoded=report.frames)
    notes += tuple(f"video: {note}" for note in report.notes())
    if why:
        return LabelEvidence(labels, "audio", faces, 0, why, notes)
    fused = fuse(labels, faces, networks)
    before, after = labels.segments.argmax(axis=1), fused.segments.argmax(axis=1)
    why = "segments that may be singing were examined"
    return LabelEvidence(fused, "both", faces, int((before != after).sum()), why, notes)


def fuse(labels: LabelTrack, faces: FaceTrack, networks: FaceNetworks) -> LabelTrack:
    """Return the labels with those segments corrected that were examined."""
    rows = faces.rows(len(labels.segments))
    seen = [burst.segment for burst in faces.bursts]
    segments = labels.segments.copy()
    segments[seen] = networks.fusion.fuse(labels.segments, rows)[seen]
    return replace(labels, segments=segments)


def _says_nothing(
    recording: Recording, faces: FaceTrack, networks: FaceNetworks, report: DecodeReport, *, insist: bool
) -> str:
    """Return why the video cannot tell who sings; "" if it can. `insist` accepts one without faces."""
    if not faces.bursts:
        return "no segment with video sounds like singing"
    if not insist and faces.is_still:
        return "the video is a still image"
    if insist or faces.shows_faces or shows_anybody(recording, networks, report):
        return ""
    return "no face was found in the video"


def _unusable(recording: Recording, evidence: Evidence) -> str:
    """Return why the video of a recording is not used; "" if it is. Raises InputError if it must be."""
    if evidence == "audio":
        return "only the audio was asked for"
    video, why = recording.info.video, ""
    if video is None:
        why = "the recording has no video"
    elif video.rate is not None and video.rate < MIN_RATE:
        why = f"the video has {float(video.rate):.2g} frames a second, too few to see lips move"
    if why and evidence == "both":
        raise InputError(recording.path, f"{why}, so its labels cannot be based on both")
    return why
