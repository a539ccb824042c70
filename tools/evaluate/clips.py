"""The folder `faces` of a pack: short clips of people, with labeled spans."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

from edge.errors import InputError

TALKING, SILENT, NONSPEECH, FACELESS = "talking", "silent_face", "mouth_nonspeech", "no_face"
"""Labels of spans."""


@dataclass(frozen=True)
class Span:
    """A part of a clip in which one thing happens, in seconds."""

    start_s: float
    end_s: float
    label: str


@dataclass(frozen=True)
class Listed:
    """A clip as the manifest lists it."""

    path: Path
    group: str
    """The person."""
    seconds: float
    spans: tuple[Span, ...]
    in_sync: bool = False
    """Whether its sound is that of its lips."""

    def label_at(self, time_s: float) -> str | None:
        """Return the label of the span around a time; None between spans."""
        return next((span.label for span in self.spans if span.start_s <= time_s < span.end_s), None)


def read_clips(pack: Path) -> list[Listed]:
    """The clips of a pack, in the order of its manifest. Raises InputError if it has none."""
    manifest = pack / "faces" / "manifest.csv"
    try:
        with manifest.open(newline="", encoding="utf-8") as file:
            return [_listed(pack, row) for row in csv.DictReader(file)]
    except OSError as error:
        what = f"cannot be read ({error.strerror}); pass --data DIR or set EDGE_DATA"
        raise InputError(manifest, what) from error


def _listed(pack: Path, row: dict[str, str]) -> Listed:
    spans = []
    for span in row["kind"].split(";"):
        times, _, label = span.partition(":")
        start, _, end = times.partition("-")
        spans.append(Span(float(start), float(end), label))
    generated = row["real"] == "generated" and row["sound"] == "yes"
    return Listed(
        path=pack / row["path"],
        group=row["group"],
        seconds=float(row["seconds"]),
        spans=tuple(spans),
        in_sync=row["sync"] == "yes" or (generated and row["group"] != "musk"),
    )
