"""What to write: stretches of recordings one after another, and which of their streams go along."""

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
    """[start, end) of a recording, seconds after its zero, that begins `at` seconds into the output."""

    recording: Recording
    start: Fraction
    end: Fraction
    at: Fraction = Fraction(0)

    @property
    def info(self) -> MediaInfo:
        """The recording's streams."""
        return self.recording.info

    @property
    def length(self) -> Fraction:
        """Seconds of output."""
        return self.end - self.start


AudioSources: TypeAlias = "tuple[AudioStream | None, ...]"
"""One audio stream of the output: for each stretch the stream it comes from; None is silence."""


@dataclass(frozen=True, slots=True)
class RenderPlan:
    """The output: its stretches in order, without gaps, and its streams, the main audio first."""

    ranges: tuple[ClipRange, ...]
    target: Target
    video: VideoStream | None
    """The video frame the output's is shaped after."""
    audio_tracks: tuple[AudioSources, ...]
    fade_s: float = 0.0
    """Length of the fades at the start and at the end of all."""
    crossfade_s: float = 0.0
    """Length of the cross-fades between stretches, centred on the joins."""
    filled: bool = False
    """Whether sound that ends before its stretch does goes on as silence to the very end of the output."""

    @property
    def length(self) -> Fraction:
        """Seconds of output."""
        return self.ranges[-1].at + self.ranges[-1].length


def lay_out(spans: Iterable[tuple[Recording, Fraction, Fraction]]) -> tuple[ClipRange, ...]:
    """Lay [start, end) of recordings one after another; neighbours in the source become one stretch."""
    ranges: list[ClipRange] = []
    at = Fraction(0)
    for recording, start, end in spans:
        before = ranges[-1] if ranges else None
        if start == end:
            continue
        if before is not None and before.recording == recording and before.end == start:
            ranges[-1] = ClipRange(recording, before.start, end, before.at)
        else:
            ranges.append(ClipRange(recording, start, end, at))
        at += end - start
    return tuple(ranges)


def audio_streams(recording: Recording, target: Target, *, needed: bool) -> tuple[AudioStream, ...]:
    """Return the audio streams to write: the recording's chosen one first, alone if the file holds one only.

    Raises NoAudioError if there is none and audio is `needed`.
    """
    if recording.audio is None and not needed:
        return ()
    main = recording.require_audio()
    others = [stream for stream in recording.info.audio if stream is not main]
    return (main, *others) if target.many_audio else (main,)
