"""Render a plan: run its tracks and mux their packets."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from operator import itemgetter
from pathlib import Path

import av
from av.container import OutputContainer

from edge.errors import EdgeError, OutputError
from edge.media.read.container import DECODE_ERRORS, reason
from edge.media.write.containers import Target
from edge.media.write.encode import Track, audio_track, video_track
from edge.media.write.extras import carry_chapters
from edge.media.write.plan import RenderPlan
from edge.media.write.subtitles import subtitle_tracks
from edge.media.write.timecode import carry_timecode

CARRIED_TAGS = ("title", "artist", "album", "date", "genre", "track", "comment", "creation_time")
"""Container tags that remain valid for a part of the recording."""


def render(
    plan: RenderPlan,
    out: OutputContainer,
    video_frames: Track | None = None,
    progress: Callable[[float], None] | None = None,
    *,
    sound: Sequence[Track] | None = None,
) -> int:
    """Interleave the packets of all tracks by time; return the number of video frames.

    `video_frames` replaces the video encoder, `sound` those of audio; `progress` is called with the share
    done, 0 to 1. `merge` requests the first packets of every track before it returns any, so all streams
    exist when the first packet makes the muxer write its header.
    """
    tracks = [video_frames] if video_frames is not None else [video_track(plan, out)] if plan.video else []
    if sound is None:
        sound = [audio_track(plan, sources, out) for sources in plan.audio_tracks if any(sources)]
    tracks += sound
    tracks += subtitle_tracks(plan, out) if plan.video else []
    written, reported = 0, 0
    for at, packets in heapq.merge(*tracks, key=itemgetter(0)):
        if not written:
            carry_timecode(plan, out, plan.ranges[0].start)
            carry_chapters(plan, out)
        for packet in packets:
            written += packet.stream.type == "video"
            out.mux(packet)
        if progress is not None and at * 100 >= (reported + 1) * plan.length:
            reported = int(at * 100 / plan.length)
            progress(reported / 100)
    return written


@contextmanager
def writing(
    draft: Path, destination: Path, target: Target, tags: dict[str, str]
) -> Iterator[OutputContainer]:
    """Open the muxer with the valid ones of the source's `tags`; it is closed in any case.

    Errors of the muxer become OutputError; those of the disk stay OSError, see `whole_file`.
    """
    options = {"movflags": "+faststart"} if target.muxer in {"mp4", "mov", "ipod"} else {}
    try:
        out = av.open(f"file:{draft.absolute()}", "w", format=target.muxer, container_options=options)
        try:
            out.metadata.update({tag: tags[tag] for tag in CARRIED_TAGS if tag in tags})
            yield out
        except BaseException:
            with suppress(*DECODE_ERRORS):
                out.close()
            raise
        out.close()
    except (EdgeError, OSError):
        raise  # whole_file converts what the disk refuses
    except DECODE_ERRORS as error:
        raise OutputError(destination, f"cannot be encoded ({reason(error)})") from error
