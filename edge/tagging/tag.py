"""Tag a recording: the tags of a library that fit what it shows, sounds like and is called.

recording -> excerpts -> video tower -> place in the space of tags -> nearest tags of the library
title, keywords of what is said and read ---^
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from os import PathLike
from pathlib import Path
from typing import Any

from msgspec import UNSET

from edge import schema
from edge.arrays import Floats
from edge.cache import Cache
from edge.errors import InputError, UsageError
from edge.evidence.excerpts import Excerpts, collect_excerpts
from edge.evidence.transcript import Transcript
from edge.media import Recording, open_recording
from edge.media.read.recording import MediaSource
from edge.networks.tag_towers import MODALITIES, VideoInput
from edge.tagging.inputs import text_vector, video_input
from edge.tagging.keywords import keywords, named_tags
from edge.tagging.library import TagLibrary, open_library
from edge.tagging.networks import TagNetworks
from edge.tagging.options import MAX_TITLE, TagOptions
from edge.vocabulary import Progress, Span

KEYWORDS = 3
"""Words that are said, or read, that count like a title of as many words."""


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
    """Weight of each modality: image, audio, text, faces; what is missing has 0."""
    timeline: tuple[TaggedSpan, ...]
    """Tags of each section; empty unless asked for."""
    excerpts: Excerpts
    """What the tags are based on; other systems can reuse it."""
    title: str
    """The title that was used; empty for none."""
    keywords: tuple[str, ...]
    """Tags of the library that are said or can be read in the video, and say what it is about."""
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
                keywords=self.keywords,
                timeline=spans or UNSET,
            )
        )


def tag(
    media: MediaSource,
    *,
    library: TagLibrary | str | PathLike[str] | None = None,
    title: str | None = None,
    transcript: Transcript | None = None,
    options: TagOptions | None = None,
    excerpts: Excerpts | None = None,
    networks: TagNetworks | None = None,
    progress: Progress | None = None,
) -> TagResult:
    """Return the tags of a library that fit a recording: video, audio or a still image.

    `library` is a `TagLibrary`, or a file with one (see `open_library`); by default that of the package.
    `title` is by default that in the file's metadata, "" ignores it. Tags that are named in the `transcript`,
    or in the frames if the networks have a text reader, count like a title. With `excerpts` of the same
    recording and encoder nothing is decoded, with `networks` no model is loaded.

    Raises InputError if the file cannot be read or has nothing to tag, UsageError for a library of another
    space or excerpts of another encoder, ModelError and MissingRuntimeError as `TagNetworks`.
    """
    options, recording = options or TagOptions(), open_recording(media)
    if networks is None:
        with TagNetworks(cache=Cache()) as opened:
            return tag(
                recording, library=library, title=title, transcript=transcript, options=options,
                excerpts=excerpts, networks=opened, progress=progress,
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
    given, words = _with_texts(video_input(found, networks), title, _lines(found, transcript), tags, networks)
    if not given.present.any():
        raise InputError(recording.path, "has nothing to tag: no frame, no audio and no title")
    place, gate = networks.towers.video(given)
    return TagResult(
        recording=recording,
        tags=_nearest(place, tags, options, networks),
        gate=dict(zip(MODALITIES, map(float, gate), strict=True)),
        timeline=_timeline(found, transcript, tags, options, networks) if options.timeline else (),
        excerpts=found,
        title=title,
        keywords=words,
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


def _with_texts(
    given: VideoInput, title: str, lines: Sequence[str], library: TagLibrary, networks: TagNetworks
) -> tuple[VideoInput, tuple[str, ...]]:
    """Return the input with the title and the keywords of the lines, and those."""
    named = named_tags(lines, library)
    place = networks.towers.video(given)[0] if named and given.present.any() else None
    words = tuple(keywords(named, library, place, KEYWORDS))
    return replace(given, text=text_vector(title, words, networks.texts)), words


def _lines(excerpts: Excerpts, transcript: Transcript | None, section: int | None = None) -> list[str]:
    """Return what is said and what can be read in each frame, all of it or in one section."""
    said, read = transcript.sentences if transcript else (), list(excerpts.lines)
    if section is not None:
        start, end = excerpts.edges_s[section : section + 2]
        said = tuple(one for one in said if start <= one.start < end)
        read = [lines for at, lines in zip(excerpts.sections, read, strict=True) if at == section]
    return [*(one.text for one in said), *(line for lines in read for line in lines)]


def _timeline(
    excerpts: Excerpts,
    transcript: Transcript | None,
    library: TagLibrary,
    options: TagOptions,
    networks: TagNetworks,
) -> tuple[TaggedSpan, ...]:
    """Return the tags of each section, by what it shows, sounds like and says alone."""
    spans = []
    for section, (start, end) in enumerate(pairwise(map(float, excerpts.edges_s))):
        lines = _lines(excerpts, transcript, section)
        given, _ = _with_texts(video_input(excerpts, networks, section), "", lines, library, networks)
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
