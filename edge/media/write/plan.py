"""Render plan: ranges of recordings in order, and the streams to write."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
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

    @property
    def info(self) -> MediaInfo:
        """Properties of the recording."""
        return self.recording.info

    @property
    def length(self) -> Fraction:
        """Length in seconds."""
        return self.end - self.start


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
    filled: bool = False
    """Whether audio that ends before its range is continued with silence to the end of the output."""

    @property
    def length(self) -> Fraction:
        """Length of the output in seconds."""
        return self.ranges[-1].at + self.ranges[-1].length


def lay_out(spans: Iterable[tuple[Recording, Fraction, Fraction]]) -> tuple[ClipRange, ...]:
    """Place ranges [start, end) one after another; contiguous ranges of a recording are merged."""
    ranges: list[ClipRange] = []
    position = Fraction(0)
    for recording, start, end in spans:
        before = ranges[-1] if ranges else None
        if start == end:
            continue
        if before is not None and before.recording == recording and before.end == start:
            ranges[-1] = ClipRange(recording, before.start, end, before.at)
        else:
            ranges.append(ClipRange(recording, start, end, position))
        position += end - start
    return tuple(ranges)


def audio_streams(recording: Recording, target: Target, *, needed: bool) -> tuple[AudioStream, ...]:
    """Return the audio streams to write: the chosen one first, and alone if the file can hold only one.

    Raises NoAudioError if there is none and audio is `needed`.
    """
    if recording.audio is None and not needed:
        return ()
    main = recording.require_audio()
    others = [stream for stream in recording.info.audio if stream is not main]
    return (main, *others) if target.many_audio else (main,)
