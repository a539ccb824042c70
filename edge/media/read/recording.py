"""A media file that is probed once and passed to all functions."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from os import PathLike
from pathlib import Path
from typing import Any, TypeAlias

from edge import schema
from edge.errors import InputError, NoAudioError
from edge.media.read.child import Request, info_of, is_isolated_by_default
from edge.media.read.frame_index import FrameIndex, read_frame_index
from edge.media.read.limits import limits
from edge.media.read.probe import AudioStream, MediaInfo, probe


@dataclass(frozen=True, eq=False)
class Recording:
    """A media file: its properties, and the audio streams to analyze."""

    info: MediaInfo
    """Result of `probe`."""
    audio: tuple[AudioStream, ...]
    """Streams to analyze as one, the main one first: the chosen one, or the file's default and those that
    belong with it; empty if there is no audio."""
    name: str | None = None
    """Name in documents, if not the path: standard input is stored in a temporary file."""
    isolated: bool = False
    """Whether it is decoded in another process, see `edge.media.read.child`; writing decodes in this one."""

    def __repr__(self) -> str:
        return f"Recording({self.path}, {self.info.format}, {self.duration_s:.1f} s)"

    @property
    def path(self) -> Path:
        """Path of the file."""
        return self.info.path

    @property
    def duration_s(self) -> float:
        """Length in seconds; 0 if unknown."""
        return self.info.duration_s

    def require_audio(self) -> tuple[AudioStream, ...]:
        """Return `audio`. Raises NoAudioError if there is none."""
        if not self.audio:
            raise NoAudioError(self.path, "has no audio stream")
        return self.audio

    @property
    def audio_note(self) -> str:
        """Which of several audio streams are analyzed, as one line; empty if there is no choice."""
        if len(self.info.audio) < 2 or self.audio != _together(self.info):
            return ""
        left = [one for one in self.info.audio if one not in self.audio]
        named = ", ".join(f"{one.index} ({one.role or one.language or 'no language'})" for one in left)
        mixed = ", ".join(str(one.index) for one in self.audio)
        return f"audio streams analyzed: {mixed}" + (f"; left out: {named}" if left else "")

    def describe(self, seconds: float, notes: Sequence[str] = ()) -> schema.Media:
        """Return the `media` object of a JSON document; `seconds` is the length of the decoded audio."""
        return schema.Media(
            self.name or str(self.path), self.info.format, schema.seconds(seconds), tuple(notes)
        )

    def request(self, task: str, **options: Any) -> Request:
        """Return a request to the process that decodes it."""
        audio = tuple(stream.index for stream in self.audio)
        return Request(task, str(self.path), limits(), self.info, audio, options)

    @cached_property
    def frame_index(self) -> FrameIndex | None:
        """Index of all video frames, read from the packets; None without video. Raises InputError."""
        return read_frame_index(self.path)

    def end(self, *, video: bool) -> Fraction:
        """Return the end of the recording in seconds; 0 if unknown. Raises InputError.

        With `video` the end of the last video frame is included, which requires reading the packets.
        """
        index = self.frame_index if video else None
        if index is None or not len(index.shown):
            return Fraction(self.info.duration_s)
        return max(Fraction(self.info.duration_s), index.seconds(index.end) - self.info.origin)

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the file's bytes, in hexadecimal. Raises InputError."""
        try:
            with self.path.open("rb") as stream:
                return hashlib.file_digest(stream, "sha256").hexdigest()
        except OSError as error:
            raise InputError(self.path, f"cannot be read ({error.strerror})") from error


MediaSource: TypeAlias = str | PathLike[str] | Recording
"""A recording as an argument of public functions: its path, or a `Recording`."""


def open_recording(
    media: MediaSource, *, audio_stream: int | None = None, isolated: bool | None = None
) -> Recording:
    """Probe a media file and choose its audio streams; a `Recording` is returned unchanged.

    `audio_stream` is a container index from `MediaInfo.audio`. By default the file's default stream is
    analyzed with all others of its language, or of none, and of its role: two microphones, or one and what a
    computer plays, but no dub and no commentary. `isolated` has it probed and decoded by another process,
    which takes 0.3 s to start; None: as `EDGE_ISOLATE` says. Raises InputError if the file cannot be read,
    NoAudioError if there is no stream with that index.
    """
    if isinstance(media, Recording):
        apart = media.isolated if isolated is None else isolated
        audio = media.audio if audio_stream is None else _choose(media.info, audio_stream)
        return (
            media
            if (apart, audio) == (media.isolated, media.audio)
            else replace(media, audio=audio, isolated=apart)
        )
    apart = is_isolated_by_default() if isolated is None else isolated
    info = info_of(Path(media)) if apart else probe(media)
    audio = _together(info) if audio_stream is None else _choose(info, audio_stream)
    return Recording(info, audio, isolated=apart)


def _together(info: MediaInfo) -> tuple[AudioStream, ...]:
    """Return the default stream and those that belong with it."""
    return tuple(
        stream
        for stream in info.audio
        if stream is info.audio[0]
        or (stream.role == info.audio[0].role and stream.language in {None, info.audio[0].language})
    )


def _choose(info: MediaInfo, index: int) -> tuple[AudioStream, ...]:
    chosen = info.audio_stream(index)
    if chosen is None:
        known = ", ".join(str(stream.index) for stream in info.audio)
        what = f"has no audio stream {index}; choose from {known}" if known else "has no audio stream"
        raise NoAudioError(info.path, what)
    return (chosen,)
