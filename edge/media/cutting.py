"""Cut a span out of a recording into a file of its own: exact to the frame and the sample, or copied."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from fractions import Fraction
from operator import itemgetter
from pathlib import Path

import av
from av.container import OutputContainer

from edge.errors import InputError, OutputError, UsageError
from edge.files import whole_file
from edge.media.audio import choose_audio
from edge.media.description import AudioStream, MediaInfo, probe
from edge.media.encode import picture_track, sound_track
from edge.media.remux import copy_packets
from edge.media.source import DAMAGE, reason
from edge.media.targets import CutPlan, Target, target_for
from edge.vocabulary import Span

CARRIED_TAGS = ("title", "artist", "album", "date", "genre", "comment", "creation_time")
"""Container tags that are still true of a part of the recording."""


@dataclass(frozen=True, slots=True)
class CutResult:
    """The file written and the part of the source in it (seconds after the source's zero)."""

    path: Path
    start_s: float
    end_s: float
    video_frames: int
    copied: bool


def cut(
    source: Path | str,
    span: Span,
    destination: Path,
    *,
    audio_stream: int | None = None,
    copy: bool = False,
    force: bool = False,
    fade_s: float = 0.0,
) -> CutResult:
    """Write `span` of `source` to `destination`; its suffix says the kind of file (`targets.TARGETS`).

    Encoded, the cut is exact: the frame on display at the start comes first, frame times are kept, sound
    covers the span to the sample, in step; the audio streams all come along where the file can hold them,
    `audio_stream` (or the default one) first; `fade_s` fades the sound in and out. With `copy` packets are
    copied: fast and lossless, but the cut begins at the keyframe before (see `start_s` of the result).
    Memory does not grow with the span.

    Raises InputError (unreadable, nothing there), UsageError (suffix, fade, codecs that do not fit),
    OutputError (exists and not `force`, disk full ...); nothing partial is left behind.
    """
    target = target_for(destination)
    info = probe(source)
    plan = _plan(info, span, target, audio_stream, fade_s)
    with whole_file(destination, force=force) as draft, _writing(draft, destination, target) as out:
        out.metadata.update({tag: info.metadata[tag] for tag in CARRIED_TAGS if tag in info.metadata})
        if copy:
            copied = copy_packets(plan, out)
            start, end, frames = copied.start, copied.end, copied.pictures
        else:
            start, frames = plan.start, _encode(plan, out)
            end = min(plan.end, Fraction(info.duration_s)) if info.duration_s else plan.end
        if end <= plan.start or not out.streams:
            raise InputError(source, f"holds nothing between {span.start:.3f} s and {span.end:.3f} s")
    return CutResult(destination, float(start), float(end), frames, copy)


def _plan(info: MediaInfo, span: Span, target: Target, audio_stream: int | None, fade_s: float) -> CutPlan:
    if fade_s < 0 or 2 * fade_s > span.seconds:
        raise UsageError(f"fades of {fade_s} s do not fit into a cut of {span.seconds:.3f} s")
    video = info.video if target.video else None
    wants_sound = video is None or info.audio or audio_stream is not None
    main = choose_audio(info, audio_stream) if wants_sound else None
    audio = _with_others(info, main, target) if main else ()
    return CutPlan(info, Fraction(span.start), Fraction(span.end), target, video, audio, fade_s)


def _with_others(info: MediaInfo, main: AudioStream, target: Target) -> tuple[AudioStream, ...]:
    others = [stream for stream in info.audio if stream is not main]
    return (main, *others) if target.many_audio else (main,)


def _encode(plan: CutPlan, out: OutputContainer) -> int:
    """Run the tracks side by side, always the one that lags; return the number of pictures.

    `merge` asks every track for its first packets before it gives any out: so all streams are there when
    the first packet makes the muxer write its header.
    """
    tracks = [picture_track(plan, out), *(sound_track(plan, source, out) for source in plan.audio)]
    pictures = 0
    for _, packets in heapq.merge(*tracks, key=itemgetter(0)):
        for packet in packets:
            pictures += packet.stream.type == "video"
            out.mux(packet)
    return pictures


@contextmanager
def _writing(draft: Path, destination: Path, target: Target) -> Iterator[OutputContainer]:
    """Open the muxer, close it whatever happens, and tell what it refuses as an OutputError."""
    options = {"movflags": "+faststart"} if target.muxer in {"mp4", "mov", "ipod"} else {}
    try:
        out = av.open(f"file:{draft.absolute()}", "w", format=target.muxer, container_options=options)
        try:
            yield out
        except BaseException:
            with suppress(*DAMAGE):
                out.close()
            raise
        out.close()
    except OSError:
        raise  # the disk: whole_file names it
    except DAMAGE as error:
        raise OutputError(destination, f"cannot be encoded ({reason(error)})") from error
