"""Clean a recording: remove its blanks, fillers and repeated takes.

transcript -> marked items -> cut list -> timeline -> rendered file and retimed captions
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from os import PathLike
from pathlib import Path
from typing import Any

from msgspec import structs

from edge import schema
from edge.cache import Cache
from edge.errors import InputError
from edge.evidence.speech.recognizer import Recognizer
from edge.evidence.speech.recognizers import open_recognizer
from edge.evidence.speech.resemblance import Passages
from edge.evidence.transcript import Transcript
from edge.evidence.transcription import collect_transcript
from edge.files import whole_file
from edge.media import MediaRange, Recording, concat, open_recording, snap_to_frames
from edge.media.read.recording import MediaSource
from edge.networks.segmenter import Segmenter
from edge.quickcut.cuts import cut_list, split_cuts
from edge.quickcut.marks import Item, mark
from edge.quickcut.options import CleanOptions
from edge.spans import intervals, merge, subtract
from edge.text.clock import clock
from edge.timeline.placing import place
from edge.timeline.timeline import Clip, Timeline
from edge.vocabulary import Caption, Progress, Span


@dataclass(frozen=True, slots=True)
class CleanPlan:
    """The items, cuts and resulting timeline of a recording, before rendering."""

    recording: Recording
    """The recording to clean."""
    transcript: Transcript
    """Transcript of the recording."""
    items: tuple[Item, ...]
    """Speech and marked items, in order and disjoint."""
    cuts: tuple[Span, ...]
    """Spans that are removed, in order and disjoint."""
    timeline: Timeline
    """The recording without the cuts; clips may be muted or played faster."""
    notes: tuple[str, ...] = ()
    """Problems found in the file, one line each."""
    muted: tuple[Span, ...] = ()
    """Spans of which nothing but the video stays, if they are not cut; in order and disjoint."""

    def __repr__(self) -> str:
        name, cuts = self.recording.path.name, len(self.cuts)
        return f"CleanPlan({name}, {cuts} cuts, {self.kept_s:.1f} s kept, {self.removed_s:.1f} s removed)"

    @property
    def duration_s(self) -> float:
        """Length of the recording's audio or video, whichever is longer, in seconds."""
        return max(self.transcript.duration_s, self.recording.duration_s)

    @property
    def kept_s(self) -> float:
        """Length of the result in seconds."""
        return float(self.timeline.length)

    @property
    def removed_s(self) -> float:
        """How much shorter the result is, in seconds."""
        return max(0.0, self.duration_s - self.kept_s)

    @property
    def faster(self) -> tuple[Span, ...]:
        """Spans of the recording that are played faster, in order and disjoint."""
        spans = [
            (float(clip.trim_in), float(clip.trim_out)) for clip in self.timeline.clips if clip.speed != 1
        ]
        return tuple(Span(*part) for part in merge(spans))

    @property
    def speed(self) -> float:
        """How many times faster these are played; 1 without any."""
        return float(max((clip.speed for clip in self.timeline.clips), default=1))

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON document of `edge clean --dry-run`."""
        return schema.to_dict(self.to_document())

    def _repr_html_(self) -> str:
        """Return a table of what is removed for notebooks."""
        from edge.text.html import table  # noqa: PLC0415 - notebooks only

        rows = [
            (clock(item.start), clock(item.end), item.kind.value, item.text, item.reason)
            for item in self.items
            if item.remove
        ]
        return table(("start", "end", "kind", "text", "reason"), rows, caption=self.recording.path.name)

    def to_document(self) -> schema.Clean:
        """Return `to_dict` as a typed document."""
        return schema.Clean(
            media=self.recording.describe(self.transcript.duration_s, self.notes),
            language=self.transcript.language,
            items=tuple(item.to_document() for item in self.items),
            cuts=tuple(schema.Cut(schema.seconds(cut.start), schema.seconds(cut.end)) for cut in self.cuts),
            actions=(
                *(_action("mute", span) for span in self.muted),
                *(_action("speed", span, self.speed) for span in self.faster),
            ),
            kept_seconds=schema.seconds(self.kept_s),
            removed_seconds=schema.seconds(self.removed_s),
        )


@dataclass(frozen=True, slots=True)
class CleanResult:
    """The cleaned file and the plan that it was rendered from."""

    file: Path
    """Path of the cleaned recording."""
    plan: CleanPlan
    """The plan as rendered: cut points are at video frames."""
    sentences: tuple[Caption, ...]
    """Sentences of the cleaned recording, in its seconds."""
    how: str
    """"unchanged" (byte-for-byte copy), "smart", "encoded" or "audio"."""
    why: str
    """Reason why video was encoded instead of copied; empty if there is none."""
    note: str = ""
    """What could not be kept: HDR or deep color, subtitles, attachments; empty if nothing was lost."""

    def __repr__(self) -> str:
        return f"CleanResult({self.file}, {self.how}, {self.plan!r})"

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON document of `edge clean`."""
        return schema.to_dict(self.to_document())

    def to_document(self) -> schema.Clean:
        """Return `to_dict` as a typed document."""
        return structs.replace(
            self.plan.to_document(), file=str(self.file), how=self.how, why=self.why, note=self.note
        )


def plan_clean(
    media: MediaSource,
    options: CleanOptions | None = None,
    *,
    transcript: Transcript | None = None,
    recognizer: Recognizer | None = None,
    segmenter: Segmenter | None = None,
    cache: Cache | None = None,
    progress: Progress | None = None,
) -> CleanPlan:
    """Find the blanks, fillers and repeated takes of a recording, and plan the cuts that remove them.

    `media` is a path or a `Recording`; with a `transcript` of it, nothing is recognized. Raises the errors of
    `edge.transcribe`.
    """
    options, recording = options or CleanOptions(), open_recording(media)
    notes: tuple[str, ...] = ()
    if transcript is None:
        transcript, notes = collect_transcript(
            recording,
            recognizer or open_recognizer(),
            segmenter=segmenter,
            options=options.transcript,
            cache=cache,
            progress=progress,
        )
    duration_s = max(transcript.duration_s, recording.duration_s)
    items = mark(transcript, options.marks, duration_s=duration_s, voices=Passages(recording))
    cuts = cut_list(items, transcript, options.cuts, duration_s=duration_s)
    bare = CleanPlan(recording, transcript, tuple(items), (), Timeline(), notes)
    cuts, faster = split_cuts(cuts, items, options.cuts)
    return planned(bare, cuts, faster=faster, speed=options.cuts.blank_speed)


def planned(
    plan: CleanPlan,
    cuts: Sequence[Span],
    *,
    faster: Iterable[Span] = (),
    speed: float = 0.0,
    muted: Sequence[Span] = (),
) -> CleanPlan:
    """Return a plan with other `cuts`, in order and disjoint, and spans that are played faster or muted."""
    path = plan.recording.path
    timeline = Timeline.of([Clip(path, Fraction(0), Fraction(plan.duration_s))])
    timeline = timeline.cut((cut.start, cut.end) for cut in cuts)
    if speed:
        timeline = timeline.changed(path, intervals(faster), speed=Fraction(speed).limit_denominator(1000))
    timeline = timeline.changed(path, intervals(muted), muted=True)
    return replace(plan, cuts=tuple(cuts), timeline=timeline, muted=tuple(muted))


def clean(
    media: MediaSource | CleanPlan,
    destination: str | PathLike[str],
    options: CleanOptions | None = None,
    *,
    transcript: Transcript | None = None,
    cache: Cache | None = None,
    force: bool = False,
    progress: Progress | None = None,
) -> CleanResult:
    """Write a recording without its blanks, fillers and repeated takes.

    `media` is a path, a `Recording`, or a plan of `plan_clean`, which may have been edited. If nothing is
    removed and the suffix stays the same, the file is copied. `edge.media.concat` describes the rendering.
    Raises InputError if nothing would be left, and the errors of `plan_clean` and `concat`.
    """
    options, destination = options or CleanOptions(), Path(destination)
    plan = (
        media
        if isinstance(media, CleanPlan)
        else plan_clean(media, options, transcript=transcript, cache=cache)
    )
    recording, sentences = plan.recording, plan.transcript.sentences
    if not plan.timeline.clips:
        raise InputError(recording.path, "would be empty: it has no speech")
    changed = plan.cuts or plan.muted or plan.faster
    if not changed and destination.suffix.lower() == recording.path.suffix.lower():
        with whole_file(destination, force=force) as draft:
            shutil.copyfile(recording.path, draft)
        return CleanResult(destination, plan, sentences, "unchanged", "")
    joined = concat(
        media_ranges(recording, plan.timeline.clips),
        destination,
        smart=options.smart,
        crossfade_s=options.crossfade_s,
        force=force,
        progress=progress,
    )
    plan, placed = _as_rendered(plan, joined.ranges)
    return CleanResult(destination, plan, placed, joined.how, joined.why, joined.note)


def as_rendered(plan: CleanPlan) -> tuple[CleanPlan, tuple[Caption, ...]]:
    """Return a plan as `clean` would render it, its cut points at video frames, and the sentences that fit.

    For timelines of editors, without rendering. Raises InputError.
    """
    return _as_rendered(plan, snap_to_frames(media_ranges(plan.recording, plan.timeline.clips)))


def media_ranges(recording: Recording, clips: Iterable[Clip]) -> list[MediaRange]:
    """Return what clips of a recording show, to render it."""
    return [MediaRange(recording, clip.trim_in, clip.trim_out, clip.speed, clip.muted) for clip in clips]


def rendered_timeline(path: Path, ranges: Sequence[MediaRange]) -> Timeline:
    """Return the timeline of rendered ranges; ranges that became shorter than a frame are dropped."""
    return Timeline.of(
        Clip(path, part.start, part.end, speed=part.speed, muted=part.muted) for part in ranges if part.length
    )


def _as_rendered(plan: CleanPlan, ranges: Sequence[MediaRange]) -> tuple[CleanPlan, tuple[Caption, ...]]:
    path = plan.recording.path
    rendered = rendered_timeline(path, ranges)
    sentences = tuple(place({path: plan.transcript.sentences}, rendered))
    return replace(plan, timeline=rendered, cuts=_cuts(rendered, plan.duration_s)), sentences


def _cuts(timeline: Timeline, duration_s: float) -> tuple[Span, ...]:
    """Return the spans of the recording that its timeline leaves out."""
    kept = merge((float(clip.trim_in), float(clip.trim_out)) for clip in timeline.clips)
    return tuple(Span(*part) for part in subtract((0.0, duration_s), kept))


def _action(action: str, span: Span, speed: float = 1.0) -> schema.Action:
    return schema.Action(schema.seconds(span.start), schema.seconds(span.end), action, round(speed, 3))
