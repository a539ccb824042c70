"""What every network has in common: a model folder, checked, and a session for each of its graphs."""

from __future__ import annotations

from os import PathLike
from types import TracebackType
from typing import Any, ClassVar, Generic, Self, TypeVar

from msgspec import Struct

from edge.models.folder import ModelFolder
from edge.models.options import SessionOptions
from edge.models.session import Session
from edge.models.store import find

FrontEndT = TypeVar("FrontEndT")
ParametersT = TypeVar("ParametersT", bound=Struct)


class Network(Generic[FrontEndT, ParametersT]):
    """A model opened for its task, by its id or folder; close it, or use it in a `with` statement.

    To add one: name the task, the front end, the type of the manifest's parameters and the roles of its
    graphs as class attributes; refuse in `_check` a folder that the class cannot run; add methods that run
    `self.sessions`.

    Raises ModelError if there is no such model, it is damaged or for another task, MissingRuntimeError if its
    runtime is not installed.
    """

    task: ClassVar[str]
    """In the manifest."""
    front_end_type: ClassVar[type]
    parameters_type: ClassVar[type[Struct]]
    roles: ClassVar[tuple[str, ...]]
    """Of the graphs in the manifest."""
    default: ClassVar[str]
    """Id of the model that is opened if none is named."""

    def __init__(
        self,
        model: str | PathLike[str] | ModelFolder | None = None,
        *,
        threads: int = 1,
        options: SessionOptions | None = None,
    ) -> None:
        self.folder = model if isinstance(model, ModelFolder) else find(model or self.default)
        self.front_end, self.parameters = self._described()
        self._check()
        self.sessions: dict[str, Session] = {}
        try:
            for role in self.roles:
                self.sessions[role] = Session(self.folder, role, options=options, threads=threads)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Free what the runtimes hold; afterwards the network cannot run."""
        for session in self.sessions.values():
            session.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _described(self) -> tuple[FrontEndT, ParametersT]:
        described: Any = self.folder.description(self.task, self.front_end_type, self.parameters_type)
        front_end, parameters = described
        return front_end, parameters

    def _check(self) -> None:
        """Raise ModelError if the folder does not describe what the class runs."""
