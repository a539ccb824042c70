"""Compose music for a video, stage by stage; each stage keeps what has not changed when music is refined.

video -> motion track -> sketch -> template, tempo, warp -> plan -> notes of each section -> score
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from msgspec import UNSET

from edge import schema
from edge.errors import InputError, UsageError
from edge.evidence.motion.collect import collect_motion
from edge.evidence.motion.track import MotionTrack
from edge.evidence.options import MotionOptions
from edge.media import Recording, open_recording
from edge.media.read.recording import MediaSource
from edge.music import choose as choosing
from edge.music.choose import Choice, choose, scene_cuts
from edge.music.mix import NONE, Score
from edge.music.options import MusicOptions
from edge.music.perform import VOICES
from edge.music.plan import Plan, bar_count, make_plan, measure
from edge.music.sections import compose_sections, keep_sections, known_notes
from edge.music.soundfonts import parse_preset
from edge.music.templates import INSTRUMENTS, PARTS, Template, open_templates
from edge.music.vectors import instruments
from edge.music.warp import on_beats
from edge.music.words import Bar
from edge.networks.composer import Composer
from edge.vocabulary import Progress, part_of


@dataclass(frozen=True, slots=True, eq=False)
class Composition:
    """Music for a video: what was seen, chosen, planned and composed."""

    recording: Recording
    """The video."""
    options: MusicOptions
    """What was asked for."""
    motion: MotionTrack
    """What moves in the video, and where its scenes begin."""
    choice: Choice
    """Template, tempo and warp."""
    plan: Plan
    """Bars and sections."""
    bars: tuple[Bar, ...]
    """Notes of each bar of the plan, in C major or A minor."""
    variants: tuple[int, ...]
    """How often a new melody was asked for, for each section."""

    def __repr__(self) -> str:
        name, count = self.recording.path.name, len(self.plan.sections)
        return f"Composition({name}, {self.choice.template.id}, {self.plan.tempo:.1f} bpm, {count} sections)"

    @property
    def score(self) -> Score:
        """All that is needed to play it."""
        chosen = instruments(self.choice.vector, self.choice.template, self.options.instruments)
        return Score(self.plan, self.bars, self.choice.template, self.choice.speed, chosen, self.options.seed)

    @property
    def cuts_s(self) -> list[float]:
        """Where scenes begin, in seconds of the result."""
        return [float(time) for time in self.choice.warp.moved(scene_cuts(self.motion))]

    @property
    def cuts_on_beat(self) -> float:
        """Share of scenes that begin within 0.1 s of a strong beat."""
        return on_beats(self.cuts_s, 60 / self.plan.tempo)

    def to_dict(self, file: str | None = None) -> dict[str, Any]:
        """Return the JSON document of `edge compose`."""
        return schema.to_dict(_document(self, file))


def compose_music(
    media: MediaSource,
    options: MusicOptions | None = None,
    *,
    motion: MotionTrack | None = None,
    templates: Sequence[Template] | None = None,
    composer: Composer | None = None,
    progress: Progress | None = None,
) -> Composition:
    """Compose music that follows a video: as long as it, denser where more moves, in sections that begin with
    its scenes. `write_music` writes it to files, `refine_music` changes it.

    `motion` is collected if it is not handed in. Raises InputError (unreadable, no video, no length),
    UsageError (nothing is like that), ModelError.
    """
    options, recording = options or MusicOptions(), open_recording(media)
    check(options)
    templates = open_templates() if templates is None else templates
    if motion is None:
        motion, _ = collect_motion(recording, MotionOptions(fast=True), progress=part_of(progress, 0, 0.5))
    if motion.end_s < 0.5 or len(motion.times_s) < 2:
        raise InputError(recording.path, "shows a still image or less than half a second: nothing to follow")
    with opened(composer) as network:
        vector = choosing.sketch(motion, network, options)
        choice = choose(motion, vector, templates, options)
        plan = planned(motion, choice, options)
        variants = (0,) * len(plan.sections)
        bars = compose_sections(
            plan, choice.template, network, seed=options.seed, variants=variants, known={},
            progress=part_of(progress, 0.5, 1),
        )  # fmt: skip
    return Composition(recording, options, motion, choice, plan, bars, variants)


def refine_music(
    music: Composition,
    options: MusicOptions,
    *,
    new_melody: Sequence[int] = (),
    keep: Sequence[int] = (),
    templates: Sequence[Template] | None = None,
    composer: Composer | None = None,
    progress: Progress | None = None,
) -> Composition:
    """Return the composition with other options; only the stages that they change run again.

    new_melody: sections, from 1, that get other notes with the same plan. keep: sections that stay.
    Raises UsageError for a section that does not exist, or cannot stay.
    """
    check(options)
    count = len(music.plan.sections)
    if wrong := [number for number in (*new_melody, *keep) if not 1 <= number <= count]:
        raise UsageError(f"there is no section {wrong[0]}: there are 1 to {count}")
    choice = music.choice
    with opened(composer) as network:
        if _differ(music.options, options, CHOOSING):
            templates = open_templates() if templates is None else templates
            vector = choosing.sketch(music.motion, network, options)
            choice = choose(music.motion, vector, templates, options)
        if keep and choice.template.id != music.choice.template.id:
            raise UsageError("no section can stay: the template becomes another")
        plan = keep_sections(music.plan, planned(music.motion, choice, options), keep)
        variants = tuple(
            (music.variants[number] if number < count else 0) + (number + 1 in new_melody)
            for number in range(len(plan.sections))
        )
        known = known_notes(music.plan, music.bars, music.options.seed, music.variants, keep)
        bars = compose_sections(
            plan, choice.template, network, seed=options.seed, variants=variants, known=known,
            progress=progress,
        )  # fmt: skip
    return replace(music, options=options, choice=choice, plan=plan, bars=bars, variants=variants)


CHOOSING = ("style", "mood", "template", "avoid", "tempo", "max_speed_change")
"""Options that change what template, tempo and warp are chosen."""


def check(options: MusicOptions) -> None:
    """Raise UsageError for an instrument or a voice that does not exist, MissingExtraError for SoundFonts."""
    for voice, name in options.instruments.items():
        if voice not in VOICES:
            raise UsageError(f"there is no voice {voice!r}: there are {', '.join(VOICES)}")
        if name not in (*INSTRUMENTS, NONE) and parse_preset(name) is None:
            known = ", ".join((*INSTRUMENTS, NONE, "FILE.sf2#N"))
            raise UsageError(f"there is no instrument {name!r}: there are {known}")


def planned(motion: MotionTrack, choice: Choice, options: MusicOptions) -> Plan:
    """Return the plan of music for a video, given what it is made of."""
    end_s = choice.warp.music_s[-1]
    count = bar_count(end_s, choice.tempo)
    activity = measure(motion, choice.warp, 240 / choice.tempo, count)
    cuts = [float(time) for time in choice.warp.moved(scene_cuts(motion))]
    parts = choice.template.parts
    bars: dict[str, int] = {name: parts.get(name, parts["verse"]).bars for name in PARTS}
    return make_plan(
        activity, cuts, choice.tempo, end_s, bars, denser=options.denser, stronger=options.stronger
    )


def _differ(one: MusicOptions, other: MusicOptions, names: Sequence[str]) -> bool:
    return any(getattr(one, name) != getattr(other, name) for name in names)


@contextmanager
def opened(composer: Composer | None) -> Iterator[Composer]:
    """Open the composer that ships, unless one is handed in, which stays open."""
    if composer is not None:
        yield composer
        return
    with Composer() as network:
        yield network


def _document(music: Composition, file: str | None) -> schema.Music:
    bar_s, style = music.plan.bar_s, music.choice.template.style
    return schema.Music(
        media=music.recording.describe(music.motion.end_s, music.motion.notes),
        tempo=round(music.plan.tempo, 3),
        template=music.choice.template.id,
        sections=tuple(
            schema.MusicSection(
                schema.seconds(section.first * bar_s),
                schema.seconds(min(music.plan.end_s, (section.first + len(section.bars)) * bar_s)),
                style,
                section.bars[0].part,
                round(sum(bar.density for bar in section.bars) / len(section.bars), 2),
                round(sum(bar.strength for bar in section.bars) / len(section.bars), 2),
            )
            for section in music.plan.sections
        ),
        cuts_on_beat=schema.share(music.cuts_on_beat),
        speed_change=schema.share(music.choice.warp.mean_change),
        file=file or UNSET,
    )
