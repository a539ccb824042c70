"""Where the recordings for training and evaluation lie."""

from __future__ import annotations

import os
from pathlib import Path


def data_root() -> Path:
    """`EDGE_DATA`, or the folder `shared/data` beside the checkout."""
    return Path(os.environ.get("EDGE_DATA") or Path(__file__).parents[2] / "shared" / "data")
