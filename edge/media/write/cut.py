"""Cut a span of a recording into a file of its own: encoded, exact to the frame and sample, or copied."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from os import PathLike
from pathlib import Path

from edge.errors import InputError, UsageError
from edge.files import whole_file
from edge.media.read.recording import MediaSource, Recording, open_recording
from edge.media.write.color import color_note
from edge.media.write.containers import Target, target_for
from edge.media.write.extras import left_out
from edge.media.write.plan import ClipRange, RenderPlan, audio_streams
from edge.media.write.remux import copy_packets
from edge.media.write.render import render, writing
from edge.vocabulary import Span


@dataclass(frozen=True, slots=True)
class CutResult:
    """The file written and the part of the recording in it."""

    path: Path
    """Path of the file."""
    start_s: float
    """Start in seconds of the recording; with `copy` that of the keyframe before."""
    end_s: float
    """End in seconds of the recording."""
    video_frames: int
    """Number of video frames written."""
    copied: bool
    """Whether packets were copied without reencoding."""
    note: str = ""
    """What could not be kept: colors, and why; other streams; "" if nothing was lost."""


def cut(
    media: MediaSource,
    span: Span,
    destination: str | PathLike[str],
    *,
    copy: bool = False,
    force: bool = False,
    fade_s: float = 0.0,
    tags: Mapping[str, str] | None = None,
) -> CutResult:
    """Write `span` of a recording to `destination`; its suffix selects the format (`containers.TARGETS`).

    By default the cut is encoded and exact: it begins with the frame on display at the start, keeps frame
    times, and its audio covers the span to the sample, in sync. All audio streams are kept if the file can
    hold them, the recording's chosen one first; `fade_s` fades the audio in and out. With `copy` packets are
    copied: fast and lossless, but the cut begins at the keyframe before (see `CutResult.start_s`). Memory
    does not grow with the span. `tags` are container tags that replace the recording's.

    Raises InputError (unreadable, empty span), UsageError (suffix, fade, codecs that do not fit), OutputError
    (exists and not `force`, disk full ...); no partial file is left behind.
    """
    destination = Path(destination)
    target = target_for(destination)
    recording = open_recording(media)
    info, plan = recording.info, _plan(recording, span, target, fade_s)
    begin, end = plan.ranges[0].start, plan.ranges[0].end
    with (
        whole_file(destination, force=force) as draft,
        writing(draft, destination, target, info.metadata | dict(tags or {})) as out,
    ):
        if copy:
            copied = copy_packets(plan, out)
            start, end, frames = copied.start, copied.end, copied.video_frames
        else:
            start, frames = begin, render(plan, out)
            end = min(end, Fraction(info.duration_s)) if info.duration_s else end
        if end <= begin or not out.streams:
            raise InputError(recording.path, f"holds nothing between {span.start:.3f} s and {span.end:.3f} s")
    lost = left_out([info], target, copied=copy)
    note = "; ".join(filter(None, ["" if copy else color_note(plan), lost]))
    return CutResult(destination, float(start), float(end), frames, copy, note)


def _plan(recording: Recording, span: Span, target: Target, fade_s: float) -> RenderPlan:
    if fade_s < 0 or 2 * fade_s > span.seconds:
        raise UsageError(f"fades of {fade_s} s do not fit into a cut of {span.seconds:.3f} s")
    range_ = ClipRange(recording, Fraction(span.start), Fraction(span.end))
    video = recording.info.video if target.video else None
    audio_tracks = tuple((stream,) for stream in audio_streams(recording, target, needed=video is None))
    return RenderPlan((range_,), target, video, audio_tracks, fade_s)
