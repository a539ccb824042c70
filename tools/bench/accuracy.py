"""The accuracy that stands beside the speed of finding songs."""

from __future__ import annotations

from collections.abc import Sequence

from edge.vocabulary import Span
from tools.evaluate.songs import HIT_IOU, NEAR_IOU, match


def song_error(truth: Sequence[Span], found: list[list[float]]) -> tuple[float, str]:
    """1 - F1 of songs at IoU 0.9, and the scores in words."""
    spans = [Span(start, end) for start, end in found]
    matches = match(list(truth), spans)
    hits = sum(m.iou >= HIT_IOU for m in matches)
    near = sum(m.iou >= NEAR_IOU for m in matches) / max(1, len(truth))
    f1 = 2 * hits / max(1, len(truth) + len(spans))
    recall, precision = hits / max(1, len(truth)), hits / max(1, len(spans))
    return (
        1 - f1,
        f"recall {recall:.2f} ({near:.2f} at IoU 0.5), precision {precision:.2f}, {len(truth)} songs",
    )
