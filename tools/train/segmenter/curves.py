"""The logs of a training run, kept with a video frame of them."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

from matplotlib.figure import Figure


def keep_logs(run: Path, folder: Path) -> None:
    """Copy every tower's `log.csv` to `folder/TOWER.csv` and draw them all to `folder/curves.png`."""
    folder.mkdir(parents=True, exist_ok=True)
    figure = Figure(figsize=(10, 4), layout="constrained")
    losses, scores = figure.subplots(1, 2)
    for log in sorted(run.glob("*/log.csv")):
        shutil.copy(log, folder / f"{log.parent.name}.csv")
        with log.open(newline="", encoding="utf-8") as file:
            rows = [{name: float(value) for name, value in row.items()} for row in csv.DictReader(file)]
        steps = [row["step"] for row in rows]
        losses.plot(steps, [row["loss"] for row in rows], label=log.parent.name)
        scored = [row for row in rows if row["validation_macro_f1"] == row["validation_macro_f1"]]
        if scored:
            scores.plot([r["step"] for r in scored], [r["validation_macro_f1"] for r in scored], marker=".")
    losses.set(xlabel="step", ylabel="loss")
    scores.set(xlabel="step", ylabel="macro-F1, held-out groups")
    losses.legend()
    figure.savefig(folder / "curves.png", dpi=80)
