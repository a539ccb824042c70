"""Where somebody speaks, and the sound of it in pieces that a recogniser can take: cut at pauses.

    blocks -> segmenter -> p(speaking) every 100 ms -> stretches of speech -> chunks of up to `longest_s`

One pass: what has been heard is forgotten as soon as its chunk is out, so a day costs what a minute does.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from edge.errors import UsageError
from edge.evidence.speech.level import Spans, joined_runs, quietest
from edge.vocabulary import LABELS, Label

Floats = NDArray[np.float32]


class Listener(Protocol):
    """What hears: `edge.networks.segmenter.Segmenter`."""

    @property
    def rate_hz(self) -> int:
        """Of the samples that it takes."""

    @property
    def frame_s(self) -> float:
        """Seconds per row of confidences."""

    def confidences(self, blocks: Iterable[Floats], *, chunk_s: float) -> Iterator[Floats]:
        """Confidences float32[n, 4] of frames in the order of `LABELS`, as they are heard."""


@dataclass(frozen=True)
class SpeechSettings:
    """What counts as speech, and how it is cut into chunks."""

    begins_at: float = 0.5
    """Confidence of speaking that begins a stretch of speech."""
    ends_below: float = 0.3
    """... and below which it ends."""
    gap_s: float = 1.0
    """Stretches closer than this are recognised together."""
    least_s: float = 0.2
    """Shorter stretches are no speech."""
    margin_s: float = 0.5
    """Seconds before and after a stretch that are recognised with it: the labels are 0.1 s coarse."""
    shortest_s: float = 8.0
    """Chunks are cut at the best pause after this many seconds ..."""
    longest_s: float = 20.0
    """... and before this many."""
    sung: bool = False
    """Words that are sung count too."""

    def __post_init__(self) -> None:
        if not 0 < self.ends_below <= self.begins_at < 1:
            raise UsageError("speech needs 0 < ends_below <= begins_at < 1")
        if min(self.gap_s, self.least_s, self.margin_s) < 0 or not 1 <= self.shortest_s < self.longest_s:
            raise UsageError("speech needs lengths that are not negative, and 1 <= shortest_s < longest_s")


@dataclass(frozen=True)
class Chunk:
    """A stretch of speech to recognise."""

    start: int
    """Index of the first sample in the recording."""
    samples: Floats
    """float32[n]"""
    final: bool = True
    """False while the speech goes on: the next chunk begins at the same place and has more."""


def chunks(
    blocks: Iterable[Floats],
    listener: Listener,
    settings: SpeechSettings,
    *,
    hear_s: float = 12.0,
    live: bool = False,
) -> Iterator[Chunk]:
    """The speech of a recording in order: chunks that are disjoint, and cut where nobody speaks.

    `hear_s` seconds are labelled at once, see `Segmenter.confidences`. With `live` what is being said comes
    too, as often as that, up to the last sample that was heard.
    """
    sound = _Sound(blocks)
    finder = _Finder(settings, listener.frame_s)
    frame = round(listener.frame_s * listener.rate_hz)
    cutter = _Cutter(sound, settings, listener.rate_hz)
    for rows in listener.confidences(sound, chunk_s=hear_s):
        for first, stop in finder.add(_voice(rows, settings)):
            yield from cutter.cut(first * frame, stop * frame)
        if (begun := finder.open) is not None:
            yield from cutter.cut_begun(begun[0] * frame, begun[1] * frame)
            if live:
                first = max(begun[0] * frame, cutter.done)
                yield Chunk(first, sound.part(first, sound.end), final=False)
        sound.forget(max(finder.position * frame, cutter.done))
    for first, stop in finder.finish():
        yield from cutter.cut(first * frame, min(stop * frame, sound.end))


class _Sound:
    """Blocks on their way to the listener, kept until they are forgotten."""

    def __init__(self, blocks: Iterable[Floats]) -> None:
        self._blocks = iter(blocks)
        self._held: list[Floats] = []
        self._first = 0
        self.end = 0
        """Samples so far."""

    def __iter__(self) -> Iterator[Floats]:
        for block in self._blocks:
            self._held.append(block)
            self.end += len(block)
            yield block

    def part(self, first: int, stop: int) -> Floats:
        """Samples [first, stop), none of which may be forgotten."""
        whole = np.concatenate([np.zeros(0, np.float32), *self._held])
        return whole[first - self._first : stop - self._first].copy()

    def forget(self, before: int) -> None:
        """Give up the blocks that lie before this sample."""
        while self._held and self._first + len(self._held[0]) <= before:
            self._first += len(self._held.pop(0))


class _Finder:
    """Confidences in, stretches of speech out, in frames; the same whatever pieces they come in."""

    def __init__(self, settings: SpeechSettings, frame_s: float) -> None:
        self._begins_at, self._ends_below = settings.begins_at, settings.ends_below
        self._gap = round(settings.gap_s / frame_s)
        self._margin = round(settings.margin_s / frame_s)
        self._least = round(settings.least_s / frame_s)
        self._spoken: Spans = []
        self._since: int | None = None
        """Where the speech began that goes on."""
        self.end = 0
        """Frames so far."""

    @property
    def open(self) -> tuple[int, int] | None:
        """What is known of the stretch that may go on, if there is one."""
        return next(iter(self._spans()), None)

    @property
    def position(self) -> int:
        """The first frame that may still be asked for."""
        return self.open[0] if self.open else max(0, self._next - self._margin)

    def add(self, voice: Floats) -> Spans:
        """Take the next frames; the stretches that are over."""
        for confidence in voice.tolist():
            if self._since is None and confidence >= self._begins_at:
                self._since = self.end
            elif self._since is not None and confidence < self._ends_below:
                self._spoken, self._since = self._heard(), None
            self.end += 1
        apart = max(self._gap, 2 * self._margin + 1) - self._margin
        over = [span for span in self._spans() if span[1] + apart <= self._next]
        if over:
            self._spoken = [span for span in self._spoken if span[0] > over[-1][1]]
        return over

    def finish(self) -> Spans:
        """The rest."""
        return self._spans()

    @property
    def _next(self) -> int:
        """Where speech that is not known of yet begins at the earliest."""
        return self.end if self._since is None else self._since

    def _heard(self) -> Spans:
        """Speech that is not over, without margins."""
        long = self._since is not None and self.end - self._since >= self._least
        return joined_runs([*self._spoken, *([(self._next, self.end)] if long else [])], self._gap)

    def _spans(self) -> Spans:
        """Stretches that are not over, with their margins, disjoint."""
        margin = self._margin
        return joined_runs(
            [(max(0, first - margin), min(self.end, stop + margin)) for first, stop in self._heard()], 1
        )


class _Cutter:
    """Stretches of speech in, chunks out. All in samples."""

    def __init__(self, sound: _Sound, settings: SpeechSettings, rate_hz: int) -> None:
        self._sound, self._rate_hz = sound, rate_hz
        self._shortest = round(settings.shortest_s * rate_hz)
        self._longest = round(settings.longest_s * rate_hz)
        self.done = 0
        """Where the last chunk ended."""

    def cut(self, first: int, stop: int) -> Iterator[Chunk]:
        """The chunks of a whole stretch, none much shorter than the others."""
        first = max(first, self.done)
        while stop - first > self._longest:
            yield self._chunk(first, min(self._shortest, (stop - first) // 2))
            first = self.done
        if stop > first:
            self.done = stop
            yield Chunk(first, self._sound.part(first, stop))

    def cut_begun(self, first: int, stop: int) -> Iterator[Chunk]:
        """Chunks of a stretch that goes on, as long as enough is left for the next."""
        first = max(first, self.done)
        while stop - first > 2 * self._longest:
            yield self._chunk(first, self._shortest)
            first = self.done

    def _chunk(self, first: int, shortest: int) -> Chunk:
        """The next chunk, up to the best pause."""
        samples = self._sound.part(first, first + self._longest)
        samples = samples[: quietest(samples, shortest, self._rate_hz)]
        self.done = first + len(samples)
        return Chunk(first, samples)


def _voice(rows: Floats, settings: SpeechSettings) -> Floats:
    voice = rows[:, LABELS.index(Label.SPEAKING)]
    return np.asarray(voice + rows[:, LABELS.index(Label.SINGING)] if settings.sung else voice)
