"""Put parts of recordings one after another into one file: cross-faded, in step, copied where possible."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import numpy as np

from edge.errors import InputError, OutputError, UsageError
from edge.files import refuse_existing, whole_file
from edge.media.read.frame_index import Ticks, Timetable, read_timetable, sound_end
from edge.media.read.probe import AudioStream, MediaInfo, probe
from edge.media.write.containers import Target, target_for
from edge.media.write.plan import Plan, laid_out, sounds
from edge.media.write.render import render, writing
from edge.media.write.smart_remux import smart_track
from edge.media.write.smartcut import NotAsPlannedError, obstacle, segments, times_on_output

Progress = Callable[[float], None]
"""Told the part of the work done, 0 to 1."""


@dataclass(frozen=True, slots=True)
class Part:
    """[start, end) of a recording, exact seconds after its zero."""

    source: Path
    start: Fraction
    end: Fraction

    def __post_init__(self) -> None:
        if not 0 <= self.start <= self.end:
            raise UsageError(f"a part needs 0 <= start <= end, got [{self.start}, {self.end})")

    @property
    def length(self) -> Fraction:
        """Seconds."""
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class Joined:
    """The file written. Its length is the sum of the lengths of `parts`."""

    path: Path
    parts: tuple[Part, ...]
    """As rendered, one for each asked for; one that is less than half a picture long may be empty."""
    video_frames: int
    copied_frames: int
    """Of `video_frames`, those that are the source's own packets."""
    how: str
    """"encoded", "smart", or "sound" where there is no picture."""
    why: str
    """Why smart cut was not used; "" if it was."""


def join(
    parts: Sequence[Part],
    destination: Path,
    *,
    smart: bool = True,
    crossfade_s: float = 0.01,
    audio_stream: int | None = None,
    force: bool = False,
    progress: Progress | None = None,
) -> Joined:
    """Write `parts` one after another to `destination`; its suffix says the kind of file (`targets.TARGETS`).

    Cut points move to the nearest picture (see `snap`), and the sound is cut at the same instants, to the
    sample; each position is rounded once from the exact sum, so nothing drifts. At a join the sound
    cross-fades for `crossfade_s` seconds (equal power, centred, with sound from beyond the cut points); the
    first start and the last end are faded as long. Parts that follow each other in a recording are one.

    With `smart` H.264 pictures are copied as far as possible (see `smartcut`); all others are encoded.
    Pictures of several recordings are fitted to the first's shape; where a part has no picture the one before
    stays. From one recording all audio streams come along where the file can hold them, `audio_stream` (or
    the default one) first; from several, that one of each. Memory does not grow with the length, save for a
    table of 25 bytes for each picture of the sources.

    Raises InputError (unreadable, or no part holds anything), NoAudioError (no sound where one is needed),
    UsageError (suffix, times, cross-fade), OutputError (exists and not `force`, disk full ...); nothing
    partial is left behind.
    """
    target = target_for(destination)
    if not parts or crossfade_s < 0:
        raise UsageError("nothing to join" if not parts else f"no cross-fade can last {crossfade_s} s")
    refuse_existing(destination, force)
    infos = _infos(parts)
    timetables = _timetables(parts) if target.video else {}
    exact = _snapped(parts, infos, timetables)
    plan = _plan(exact, infos, target, audio_stream, crossfade_s)
    work = _Work(plan, timetables.get(plan.stretches[0].info.path), destination, progress)
    with whole_file(destination, force=force) as draft:
        done = work.run(draft, smart=smart)
    return replace(done, parts=exact)


def snap(parts: Sequence[Part]) -> tuple[Part, ...]:
    """The parts as `join` renders them, so that captions can be put where they will be.

    Cut points move to the beginning of the nearest picture or to the end of the last, and stay where there is
    no picture; ends beyond a recording's end move to it. Reads the packets of each source once. Raises
    InputError.
    """
    return _snapped(parts, _infos(parts), _timetables(parts))


def _infos(parts: Sequence[Part]) -> dict[Path, MediaInfo]:
    return {path: probe(path) for path in dict.fromkeys(part.source for part in parts)}


def _timetables(parts: Sequence[Part]) -> dict[Path, Timetable | None]:
    return {path: read_timetable(path) for path in dict.fromkeys(part.source for part in parts)}


def _snapped(
    parts: Sequence[Part], infos: Mapping[Path, MediaInfo], timetables: Mapping[Path, Timetable | None]
) -> tuple[Part, ...]:
    """Raises InputError if a part begins where its recording has ended."""
    ends = {path: _end(info, timetables.get(path)) for path, info in infos.items()}
    snapped = []
    for part in parts:
        over, timetable, zero = ends[part.source], timetables.get(part.source), infos[part.source].zero
        if over and part.start >= over:
            what = f"holds nothing between {float(part.start):.3f} s and {float(part.end):.3f} s"
            raise InputError(part.source, f"{what}; it ends at {float(over):.3f} s")
        start, end = part.start, min(part.end, over or part.end)
        if timetable is not None:
            start, end = timetable.nearest(start + zero) - zero, timetable.nearest(end + zero) - zero
        snapped.append(Part(part.source, start, end))
    return tuple(snapped)


def _end(info: MediaInfo, timetable: Timetable | None) -> Fraction:
    """Where a recording ends, seconds after its zero; 0 if that is not known."""
    if timetable is None or not len(timetable.shown):
        return sound_end(info)
    return max(Fraction(info.duration_s), timetable.seconds(timetable.end) - info.zero)


def _plan(
    parts: Sequence[Part],
    infos: Mapping[Path, MediaInfo],
    target: Target,
    audio_stream: int | None,
    crossfade_s: float,
) -> Plan:
    stretches = laid_out((infos[part.source], part.start, part.end) for part in parts)
    if not stretches:
        raise InputError(parts[0].source, "holds no picture or sound between the times given")
    video = next((s.info.video for s in stretches if s.info.video), None) if target.video else None
    used = {stretch.info.path: stretch.info for stretch in stretches}
    audio = {path: sounds(info, audio_stream, target, needed=video is None) for path, info in used.items()}
    count = len(next(iter(audio.values()))) if len(audio) == 1 else min(1, max(map(len, audio.values())))
    lanes = tuple(tuple(_nth(audio[s.info.path], n) for s in stretches) for n in range(count))
    return Plan(stretches, target, video, lanes, crossfade_s, crossfade_s, filled=True)


def _nth(streams: Sequence[AudioStream], n: int) -> AudioStream | None:
    return streams[n] if n < len(streams) else None


@dataclass(frozen=True, slots=True)
class _Work:
    """A plan on its way into a file."""

    plan: Plan
    timetable: Timetable | None
    destination: Path
    progress: Progress | None

    def run(self, draft: Path, *, smart: bool) -> Joined:
        """Copy what can be copied; encode all if nothing can, or the copy does not hold what it should."""
        if self.plan.video is None:
            return Joined(self.destination, (), self._encode(draft), 0, "sound", "there is no picture")
        why = obstacle(self.plan, self.timetable) if smart else "it was not asked for"
        if not why and self.timetable is not None:
            try:
                frames, copied = self._copy(draft, self.timetable)
                return Joined(self.destination, (), frames, copied, "smart", "")
            except (NotAsPlannedError, OutputError) as error:
                why = str(error)
        return Joined(self.destination, (), self._encode(draft), 0, "encoded", why)

    def _encode(self, draft: Path) -> int:
        tags = self.plan.stretches[0].info.metadata
        with writing(draft, self.destination, self.plan.target, tags) as out:
            frames = render(self.plan, out, progress=self.progress)
            if not out.streams:
                raise InputError(self.plan.stretches[0].info.path, "holds nothing that can be decoded there")
        return frames

    def _copy(self, draft: Path, timetable: Timetable) -> tuple[int, int]:
        """(pictures, those of them copied)"""
        plan, parts = self.plan, segments(self.plan.stretches, timetable)
        if not any(part.copied for part in parts):
            raise NotAsPlannedError("no part holds a whole group of pictures")
        with writing(draft, self.destination, plan.target, plan.stretches[0].info.metadata) as out:
            frames = render(plan, out, smart_track(plan, timetable, parts, out), self.progress)
        _verify(draft, plan.target, times_on_output(parts, timetable), timetable.time_base)
        return frames, sum(part.last - part.first for part in parts if part.copied)


def _verify(draft: Path, target: Target, times: Ticks, time_base: Fraction) -> None:
    """Raise NotAsPlannedError unless the file's pictures are there, at their times to within a tick."""
    written = read_timetable(draft)
    if written is None or not written.whole or len(written.shown) != len(times):
        raise NotAsPlannedError("the pictures written are not those planned")
    if not written.rising and target.muxer != "matroska":
        raise NotAsPlannedError("the decoding times written do not rise")
    got = (written.shown - written.shown[0]) * float(written.time_base)
    wanted = (times - times[0]) * float(time_base)
    if np.abs(got - wanted).max(initial=0) > 1.01 * max(written.time_base, time_base):
        raise NotAsPlannedError("the pictures written are not at the times planned")
