"""One-click clean: marks become cuts, cuts a timeline, and the timeline a file with captions that fit it.

captioned recording -> items (marks) -> cut list -> timeline -> rendered file, captions re-timed
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path

from edge.captions.transcribe import Progress
from edge.errors import InputError
from edge.evidence.transcript import Captioned
from edge.files import whole_file
from edge.media.write.concat import Part, join
from edge.quickcut.cuts import CutSettings, cut_list
from edge.quickcut.marks import Item, MarkSettings, mark
from edge.timeline.placing import place
from edge.timeline.timeline import Clip, Timeline
from edge.vocabulary import Caption, Span


@dataclass(frozen=True)
class CleanSettings:
    """Every choice between captions and the cleaned file."""

    marks: MarkSettings = field(default_factory=MarkSettings)
    cuts: CutSettings = field(default_factory=CutSettings)
    crossfade_s: float = 0.01
    """Cross-fade of the sound at a join."""
    smart: bool = True
    """Copy pictures where the codec allows it; else all are encoded anew."""


@dataclass(frozen=True)
class Plan:
    """What would go, and what would be left."""

    items: list[Item]
    cuts: list[Span]
    timeline: Timeline

    @property
    def kept_s(self) -> float:
        """Seconds left."""
        return float(self.timeline.length)

    @property
    def removed_s(self) -> float:
        """Seconds that go."""
        return sum(cut.seconds for cut in self.cuts)


@dataclass(frozen=True)
class Cleaned:
    """The file that was written."""

    file: Path
    plan: Plan
    """With the timeline as it was rendered: cut points lie on pictures."""
    sentences: list[Caption]
    """What is said in the file, in its seconds."""
    how: str
    """"unchanged" (a copy of the file, byte for byte), "smart", "encoded", or "sound"."""
    why: str
    """Why pictures were encoded that might have been copied; else empty."""


def plan_clean(found: Captioned, settings: CleanSettings | None = None) -> Plan:
    """The items of a recording, what to cut of it, and the timeline without that."""
    settings = settings or CleanSettings()
    items = mark(found, settings.marks)
    cuts = cut_list(items, found, settings.cuts)
    whole = Timeline.of([Clip(found.media.path, Fraction(0), Fraction(found.media_s))])
    return Plan(items, cuts, whole.cut((cut.start, cut.end) for cut in cuts))


def clean(
    found: Captioned,
    destination: Path,
    settings: CleanSettings | None = None,
    *,
    plan: Plan | None = None,
    audio_stream: int | None = None,
    force: bool = False,
    progress: Progress | None = None,
) -> Cleaned:
    """Write the recording without its blanks, fillers and repeats; see `edge.media.write.concat.join`.

    `plan` is what `plan_clean` gave, perhaps changed by hand. If nothing goes and the suffix stays, the file
    is copied as it is. Raises InputError if nothing would be left, and what `join` raises.
    """
    settings = settings or CleanSettings()
    plan = plan or plan_clean(found, settings)
    media = found.media.path
    if not plan.timeline.clips:
        raise InputError(media, "would be empty: nothing is said in it")
    if not plan.cuts and destination.suffix.lower() == media.suffix.lower():
        with whole_file(destination, force=force) as draft:
            shutil.copyfile(media, draft)
        return Cleaned(destination, plan, found.sentences, "unchanged", "")
    joined = join(
        [Part(clip.media, clip.trim_in, clip.trim_out) for clip in plan.timeline.clips],
        destination,
        smart=settings.smart,
        crossfade_s=settings.crossfade_s,
        audio_stream=audio_stream,
        force=force,
        progress=progress,
    )
    rendered = rendered_timeline(joined.parts)
    sentences = place({media: found.sentences}, rendered)
    return Cleaned(destination, replace(plan, timeline=rendered), sentences, joined.how, joined.why)


def rendered_timeline(parts: Sequence[Part]) -> Timeline:
    """The timeline of parts as they were rendered; what became shorter than a picture is not in it."""
    return Timeline.of(Clip(part.source, part.start, part.end) for part in parts if part.length)
