"""Write the results of an analysis into a folder: documents, captions, plan, music and the report."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from os import PathLike
from pathlib import Path

from edge.analysis.report.data import page_data
from edge.analysis.report.report import report_page
from edge.analysis.result import Analysis
from edge.captions.files import write_captions
from edge.errors import InputError
from edge.files import refuse_existing, refuse_unwritable, whole_files
from edge.media import MediaRange, Recording, concat
from edge.music.compose import Composition
from edge.music.write import write_music
from edge.quickcut.edits import write_plan
from edge.vocabulary import Progress, part_of

DOCUMENT, REPORT = "analysis.json", "report.html"
"""Names of the JSON document and of the report."""

CAPTIONS = ("captions.srt", "captions.vtt")
"""Names of the captions."""

PLAN = "clean.json"
"""Name of the plan, for `edge clean --plan`."""

MUSIC = ("music.m4a", "music.mid")
"""Names of the composed music."""

SOUND = "sound.m4a"
"""Name of the recording's audio, if no browser plays the recording itself."""

_MP4 = {"", "h264", "av1", "vp9", "aac", "mp3", "opus", "flac"}
_WEBM = {"", "vp8", "vp9", "av1", "opus", "vorbis"}
_AUDIO = {"", "mp3", "flac", "vorbis", "opus", "pcm_s16le"}

PLAYED = {
    **dict.fromkeys((".mp4", ".m4v", ".mov", ".m4a"), _MP4),
    **dict.fromkeys((".webm",), _WEBM),
    **dict.fromkeys((".mp3", ".flac", ".ogg", ".opus", ".wav"), _AUDIO),
}
"""Codecs that browsers play, by the suffix of the file; "" is none."""


def check_analysis(folder: Path, *, force: bool = False) -> None:
    """Check before the work that an analysis can be written. Raises OutputError."""
    for name in (DOCUMENT, REPORT, *CAPTIONS, PLAN, *MUSIC, SOUND):
        refuse_existing(folder / name, force)
    refuse_unwritable(folder)


def write_analysis(
    analysis: Analysis,
    folder: str | PathLike[str],
    *,
    force: bool = False,
    progress: Progress | None = None,
) -> tuple[Path, ...]:
    """Write an analysis into a folder, all of its files or none; return them, the report first.

    `analysis.json` is the document of `edge run`, `captions.srt` and `captions.vtt` are captions,
    `clean.json` is for `edge clean --plan`, `music.m4a` and `music.mid` are composed music; `report.html`
    shows it all, and plays `sound.m4a` if browsers cannot play the recording. Raises OutputError, InputError,
    ModelError.
    """
    folder = Path(folder)
    with whole_files(folder, force=force) as draft, ThreadPoolExecutor(1) as beside:
        music = beside.submit(_write_music, analysis.music, draft, part_of(progress, 0.0, 0.9))
        names = _write_texts(analysis, draft)
        plays = _write_sound(analysis.recording, draft)
        names += [SOUND] if plays else []
        data = page_data(analysis)
        names += music.result()
        with (draft / DOCUMENT).open("w", encoding="utf-8", errors="replace") as stream:
            files = (REPORT, DOCUMENT, *names)
            stream.write(json.dumps(analysis.to_dict(files), ensure_ascii=False, indent=2) + "\n")
        page = report_page(analysis, data, folder, files=(DOCUMENT, *names), plays=plays)
        (draft / REPORT).write_text(page, encoding="utf-8", errors="replace")
    if progress:
        progress(1.0)
    return tuple(folder / name for name in files)


def _write_texts(analysis: Analysis, draft: Path) -> list[str]:
    """Write captions and plan; return their names."""
    names: list[str] = []
    if analysis.captions is not None:
        for name in CAPTIONS:
            write_captions(analysis.captions.captions, draft / name)
        names += CAPTIONS
    if analysis.clean is not None:
        write_plan(analysis.clean, draft / PLAN)
        names.append(PLAN)
    return names


def _write_music(music: Composition | None, draft: Path, progress: Progress | None) -> list[str]:
    """Write the composed music, if there is any; return the names of its files."""
    if music is None:
        return []
    for name in MUSIC:
        write_music(music, draft / name, progress=progress)
    return [*MUSIC]


def _write_sound(recording: Recording, draft: Path) -> str:
    """Write the audio of a recording that no browser can play; return its name, "" if none was written."""
    is_at_hand = recording.name is None  # standard input is not
    if (is_at_hand and browsers_play(recording)) or not recording.audio:
        return ""
    try:
        concat([MediaRange(recording, Fraction(0), recording.end(video=False))], draft / SOUND)
    except InputError:  # the report plays nothing, and says so
        return ""
    return SOUND


def browsers_play(recording: Recording) -> bool:
    """Return whether common browsers play a recording, by its container and codecs."""
    info = recording.info
    codecs = {info.video.codec if info.video else "", info.audio[0].codec if info.audio else ""}
    return codecs <= PLAYED.get(recording.path.suffix.lower(), set())
