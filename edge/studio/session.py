"""The edit of one recording: its rows as the page shows them, and the journal that keeps it."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from threading import Lock
from typing import Any

from edge.errors import UsageError
from edge.quickcut.clean import CleanPlan
from edge.quickcut.cuts import cut_list, split_cuts
from edge.quickcut.edits import decide, decided_items
from edge.quickcut.options import CutOptions
from edge.studio import requests
from edge.studio.rows import Row, RowMaker, splice
from edge.timeline.actions import (
    Action,
    EditState,
    EditText,
    MergeCaptions,
    Passage,
    Remove,
    Restore,
    SplitCaption,
)
from edge.timeline.journal import Journal
from edge.timeline.timeline import Clip, Timeline
from edge.vocabulary import Caption, Span

MEDIA = Path("recording")
"""What the journal calls the recording, wherever it lies."""


@dataclass(frozen=True, slots=True)
class View:
    """The state of the edit as the page shows it."""

    version: int
    """Number of changes so far."""
    rows: tuple[Row, ...]
    """Captions and items, in order of time."""
    cuts: tuple[Span, ...]
    """Spans of the recording that go, in order and disjoint."""
    kept_s: float
    """Length of the result in seconds."""


class Session:
    """The edit of one recording. Its methods may be called from several threads."""

    def __init__(self, plan: CleanPlan, journal: Journal, options: CutOptions | None = None) -> None:
        """Use `open_session`."""
        self.plan = plan
        """What was recognized and suggested."""
        self.journal = journal
        """Where the edit is kept."""
        self._options, self._lock = options or CutOptions(), Lock()
        self._maker = RowMaker(plan)
        self._view = self._look(0)

    @property
    def view(self) -> View:
        """Return the current state."""
        return self._view

    @property
    def decided(self) -> CleanPlan:
        """Return the plan as it is edited, to render it."""
        with self._lock:
            return decide(self.plan, self._removed(), sentences=self.captions, options=self._options)

    @property
    def captions(self) -> tuple[Caption, ...]:
        """Return the sentences as they are edited, in seconds of the recording."""
        return self.journal.editor.state.transcript[MEDIA]

    def edit(self, request: requests.Edit) -> dict[str, Any]:
        """Change the edit, and return what the page must change. Raises UsageError if it cannot be done."""
        with self._lock:
            before, editor = self._view, self.journal.editor
            match request:
                case requests.Undo():
                    editor.undo()
                case requests.Redo():
                    editor.redo()
                case _:
                    editor.do(self._action(request))
            self._view = self._look(before.version + 1)
            return {**self._status(), "splice": splice(before.rows, self._view.rows)}

    def document(self) -> dict[str, Any]:
        """Return all that the page shows of the edit."""
        with self._lock:
            return {**self._status(), "rows": [row.to_list() for row in self._view.rows]}

    def _action(self, request: requests.Marking | requests.Captioning) -> Action:
        match request:
            case requests.SetText(start, end, text):
                return EditText(Passage(MEDIA, start, end), text)
            case requests.Split(start, end, at):
                return SplitCaption(Passage(MEDIA, start, end), at)
            case requests.Merge(start, end):
                return MergeCaptions(Passage(MEDIA, start, end))
            case _:
                return self._mark(request)

    def _mark(self, request: requests.Marking) -> Action:
        match request:
            case requests.Remove(spans):
                return Remove(_passages(spans))
            case requests.Restore(spans):
                return Restore(_passages(spans))
            case requests.Clean():
                return Remove(suggested(self.plan))
            case requests.KeepAll():
                return Restore(tuple(self.journal.editor.state.removed))

    def _look(self, version: int) -> View:
        removed = self._removed()
        items = decided_items(self.plan, removed)
        length_s = self.plan.duration_s
        cuts = cut_list(items, self.plan.transcript, self._options, duration_s=length_s)
        cuts, faster = split_cuts(cuts, items, self._options)
        kept_s = length_s - sum(cut.seconds for cut in cuts)
        if faster:
            kept_s -= sum(span.seconds for span in faster) * (1 - 1 / self._options.blank_speed)
        return View(version, self._maker.rows(self.captions, removed), tuple(cuts), kept_s)

    def _removed(self) -> set[tuple[float, float]]:
        return {(one.start, one.end) for one in self.journal.editor.state.removed}

    def _status(self) -> dict[str, Any]:
        editor, view, trouble = self.journal.editor, self._view, self.journal.trouble
        return {
            "version": view.version,
            "cuts": [(cut.start, cut.end) for cut in view.cuts],
            "kept": view.kept_s,
            "removed": max(0.0, self.plan.duration_s - view.kept_s),
            "canUndo": editor.can_undo,
            "canRedo": editor.can_redo,
            "trouble": str(trouble) if trouble else "",
        }


def open_session(
    plan: CleanPlan, file: Path, *, fresh: bool = False, options: CutOptions | None = None
) -> Session:
    """Continue the edit that a file keeps, or begin one with all that the plan suggests marked.

    `fresh` begins a new one. Raises InputError for a damaged journal, OutputError if it cannot be written,
    UsageError if it is of another recording.
    """
    if file.exists() and not fresh:
        journal = Journal.open(file)
        if MEDIA not in journal.editor.state.original:
            raise UsageError(f"{file}: is the journal of another edit")
        return Session(plan, journal, options)
    whole = Timeline.of([Clip(MEDIA, Fraction(0), Fraction(plan.duration_s))])
    first = EditState(whole, {MEDIA: plan.transcript.sentences}, removed=frozenset(suggested(plan)))
    file.parent.mkdir(parents=True, exist_ok=True)
    return Session(plan, Journal.create(file, first, force=True), options)


def suggested(plan: CleanPlan) -> tuple[Passage, ...]:
    """Return the words and items that a plan removes, as passages."""
    words = [word for one in plan.transcript.sentences for word in one.words]
    starts = [word.start for word in words]
    passages: list[Passage] = []
    for item in plan.items:
        if item.remove and item.text:
            inside = words[bisect_left(starts, item.start) : bisect_left(starts, item.end)]
            passages += [Passage.of(MEDIA, word) for word in inside]
        elif item.remove:
            passages.append(Passage(MEDIA, item.start, item.end))
    return tuple(passages)


def _passages(spans: Sequence[tuple[float, float]]) -> tuple[Passage, ...]:
    return tuple(Passage(MEDIA, start, end) for start, end in spans)
