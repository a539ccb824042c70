"""Play the loops of a template: the bars of a plan one after the other, at another speed, without clicks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

import av
import numpy as np

from edge.arrays import Floats
from edge.music.plan import PlannedBar
from edge.music.templates import RATE_HZ, Part, Template, Track

FADE = 720
"""Samples in which a bar fades out before a part that does not follow it."""

PIECE = 65_536
"""Samples that are resampled at a time."""

RAMP = 1440
"""Samples in which the gain changes at the beginning of a bar."""

SOFTEST_DB, LEVEL_DB = -4.0, 1.25
"""Gain of the lowest strength, and what each level adds."""


@dataclass(frozen=True, slots=True, eq=False)
class Loop:
    """A track of a template, played at a speed."""

    samples: Floats
    """float32[2, n] at 48 kHz."""
    template: Template
    """What it is a track of."""
    speed: Fraction
    """How much faster than it was made; the pitch follows."""

    @property
    def bar_samples(self) -> Fraction:
        """Samples of a bar."""
        return self.template.bar_samples / self.speed

    def start(self, part: Part, index: int) -> int:
        """Return the sample at which a bar of a part begins."""
        return round((part.start + index * self.template.bar_samples) / self.speed)

    def end(self, part: Part) -> int:
        """Return the sample at which the ring of a part ends."""
        return round((part.start + part.bars * self.template.bar_samples + part.ring) / self.speed)


def open_loop(template: Template, track: Track, speed: Fraction) -> Loop:
    """Decode a track and resample it to a speed. Raises ModelError if it is damaged."""
    samples = template.read(track)
    return Loop(samples if speed == 1 else _resampled(samples, int(RATE_HZ * speed)), template, speed)


def _resampled(samples: Floats, rate_hz: int) -> Floats:
    """Return samples of this rate at `RATE_HZ`; in pieces, to hold little more than the result."""
    resampler = av.AudioResampler("fltp", "stereo", RATE_HZ)
    out = np.empty((2, -(-samples.shape[1] * RATE_HZ // rate_hz) + 1), np.float32)
    end = 0
    for start in (*range(0, samples.shape[1], PIECE), None):
        frame = None if start is None else _frame(samples[:, start : start + PIECE], rate_hz)
        for piece in resampler.resample(frame):
            block = piece.to_ndarray()[:, : out.shape[1] - end]
            out[:, end : end + block.shape[1]] = block
            end += block.shape[1]
    return out[:, :end]


def _frame(samples: Floats, rate_hz: int) -> av.AudioFrame:
    frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples), format="fltp", layout="stereo")
    frame.sample_rate = rate_hz
    return frame


def speed_for(tempo: float, template: Template) -> Fraction:
    """Return the speed at which a template has about this tempo: a ratio of sample rates.

    >>> from types import SimpleNamespace
    >>> speed_for(126, SimpleNamespace(tempo=120))
    Fraction(21, 20)
    """
    return Fraction(round(RATE_HZ * tempo / template.tempo), RATE_HZ)


def played(
    loop: Loop, bars: Sequence[PlannedBar], edges: Sequence[int], track: Track
) -> Iterator[tuple[Floats, Floats]]:
    """Yield each bar float32[2, n] from one edge to the next, and what rings after it float32[2, m].

    edges: samples of the result at which bars begin, and its end: one more than bars.
    """
    places = [_place(loop.template, bar, track) for bar in bars]
    before = _gain(bars[0])
    position = 0
    for number, (part, index) in enumerate(places):
        follows = number > 0 and _follows(places[number - 1], (part, index))
        if not follows:
            position = loop.start(part, index)
        goes_on = number + 1 < len(places) and _follows((part, index), places[number + 1])
        count = edges[number + 1] - edges[number]
        end = loop.end(part) if index == part.bars - 1 else loop.start(part, index + 1)
        block = _cut(loop.samples, position, position + count, max(end, position + count if goes_on else 0))
        ring = np.zeros((2, 0), np.float32)
        if index == part.bars - 1:
            ring = loop.samples[:, position + count : end]
        elif not goes_on:
            block[:, -FADE:] *= np.linspace(1, 0, min(FADE, count), dtype=np.float32)
        gain = _gain(bars[number])
        ramp = np.linspace(before, gain, min(RAMP, count), dtype=np.float32)
        block[:, : len(ramp)] *= ramp
        block[:, len(ramp) :] *= gain
        yield block, ring * gain
        before, position = gain, position + count


def _place(template: Template, bar: PlannedBar, track: Track) -> tuple[Part, int]:
    """Return what of a track is played in a bar."""
    if bar.fill and track == "base" and "fill" in template.parts:
        return template.parts["fill"], 0
    part = template.parts.get(bar.part, template.parts["verse"])
    return part, bar.index % part.bars


def _follows(one: tuple[Part, int], other: tuple[Part, int]) -> bool:
    return one[0] is other[0] and one[1] + 1 == other[1]


def _cut(samples: Floats, start: int, stop: int, end: int) -> Floats:
    """Return samples[start:stop] as a new array; zeros from `end` on."""
    block = np.zeros((2, stop - start), np.float32)
    known = samples[:, start : min(stop, end)]
    block[:, : known.shape[1]] = known
    return block


def _gain(bar: PlannedBar) -> np.float32:
    return np.float32(10 ** ((SOFTEST_DB + LEVEL_DB * bar.strength) / 20))
