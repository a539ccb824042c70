"""Tag a recording: the tags of a library that fit what it shows, sounds like and is called.

recording -> excerpts -> video tower -> place in the space of tags -> nearest tags of the library
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from msgspec import UNSET

from edge import schema
from edge.arrays import Floats
from edge.cache import Cache
from edge.errors import InputError, UsageError
from edge.evidence.excerpts import Excerpts, collect_excerpts
from edge.media import Recording, open_recording
from edge.media.read.recording import MediaSource
from edge.networks.tag_towers import MODALITIES, VideoInput
from edge.tagging.library import TagLibrary, open_library
from edge.tagging.networks import TagNetworks
from edge.tagging.options import MAX_TITLE, TagOptions
from edge.vocabulary import Progress, Span


@dataclass(frozen=True, slots=True)
class Tag:
    """A tag that fits."""

    name: str
    """The tag as the library spells it."""
    similarity: float
    """Cosine of its place and the video's, -1 to 1."""

    @property
    def distance(self) -> float:
        """Cosine distance: 0 for the same place."""
        return 1 - self.similarity

    @property
    def hashtag(self) -> str:
        """The tag as a hashtag: `#playingdrums`."""
        return "#" + "".join(letter for letter in self.name if letter.isalnum() or letter == "_")


@dataclass(frozen=True, slots=True)
class TaggedSpan:
    """A section of a recording with tags of its own."""

    span: Span
    """When."""
    tags: tuple[Tag, ...]
    """Best first."""


@dataclass(frozen=True, slots=True, eq=False)
class TagResult:
    """The tags of a recording. Iterates over them, the best first."""

    recording: Recording
    """The tagged recording."""
    tags: tuple[Tag, ...]
    """Best first."""
    gate: dict[str, float]
    """Weight of each modality: image, audio, title, faces; what is missing has 0."""
    timeline: tuple[TaggedSpan, ...]
    """Tags of each section; empty unless asked for."""
    excerpts: Excerpts
    """What the tags are based on; other systems can reuse it."""
    title: str
    """The title that was used; empty for none."""
    space: str
    """Id of the space of tags."""
    notes: tuple[str, ...] = ()
    """Problems found in the file or the title, one line each."""

    def __iter__(self) -> Iterator[Tag]:
        return iter(self.tags)

    def __len__(self) -> int:
        return len(self.tags)

    def __repr__(self) -> str:
        return f"TagResult({self.recording.path.name}, {', '.join(tag.name for tag in self.tags)})"

    @property
    def hashtags(self) -> str:
        """The tags as hashtags with spaces between them."""
        return " ".join(tag.hashtag for tag in self.tags)

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON document of `edge tag`."""
        spans = tuple(
            schema.TaggedSpan(schema.seconds(one.span.start), schema.seconds(one.span.end), _rows(one.tags))
            for one in self.timeline
        )
        return schema.to_dict(
            schema.Tags(
                media=self.recording.describe(float(self.excerpts.edges_s[-1]), self.notes),
                tags=_rows(self.tags),
                gate={name: schema.share(weight) for name, weight in self.gate.items()},
                frames=len(self.excerpts.times_s),
                title=self.title,
                timeline=spans or UNSET,
            )
        )


def tag(
    media: MediaSource,
    *,
    library: TagLibrary | str | PathLike[str] | None = None,
    title: str | None = None,
    options: TagOptions | None = None,
    excerpts: Excerpts | None = None,
    networks: TagNetworks | None = None,
    progress: Progress | None = None,
) -> TagResult:
    """Return the tags of a library that fit a recording: video, audio or a still image.

    `library` is a `TagLibrary`, or a file with one (see `open_library`); by default that of the package.
    `title` is by default that in the file's metadata, "" ignores it. With `excerpts` of the same recording
    and encoder nothing is decoded, with `networks` no model is loaded.

    Raises InputError if the file cannot be read or has nothing to tag, UsageError for a library of another
    space or excerpts of another encoder, ModelError and MissingRuntimeError as `TagNetworks`.
    """
    options, recording = options or TagOptions(), open_recording(media)
    if networks is None:
        with TagNetworks(cache=Cache()) as opened:
            return tag(
                recording, library=library, title=title, options=options, excerpts=excerpts,
                networks=opened, progress=progress,
            )  # fmt: skip
    tags = library if isinstance(library, TagLibrary) else open_tags(library, networks)
    tags.require(networks)
    if title is None:
        title = recording.info.metadata.get("title", "")
    title = " ".join(title[:MAX_TITLE].split())
    notes: tuple[str, ...] = ()
    if title and not networks.texts.knows(title):
        title, notes = "", ("the title has no word that the text encoder knows; it is ignored",)
    found = excerpts or collect_excerpts(recording, networks.excerpts, options.excerpts, progress=progress)
    if found.classes.shape[1] != len(networks.encoder.labels):
        raise UsageError("the excerpts are of another image encoder than is in use")
    given = video_input(found, networks, title)
    if not given.present.any():
        raise InputError(recording.path, "has nothing to tag: no frame, no audio and no title")
    place, gate = networks.towers.video(given)
    return TagResult(
        recording=recording,
        tags=_nearest(place, tags, options, networks),
        gate=dict(zip(MODALITIES, map(float, gate), strict=True)),
        timeline=_timeline(found, tags, options, networks) if options.timeline else (),
        excerpts=found,
        title=title,
        space=networks.space,
        notes=(*found.notes, *notes),
    )


def open_tags(
    library: str | PathLike[str] | None, networks: TagNetworks, *, progress: Progress | None = None
) -> TagLibrary:
    """Open a library in the space of `networks`, as `open_library`, with edge's cache."""
    return open_library(
        None if library is None else Path(library), networks, cache=Cache(), progress=progress
    )


def video_input(
    excerpts: Excerpts, networks: TagNetworks, title: str, section: int | None = None
) -> VideoInput:
    """Return what the video tower is given of all excerpts, or of one section."""
    frames = slice(None) if section is None else excerpts.sections == section
    classes, faces = excerpts.classes[frames], excerpts.faces[frames]
    audio = excerpts.audio if section is None else excerpts.audio[section : section + 1]
    audio = audio[~np.isnan(audio).any(axis=1)]
    given = VideoInput(
        audio=audio.mean(axis=0) if len(audio) else None,
        title=networks.texts.encode([title])[0] if title else None,
        faces=face_features(faces) if faces.any() else None,
    )
    if not len(classes):
        return given
    pooled = classes.mean(axis=0)
    shown = light_features(excerpts.light[frames].mean(axis=0), pooled)
    return replace(given, image=pooled @ networks.names, light=shown)


def light_features(light: Floats, classes: Floats) -> Floats:
    """Return light, and how sure the encoder is: 1 - entropy / its maximum. float32[4]."""
    chances = np.maximum(classes, 1e-9)
    entropy = -(chances * np.log(chances)).sum() / np.log(len(chances))
    return np.array([*light, 1 - entropy], np.float32)


def face_features(faces: Floats) -> Floats:
    """Return `VideoInput.faces` of the faces of frames, float32[n, 2]."""
    count, side = faces.T
    return np.array(
        [(count > 0).mean(), np.log1p(count.mean()), np.log1p(count.max()), side.max()], np.float32
    )


def _timeline(
    excerpts: Excerpts, library: TagLibrary, options: TagOptions, networks: TagNetworks
) -> tuple[TaggedSpan, ...]:
    """Return the tags of each section, by what it shows and sounds like alone."""
    spans = []
    for section, (start, end) in enumerate(pairwise(map(float, excerpts.edges_s))):
        given = video_input(excerpts, networks, "", section)
        if given.present.any():
            tags = _nearest(networks.towers.video(given)[0], library, options, networks)
            spans.append(TaggedSpan(Span(start, end), tags))
    return tuple(spans)


def _nearest(
    place: Floats, library: TagLibrary, options: TagOptions, networks: TagNetworks
) -> tuple[Tag, ...]:
    near = library.nearest(place, options.count, diversity=networks.towers.parameters.diversity)
    return tuple(Tag(one.tag, one.similarity) for one in near if one.similarity >= options.min_similarity)


def _rows(tags: tuple[Tag, ...]) -> tuple[schema.Tag, ...]:
    return tuple(schema.Tag(tag.name, schema.share(tag.distance)) for tag in tags)
