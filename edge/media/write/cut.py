"""Cut a span out of a recording into a file of its own: exact to the frame and the sample, or copied."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from edge.errors import InputError, UsageError
from edge.files import whole_file
from edge.media.read.probe import MediaInfo, probe
from edge.media.write.containers import Target, target_for
from edge.media.write.plan import Plan, Stretch, sounds
from edge.media.write.remux import copy_packets
from edge.media.write.render import render, writing
from edge.vocabulary import Span


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
    begin, end = plan.stretches[0].start, plan.stretches[0].end
    with (
        whole_file(destination, force=force) as draft,
        writing(draft, destination, target, info.metadata) as out,
    ):
        if copy:
            copied = copy_packets(plan, out)
            start, end, frames = copied.start, copied.end, copied.pictures
        else:
            start, frames = begin, render(plan, out)
            end = min(end, Fraction(info.duration_s)) if info.duration_s else end
        if end <= begin or not out.streams:
            raise InputError(source, f"holds nothing between {span.start:.3f} s and {span.end:.3f} s")
    return CutResult(destination, float(start), float(end), frames, copy)


def _plan(info: MediaInfo, span: Span, target: Target, audio_stream: int | None, fade_s: float) -> Plan:
    if fade_s < 0 or 2 * fade_s > span.seconds:
        raise UsageError(f"fades of {fade_s} s do not fit into a cut of {span.seconds:.3f} s")
    stretch = Stretch(info, Fraction(span.start), Fraction(span.end))
    video = info.video if target.video else None
    lanes = tuple((stream,) for stream in sounds(info, audio_stream, target, needed=video is None))
    return Plan((stretch,), target, video, lanes, fade_s)
