"""Find the songs of a recording."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from os import PathLike
from typing import TYPE_CHECKING, Any

from msgspec import UNSET

from edge import schema
from edge.errors import UsageError
from edge.evidence.face_track import FaceNetworks
from edge.evidence.fused import LabelEvidence, collect_evidence
from edge.evidence.labels import LabelTrack
from edge.evidence.segments import LabelSegment, label_segments
from edge.media import Recording, open_recording
from edge.media.read.recording import MediaSource
from edge.networks.segmenter import Segmenter
from edge.songs.detection import detect_songs
from edge.songs.options import SongOptions
from edge.songs.song import Song, SongClip, song_document
from edge.text.clock import clock
from edge.vocabulary import Evidence, Progress

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True, slots=True)
class SongSearchResult:
    """The songs of a recording and the label track they were found in. Iterates over the songs."""

    recording: Recording
    """The searched recording."""
    songs: tuple[Song, ...]
    """In order and disjoint."""
    labels: LabelTrack
    """Label track of the recording; other systems can reuse it."""
    notes: tuple[str, ...] = ()
    """Problems found in the file, one line each."""
    evidence: LabelEvidence | None = None
    """What the labels are based on; None if they were handed in."""

    def __iter__(self) -> Iterator[Song]:
        return iter(self.songs)

    def __len__(self) -> int:
        return len(self.songs)

    def __repr__(self) -> str:
        times = ", ".join(f"{song.start:.1f}-{song.end:.1f} s" for song in self.songs[:5])
        times += ", ..." * (len(self) > 5)
        return f"SongSearchResult({self.recording.path.name}, {len(self)} songs: [{times}])"

    @property
    def duration_s(self) -> float:
        """Length of the audio in seconds."""
        return self.labels.duration_s

    @property
    def segments(self) -> tuple[LabelSegment, ...]:
        """Return all segments with their labels and confidences."""
        return label_segments(self.labels)

    def to_dict(self, clips: tuple[SongClip, ...] = ()) -> dict[str, Any]:
        """Return the JSON document of `edge songs`; with `clips` each song names its file."""
        rows = [song_document(clip.song, str(clip.file)) for clip in clips] or [
            song_document(song) for song in self.songs
        ]
        return schema.to_dict(
            schema.Songs(
                media=self.recording.describe(self.duration_s, self.notes),
                songs=tuple(rows),
                segments=tuple(segment.to_document() for segment in self.segments),
                evidence=UNSET if self.evidence is None else self.evidence.to_document(),
            )
        )

    def plot(self, file: str | PathLike[str] | None = None, *, force: bool = False) -> Figure:
        """Plot labels and songs over time; with `file` also save the plot. Needs `edgereel[plot]`."""
        from edge.evidence.plot import draw, save  # noqa: PLC0415 - matplotlib is an extra

        count = len(self)
        title = f"{self.recording.path.name}   {clock(self.duration_s)}   {count} song{'s' * (count != 1)}"
        figure = draw(title, self.labels, self.songs)
        if file is not None:
            save(figure, file, force=force)
        return figure

    def _repr_html_(self) -> str:
        """Return a table of the songs for notebooks."""
        from edge.text.html import table  # noqa: PLC0415 - notebooks only

        rows = [
            (number, clock(song.start), clock(song.end), f"{song.confidence:.2f}")
            for number, song in enumerate(self.songs, 1)
        ]
        return table(("", "start", "end", "confidence"), rows, caption=self.recording.path.name)


def find_songs(
    media: MediaSource,
    options: SongOptions | None = None,
    *,
    labels: LabelTrack | None = None,
    evidence: Evidence = "auto",
    segmenter: Segmenter | None = None,
    faces: FaceNetworks | None = None,
    progress: Progress | None = None,
) -> SongSearchResult:
    """Find the songs in a recording, video or audio, in any container that FFmpeg reads.

    `media` is a path or a `Recording`. The audio is decoded once and never held in memory as a whole; then
    the frames of a video in which somebody may be singing, because singing that no face on screen does
    is background music. `evidence` "audio" leaves the video out, "both" fails without one. With `labels` of
    the same recording nothing is decoded, and with `segmenter` and `faces` no model is loaded.

    Raises InputError if the file cannot be read, NoAudioError if there is no audio, UsageError if `labels`
    have segments of another length than the options, ModelError if a model is missing or damaged.
    """
    options, recording = options or SongOptions(), open_recording(media)
    segmenter = segmenter or Segmenter()
    found: LabelEvidence | None = None
    if labels is None:
        found = collect_evidence(
            recording,
            segmenter,
            segment_s=options.segment_s,
            step_s=options.refine_step_s,
            evidence=evidence,
            networks=faces,
            progress=progress,
        )
        labels = found.labels
    elif abs(labels.segment_s - options.segment_s) + abs(labels.step_s - options.refine_step_s) > 1e-6:
        raise UsageError(
            f"the labels have segments of {labels.segment_s:g} s in steps of {labels.step_s:g} s, "
            f"the options {options.segment_s:g} s and {options.refine_step_s:g} s"
        )
    songs = tuple(detect_songs(labels, segmenter.fuse_batch, options))
    return SongSearchResult(recording, songs, labels, found.notes if found else (), found)
