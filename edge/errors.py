"""Every error that `edge` raises on purpose, each with the process exit code it stands for.

    EdgeError                      1
    ├── UsageError (ValueError)    2   the request makes no sense
    ├── InputError                 3   the input cannot be read or has nothing to work on
    │   └── NoAudioError
    ├── OutputError                1   a file could not be written
    ├── ModelError                 1   a model is missing, damaged or does not fit
    │   └── MissingRuntimeError
    └── MissingExtraError          1   an optional part of the package is not installed

The message is one line: what went wrong, where, and what to do next. All of them survive pickling, so that
they cross the border of a process pool.
"""

from __future__ import annotations

from importlib.util import find_spec
from os import PathLike, fspath
from pathlib import Path


class EdgeError(Exception):
    """Base of all errors raised by `edge`; `exit_code` is what the command line returns."""

    exit_code = 1


class UsageError(EdgeError, ValueError):
    """The request itself makes no sense (an option out of range, a wrong combination)."""

    exit_code = 2


class InputError(EdgeError):
    """The input cannot be read or has nothing to work on; `path` is that input."""

    exit_code = 3

    def __init__(self, path: str | PathLike[str], what: str) -> None:
        super().__init__(path, what)
        self.path, self.what = Path(path), what

    def __str__(self) -> str:
        return f"{fspath(self.args[0])}: {self.what}"  # as it was given: it may be the address of a stream


class NoAudioError(InputError):
    """The recording has no audio stream, or the stream holds no sample."""


class OutputError(EdgeError):
    """A file could not be written; `path` is that file. Nothing partial is left behind."""

    def __init__(self, path: str | PathLike[str], what: str) -> None:
        super().__init__(path, what)
        self.path, self.what = Path(path), what

    def __str__(self) -> str:
        return f"{self.path}: {self.what}"


class ModelError(EdgeError):
    """A model folder is missing, damaged or does not fit; `folder` is where it was looked for."""

    def __init__(self, folder: str | PathLike[str], what: str) -> None:
        super().__init__(folder, what)
        self.folder, self.what = Path(folder), what

    def __str__(self) -> str:
        return f"{self.folder}: {self.what}"


class MissingRuntimeError(ModelError):
    """A model needs a runtime that is not installed here; `needs` says which.

    `extra` is the extra of the package that installs it, if one does.
    """

    def __init__(self, path: str | PathLike[str], needs: str, extra: str | None) -> None:
        super().__init__(path, f"needs {needs}, which is not installed here{_remedy(extra)}")
        self.args = path, needs, extra
        self.needs, self.extra = needs, extra


class MissingExtraError(EdgeError):
    """An optional part of the package is not installed; `needs` is the module, `extra` brings it."""

    def __init__(self, needs: str, purpose: str, extra: str) -> None:
        super().__init__(needs, purpose, extra)
        self.needs, self.purpose, self.extra = needs, purpose, extra

    def __str__(self) -> str:
        return f"{self.purpose} need {self.needs}, which is not installed{_remedy(self.extra)}"


def require(module: str, purpose: str, extra: str) -> None:
    """Raise MissingExtraError unless a module of an extra can be imported; call it before any work.

    `purpose` is a plural: "plots", "timelines in .otio".
    """
    try:
        found = find_spec(module) is not None
    except (ImportError, ValueError):
        found = False
    if not found:
        raise MissingExtraError(module, purpose, extra)


def _remedy(extra: str | None) -> str:
    return f"; pip install 'edgereel[{extra}]'" if extra else ""
