"""Match a video with the music of a folder: the tracks that fit what it shows, how it moves and its words.

video -> excerpts, motion, words -> place in the space -> nearest tracks -> those whose beats fit the cuts
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from os import PathLike
from pathlib import Path
from typing import Any

from msgspec import UNSET

from edge import schema
from edge.cache import Cache
from edge.errors import InputError, UsageError
from edge.evidence.excerpts import Excerpts, collect_excerpts
from edge.evidence.motion.collect import collect_motion
from edge.evidence.motion.track import MotionTrack
from edge.evidence.options import MotionOptions
from edge.evidence.transcript import Transcript
from edge.files import identity
from edge.matching.add import length_of
from edge.matching.analysis import TrackAnalysis
from edge.matching.arrange import Arrangement, arrange
from edge.matching.features import video_features
from edge.matching.index import IndexedTrack, MusicIndex, index_music
from edge.matching.networks import MatchNetworks
from edge.matching.options import MatchOptions
from edge.media import Recording, open_recording
from edge.media.read.recording import MediaSource
from edge.networks.match_towers import MODALITIES, VideoFeatures
from edge.vocabulary import Progress, part_of

CLOSE = 40
"""Tracks whose rhythm is looked at."""

RHYTHM = 0.25
"""How much the fit of cuts and beats, 0 to 1, counts beside the similarity."""

LIKELY, MOST_TAGS = 0.25, 4
"""Probability from which a tag is named, and how many are at most."""

SENTENCES = 12
"""Sentences of a transcript that count, evenly chosen."""


@dataclass(frozen=True, slots=True, eq=False)
class MatchedTrack:
    """A track that fits."""

    path: Path
    """The file."""
    similarity: float
    """Cosine of its place and the video's, -1 to 1."""
    arrangement: Arrangement
    """The parts of it that go with the video, and how its beats fit the cuts."""
    analysis: TrackAnalysis
    """What is known of it."""
    tags: tuple[str, ...]
    """What it sounds like, likeliest first."""
    reasons: dict[str, float]
    """Similarity by each of `MODALITIES` that the video has, alone."""

    @property
    def score(self) -> float:
        """By which tracks are ordered: similarity and rhythm."""
        return self.similarity + RHYTHM * self.arrangement.fit

    def to_document(self) -> schema.MatchedTrack:
        """Return the track in the form of JSON documents."""
        rhythm, key = self.analysis.rhythm, self.analysis.key
        on_beat = self.arrangement.cuts_on_beat
        return schema.MatchedTrack(
            file=str(self.path),
            similarity=schema.share(self.similarity),
            rhythm=schema.share(self.arrangement.fit),
            cuts_on_beat=None if on_beat is None else schema.share(on_beat),
            tempo=round(rhythm.tempo, 2),
            key=None if key is None else key.name,
            tags=self.tags,
            vocals=schema.share(self.analysis.vocals),
            seconds=schema.seconds(rhythm.duration_s),
            start=schema.seconds(self.arrangement.parts[0].start),
            reasons={name: schema.share(value) for name, value in self.reasons.items()},
        )


@dataclass(frozen=True, slots=True, eq=False)
class MatchResult:
    """The tracks that fit a video. Iterates over them, the best first."""

    recording: Recording
    """The video."""
    tracks: tuple[MatchedTrack, ...]
    """Best first."""
    index: MusicIndex
    """The music that was compared."""
    features: VideoFeatures
    """What the choice is based on."""
    motion: MotionTrack | None
    """What moves in the video, and its cuts; None without video."""
    length_s: float
    """Length of the video in seconds."""
    notes: tuple[str, ...] = ()
    """Problems found in the file, one line each."""

    def __iter__(self) -> Iterator[MatchedTrack]:
        return iter(self.tracks)

    def __len__(self) -> int:
        return len(self.tracks)

    def __repr__(self) -> str:
        return f"MatchResult({self.recording.path.name}, {', '.join(one.path.name for one in self.tracks)})"

    def to_dict(self, file: str | None = None) -> dict[str, Any]:
        """Return the JSON document of `edge match`; `file` is the one that was written."""
        return schema.to_dict(
            schema.Match(
                media=self.recording.describe(self.length_s, self.notes),
                tracks=tuple(one.to_document() for one in self.tracks),
                indexed=len(self.index),
                skipped=self.index.skipped,
                file=UNSET if file is None else file,
            )
        )


def match_music(
    media: MediaSource,
    music: MusicIndex | str | PathLike[str],
    *,
    tags: Sequence[str] = (),
    title: str | None = None,
    transcript: Transcript | None = None,
    excerpts: Excerpts | None = None,
    motion: MotionTrack | None = None,
    options: MatchOptions | None = None,
    networks: MatchNetworks | None = None,
    progress: Progress | None = None,
) -> MatchResult:
    """Return the tracks of a folder, or of an index of it, that fit a video.

    `tags` say what the video is about, as `tag` finds them; `title` is by default that in the file's
    metadata, "" ignores it; what is said counts with a `transcript`. What is not handed in of `excerpts` and
    `motion` is computed; with `networks` no model is loaded. The video itself, if it is in the folder, is no
    track.

    Raises InputError if the video or the folder cannot be read, has nothing to match or no music, UsageError
    for an index of another space, OutputError if the index cannot be kept, ModelError.
    """
    options, recording = options or MatchOptions(), open_recording(media)
    if networks is None:
        with MatchNetworks(cache=Cache()) as opened:
            return match_music(
                recording, music, tags=tags, title=title, transcript=transcript, excerpts=excerpts,
                motion=motion, options=options, networks=opened, progress=progress,
            )  # fmt: skip
    length_s = length_of(recording, with_video=False)
    index = music
    if not isinstance(index, MusicIndex):
        index = index_music(index, networks, progress=part_of(progress, 0.0, 0.5))
    if index.space != networks.space:
        raise UsageError("the index of music was made with other networks than are in use")
    seen, moved = part_of(progress, 0.5, 0.75), part_of(progress, 0.75, 1.0)
    if excerpts is None:
        excerpts = collect_excerpts(recording, networks.excerpts, progress=seen)
    if motion is None and recording.info.video is not None:
        motion, _ = collect_motion(recording, MotionOptions(fast=True), progress=moved)
    if title is None:
        title = recording.info.metadata.get("title", "")
    words = [*tags, *([title] if title else []), *_said(transcript)]
    features = video_features(excerpts, motion, words, networks.names, networks.texts)
    if not features.present.any():
        raise InputError(recording.path, "has nothing to match: no frames, no tags and no title")
    place = networks.towers.video(features)
    near = index.nearest(place, max(CLOSE, options.count) + 1, no_vocals=options.no_vocals)
    own = identity(recording.path)
    found = [(track, similarity) for track, similarity in near if identity(track.path) != own]
    found = found[: max(CLOSE, options.count)]
    if not found:
        without = " without vocals" if options.no_vocals else " but that of the video itself"
        raise InputError(index.folder, f"has no music{without} among {len(index)} tracks")
    ranked = _ranked(found, index, motion, length_s)[: options.count]
    return MatchResult(
        recording=recording,
        tracks=tuple(_described(ranked, features, networks, index)),
        index=index,
        features=features,
        motion=motion,
        length_s=length_s,
        notes=(*excerpts.notes, *(motion.notes if motion else ())),
    )


def _said(transcript: Transcript | None) -> list[str]:
    """Return sentences of a transcript, evenly chosen."""
    if transcript is None:
        return []
    every = max(1, len(transcript.sentences) // SENTENCES)
    return [sentence.text for sentence in transcript.sentences[::every]]


def _ranked(
    found: Sequence[tuple[IndexedTrack, float]],
    index: MusicIndex,
    motion: MotionTrack | None,
    length_s: float,
) -> list[MatchedTrack]:
    """Arrange the nearest tracks, and order them by similarity and rhythm."""
    analyses = index.analyses([track for track, _ in found])
    tracks = [
        MatchedTrack(track.path, similarity, arrange(analysis.rhythm, motion, length_s), analysis, (), {})
        for (track, similarity), analysis in zip(found, analyses, strict=True)
    ]
    return sorted(tracks, key=lambda track: -track.score)


def _described(
    tracks: Sequence[MatchedTrack], features: VideoFeatures, networks: MatchNetworks, index: MusicIndex
) -> Iterator[MatchedTrack]:
    """Yield tracks with the reasons for them, and what they sound like."""
    alone = {name: networks.towers.video(one) for name, one in _alone(features).items()}
    wanted = {str(track.path) for track in tracks}
    rows = {one.path: row for row, one in enumerate(index.tracks) if str(one.path) in wanted}
    for track in tracks:
        said = track.analysis.sound.tags
        best = [row for row in (-said).argsort()[:MOST_TAGS] if said[row] >= LIKELY]
        yield replace(
            track,
            tags=tuple(networks.tagger.labels[row] for row in best),
            reasons={name: float(place @ index.place(rows[track.path])) for name, place in alone.items()},
        )


def _alone(features: VideoFeatures) -> dict[str, VideoFeatures]:
    """Return what is known of a video by each modality that it has."""
    parts = (
        VideoFeatures(image=features.image, light=features.light),
        VideoFeatures(motion=features.motion),
        VideoFeatures(words=features.words),
    )
    return {name: part for name, part in zip(MODALITIES, parts, strict=True) if part.present.any()}
