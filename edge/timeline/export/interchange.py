"""Export timelines to OpenTimelineIO and EDL (CMX 3600)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from edge.errors import UsageError, require
from edge.media.timecode import timecode_text
from edge.text.lines import plain_line
from edge.timeline.export.cut import STANDARD_RATES, Cut, Edit, Source

EDL_EVENTS = 999
"""Maximum of a three-digit event number; programs that read CMX 3600 refuse or misread more."""
_EDL_RATES = frozenset(rate for rate in STANDARD_RATES if rate <= 60)
_REEL = 8
_NO_REELS = frozenset({"AX", "BL", "BLACK", "BARS"})
"""Reel names that are reserved in CMX 3600."""
_CHANNELS = {True: ("V", "B", "AA/V"), False: ("V", "A", "AA")}
"""CMX 3600's channel code, by whether there is video, then by 0, 1 or 2 channels of audio."""


def write_otio(cut: Cut, path: Path) -> None:
    """Write OpenTimelineIO (.otio): a video and an audio track, captions as markers of the timeline.

    A track is omitted if no recording has a stream of its kind, and has a gap where a single recording has
    none. Times in a recording begin at its time code. Audio that is muted is a disabled clip; a speed is an
    effect, and does not change the length in `source_range`. Raises MissingExtraError.
    """
    require("opentimelineio", "timelines in .otio", "timelines")
    import opentimelineio as otio  # noqa: PLC0415 - an extra

    def span(start: int, length: int) -> Any:
        times = [otio.opentime.RationalTime(frames, float(cut.rate)) for frames in (start, length)]
        return otio.opentime.TimeRange(*times)

    def track(name: str, kind: str, has: set[Path]) -> Any:
        made = otio.schema.Track(name, kind=kind)
        for edit in cut.edits:
            if edit.media not in has:
                made.append(otio.schema.Gap(source_range=span(0, edit.frames)))
                continue
            source = cut.sources[edit.media]
            reference = otio.schema.ExternalReference(source.url, span(source.start, source.frames))
            clip = otio.schema.Clip(source.name, reference, span(cut.source_in(edit), edit.frames))
            if edit.speed != 1:
                clip.effects.append(otio.schema.LinearTimeWarp("speed", time_scalar=float(edit.speed)))
            clip.enabled = not (edit.muted and kind == "Audio")
            made.append(clip)
        return made

    timeline = otio.schema.Timeline(cut.name, global_start_time=span(0, 0).start_time)
    with_video = {media for media, source in cut.sources.items() if source.video}
    with_audio = {media for media, source in cut.sources.items() if source.channels}
    for name, kind, has in (("V1", "Video", with_video), ("A1", "Audio", with_audio)):
        if has:
            timeline.tracks.append(track(name, kind, has))
    for start, end, text in cut.captions:
        shown = span(start, end - start)
        marker = otio.schema.Marker(name=plain_line(text), marked_range=shown, color="GREEN")
        timeline.tracks.markers.append(marker)
    path.write_bytes(timeline.to_json_string(indent=2).encode())


def write_edl(cut: Cut, path: Path) -> None:
    """Write EDL (.edl): one event per clip, audio and video together; the format has no captions.

    An event of a muted clip is of its video alone, or of reel BL without video. Speeds are M2 lines, to a
    tenth of a frame per second.
    Timecode begins at 00:00:00:00, in a recording at the time code of its first frame. It is non-drop, which
    at 29.97 falls 3.6 s per hour behind the clock, unless that of a recording is drop-frame.
    The EDL adapter of OpenTimelineIO is not used, because it writes video only, drop-frame timecode without
    declaring it, and any number of events. Raises UsageError above `EDL_EVENTS` events and for rates without
    timecode.
    """
    if len(cut.edits) > EDL_EVENTS:
        raise UsageError(
            f"an EDL holds {EDL_EVENTS} events, this timeline has {len(cut.edits)}; write .otio or .fcpxml"
        )
    if cut.rate not in _EDL_RATES:
        raise UsageError(f"an EDL has no timecode at {cut.rate} frames a second; pass a standard rate")
    reels = _reels(cut.sources)
    lines = [f"TITLE: {cut.name}", f"FCM: {'' if cut.drop else 'NON-'}DROP FRAME", ""]
    for number, edit in enumerate(cut.edits, 1):
        lines += _event(number, edit, cut, reels[edit.media])
    path.write_bytes("".join(f"{line}\n" for line in lines).encode())


def _event(number: int, edit: Edit, cut: Cut, reel: str) -> list[str]:
    source, start = cut.sources[edit.media], cut.source_in(edit)
    channels = _CHANNELS[bool(source.video)][min(source.channels, 2)]
    if edit.muted and source.video:
        channels = "V"
    elif edit.muted:
        reel, start = "BL", 0
    frames = (start, start + edit.source_out - edit.source_in, edit.record_in, edit.record_out)
    first, *others = (timecode_text(frame, cut.rate, drop=cut.drop) for frame in frames)
    speed = f"M2   {reel:8} {float(edit.speed * cut.rate):05.1f}                {first}"
    return [
        f"{number:03}  {reel:8} {channels:5} C        {' '.join([first, *others])}",
        *([speed] if edit.speed != 1 else []),
        f"* FROM CLIP NAME:  {source.name}",
        f"* FROM CLIP: {source.url}",
    ]


def _reels(sources: Mapping[Path, Source]) -> dict[Path, str]:
    """Return a name of at most eight capitals and digits for each recording, made from its file name."""
    names: dict[Path, str] = {}
    for media, source in sources.items():
        stem = re.sub("[^A-Z0-9]", "", source.path.stem.upper()) or "MEDIA"
        reel, count = stem[:_REEL], 1
        while reel in _NO_REELS or reel in names.values():
            count += 1
            reel = f"{stem[: _REEL - len(str(count))]}{count}"
        names[media] = reel
    return names
