"""Write a video at other times and with other audio: its packets are copied, only their timestamps change."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from heapq import merge
from operator import itemgetter
from os import PathLike
from pathlib import Path

import numpy as np
from av.container import OutputContainer

from edge.arrays import Floats
from edge.errors import InputError
from edge.files import whole_file
from edge.media.ahead import ahead
from edge.media.read.container import best_video_stream, open_container, select_streams
from edge.media.read.decoding import packets
from edge.media.read.recording import MediaSource, Recording, open_recording
from edge.media.read.report import DecodeReport
from edge.media.write.containers import Target, video_target_for
from edge.media.write.encode import Move, Track, video_track
from edge.media.write.plan import ClipRange, RenderPlan, lay_out
from edge.media.write.remux import UNADVERTISED
from edge.media.write.render import writing
from edge.media.write.sound import made_track
from edge.vocabulary import Progress

TIME_BASE = Fraction(1, 90_000)
"""Time base of the copied packets."""


def retime(
    media: MediaSource,
    destination: str | PathLike[str],
    move: Move,
    audio: Iterable[Floats],
    rate_hz: int,
    *,
    force: bool = False,
    progress: Progress | None = None,
) -> Path:
    """Write the video of a recording with each frame at `move(its time)`, and other audio; return its path.

    audio: stereo blocks float32[2, n], one after the other, made in a thread of their own. Packets of video
    are copied, or encoded where the container of `destination` cannot hold them. Memory is that of an index.

    Raises InputError (unreadable, no video), UsageError (suffix), OutputError (exists and not `force`, disk
    full ...). No partial file is left behind.
    """
    destination, recording = Path(destination), open_recording(media)
    target = video_target_for(destination)
    if recording.info.video is None:
        raise InputError(recording.path, "has no video stream")
    end = recording.end(video=True)
    with (
        whole_file(destination, force=force) as draft,
        writing(draft, destination, target, recording.info.metadata) as out,
    ):
        tracks = [_video(recording, target, end, move, out), made_track(ahead(audio), rate_hz, target, out)]
        for at, written in merge(*tracks, key=itemgetter(0)):
            for packet in written:
                out.mux(packet)
            if progress is not None and end:
                progress(min(1.0, max(0.0, float(at / end))))  # frames that are decoded ahead begin before 0
    return destination


def left_out(recording: Recording) -> tuple[str, ...]:
    """Return what of a video `retime` leaves out, one line each. Raises InputError."""
    with open_container(recording.path) as container:
        counts = {
            "further audio track": len(container.streams.audio) - max(1, len(recording.audio)),
            "subtitle track": len(container.streams.subtitles),
            "chapter": len(container.chapters()),
        }
    return tuple(
        f"{count} {name}{'' if count == 1 else 's'} left out" for name, count in counts.items() if count > 0
    )


def _video(recording: Recording, target: Target, end: Fraction, move: Move, out: OutputContainer) -> Track:
    if _can_be_copied(recording, target, out):
        return _copied(recording, move, out)
    plan = RenderPlan(lay_out([ClipRange(recording, Fraction(0), end)]), target, recording.info.video, ())
    return video_track(plan, out, move=move)


def _can_be_copied(recording: Recording, target: Target, out: OutputContainer) -> bool:
    """Return whether the container holds the codec, and each frame has a time of its own."""
    assert recording.info.video is not None
    fits = out.supported_codecs | UNADVERTISED.get(target.muxer, set())
    index = recording.frame_index
    return recording.info.video.codec in fits and index is not None and index.whole


def _copied(recording: Recording, move: Move, out: OutputContainer) -> Track:
    """Copy the packets of the video stream; frames of equal times, after rounding, are a tick apart."""
    index, origin = recording.frame_index, recording.info.origin
    assert index is not None
    ends = np.append(index.shown, max(index.end, index.shown[-1]))
    moved = [round(move(float(index.seconds(tick) - origin)) / TIME_BASE) for tick in ends]
    times = np.maximum.accumulate(np.array(moved) - np.arange(len(moved))) + np.arange(len(moved))
    clock = iter(index.decoding_times(times[:-1]).tolist())
    with open_container(recording.path) as container:
        stream = best_video_stream(container)
        assert stream is not None
        select_streams(container, [stream])
        copy = out.add_stream_from_template(stream, opaque=True)
        copy.time_base = TIME_BASE
        if recording.info.video and recording.info.video.rotation:
            copy.set_display_rotation(recording.info.video.rotation)
        for packet in packets(container, [stream], DecodeReport()):
            if packet.size == 0 or packet.is_discard or packet.pts is None:
                continue
            rank = int(np.searchsorted(index.shown, packet.pts))
            packet.time_base, packet.stream = TIME_BASE, copy
            packet.pts, packet.dts = int(times[rank]), next(clock)
            packet.duration = int(times[rank + 1] - times[rank])
            yield packet.dts * TIME_BASE, [packet]
