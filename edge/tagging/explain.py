"""Draw why a recording got its tags: the weights of what counted, and the frames nearest to each tag."""

from __future__ import annotations

from collections.abc import Sequence
from os import PathLike
from typing import TYPE_CHECKING

import numpy as np

from edge.arrays import Floats
from edge.evidence.excerpts import light_features
from edge.evidence.plot import check_plot, save
from edge.media import frames_at
from edge.networks.tag_towers import VideoInput
from edge.tagging.networks import TagNetworks
from edge.tagging.tag import TagResult
from edge.text.clock import clock

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FRAMES = 3
"""Frames that are drawn for each tag."""

TAGS = 8
"""Tags that are drawn."""


def explain_tags(
    result: TagResult,
    file: str | PathLike[str] | None = None,
    *,
    networks: TagNetworks,
    force: bool = False,
) -> Figure:
    """Draw the tags with their similarity, the gate, and the frames nearest to each; with `file` save it too.

    `networks` are those that the recording was tagged with. Raises MissingExtraError without matplotlib,
    OutputError, InputError if the frames cannot be decoded again.
    """
    check_plot(file or "figure.png")
    from matplotlib.figure import Figure  # noqa: PLC0415 - an extra

    tags, shown = result.tags[:TAGS], min(FRAMES, len(result.excerpts.times_s))
    figure = Figure(figsize=(3 + 3 * shown, 1.5 + 1.6 * max(1, len(tags))), layout="constrained")
    rows = figure.subplots(len(tags) + 1, 1 + shown, squeeze=False, width_ratios=(1.4, *[1.6] * shown))
    _draw_gate(rows[0, 0], result)
    for axes in rows[0, 1:]:
        axes.axis("off")
    near = frame_similarities(result, networks)
    for axes, tag, similarities in zip(rows[1:], tags, near, strict=False):
        _draw_tag(axes[0], tag.name, tag.similarity)
        if shown:
            _draw_frames(axes[1:], result, similarities)
    figure.suptitle(f"{result.recording.path.name}   {_drawable(result.title)}", x=0.01, ha="left")
    if file is not None:
        save(figure, file, force=force)
    return figure


def frame_similarities(result: TagResult, networks: TagNetworks) -> Floats:
    """Return how near each frame alone is to each tag, float32[tags, frames]."""
    found = result.excerpts
    places = [
        networks.towers.video(
            VideoInput(image=classes @ networks.names, light=light_features(light, classes))
        )[0]
        for classes, light in zip(found.classes, found.light, strict=True)
    ]
    tags = networks.encode([tag.name for tag in result.tags])
    return tags @ np.array(places, np.float32).reshape(len(places), networks.size).T


def _draw_frames(axes: Sequence[Axes], result: TagResult, similarities: Floats) -> None:
    """Draw the frames that are nearest to a tag, in order of time."""
    nearest = np.argsort(-similarities)[: len(axes)]
    times = sorted(float(result.excerpts.times_s[index]) for index in nearest)
    for place, frame, time_s in zip(axes, frames_at(result.recording, times), times, strict=True):
        place.imshow(frame.rgb)
        place.set_title(clock(time_s), fontsize=8)
        place.axis("off")


def _drawable(text: str) -> str:
    """Return the text without emoji, which matplotlib's font lacks, and not longer than a line."""
    return "".join(letter for letter in text if ord(letter) < 0x3000)[:80]


def _draw_gate(axes: Axes, result: TagResult) -> None:
    names = list(result.gate)
    axes.barh(names[::-1], [result.gate[name] for name in names[::-1]], color="#1c7ed6")
    axes.set_xlim(0, 1)
    axes.set_title("weights", loc="left", fontsize=9)


def _draw_tag(axes: Axes, name: str, similarity: float) -> None:
    axes.barh([name], [similarity], height=0.3, color="#2f9e44")
    axes.set(xlim=(0, 1), ylim=(-0.5, 0.5), xticks=[])
    axes.set_title(f"{similarity:.2f}", loc="right", fontsize=8)
    for side in ("top", "right", "bottom"):
        axes.spines[side].set_visible(False)
