"""Open a recording for the page: its labels and transcript in one pass, songs, marks, and the kept edit."""

from __future__ import annotations

import os
from fractions import Fraction
from pathlib import Path
from typing import IO

import platformdirs

try:
    import fcntl
except ImportError:  # Windows: two pages of one recording are not prevented
    fcntl = None  # type: ignore[assignment]

from edge.analysis.report.data import page_data
from edge.analysis.result import Analysis
from edge.analysis.write import SOUND, browsers_play
from edge.cache import Cache
from edge.errors import OutputError, UsageError
from edge.evidence.sound import collect_sound
from edge.evidence.speech.recognizer import Recognizer
from edge.evidence.speech.recognizers import open_recognizer
from edge.media import MediaRange, Recording, concat
from edge.networks.segmenter import Segmenter
from edge.quickcut.clean import plan_clean
from edge.quickcut.options import CleanOptions
from edge.songs.find import find_songs
from edge.studio.app import Studio
from edge.studio.session import open_session
from edge.studio.work import Workshop
from edge.vocabulary import Progress, part_of

SETTING = "EDGE_EDITS"
"""Environment variable that names the folder of edits."""


def edits_root() -> Path:
    """Return the folder that keeps edits; it need not exist."""
    if chosen := os.environ.get(SETTING):
        return Path(chosen)
    return Path(platformdirs.user_data_dir("edgereel", appauthor=False)) / "edits"


def open_studio(
    recording: Recording,
    folder: Path,
    options: CleanOptions | None = None,
    *,
    scratch: Path,
    recognizer: Recognizer | None = None,
    cache: Cache | None = None,
    fresh: bool = False,
    progress: Progress | None = None,
) -> Studio:
    """Transcribe a recording and open its kept edit, or begin one; `folder` is for what is written.

    `scratch` is a folder that lasts as long as the page. Raises the errors of `collect_sound` and
    `open_session`.
    """
    options = options or CleanOptions()
    with Segmenter() as segmenter:
        sound = collect_sound(
            recording,
            segmenter,
            recognizer or open_recognizer(),
            options=options.transcript,
            cache=cache,
            progress=part_of(progress, 0.0, 0.9),
        )
        songs = find_songs(recording, labels=sound.labels, segmenter=segmenter)
    plan = plan_clean(recording, options, transcript=sound.transcript)
    digest = cache.digest_of(recording) if cache else recording.digest
    file = edits_root() / f"{digest[:32]}.journal"
    lock = _locked(file.with_suffix(".lock"))
    session = open_session(plan, file, fresh=fresh, options=options.cuts)
    analysis = Analysis(
        recording,
        songs,
        captions=None,
        clean=plan,
        tags=None,
        tracks=None,
        music=None,
        motion=None,
        left_out={},
    )
    work = Workshop(session, songs, folder, cache=cache)
    played = _played(recording, scratch, part_of(progress, 0.9, 1.0))
    return Studio(session, work, page_data(analysis), played, lock)


def _locked(file: Path) -> IO[str]:
    """Return a file that only this process holds. Raises UsageError if another one does, OutputError."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        held = file.open("w")
    except OSError as error:
        raise OutputError(file, f"cannot be written: {(error.strerror or str(error)).lower()}") from error
    if fcntl is not None:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            held.close()
            raise UsageError("this recording is on another page already; end that one first") from error
    return held


def _played(recording: Recording, scratch: Path, progress: Progress | None) -> Path:
    """Return the file that a browser plays: the recording, or its audio in a temporary file."""
    if browsers_play(recording):
        return recording.path
    whole = MediaRange(recording, Fraction(0), recording.end(video=False))
    concat([whole], scratch / SOUND, progress=progress)
    return scratch / SOUND
