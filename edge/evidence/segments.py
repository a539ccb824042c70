"""Label segments of a recording, separate and merged: the result of `edge label`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from os import PathLike
from typing import TYPE_CHECKING, Any

import numpy as np
from msgspec import UNSET

from edge import schema
from edge.evidence.face_track import FaceNetworks
from edge.evidence.fused import LabelEvidence, collect_evidence
from edge.evidence.labels import LabelTrack
from edge.media import Recording, open_recording
from edge.media.read.recording import MediaSource
from edge.networks.segmenter import Segmenter
from edge.text.clock import clock
from edge.vocabulary import LABELS, Evidence, Label, Progress

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True, slots=True)
class LabelSegment:
    """A segment with its label and the four confidences, which sum to 1."""

    start: float
    """Seconds of the recording."""
    end: float
    """Seconds of the recording."""
    label: Label
    """The label with the highest confidence."""
    confidence: dict[Label, float]
    """Confidence of each label, 0 to 1."""

    def __repr__(self) -> str:
        sure = self.confidence[self.label]
        return f"LabelSegment({self.start:.1f}-{self.end:.1f} s, {self.label} {sure:.2f})"

    def to_document(self) -> schema.Segment:
        """Return the segment in the form of JSON documents."""
        confidence = {label.value: schema.share(p) for label, p in self.confidence.items()}
        return schema.Segment(
            schema.seconds(self.start), schema.seconds(self.end), self.label.value, confidence
        )


@dataclass(frozen=True, slots=True)
class LabelResult:
    """The labels of a recording."""

    recording: Recording
    """The labeled recording."""
    labels: LabelTrack
    """Confidences of frames and segments."""
    notes: tuple[str, ...] = ()
    """Problems found in the file, one line each."""
    evidence: LabelEvidence | None = None
    """What the labels are based on; None if they were handed in."""

    def __repr__(self) -> str:
        return f"LabelResult({self.recording.path.name}, {self.labels!r})"

    @property
    def segments(self) -> tuple[LabelSegment, ...]:
        """Return all segments of the label track."""
        return label_segments(self.labels)

    @property
    def merged(self) -> tuple[LabelSegment, ...]:
        """Return the segments with equal neighbors merged; confidences are means over time."""
        groups = groupby(self.segments, key=lambda segment: segment.label)
        return tuple(_joined(list(group)) for _, group in groups)

    @property
    def totals(self) -> dict[Label, float]:
        """Return the total seconds of each label."""
        return {label: sum(s.end - s.start for s in self.segments if s.label is label) for label in LABELS}

    def plot(self, file: str | PathLike[str] | None = None, *, force: bool = False) -> Figure:
        """Plot labels and confidences over time; with `file` also save the plot. Needs `edgereel[plot]`."""
        from edge.evidence.plot import draw, save  # noqa: PLC0415 - matplotlib is an extra

        figure = draw(f"{self.recording.path.name}   {clock(self.labels.duration_s)}", self.labels)
        if file is not None:
            save(figure, file, force=force)
        return figure

    def _repr_html_(self) -> str:
        """Return a table of the labels for notebooks."""
        from edge.text.html import table  # noqa: PLC0415 - notebooks only

        rows = [(clock(one.start), clock(one.end), one.label.value) for one in self.merged]
        return table(("start", "end", "label"), rows, caption=self.recording.path.name)

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON document of `edge label`: every segment, and the totals."""
        return schema.to_dict(
            schema.Labels(
                media=self.recording.describe(self.labels.duration_s, self.notes),
                segments=tuple(segment.to_document() for segment in self.segments),
                evidence=UNSET if self.evidence is None else self.evidence.to_document(),
                totals={label.value: schema.seconds(total) for label, total in self.totals.items()},
            )
        )


def label(
    media: MediaSource,
    *,
    segment_s: float = 3.0,
    evidence: Evidence = "auto",
    segmenter: Segmenter | None = None,
    faces: FaceNetworks | None = None,
    progress: Progress | None = None,
) -> LabelResult:
    """Label a recording: singing, speaking, music or other, with confidences.

    `media` is a path or a `Recording`; `segment_s` is the length of a segment in seconds. The audio is
    decoded once and never held in memory as a whole; then the frames of a video in which somebody may be
    singing, because singing that no face on screen does is background music. `evidence` "audio" leaves the
    video out, "both" fails without one. With `segmenter` and `faces` no model is loaded.

    Raises InputError if the file cannot be read, NoAudioError if there is no audio, ModelError if the model
    is missing or damaged, UsageError if `segment_s` is not a multiple of 0.1 s.
    """
    recording = open_recording(media)
    found = collect_evidence(
        recording,
        segmenter or Segmenter(),
        segment_s=segment_s,
        evidence=evidence,
        networks=faces,
        progress=progress,
    )
    return LabelResult(recording, found.labels, found.notes, found)


def label_segments(track: LabelTrack) -> tuple[LabelSegment, ...]:
    """Return the segments of a track, each with its most confident label."""
    return tuple(
        LabelSegment(
            start=index * track.segment_s,
            end=min((index + 1) * track.segment_s, track.duration_s),
            label=LABELS[int(row.argmax())],
            confidence=dict(zip(LABELS, map(float, row), strict=True)),
        )
        for index, row in enumerate(track.segments)
    )


def _joined(segments: Iterable[LabelSegment]) -> LabelSegment:
    parts = list(segments)
    weights = np.array([part.end - part.start for part in parts])
    rows = np.array([[part.confidence[name] for name in LABELS] for part in parts])
    mean = (weights[:, None] * rows).sum(axis=0) / weights.sum()
    return LabelSegment(
        parts[0].start, parts[-1].end, parts[0].label, dict(zip(LABELS, map(float, mean), strict=True))
    )
