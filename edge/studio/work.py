"""What takes a while: exports and music, one after the other in a thread beside the server."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from threading import Lock
from typing import Any

from edge.cache import Cache
from edge.captions.files import WRITERS, write_captions
from edge.captions.layout import lay_out
from edge.captions.options import LayoutOptions
from edge.errors import EdgeError, UsageError
from edge.media.write.containers import TARGETS
from edge.music.compose import Composition, compose_music, refine_music
from edge.music.history import MusicHistory, load_music, save_music
from edge.music.options import MusicOptions
from edge.music.templates import open_templates
from edge.music.wishes import parse_wishes
from edge.music.write import write_music
from edge.quickcut.clean import as_rendered, clean
from edge.quickcut.edits import write_plan
from edge.quickcut.options import CleanOptions
from edge.songs.cut import cut_songs
from edge.songs.find import SongSearchResult
from edge.studio import requests
from edge.studio.session import Session
from edge.timeline.export import TIMELINE_WRITERS, write_timeline
from edge.vocabulary import Progress

CAPTIONS = tuple(suffix for suffix in WRITERS if suffix != ".json")
"""Suffixes of captions; `.json` is the plan."""

SUFFIXES = (*TARGETS, *CAPTIONS, *TIMELINE_WRITERS, ".json")
"""All formats that the result is written in."""


@dataclass
class Task:
    """A piece of work as the page shows it."""

    number: int
    """Number, ascending."""
    title: str
    """What is done."""
    share: float = 0.0
    """Share that is done, 0 to 1."""
    state: str = "waiting"
    """waiting, running, done or failed."""
    error: str = ""
    """Why it failed, one line."""
    result: dict[str, Any] = field(default_factory=dict)
    """What it gives."""


class Workshop:
    """Does work for one session; files are written into one folder, none is replaced."""

    def __init__(
        self, session: Session, songs: SongSearchResult | None, folder: Path, *, cache: Cache | None = None
    ) -> None:
        self.session, self.songs, self.folder = session, songs, folder
        self.files: dict[str, Path] = {}
        """What was written, by name: only this is served."""
        self._cache, self._tasks, self._numbers = cache, list[Task](), count(1)
        self._thread, self._lock = ThreadPoolExecutor(1), Lock()
        self._music: MusicHistory | None = None
        self._closed = False

    def tasks(self) -> list[dict[str, Any]]:
        """Return all tasks, oldest first."""
        return [dict(vars(task)) for task in self._tasks]

    def start(self, request: requests.Work) -> int:
        """Queue work; return its number. Raises UsageError if there is no such work."""
        match request:
            case requests.Export(suffix):
                if suffix not in SUFFIXES:
                    raise UsageError(f"the result is written as {' '.join(SUFFIXES)}, not {suffix}")
                return self._queue(f"Writing {suffix}", lambda progress: self._export(suffix, progress))
            case requests.CutSongs():
                return self._queue("Cutting songs", self._cut_songs)
            case requests.ComposeMusic(wishes):
                return self._queue("Composing music", lambda progress: self._compose(wishes, progress))
            case requests.AddMusic():
                return self._queue("Adding the music", self._add_music)

    def close(self) -> None:
        """Stop the work that is running, which leaves no file; what waits is dropped."""
        self._closed = True
        self._thread.shutdown(cancel_futures=True)

    def _queue(self, title: str, work: Callable[[Progress], dict[str, Any]]) -> int:
        with self._lock:
            task = Task(next(self._numbers), title)
            self._tasks.append(task)
        self._thread.submit(self._run, task, work)
        return task.number

    def _run(self, task: Task, work: Callable[[Progress], dict[str, Any]]) -> None:
        def report(share: float) -> None:
            if self._closed:
                raise UsageError("stopped")
            task.share = share

        task.state = "running"
        try:
            task.result = work(report)
        except EdgeError as error:
            task.error = str(error)
        except Exception as error:  # a bug: the page says so, and the edit goes on
            task.error = f"failed with {type(error).__name__}: {error}"
        task.state = "failed" if task.error else "done"

    def _export(self, suffix: str, progress: Progress) -> dict[str, Any]:
        plan = self.session.decided
        target = self._free(f"{plan.recording.path.stem}-clean", suffix)
        if suffix in TARGETS:
            clean(plan, target, CleanOptions(), progress=progress)
        elif suffix == ".json":
            write_plan(plan, target)
        else:
            rendered, sentences = as_rendered(plan)
            captions = lay_out(sentences, LayoutOptions(), duration_s=rendered.kept_s)
            if suffix in CAPTIONS:
                write_captions(captions, target)
            else:
                language = rendered.transcript.language
                write_timeline(rendered.timeline, target, captions=captions, language=language)
        return self._written(target)

    def _cut_songs(self, progress: Progress) -> dict[str, Any]:
        if self.songs is None or not len(self.songs):
            raise UsageError("there is no song to cut")
        clips = cut_songs(self.songs, self.folder, progress=progress)
        written = [self._written(clip.file) for clip in clips]
        return {"files": [one["file"] for one in written], **written[0]}

    def _compose(self, wishes: tuple[str, ...], progress: Progress) -> dict[str, Any]:
        recording, templates = self.session.plan.recording, open_templates()
        history = self._music or (
            load_music(recording, self._cache, templates) if self._cache else MusicHistory(recording)
        )
        last = history.last
        if last is None or not wishes:
            history.add(compose_music(recording, MusicOptions(), templates=templates, progress=progress))
        else:
            asked = parse_wishes(wishes, last.options, len(last.plan.sections), last.choice.template.id)
            if asked.undo:
                history.undo()
            else:
                refined = refine_music(
                    last, asked.options, new_melody=asked.new_melody, keep=asked.keep, templates=templates,
                    progress=progress,
                )  # fmt: skip
                history.add(refined)
        self._music = history
        if self._cache:
            save_music(history, self._cache)
        music = self._composed()
        target = self._free(f"{recording.path.stem}-music", ".m4a")
        write_music(music, target)
        template = music.choice.template
        return {"style": template.style, "tempo": round(music.plan.tempo, 1), **self._written(target)}

    def _add_music(self, progress: Progress) -> dict[str, Any]:
        music = self._composed()
        target = self._free(f"{music.recording.path.stem}-with-music", ".mp4")
        write_music(music, target, progress=progress)
        return self._written(target)

    def _composed(self) -> Composition:
        music = self._music.last if self._music else None
        if music is None:
            raise UsageError("there is no music yet; compose some first")
        return music

    def _free(self, stem: str, suffix: str) -> Path:
        """Return a name in the folder that no file has."""
        names = (f"{stem}{suffix}", *(f"{stem}-{number}{suffix}" for number in range(2, 10_000)))
        return next(self.folder / name for name in names if not (self.folder / name).exists())

    def _written(self, path: Path) -> dict[str, Any]:
        self.files[path.name] = path
        return {"file": str(path), "name": path.name}
