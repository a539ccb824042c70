"""What every training is told: where to read from and write to, and how long to train."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Job:
    """Folders and settings of one training; see `python -m tools.train MODEL --help`."""

    data: Path
    """Folder with train/ and eval/."""
    run: Path
    """Checkpoints and logs: a training that was interrupted goes on from them."""
    out: Path
    """Folder of the model that ships."""
    float_out: Path
    """Folder of the float model."""
    steps: int
    """Batches."""
    threads: int
