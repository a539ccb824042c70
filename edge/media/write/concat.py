"""Concatenate ranges of recordings into one file: crossfaded, in sync, frames copied where possible."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from os import PathLike
from pathlib import Path

import numpy as np

from edge.errors import InputError, OutputError, UsageError
from edge.files import refuse_existing, whole_file
from edge.media.read.frame_index import FrameIndex, Ticks, read_frame_index
from edge.media.read.probe import AudioStream
from edge.media.read.recording import MediaSource, Recording, open_recording
from edge.media.write.color import color_note
from edge.media.write.containers import Target, target_for
from edge.media.write.extras import left_out
from edge.media.write.plan import ClipRange, RenderPlan, audio_streams, lay_out
from edge.media.write.render import render, writing
from edge.media.write.smart_remux import smart_track
from edge.media.write.smartcut import NotAsPlannedError, obstacle, segments, times_on_output
from edge.vocabulary import Progress


@dataclass(frozen=True, slots=True)
class MediaRange:
    """The range [start, end) of a recording, in exact seconds."""

    source: MediaSource
    """The recording, or its path."""
    start: Fraction
    """Seconds of the recording, at least 0."""
    end: Fraction
    """Seconds of the recording, not before `start`."""
    speed: Fraction = Fraction(1)
    """Seconds of the recording in a second of the result, at least 1."""
    muted: bool = False
    """Whether its audio is silent."""

    def __post_init__(self) -> None:
        if not 0 <= self.start <= self.end:
            raise UsageError(f"a range needs 0 <= start <= end, got [{self.start}, {self.end})")
        if self.speed < 1:
            raise UsageError(f"a range cannot be played slower, got a speed of {self.speed}")

    @property
    def length(self) -> Fraction:
        """Length in seconds of the result."""
        return (self.end - self.start) / self.speed


@dataclass(frozen=True, slots=True)
class ConcatResult:
    """The file written. Its length is the sum of the lengths of `ranges`."""

    path: Path
    """Path of the file."""
    ranges: tuple[MediaRange, ...] = field(repr=False)
    """Ranges as rendered, one per requested range; a range shorter than half a video frame may be empty."""
    video_frames: int
    """Number of video frames written."""
    copied_frames: int
    """Number of those that were copied without reencoding."""
    how: str
    """"encoded", "smart", or "audio" if there is no video."""
    why: str
    """Why smart cut was not used; "" if it was."""
    note: str = ""
    """What could not be kept: colors, and why; other streams; "" if nothing was lost."""


def concat(
    ranges: Sequence[MediaRange],
    destination: str | PathLike[str],
    *,
    smart: bool = True,
    crossfade_s: float = 0.01,
    tags: Mapping[str, str] | None = None,
    force: bool = False,
    progress: Progress | None = None,
) -> ConcatResult:
    """Concatenate `ranges` into one file; its suffix selects the format (`containers.TARGETS`).

    Cut points move to the nearest video frame (see `snap_to_frames`), and the audio is cut at the same times,
    to the sample; each position is rounded once from the exact sum, so nothing drifts. At a join the audio is
    crossfaded for `crossfade_s` seconds (equal power, centered, with audio from beyond the cut points); the
    first start and the last end are faded for the same time. Contiguous ranges of a recording are merged.
    Of a range that is played faster, video frames are left out evenly and the others encoded, and audio is
    shortened in tune (see `quicken`); a muted range keeps its video.

    With `smart`, H.264 and HEVC frames are copied as far as possible (see `smartcut`); all others are
    encoded. Frames of several recordings are fitted to the shape of the first; where a range has no video the
    last frame stays. A single recording keeps all audio streams that the file can hold, the chosen one
    first; several recordings keep the chosen one of each. Encoded frames keep 10 bits and a high dynamic
    range if the file can hold them (`ConcatResult.note`). Memory does not grow with the length, except
    for an index of 25 bytes per video frame. `tags` are container tags that replace the first recording's.

    Raises InputError (unreadable, or all ranges are empty), NoAudioError (no audio where it is required),
    UsageError (suffix, times, crossfade), OutputError (exists and not `force`, disk full ...); no partial
    file is left behind.
    """
    destination = Path(destination)
    target = target_for(destination)
    if not ranges or crossfade_s < 0:
        raise UsageError("nothing to join" if not ranges else f"a crossfade cannot last {crossfade_s} s")
    refuse_existing(destination, force)
    recordings = _recordings(ranges)
    exact = _snapped(ranges, recordings, video=bool(target.video))
    plan = _plan(exact, recordings, target, crossfade_s)
    index = plan.ranges[0].recording.frame_index if target.video else None
    work = _Work(plan, index, destination, plan.ranges[0].info.metadata | dict(tags or {}), progress)
    with whole_file(destination, force=force) as draft:
        done = work.run(draft, smart=smart)
    lost = left_out([recording.info for recording in dict.fromkeys(recordings.values())], target)
    return replace(done, ranges=exact, note="; ".join(filter(None, [done.note, lost])))


def snap_to_frames(ranges: Sequence[MediaRange]) -> tuple[MediaRange, ...]:
    """Return the ranges as `concat` renders them, for example to place captions.

    Cut points move to the start of the nearest video frame or to the end of the last, and stay if there is no
    video, or if a range goes on where the one before it ends and only one of them is muted; ends beyond a
    recording's end move to it. Reads the packets of each recording once. Raises InputError.
    """
    return _snapped(ranges, _recordings(ranges), video=True)


def _recordings(ranges: Sequence[MediaRange]) -> dict[MediaSource, Recording]:
    return {source: open_recording(source) for source in dict.fromkeys(part.source for part in ranges)}


def _snapped(
    ranges: Sequence[MediaRange], recordings: Mapping[MediaSource, Recording], *, video: bool
) -> tuple[MediaRange, ...]:
    """Move cut points to frames. Raises InputError if a range begins after the end of its recording."""
    ends = {source: recording.end(video=video) for source, recording in recordings.items()}
    snapped: list[MediaRange] = []
    for run in _runs(ranges):
        recording, over = recordings[run[0].source], ends[run[0].source]
        for part in run:
            if over and part.start >= over:
                what = f"holds nothing between {float(part.start):.3f} s and {float(part.end):.3f} s"
                raise InputError(recording.path, f"{what}; it ends at {float(over):.3f} s")
        start, end, origin = run[0].start, min(run[-1].end, over or run[-1].end), recording.info.origin
        if video and (index := recording.frame_index) is not None:
            start, end = index.nearest(start + origin) - origin, index.nearest(end + origin) - origin
        inner = [max(start, min(part.start, end)) for part in run[1:]]
        for part, begins, stops in zip(run, [start, *inner], [*inner, end], strict=True):
            snapped.append(replace(part, start=begins, end=stops))
    return tuple(snapped)


def _runs(ranges: Sequence[MediaRange]) -> Iterator[list[MediaRange]]:
    """Yield ranges between two cuts."""
    run: list[MediaRange] = []
    for part in ranges:
        if run and not _goes_on(run[-1], part):
            yield run
            run = []
        run.append(part)
    if run:
        yield run


def _goes_on(part: MediaRange, after: MediaRange) -> bool:
    """Return whether there is no cut between two ranges."""
    ways = part.source, part.end, part.speed
    return ways == (after.source, after.start, after.speed) and part.muted != after.muted


def _plan(
    ranges: Sequence[MediaRange],
    recordings: Mapping[MediaSource, Recording],
    target: Target,
    crossfade_s: float,
) -> RenderPlan:
    placed = lay_out(
        ClipRange(recordings[part.source], part.start, part.end, speed=part.speed) for part in ranges
    )
    if not placed:
        path = recordings[ranges[0].source].path
        raise InputError(path, "holds no video or audio between the times given")
    video = next((part.info.video for part in placed if part.info.video), None) if target.video else None
    audio = {
        recording: audio_streams(recording, target, needed=video is None)
        for recording in dict.fromkeys(part.recording for part in placed)
    }
    count = len(next(iter(audio.values()))) if len(audio) == 1 else min(1, max(map(len, audio.values())))
    tracks = tuple(tuple(_nth(audio[part.recording], n) for part in placed) for n in range(count))
    silent = tuple(_silent(ranges))
    return RenderPlan(placed, target, video, tracks, crossfade_s, crossfade_s, silent, filled=True)


def _silent(ranges: Sequence[MediaRange]) -> Iterator[tuple[Fraction, Fraction]]:
    at = Fraction(0)
    for part in ranges:
        if part.muted and part.length:
            yield at, at + part.length
        at += part.length


def _nth(streams: Sequence[AudioStream], n: int) -> AudioStream | None:
    return streams[n] if n < len(streams) else None


@dataclass(frozen=True, slots=True)
class _Work:
    """A plan and the file to render it to."""

    plan: RenderPlan
    frame_index: FrameIndex | None
    destination: Path
    tags: dict[str, str]
    progress: Progress | None

    def run(self, draft: Path, *, smart: bool) -> ConcatResult:
        """Copy frames where possible; encode all if none can be copied, or if the copy is incorrect."""
        if self.plan.video is None:
            return ConcatResult(self.destination, (), self._encode(draft), 0, "audio", "there is no video")
        why = obstacle(self.plan, self.frame_index) if smart else "it was not asked for"
        if not why and self.frame_index is not None:
            try:
                frames, copied = self._copy(draft, self.frame_index)
                return ConcatResult(self.destination, (), frames, copied, "smart", "")
            except (NotAsPlannedError, OutputError) as error:
                why = str(error)
        note = color_note(self.plan)
        return ConcatResult(self.destination, (), self._encode(draft), 0, "encoded", why, note)

    def _encode(self, draft: Path) -> int:
        with writing(draft, self.destination, self.plan.target, self.tags) as out:
            frames = render(self.plan, out, progress=self.progress)
            if not out.streams:
                raise InputError(
                    self.plan.ranges[0].info.path, "holds nothing that can be decoded between the times given"
                )
        return frames

    def _copy(self, draft: Path, frame_index: FrameIndex) -> tuple[int, int]:
        """Write the smart cut; return the number of video frames, and of those that were copied."""
        plan, parts = self.plan, segments(self.plan.ranges, frame_index)
        if all(part.entry is None for part in parts):
            raise NotAsPlannedError("no part holds a keyframe to copy from")
        with writing(draft, self.destination, plan.target, self.tags) as out:
            frames = render(plan, out, smart_track(plan, frame_index, parts, out), self.progress)
        _verify(draft, plan.target, times_on_output(parts, frame_index), frame_index.time_base)
        return frames, sum(part.last - part.first for part in parts if part.entry is not None)


def _verify(draft: Path, target: Target, times: Ticks, time_base: Fraction) -> None:
    """Raise NotAsPlannedError unless the file has all video frames, at their times to within a tick."""
    written = read_frame_index(draft)
    if written is None or not written.whole or len(written.shown) != len(times):
        raise NotAsPlannedError("the video frames written are not those planned")
    if not written.rising and target.muxer != "matroska":
        raise NotAsPlannedError("the decoding timestamps written do not increase")
    got = (written.shown - written.shown[0]) * float(written.time_base)
    wanted = (times - times[0]) * float(time_base)
    if np.abs(got - wanted).max(initial=0) > 1.01 * max(written.time_base, time_base):
        raise NotAsPlannedError("the video frames written are not at the times planned")
