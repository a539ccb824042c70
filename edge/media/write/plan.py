"""What to write: stretches of recordings one after another, and which of their streams go along."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeAlias

from edge.media.read.audio import choose_audio
from edge.media.read.probe import AudioStream, MediaInfo, VideoStream
from edge.media.write.containers import Target


@dataclass(frozen=True, slots=True)
class Stretch:
    """[start, end) of a recording, seconds after its zero, that begins `at` seconds into the output."""

    info: MediaInfo
    start: Fraction
    end: Fraction
    at: Fraction = Fraction(0)

    @property
    def length(self) -> Fraction:
        """Seconds of output."""
        return self.end - self.start


Lane: TypeAlias = "tuple[AudioStream | None, ...]"
"""One audio stream of the output: for each stretch the stream it comes from; None is silence."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The output: its stretches in order, without gaps, and its streams, the main sound first."""

    stretches: tuple[Stretch, ...]
    target: Target
    video: VideoStream | None
    """The picture the output's is shaped after."""
    lanes: tuple[Lane, ...]
    fade_s: float = 0.0
    """Length of the fades at the start and at the end of all."""
    crossfade_s: float = 0.0
    """Length of the cross-fades between stretches, centred on the joins."""
    filled: bool = False
    """Whether sound that ends before its stretch does goes on as silence to the very end of the output."""

    @property
    def length(self) -> Fraction:
        """Seconds of output."""
        return self.stretches[-1].at + self.stretches[-1].length


def laid_out(spans: Iterable[tuple[MediaInfo, Fraction, Fraction]]) -> tuple[Stretch, ...]:
    """Lay [start, end) of recordings one after another; neighbours in the source become one stretch."""
    stretches: list[Stretch] = []
    at = Fraction(0)
    for info, start, end in spans:
        before = stretches[-1] if stretches else None
        if start == end:
            continue
        if before is not None and before.info.path == info.path and before.end == start:
            stretches[-1] = Stretch(before.info, before.start, end, before.at)
        else:
            stretches.append(Stretch(info, start, end, at))
        at += end - start
    return tuple(stretches)


def sounds(
    info: MediaInfo, audio_stream: int | None, target: Target, *, needed: bool
) -> tuple[AudioStream, ...]:
    """The audio streams that go along, the chosen or default one first, one alone if the file holds no more.

    Raises NoAudioError if `audio_stream` is not there, or nothing is and sound is `needed`.
    """
    if not (needed or info.audio or audio_stream is not None):
        return ()
    main = choose_audio(info, audio_stream)
    others = [stream for stream in info.audio if stream is not main]
    return (main, *others) if target.many_audio else (main,)
