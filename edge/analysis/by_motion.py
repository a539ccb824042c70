"""What the frames of a recording show by moving: its shots, and music that follows them."""

from __future__ import annotations

from dataclasses import dataclass

from edge.analysis.job import Job
from edge.errors import InputError
from edge.evidence.motion.collect import collect_motion
from edge.evidence.motion.track import MotionTrack
from edge.evidence.options import MotionOptions
from edge.music.compose import Composition, compose_music
from edge.music.history import MusicHistory, load_music, save_music
from edge.vocabulary import Progress, part_of


@dataclass
class MotionResults:
    """Results that need all frames; None for what is not wanted, or was left out."""

    motion: MotionTrack | None = None
    """What moves, and where shots change."""
    music: Composition | None = None
    """Music composed for the video."""


def analyze_motion(job: Job, progress: Progress) -> MotionResults:
    """Decode all frames once for their motion, and compose. Raises as `analyze`."""
    found = MotionResults()
    if job.options.wants("music"):
        with job.part("music"):
            found.motion = _motion(job, part_of(progress, 0.0, 0.6))
            if job.composes:
                found.music = _composed(job, found.motion, part_of(progress, 0.6, 1.0))
        job.found(found.music)
    return found


def _motion(job: Job, progress: Progress | None) -> MotionTrack | None:
    if job.recording.info.video is None:
        return None
    options = MotionOptions(fast=True)
    return job.remembered(
        MotionTrack, (options,), lambda: collect_motion(job.recording, options, progress=progress)[0]
    )


def _composed(job: Job, motion: MotionTrack | None, progress: Progress | None) -> Composition:
    """Return the music that is kept for the video, or compose it and keep it, to be refined later."""
    recording, longest_s = job.recording, job.options.longest_music_s
    if motion is None:
        raise InputError(recording.path, "has no video that music could follow")
    if motion.end_s > longest_s:
        what = f"is longer than {longest_s / 60:g} min, for which no music is composed"
        raise InputError(recording.path, what)
    options, templates = job.options.music, job.networks.templates
    history = load_music(recording, job.cache, templates) if job.cache else MusicHistory(recording)
    for known in reversed(history.compositions):
        if known.options == options and not any(known.variants):
            return known
    composer = job.networks.composer
    music = compose_music(
        recording, options, motion=motion, templates=templates, composer=composer, progress=progress
    )
    if job.cache:
        history.add(music)
        save_music(history, job.cache)
    return music
