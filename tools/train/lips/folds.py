"""People left out of training in turn, to choose by what the network makes of them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from tools.evaluate.clips import NONSPEECH, SILENT, TALKING
from tools.train.lips.corpus import Clip


def folds(clips: Sequence[Clip], count: int) -> list[set[str]]:
    """Groups in `count` parts, so that each part has its share of every label."""
    labels: dict[str, str] = {}
    for clip in clips:
        kinds = {span.label for span in clip.listed.spans} | {labels.get(clip.listed.group, "")}
        rarest = next((label for label in (NONSPEECH, SILENT, TALKING) if label in kinds), "")
        labels[clip.listed.group] = rarest
    parts: list[set[str]] = [set() for _ in range(count)]
    ordered = sorted(labels, key=lambda group: (labels[group], hashlib.sha256(group.encode()).hexdigest()))
    for number, group in enumerate(ordered):
        parts[number % count].add(group)
    return parts
