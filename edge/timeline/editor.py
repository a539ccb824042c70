"""Editor with undo and redo over a timeline and its captions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from msgspec import Struct

from edge.errors import UsageError
from edge.timeline.actions import Action, EditState, applied
from edge.timeline.placing import place
from edge.timeline.timeline import Timeline
from edge.vocabulary import Caption


class Done(Struct, frozen=True, tag=True):
    """Journal entry: an action was done."""

    action: Action
    """The action."""
    joins: bool = False
    """Whether it belongs to the previous step, like the movements of one drag."""


class Undone(Struct, frozen=True, tag=True):
    """Journal entry: a step was undone."""


class Redone(Struct, frozen=True, tag=True):
    """Journal entry: an undone step was done again."""


Entry: TypeAlias = Done | Undone | Redone
"""Events of an editor that are recorded and replayed."""


@dataclass(frozen=True, slots=True)
class _History:
    state: EditState
    before: tuple[EditState, ...] = ()
    after: tuple[EditState, ...] = ()
    """States to redo, the next one last."""


class Editor:
    """Apply actions to a state, with unlimited undo and redo.

    The history keeps the state before each step; states share their unchanged parts. An action that raises
    changes nothing. Not thread-safe.
    """

    def __init__(self, first: EditState, record: Callable[[Entry], None] | None = None) -> None:
        """`record` is called with each entry that takes effect; if it raises, the entry is rolled back."""
        self.record = record
        self._history = _History(first)
        self._gesture: str | None = None
        self._shown: tuple[EditState, Timeline, tuple[Caption, ...]] | None = None

    @property
    def state(self) -> EditState:
        """Return the current state."""
        return self._history.state

    @property
    def timeline(self) -> Timeline:
        """Return the timeline without the passages marked for removal; computed once per state."""
        return self._look()[0]

    @property
    def captions(self) -> tuple[Caption, ...]:
        """Return the captions on `timeline`, with their edited texts."""
        return self._look()[1]

    @property
    def can_undo(self) -> bool:
        """Return whether there is a step to undo."""
        return bool(self._history.before)

    @property
    def can_redo(self) -> bool:
        """Return whether there is an undone step to redo."""
        return bool(self._history.after)

    def do(self, action: Action, coalesce: str | None = None) -> None:
        """Do an action as a new step, unless it changes nothing. This clears the steps to redo.

        Consecutive actions with the same `coalesce`, a name for a gesture such as a drag, form one step. Use
        another name for the next gesture. Raises UsageError if the action cannot be done.
        """
        if self._do(action, joins=coalesce is not None and coalesce == self._gesture):
            self._gesture = coalesce

    def undo(self) -> None:
        """Go back to the state before the last step. Raises UsageError if there is none."""
        now = self._history
        if not now.before:
            raise UsageError("there is nothing to undo")
        self._become(_History(now.before[-1], now.before[:-1], (*now.after, now.state)), Undone())

    def redo(self) -> None:
        """Return to the state that was undone last. Raises UsageError if there is none."""
        now = self._history
        if not now.after:
            raise UsageError("there is nothing to redo")
        self._become(_History(now.after[-1], (*now.before, now.state), now.after[:-1]), Redone())

    def replay(self, entry: Entry) -> None:
        """Repeat a recorded entry on the state it was recorded on. Raises UsageError if it cannot be done."""
        match entry:
            case Done(action, joins):
                self._do(action, joins)
            case Undone():
                self.undo()
            case Redone():
                self.redo()

    def _do(self, action: Action, joins: bool) -> bool:
        now = self._history
        if joins and (now.after or not now.before):
            raise UsageError("there is no step that the action could belong to")
        state = applied(action, now.state)
        changed = state != now.state
        if changed:
            before = now.before if joins else (*now.before, now.state)
            self._become(_History(state, before), Done(action, joins))
        return changed

    def _become(self, history: _History, entry: Entry) -> None:
        was = self._history, self._gesture
        self._history, self._gesture = history, None
        try:
            if self.record is not None:
                self.record(entry)
        except BaseException:
            self._history, self._gesture = was
            raise

    def _look(self) -> tuple[Timeline, tuple[Caption, ...]]:
        state = self._history.state
        if self._shown is None or self._shown[0] is not state:
            timeline = state.without_removed()
            self._shown = state, timeline, tuple(place(state.transcript, timeline))
        return self._shown[1:]
