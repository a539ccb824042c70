"""Base class of all networks: a checked model folder, and a session for each of its graphs."""

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
    """A model opened by its id or folder; close it, or use it in a `with` statement.

    To add one: set the task, the front end, the type of the manifest's parameters and the roles of its graphs
    as class attributes; reject in `_check` a folder that the class cannot run; add methods that run
    `self.sessions`.

    Raises ModelError if the model is missing, damaged or for another task, MissingRuntimeError if its runtime
    is not installed.
    """

    task: ClassVar[str]
    """Task in the manifest."""
    front_end_type: ClassVar[type]
    """Type of the manifest's front end."""
    parameters_type: ClassVar[type[Struct]]
    """Type of the manifest's parameters."""
    roles: ClassVar[tuple[str, ...]]
    """Roles of the graphs in the manifest."""
    default: ClassVar[str]
    """Id of the model that is opened by default."""

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
        """Release the sessions; afterwards the network cannot run."""
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
        """Raise ModelError if the folder does not describe a model that the class can run."""
