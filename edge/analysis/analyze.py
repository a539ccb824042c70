"""Analyze a recording with all systems: every stream is decoded once, sound and frames side by side.

audio -> labels, transcript -> songs, captions, cuts -+
excerpts, library of tags ----------------------------+-> tags, music of a folder
video -> motion -> composed music --------------------+
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from os import PathLike
from threading import Event
from typing import NamedTuple, TypeAlias, TypeVar

from edge.analysis.by_excerpts import analyze_excerpts, open_library
from edge.analysis.by_motion import MotionResults, analyze_motion
from edge.analysis.by_sound import SoundResults, analyze_sound
from edge.analysis.job import Job
from edge.analysis.networks import AnalysisNetworks
from edge.analysis.options import AnalysisOptions
from edge.analysis.result import Analysis, Result
from edge.cache import Cache
from edge.errors import InputError
from edge.evidence.excerpts import Excerpts
from edge.matching.index import MusicIndex
from edge.matching.match import MatchResult, match_music
from edge.media import open_recording
from edge.media.read.recording import MediaSource
from edge.tagging.tag import TagResult, tag
from edge.vocabulary import Progress

ResultT = TypeVar("ResultT")

Music: TypeAlias = MusicIndex | str | PathLike[str]
"""Music to choose from: an index, or the folder of one."""

SIDE_BY_SIDE = 0.95
"""Share of the progress after which only what needs both sound and frames is left."""


def analyze(
    media: MediaSource,
    options: AnalysisOptions | None = None,
    *,
    music: Music | None = None,
    networks: AnalysisNetworks | None = None,
    cache: Cache | None = None,
    on_result: Callable[[Result], None] | None = None,
    progress: Progress | None = None,
) -> Analysis:
    """Find the songs, caption, plan the cut, tag, and choose or compose music for one recording.

    The audio is decoded once, and the video once for its motion; frames of faces and excerpts are sought.
    The results are those of `find_songs`, `transcribe`, `plan_clean`, `tag` with the transcript, and
    `match_music` if there is `music` to choose from, else `compose_music`. A part that the recording has
    nothing for, or for which an extra is not installed, is left out: `Analysis.left_out` says why. With a
    `cache` an interrupted analysis goes on where it was. `on_result` is called with each result as soon as it
    is there, from the thread that found it.

    Raises InputError if the file cannot be read or no part is left, and the other errors of these functions.
    """
    options, recording = options or AnalysisOptions(), open_recording(media)
    if networks is None:
        with AnalysisNetworks(cache=cache) as opened:
            return analyze(
                recording, options, music=music, networks=opened, cache=cache, on_result=on_result,
                progress=progress,
            )  # fmt: skip
    job = Job(recording, options, networks, cache, composes=music is None, on_result=on_result)
    sides = _side_by_side(job, progress)
    sound, _, tags, moving = sides
    tracks = None if music is None else _tracks(job, music, sides)
    job.found(tracks)
    left_out = {part: job.left_out[part] for part in options.parts if part in job.left_out}
    if len(left_out) == len(set(options.parts)):
        raise InputError(recording.path, "; ".join(dict.fromkeys(left_out.values())))
    notes = (
        *sound.notes, *(moving.motion.notes if moving.motion else ()), *(tags.notes if tags else ()),
    )  # fmt: skip
    if progress:
        progress(1.0)
    return Analysis(
        recording=recording,
        songs=sound.songs,
        captions=sound.captions,
        clean=sound.clean,
        tags=tags,
        tracks=tracks,
        music=moving.music,
        motion=moving.motion,
        left_out=left_out,
        notes=tuple(dict.fromkeys(notes)),
    )


LANES = 3
"""Pieces of work at a time; the fourth begins when the first is done."""


class _Sides(NamedTuple):
    """What is found side by side."""

    sound: SoundResults
    excerpts: Excerpts | None
    tags: TagResult | None
    moving: MotionResults


class _StoppedError(Exception):
    """Another side has failed."""


def _side_by_side(job: Job, progress: Progress | None) -> _Sides:
    """Do the pieces of work, three at a time. What fails first stops the others, and is raised."""
    shares, stop = [0.0] * 4, Event()

    def side(number: int, work: Callable[[Job, Progress], ResultT]) -> ResultT:
        def report(share: float) -> None:
            if stop.is_set():
                raise _StoppedError
            shares[number] = share
            if progress:
                progress(SIDE_BY_SIDE * sum(shares) / len(shares))

        try:
            report(0.0)
            result = work(job, report)
            report(1.0)
            return result
        except BaseException:
            stop.set()
            raise

    _ = job.networks.tagging  # one, for two threads that use different networks of it
    with ThreadPoolExecutor(LANES) as lanes:
        sound = lanes.submit(side, 0, analyze_sound)
        moving = lanes.submit(side, 1, analyze_motion)
        excerpts = lanes.submit(side, 2, analyze_excerpts)
        library = lanes.submit(side, 3, open_library)
        try:
            library.result()
            tags = _tags(job, sound.result(), excerpts.result())
            job.found(tags)
            return _Sides(sound.result(), excerpts.result(), tags, moving.result())
        except _StoppedError:
            for one in (sound, moving, excerpts):
                if (error := one.exception()) and not isinstance(error, _StoppedError):
                    raise error from None
            raise
        except BaseException:  # of library or tags, or Ctrl-C
            stop.set()
            raise


def _tags(job: Job, sound: SoundResults, excerpts: Excerpts | None) -> TagResult | None:
    if excerpts is None or not job.options.wants("tags"):
        return None
    with job.part("tags"):
        return tag(
            job.recording,
            library=job.networks.library,
            title=job.options.title,
            transcript=sound.transcript,
            options=job.options.tags,
            excerpts=excerpts,
            networks=job.networks.tagging,
        )
    return None


def _tracks(job: Job, music: Music, sides: _Sides) -> MatchResult | None:
    if sides.excerpts is None or not job.options.wants("music"):
        return None
    with job.part("music"):
        return match_music(
            job.recording,
            music,
            tags=[one.name for one in sides.tags or ()],
            title=job.options.title,
            transcript=sides.sound.transcript,
            excerpts=sides.excerpts,
            motion=sides.moving.motion,
            options=job.options.match,
            networks=job.networks.matching,
        )
    return None
