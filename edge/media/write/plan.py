"""Render plan: ranges of recordings in order, and the streams to write."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TypeAlias

from edge.media.read.probe import AudioStream, MediaInfo, VideoStream
from edge.media.read.recording import Recording
from edge.media.write.containers import Target


@dataclass(frozen=True, slots=True)
class ClipRange:
    """The range [start, end) of a recording, and its place in the output."""

    recording: Recording
    """The recording."""
    start: Fraction
    """Seconds of the recording."""
    end: Fraction
    """Seconds of the recording."""
    at: Fraction = Fraction(0)
    """Start in seconds of the output."""
    speed: Fraction = Fraction(1)
    """Seconds of the recording in a second of the output, at least 1."""

    @property
    def info(self) -> MediaInfo:
        """Properties of the recording."""
        return self.recording.info

    @property
    def length(self) -> Fraction:
        """Length in seconds of the output."""
        return (self.end - self.start) / self.speed

    def time_of(self, source: Fraction) -> Fraction:
        """Convert seconds of the recording to seconds of the output."""
        return self.at + (source - self.start) / self.speed


AudioSources: TypeAlias = "tuple[AudioStream | None, ...]"
"""Sources of an audio track: for each range its audio stream; None is silence."""


@dataclass(frozen=True, slots=True)
class RenderPlan:
    """Ranges of the output in order, without gaps, and its streams."""

    ranges: tuple[ClipRange, ...]
    """In order; each begins where the one before it ends."""
    target: Target
    """Output format."""
    video: VideoStream | None
    """Video stream that determines the output's shape; None for audio only."""
    audio_tracks: tuple[AudioSources, ...]
    """Audio tracks, the main one first."""
    fade_s: float = 0.0
    """Length of the fades at the start and the end of the output, in seconds."""
    crossfade_s: float = 0.0
    """Length of the crossfades between ranges in seconds, centered on the joins."""
    silent: tuple[tuple[Fraction, Fraction], ...] = ()
    """Spans in which all audio is silent, in seconds of the output, in order and disjoint."""
    filled: bool = False
    """Whether audio that ends before its range is continued with silence to the end of the output."""

    @property
    def length(self) -> Fraction:
        """Length of the output in seconds."""
        return self.ranges[-1].at + self.ranges[-1].length


def lay_out(parts: Iterable[ClipRange]) -> tuple[ClipRange, ...]:
    """Place ranges one after another; contiguous ones of a recording, at one speed, are merged."""
    ranges: list[ClipRange] = []
    position = Fraction(0)
    for part in parts:
        before = ranges[-1] if ranges else None
        if part.start == part.end:
            continue
        if before is not None and (before.recording, before.end, before.speed) == (
            part.recording,
            part.start,
            part.speed,
        ):
            ranges[-1] = replace(before, end=part.end)
        else:
            ranges.append(replace(part, at=position))
        position += part.length
    return tuple(ranges)


def audio_streams(recording: Recording, target: Target, *, needed: bool) -> tuple[AudioStream, ...]:
    """Return the audio streams to write: the main one first, and alone if the file can hold only one.

    Raises NoAudioError if there is none and audio is `needed`.
    """
    if not recording.audio and not needed:
        return ()
    main = recording.require_audio()[0]
    others = [stream for stream in recording.info.audio if stream is not main]
    return (main, *others) if target.many_audio else (main,)
