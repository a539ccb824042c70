"""Results while audio arrives: collectors that are asked after each block, and those of labels and levels."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol, TypeVar

import numpy as np

from edge.arrays import Floats
from edge.errors import InputError
from edge.evidence.collect import Collector, audio_blocks, push
from edge.evidence.labels import FrameLabels
from edge.evidence.levels import SILENCE_DB
from edge.media import AudioBlock
from edge.vocabulary import LABELS, Label

LABEL_S: Final = 3.0
"""Seconds over whose frames the confidences of a live label are means, as long as a segment."""
LABEL_STEP_S: Final = 1.0
"""Seconds between live labels."""
CLEAR: Final = 0.1
"""Margin over the current label at which another one replaces it."""
LEVEL_S: Final = 0.2
"""Seconds that a level is measured over."""

Result = TypeVar("Result")
Result_co = TypeVar("Result_co", covariant=True)


class LiveCollector(Collector, Protocol[Result_co]):
    """Collector that has results before the end of the audio."""

    def take(self) -> Sequence[Result_co]:
        """Return the results since the last call."""


def follow(
    blocks: Iterable[Floats], evidence: Sequence[Collector], live: Sequence[LiveCollector[Result]]
) -> Iterator[Result]:
    """Push blocks float32[n] to collectors; yield what the live ones find, as soon as they do.

    The live collectors are fed after those of `evidence`, which they may read. If `blocks` raises InputError,
    what arrived before is finished first.
    """
    failure: InputError | None = None
    collectors: list[Collector] = [*evidence, *live]
    try:
        for _ in push(audio_blocks(blocks), collectors):
            yield from _taken(live)
    except InputError as error:
        failure = error
    for collector in collectors:
        collector.finish()
    yield from _taken(live)
    if failure is not None:
        raise failure


def _taken(live: Sequence[LiveCollector[Result]]) -> Iterator[Result]:
    for collector in live:
        yield from collector.take()


@dataclass(frozen=True, slots=True)
class LiveLabel:
    """What the audio is at the moment: the confidences of the last 3 s that are labeled, once a second."""

    start: float
    """Seconds from the first sample at which this label began, to about a second."""
    end: float
    """Seconds up to which the audio is labeled, about 2 s ago."""
    label: Label
    """The current label. A likelier one replaces it if the margin is clear."""
    confidence: dict[Label, float] = field(repr=False)
    """Confidence of each label, 0 to 1."""
    is_new: bool
    """Whether the label has changed; the first one is new."""


class LiveLabelCollector:
    """Collector of the current label. It reads the frame labels of a collector that is fed before it."""

    def __init__(self, labels: FrameLabels) -> None:
        self.rate_hz = labels.rate_hz
        self._labels = labels
        self._window, self._step = (round(span / labels.frame_s) for span in (LABEL_S, LABEL_STEP_S))
        self._seen = 0
        self._current: Label | None = None
        self._start = 0.0
        self._found: list[LiveLabel] = []

    def accept(self, block: AudioBlock) -> None:
        """Read the labels of a block; see `Collector`."""
        frames = self._labels.frames
        while self._seen + self._step <= len(frames):
            self._seen += self._step
            self._add(frames[max(0, self._seen - self._window) : self._seen])

    def finish(self) -> None:
        """Read the last labels; a rest shorter than a second gives none."""
        self.accept(AudioBlock(np.zeros(0, np.float32), self._labels.samples))

    def take(self) -> list[LiveLabel]:
        """Return the labels since the last call."""
        found, self._found = self._found, []
        return found

    def _add(self, frames: Floats) -> None:
        means = dict(zip(LABELS, frames.mean(axis=0).tolist(), strict=True))
        best = max(LABELS, key=means.__getitem__)
        end = self._seen * self._labels.frame_s
        is_new = self._current is None or means[best] > means[self._current] + CLEAR
        if is_new:
            seconds = len(frames) * self._labels.frame_s  # it began in the middle, where the mean changes
            self._start = 0.0 if self._current is None else end - seconds / 2
            self._current = best
        label = self._current or best
        self._found.append(LiveLabel(self._start, end, label, means, is_new))


@dataclass(frozen=True, slots=True)
class LiveLevel:
    """How loud the audio was in the last fifth of a second."""

    end: float
    """Seconds from the first sample."""
    rms_db: float
    """RMS level in dBFS, at least -120."""
    peak_db: float
    """Highest sample in dBFS; 0 is full scale, where a microphone clips."""


class LiveLevelCollector:
    """Collector of levels, for a meter."""

    def __init__(self, rate_hz: int) -> None:
        self.rate_hz = rate_hz
        self._size = round(LEVEL_S * rate_hz)
        self._power, self._peak, self._count, self._end = 0.0, 0.0, 0, 0
        self._found: list[LiveLevel] = []

    def accept(self, block: AudioBlock) -> None:
        """Measure a block; see `Collector`."""
        samples = block.samples
        while len(samples):
            part, samples = np.split(samples, [self._size - self._count])
            self._power += float(np.dot(part, part))
            self._peak = max(self._peak, float(np.abs(part).max(initial=0.0)))
            self._count += len(part)
            self._end += len(part)
            if self._count == self._size:
                level = _db(np.sqrt(self._power / self._size))
                self._found.append(LiveLevel(self._end / self.rate_hz, level, _db(self._peak)))
                self._power, self._peak, self._count = 0.0, 0.0, 0

    def finish(self) -> None:
        """Leave out the rest; see `Collector`."""

    def take(self) -> list[LiveLevel]:
        """Return the levels since the last call."""
        found, self._found = self._found, []
        return found


def _db(value: float) -> float:
    return max(SILENCE_DB, 20 * float(np.log10(max(value, 1e-12))))
