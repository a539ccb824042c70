"""Ctrl-C that is not lost.

An exception that a signal handler raises while PyAV is turning an error code of FFmpeg into an exception of
its own disappears there (seen in 13 of 60 interrupts at the start of a cut, PyAV 18.1). So the handler also
remembers, and the loop over packets asks at a safe place.
"""

from __future__ import annotations

import signal
from types import FrameType

_asked = False


def install() -> None:
    """Have SIGINT and SIGTERM interrupt this process. A SIGINT that is ignored stays ignored."""
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, _interrupt)
    signal.signal(signal.SIGTERM, _interrupt)


def check() -> None:
    """Raise KeyboardInterrupt if an interrupt was asked for."""
    if _asked:
        raise KeyboardInterrupt


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    global _asked  # noqa: PLW0603 - a signal is a fact about the whole process
    _asked = True
    raise KeyboardInterrupt
