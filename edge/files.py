"""Output files that appear complete or not at all."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from edge.errors import OutputError, UsageError

_NAME_BYTES = 255
"""Longest name of a file, of nearly all file systems."""
_SHORT = 80
"""Bytes of a name that its draft keeps."""


@contextmanager
def whole_file(path: Path, *, force: bool = False) -> Iterator[Path]:
    """Yield a temporary path beside `path`; on success it is renamed to `path`, else it is removed.

    The temporary name keeps the suffix, because muxers choose the format by it. Without `force` an
    existing `path` is refused, before any work and again at the end (another process may have made it).
    Raises OutputError for every failure to write, including a full disk.
    """
    refuse_existing(path, force)
    draft = path.with_name(f".{_short(path.stem)}.{secrets.token_hex(4)}.part{path.suffix}")
    made = [parent for parent in path.parents if not parent.exists()]
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield draft
        refuse_existing(path, force)
        draft.replace(path)
    except OSError as error:
        if isinstance(error, EOFError) or error.errno is None:
            raise
        raise OutputError(path, f"cannot be written: {os.strerror(error.errno).lower()}") from error
    finally:
        with suppress(OSError):
            draft.unlink()
        with suppress(OSError):  # remove folders made for a file that was not written; others are not empty
            for parent in made:
                parent.rmdir()


@contextmanager
def whole_folder(path: Path, *, force: bool = False) -> Iterator[Path]:
    """Yield a temporary folder beside `path`; on success it is renamed to `path`, else it is removed.

    With `force` an existing folder is replaced, and stays if anything fails. Raises OutputError.
    """
    refuse_existing(path, force)
    stem = f".{_short(path.name)}.{secrets.token_hex(4)}"
    draft, old = (path.with_name(f"{stem}.{kind}") for kind in ("part", "old"))
    try:
        draft.mkdir(parents=True)
        yield draft
        refuse_existing(path, force)
        if path.exists():
            path.rename(old)
        draft.rename(path)
    except OSError as error:
        if old.exists() and not path.exists():
            old.rename(path)
        if isinstance(error, EOFError) or error.errno is None:
            raise
        raise OutputError(path, f"cannot be written: {os.strerror(error.errno).lower()}") from error
    finally:
        for leftover in (draft, old):
            shutil.rmtree(leftover, ignore_errors=True)


@contextmanager
def whole_files(folder: Path, *, force: bool = False) -> Iterator[Path]:
    """Yield a temporary folder inside `folder`; on success its files are moved to `folder`, all or none.

    Without `force` files that exist are refused. Raises OutputError.
    """
    draft = folder / f".{secrets.token_hex(4)}.part"
    made = [parent for parent in (folder, *folder.parents) if not parent.exists()]
    try:
        draft.mkdir(parents=True)
        yield draft
        files = sorted(draft.iterdir())
        for file in files:
            refuse_existing(folder / file.name, force)
        for file in files:
            file.replace(folder / file.name)
    except OSError as error:
        if isinstance(error, EOFError) or error.errno is None:
            raise
        raise OutputError(folder, f"cannot be written: {os.strerror(error.errno).lower()}") from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)
        with suppress(OSError):  # remove folders made for files that were not written; others are not empty
            for parent in made:
                parent.rmdir()


def fill_in(template: str, **fields: str | int) -> str:
    """Return the template with its fields filled in, as in `{stem}-{number:02}`. Raises UsageError."""
    try:
        return template.format(**fields)
    except (LookupError, ValueError, AttributeError, TypeError) as error:
        known = " ".join(f"{{{name}}}" for name in fields)
        raise UsageError(f"{template}: has a bad field ({error}); there are {known}") from None


def identity(path: Path) -> tuple[int, int] | None:
    """Return what is equal for all names of one file; None where there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _short(name: str) -> str:
    """Return the beginning of a name, so short that the name of a draft has room for more."""
    return os.fsencode(name)[:_SHORT].decode(errors="ignore")


def refuse_existing(path: Path, force: bool) -> None:
    """Raise OutputError if `path` exists and `force` is false, or if its name is too long for a file."""
    length = len(os.fsencode(path.name))
    if length > _NAME_BYTES:
        what = f"cannot be written: the name has {length} bytes, of at most {_NAME_BYTES}"
        raise OutputError(path, f"{what}; choose a shorter one")
    try:
        exists = path.exists()
    except OSError as error:
        raise OutputError(path, f"cannot be written: {(error.strerror or str(error)).lower()}") from error
    if exists and not force:
        raise OutputError(path, "already exists; choose another name or pass --force")


def refuse_unwritable(folder: Path) -> None:
    """Raise OutputError if no file can be created in `folder`, which need not exist."""
    existing = next(parent for parent in (folder, *folder.absolute().parents) if parent.exists())
    if not existing.is_dir():
        raise OutputError(folder, f"cannot be a folder: {existing} is a file")
    if not os.access(existing, os.W_OK | os.X_OK):
        raise OutputError(folder, "cannot be written: permission denied")
