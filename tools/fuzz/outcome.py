"""What became of an input, judged where it was used."""

from __future__ import annotations

import traceback
from pathlib import Path
from typing import Literal, TypeAlias

from msgspec import Struct

from edge.errors import EdgeError
from tools.fuzz.target import Use

Kind: TypeAlias = Literal["ok", "refused", "bug", "crash", "hang", "partial"]
KINDS: tuple[Kind, ...] = ("ok", "refused", "bug", "crash", "hang", "partial")
"""Used; refused by an error of ours; another exception; the process died; no end in time; files left."""
GOOD: frozenset[Kind] = frozenset(("ok", "refused"))
"""What may become of an input."""


class Outcome(Struct, frozen=True):
    """What became of an input."""

    kind: Kind
    """One of `KINDS`."""
    detail: str = ""
    """The error, and where it was raised."""


def judged(use: Use, path: Path, folder: Path) -> Outcome:
    """Use an input, and say what became of it."""
    try:
        use(path, folder)
    except EdgeError as error:
        message = str(error)
        if "\n" in message or error.exit_code not in {1, 2, 3}:
            return Outcome("bug", f"not one line, or no exit code of ours: {message!r}")
        outcome = Outcome("refused", f"{type(error).__name__}: {message}")
        allowed = error.exit_code == 3 and any(not name.name.startswith(".") for name in folder.iterdir())
    except Exception as error:  # what is looked for
        return Outcome("bug", f"{type(error).__name__}: {error}\n{traceback.format_exc(limit=-6)}")
    else:
        outcome, allowed = Outcome("ok"), True
    left = sorted(found.name for found in folder.rglob("*") if found.name.startswith("."))
    if left or (not allowed and any(folder.iterdir())):
        return Outcome("partial", f"{outcome.detail}; left: {', '.join(left) or 'files'}")
    return outcome
