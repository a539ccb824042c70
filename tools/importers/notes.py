"""Notes that whoever exported an ONNX file left in it, each wrong one refused in one line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge.errors import InputError


@dataclass(frozen=True)
class Notes:
    """The notes of `file`, by name. Every method raises InputError naming the file."""

    file: Path
    values: Mapping[str, str]

    def get(self, name: str, default: str) -> str:
        """A note, or the default where there is none."""
        return self.values.get(name, default)

    def text(self, name: str) -> str:
        """A note that must be there."""
        if name not in self.values:
            raise InputError(self.file, f"has no {name} among its notes: not exported for sherpa-onnx")
        return self.values[name]

    def whole(self, name: str) -> int:
        """A whole number."""
        try:
            return int(self.text(name))
        except ValueError as error:
            raise InputError(self.file, f"notes {name} = {self.text(name)!r}: no whole number") from error

    def numbers(self, name: str, count: int) -> NDArray[np.float32]:
        """`count` finite numbers with commas between them."""
        try:
            values = np.array([float(number) for number in self.text(name).split(",")], np.float32)
        except ValueError as error:
            raise InputError(self.file, f"notes {name} as something else than numbers: {error}") from error
        if len(values) != count or not np.isfinite(values).all():
            raise InputError(self.file, f"notes {len(values)} numbers as {name}, not {count}")
        return values
