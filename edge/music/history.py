"""Keep compositions of a video, so that they can be refined and refinements undone."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import msgspec
from msgspec import Struct

from edge.cache import Cache, key
from edge.decoding import prepared
from edge.errors import UsageError
from edge.evidence.motion.track import MotionTrack
from edge.media import Recording, open_recording
from edge.media.read.recording import MediaSource
from edge.music.choose import Choice
from edge.music.compose import Composition
from edge.music.options import MusicOptions
from edge.music.plan import Plan
from edge.music.templates import Template
from edge.music.vectors import MusicVector
from edge.music.warp import Warp
from edge.music.words import Bar

KEPT = 20
"""Compositions of a video that are kept, the last ones."""


class _Stored(Struct, frozen=True):
    """A composition without its video and motion track."""

    options: MusicOptions
    template: str
    digest: str
    speed: tuple[int, int]
    warp: Warp
    vector: MusicVector
    plan: Plan
    bars: tuple[Bar, ...]
    variants: tuple[int, ...]


class MusicHistory:
    """Compositions of one video, oldest first."""

    def __init__(self, recording: Recording, compositions: Sequence[Composition] = ()) -> None:
        self.recording = recording
        self.compositions = list(compositions)

    @property
    def last(self) -> Composition | None:
        """The last composition; None if there is none."""
        return self.compositions[-1] if self.compositions else None

    def add(self, music: Composition) -> None:
        """Add a composition; of many the oldest are dropped."""
        self.compositions = [*self.compositions, music][-KEPT:]

    def undo(self) -> Composition:
        """Drop the last composition and return the one before. Raises UsageError if there is none."""
        if len(self.compositions) < 2:
            raise UsageError("there is nothing to undo: this music has not been refined")
        self.compositions.pop()
        return self.compositions[-1]

    def to_bytes(self) -> bytes:
        """Serialize the history; `from_bytes` reads it."""
        motion = self.compositions[-1].motion.to_bytes() if self.compositions else b""
        return msgspec.msgpack.encode((motion, [_stored(music) for music in self.compositions]))

    @classmethod
    def from_bytes(cls, content: bytes, recording: Recording, templates: Sequence[Template]) -> MusicHistory:
        """Deserialize the output of `to_bytes`. Raises UsageError, also if a template is gone."""
        by_id = {template.id: template for template in templates}
        try:
            motion, stored = msgspec.msgpack.decode(content, type=prepared(tuple[bytes, list[_Stored]]))
            track = MotionTrack.from_bytes(motion) if stored else None
        except (msgspec.MsgspecError, ValueError, RecursionError) as error:
            raise UsageError(f"the bytes are not a history of music: {error}") from error
        if gone := {one.template for one in stored if _gone(one, by_id)}:
            raise UsageError(f"the history needs other templates: {', '.join(sorted(gone))}")
        return cls(recording, [_opened(one, recording, track, by_id) for one in stored if track is not None])


def load_music(media: MediaSource, cache: Cache, templates: Sequence[Template]) -> MusicHistory:
    """Return the history of a video that a cache keeps; an empty one if there is none, or it is damaged."""
    recording = open_recording(media)
    content = cache.get(_key(recording, cache))
    try:
        return MusicHistory.from_bytes(content, recording, templates) if content else MusicHistory(recording)
    except UsageError:
        return MusicHistory(recording)


def save_music(history: MusicHistory, cache: Cache) -> None:
    """Keep a history in a cache; nothing is kept if the disk cannot be written."""
    cache.put(_key(history.recording, cache), history.to_bytes())


def _key(recording: Recording, cache: Cache) -> str:
    return key("music", cache.digest_of(recording))


def _digest(template: Template) -> str:
    return template.folder.manifest.digest


def _gone(stored: _Stored, templates: dict[str, Template]) -> bool:
    template = templates.get(stored.template)
    return template is None or _digest(template) != stored.digest


def _stored(music: Composition) -> _Stored:
    choice = music.choice
    speed = (choice.speed.numerator, choice.speed.denominator)
    return _Stored(
        music.options, choice.template.id, _digest(choice.template), speed, choice.warp, choice.vector,
        music.plan, music.bars, music.variants,
    )  # fmt: skip


def _opened(
    stored: _Stored, recording: Recording, motion: MotionTrack, templates: dict[str, Template]
) -> Composition:
    choice = Choice(templates[stored.template], Fraction(*stored.speed), stored.warp, stored.vector)
    return Composition(recording, stored.options, motion, choice, stored.plan, stored.bars, stored.variants)
