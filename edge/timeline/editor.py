"""The editor: actions done, undone and redone, and what is seen and said after them."""

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
    """An action was done."""

    action: Action
    joins: bool = False
    """Whether it belongs to the step before it, as the moments of a drag do."""


class Undone(Struct, frozen=True, tag=True):
    """A step was undone."""


class Redone(Struct, frozen=True, tag=True):
    """A step that was undone was done again."""


Entry: TypeAlias = Done | Undone | Redone
"""What happens in an editor, to be recorded and replayed."""


@dataclass(frozen=True, slots=True)
class _History:
    state: EditState
    before: tuple[EditState, ...] = ()
    after: tuple[EditState, ...] = ()
    """The next one last."""


class Editor:
    """A state, the actions that change it, and the way back to where it began.

    A step is kept as the state before it; states share what a step leaves as it is. What raises an error
    changes nothing. Not for several threads at once.
    """

    def __init__(self, first: EditState, record: Callable[[Entry], None] | None = None) -> None:
        """`record` is called with each entry that takes effect; if it raises, all is as before."""
        self.record = record
        self._history = _History(first)
        self._gesture: str | None = None
        self._shown: tuple[EditState, Timeline, tuple[Caption, ...]] | None = None

    @property
    def state(self) -> EditState:
        """As it is now."""
        return self._history.state

    @property
    def timeline(self) -> Timeline:
        """The timeline without what is marked for removal; made once for each state that is looked at."""
        return self._look()[0]

    @property
    def captions(self) -> tuple[Caption, ...]:
        """The captions, with their texts as edited, on `timeline`."""
        return self._look()[1]

    @property
    def can_undo(self) -> bool:
        """There is a step to go back."""
        return bool(self._history.before)

    @property
    def can_redo(self) -> bool:
        """A step was undone, and nothing else was done since."""
        return bool(self._history.after)

    def do(self, action: Action, coalesce: str | None = None) -> None:
        """Do an action: a new step, unless it changes nothing. What had been undone cannot be redone then.

        Actions in a row with one `coalesce`, a name for a gesture such as a drag, are one step. Use another
        name for the next gesture. Raises UsageError if the action cannot be done.
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
        """Go forward to the state that was undone last. Raises UsageError if there is none."""
        now = self._history
        if not now.after:
            raise UsageError("there is nothing to redo")
        self._become(_History(now.after[-1], (*now.before, now.state), now.after[:-1]), Redone())

    def replay(self, entry: Entry) -> None:
        """Let what was recorded happen again, on the state it happened on. Raises UsageError if it cannot."""
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
