"""Every error that `edge` raises on purpose, each with the process exit code it stands for.

The message is one line: what went wrong, where, and what to do next.
"""

from __future__ import annotations

from pathlib import Path


class EdgeError(Exception):
    """Base of all errors raised by `edge`; `exit_code` is what the command line returns."""

    exit_code = 1


class UsageError(EdgeError):
    """The request itself makes no sense (a setting out of range, a wrong combination)."""

    exit_code = 2


class InputError(EdgeError):
    """The input cannot be read or has nothing to work on; `path` is that input."""

    exit_code = 3

    def __init__(self, path: Path | str, what: str) -> None:
        super().__init__(f"{path}: {what}")
        self.path = Path(path)


class NoAudioError(InputError):
    """The recording has no audio stream, or the stream holds no sample."""


class OutputError(EdgeError):
    """A file could not be written; `path` is that file. Nothing partial is left behind."""

    def __init__(self, path: Path | str, what: str) -> None:
        super().__init__(f"{path}: {what}")
        self.path = Path(path)


class ModelError(EdgeError):
    """A model folder is missing, damaged or does not fit; `folder` is where it was looked for."""

    def __init__(self, folder: Path | str, what: str) -> None:
        super().__init__(f"{folder}: {what}")
        self.folder = Path(folder)


class MissingRuntimeError(ModelError):
    """A model needs a runtime that is not installed here; `needs` says which.

    `extra` is the extra of the package that installs it, if one does.
    """

    def __init__(self, path: Path | str, needs: str, extra: str | None) -> None:
        remedy = f"; pip install 'edgereel[{extra}]'" if extra else ""
        super().__init__(path, f"needs {needs}, which is not installed here{remedy}")
        self.needs, self.extra = needs, extra


class MissingExtraError(EdgeError):
    """A part of the package that is an extra is not installed; `needs` is the module, `extra` brings it."""

    def __init__(self, needs: str, purpose: str, extra: str) -> None:
        super().__init__(f"{purpose} need {needs}, which is not installed; pip install 'edgereel[{extra}]'")
        self.needs, self.extra = needs, extra
