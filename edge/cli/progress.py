"""Progress line on stderr, only if it is a terminal."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import Any

FORMAT = "{desc} {percentage:3.0f}% {bar:24} {elapsed}, {remaining} left{postfix}"
"""Format of the line in tqdm."""
WITHOUT_TOTAL = "{desc} ..."
"""Format before the first call."""


class Progress:
    """Show a stage of the work; call it with the share done, 0 to 1.

    The stage is shown at once, so that loading a model is visible. With `seconds`, the length of the
    recording, the line has the speed as a multiple of real time. Nothing is shown with `quiet` or if stderr
    is not a terminal; the line is cleared at the end.
    """

    def __init__(self, stage: str, *, seconds: float = 0.0, quiet: bool = False) -> None:
        self._seconds = seconds
        self._bar: Any = None
        if not quiet and sys.stderr.isatty():
            from tqdm import tqdm  # noqa: PLC0415 - only needed if it is shown

            self._bar = tqdm(
                total=1.0, desc=stage, bar_format=WITHOUT_TOTAL, leave=False, file=sys.stderr, mininterval=0.2
            )

    def __call__(self, share: float) -> None:
        """Show that `share` of the work is done."""
        if self._bar is None:
            return
        self._bar.bar_format = FORMAT
        elapsed = self._bar.format_dict["elapsed"]
        if self._seconds and elapsed > 0.5:
            self._bar.set_postfix_str(f"{share * self._seconds / elapsed:.0f}x", refresh=False)
        self._bar.update(max(0.0, share - self._bar.n))

    def __enter__(self) -> Progress:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.close()
