"""Write labels as CSV, Audacity label tracks, Praat TextGrid or RTTM.

To add a format: write a function from a result to the text of the file, and add it to `WRITERS`.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from os import PathLike
from pathlib import Path

from edge.errors import UsageError
from edge.evidence.segments import LabelResult
from edge.files import whole_file
from edge.vocabulary import LABELS


def csv_table(result: LabelResult) -> str:
    """Format a table with a header: start, end, label and the four confidences."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(["start", "end", "label", *(label.value for label in LABELS)])
    for row in result.merged:
        confidences = [f"{row.confidence[label]:.4f}" for label in LABELS]
        table.writerow([f"{row.start:.3f}", f"{row.end:.3f}", row.label.value, *confidences])
    return text.getvalue()


def audacity(result: LabelResult) -> str:
    """Format an Audacity label track: start, end and label, separated by tabs."""
    return "".join(f"{row.start:.6f}\t{row.end:.6f}\t{row.label}\n" for row in result.merged)


def textgrid(result: LabelResult) -> str:
    """Format a Praat TextGrid with one interval tier."""
    end = f"{result.labels.duration_s:.6f}"
    head = ['File type = "ooTextFile"', 'Object class = "TextGrid"', "", "xmin = 0", f"xmax = {end}"]
    head += ["tiers? <exists>", "size = 1", "item []:", "    item [1]:", '        class = "IntervalTier"']
    head += ['        name = "labels"', "        xmin = 0", f"        xmax = {end}"]
    lines = [*head, f"        intervals: size = {len(result.merged)}"]
    for number, row in enumerate(result.merged, 1):
        lines += [f"        intervals [{number}]:", f"            xmin = {row.start:.6f}"]
        lines += [f"            xmax = {row.end:.6f}", f'            text = "{row.label}"']
    return "\n".join([*lines, ""])


def rttm(result: LabelResult) -> str:
    """Format NIST's RTTM: one SPEAKER line per segment, with the label as the speaker's name."""
    name = "_".join(result.recording.path.stem.split()) or "recording"
    return "".join(
        f"SPEAKER {name} 1 {row.start:.3f} {row.end - row.start:.3f} <NA> <NA> {row.label} <NA> <NA>\n"
        for row in result.merged
    )


WRITERS: dict[str, Callable[[LabelResult], str]] = {
    ".csv": csv_table,
    ".txt": audacity,
    ".textgrid": textgrid,
    ".rttm": rttm,
}
"""Formatting function by file suffix, in lower case."""


def check_labels(file: str | PathLike[str]) -> None:
    """Raise UsageError if labels cannot be written with this suffix."""
    if Path(file).suffix.lower() not in WRITERS:
        raise UsageError(f"{file}: labels are written as .csv, .txt (Audacity), .TextGrid or .rttm")


def write_labels(result: LabelResult, file: str | PathLike[str], *, force: bool = False) -> None:
    """Write labels as .csv, .txt (Audacity), .TextGrid (Praat) or .rttm; equal neighbors are merged.

    Raises UsageError for an unknown suffix, OutputError if the file cannot be written.
    """
    check_labels(file)
    with whole_file(Path(file), force=force) as draft:
        text = WRITERS[Path(file).suffix.lower()](result)
        draft.write_text(text, encoding="utf-8", errors="surrogateescape")
