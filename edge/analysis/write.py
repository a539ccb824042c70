"""Write the results of an analysis into a folder: documents, captions, plan, music and the report."""

from __future__ import annotations

import json
import shutil
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from contextlib import ExitStack
from fractions import Fraction
from os import PathLike
from pathlib import Path
from tempfile import TemporaryDirectory

from edge.analysis.report.data import page_data
from edge.analysis.report.report import report_page
from edge.analysis.result import Analysis, Result
from edge.captions.files import write_captions
from edge.errors import InputError
from edge.files import refuse_existing, refuse_unwritable, whole_files
from edge.media import MediaRange, Recording, concat
from edge.music.compose import Composition
from edge.music.write import write_music
from edge.quickcut.edits import write_plan
from edge.vocabulary import Progress

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
    with AnalysisFiles() as files:
        if analysis.music:
            files.prepare(analysis.music)
        return files.write(analysis, folder, force=force, progress=progress)


class AnalysisFiles:
    """The files of an analysis; those that take long can be prepared before it is complete.

    `prepare` is for `analyze` as `on_result`. Close it, or use it in a `with` statement.
    """

    def __init__(self) -> None:
        self._worker = ThreadPoolExecutor(1)
        self._music: Future[list[Path]] | None = None
        self._drafts = ExitStack()
        self._progress: Progress | None = None
        self._closed = False

    def prepare(self, result: Result) -> None:
        """Begin to make what the files need, in a thread of its own."""
        if isinstance(result, Composition):
            self._music = self._worker.submit(self._write_music, result)

    def write(
        self,
        analysis: Analysis,
        folder: str | PathLike[str],
        *,
        force: bool = False,
        progress: Progress | None = None,
    ) -> tuple[Path, ...]:
        """Write the files of the complete analysis; see `write_analysis`."""
        folder, self._progress = Path(folder), progress
        with whole_files(folder, force=force) as draft:
            names = _write_texts(analysis, draft)
            plays = _write_sound(analysis.recording, draft)
            names += [SOUND] if plays else []
            data = page_data(analysis)
            for file in self._music.result() if self._music else ():
                shutil.copyfile(file, draft / file.name)
                names.append(file.name)
            with (draft / DOCUMENT).open("w", encoding="utf-8", errors="replace") as stream:
                files = (REPORT, DOCUMENT, *names)
                stream.write(json.dumps(analysis.to_dict(files), ensure_ascii=False, indent=2) + "\n")
            page = report_page(analysis, data, folder, files=(DOCUMENT, *names), plays=plays)
            (draft / REPORT).write_text(page, encoding="utf-8", errors="replace")
        if progress:
            progress(1.0)
        return tuple(folder / name for name in files)

    def close(self) -> None:
        """Stop what was begun, and remove drafts."""
        self._closed = True
        self._worker.shutdown(cancel_futures=True)
        self._drafts.close()

    def _write_music(self, music: Composition) -> list[Path]:
        folder = Path(self._drafts.enter_context(TemporaryDirectory(prefix="edge-")))
        return [write_music(music, folder / name, progress=self._report).path for name in MUSIC]

    def _report(self, share: float) -> None:
        if self._closed:
            raise CancelledError
        if self._progress:  # else the analysis still goes on
            self._progress(0.9 * share)

    def __enter__(self) -> AnalysisFiles:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


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
