"""Detect speech, and cut its audio at pauses into chunks for a recognizer.

    blocks -> segmenter -> p(speaking) every 100 ms -> speech segments -> chunks of up to `max_chunk_s`

Single pass: samples are released as soon as their chunk is complete, so memory does not grow with the length.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from edge.arrays import Floats
from edge.evidence.options import SpeechOptions
from edge.evidence.speech.level import Frames, quietest_sample, sounding, speech_level
from edge.spans import merge
from edge.vocabulary import LABELS, Label

GRID_S = 0.2
"""Speech segments begin and end on this grid, in seconds. Labels next to silence change by a frame with the
recording's gain or sample rate, and a recognizer's text with where its chunk begins."""
LIVE_PAUSE_S = 0.5
"""Pause in seconds at which ongoing speech is cut live, to have final results soon."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """A part of a speech segment to recognize."""

    start_sample: int
    """Index of the first sample in the recording."""
    samples: Floats
    """float32[n]: the audio."""
    final: bool = True
    """False while the speech continues: the next chunk begins at the same sample and is longer."""


class SpeechChunker:
    """Detect speech in incoming audio by its labels, and cut it into chunks at pauses.

    Pass samples to `accept` first, then the labels of their frames to `label`; samples before any possible
    chunk are released. With `live`, ongoing speech is also returned, as a chunk that is not final.
    """

    def __init__(self, options: SpeechOptions, *, rate_hz: int, frame_s: float, live: bool = False) -> None:
        self._options, self._live = options, live
        self._samples = _HeldSamples()
        self._finder = _Finder(options, frame_s)
        self._cutter = _Cutter(self._samples, options, rate_hz, live=live)
        self._frame = round(frame_s * rate_hz)

    def accept(self, samples: Floats) -> None:
        """Append samples float32[n]."""
        self._samples.append(samples)

    def label(self, rows: Floats) -> Iterator[Chunk]:
        """Process confidences float32[n, 4] of the next frames; yield the chunks that they complete."""
        if not len(rows):
            return
        for first, stop in self._finder.add(_speech(rows, self._options)):
            yield from self._cutter.cut(first * self._frame, stop * self._frame)
        if (begun := self._finder.open) is not None:
            yield from self._cutter.cut_begun(begun[0] * self._frame, begun[1] * self._frame)
            if self._live:
                first = max(begun[0] * self._frame, self._cutter.done)
                yield Chunk(first, self._samples.part(first, self._samples.end), final=False)
        self._samples.forget(max(self._finder.position * self._frame, self._cutter.done))

    def finish(self) -> Iterator[Chunk]:
        """Yield the remaining chunks."""
        for first, stop in self._finder.finish():
            yield from self._cutter.cut(first * self._frame, min(stop * self._frame, self._samples.end))


class _HeldSamples:
    """Buffer of the samples that may still be needed."""

    def __init__(self) -> None:
        self._held: list[Floats] = []
        self._first = 0
        self.end = 0
        """Number of samples so far."""

    def append(self, block: Floats) -> None:
        self._held.append(block)
        self.end += len(block)

    def part(self, first: int, stop: int) -> Floats:
        """Return samples [first, stop), none of which may have been released."""
        whole = np.concatenate([np.zeros(0, np.float32), *self._held])
        return whole[first - self._first : stop - self._first].copy()

    def forget(self, before: int) -> None:
        """Release the blocks before this sample."""
        while self._held and self._first + len(self._held[0]) <= before:
            self._first += len(self._held.pop(0))


class _Finder:
    """Detect speech segments, in frames, from confidences; the result does not depend on the block size."""

    def __init__(self, options: SpeechOptions, frame_s: float) -> None:
        self._onset, self._release = options.onset, options.release
        self._gap = round(options.merge_gap_s / frame_s)
        self._margin = round(options.padding_s / frame_s)
        self._grid = max(1, round(GRID_S / frame_s))
        self._least = round(options.min_speech_s / frame_s)
        self._spoken: Frames = []
        self._since: int | None = None
        """First frame of the ongoing speech."""
        self.end = 0
        """Number of frames so far."""

    @property
    def open(self) -> tuple[int, int] | None:
        """Return the segment that may continue, as far as it is known; None without."""
        return next(iter(self._spans()), None)

    @property
    def position(self) -> int:
        """Return the first frame that may still be needed."""
        return self.open[0] if self.open else max(0, self._before(self._next))

    def add(self, voice: Floats) -> Frames:
        """Process the next frames; return the segments that they complete."""
        for confidence in voice.tolist():
            if self._since is None and confidence >= self._onset:
                self._since = self.end
            elif self._since is not None and confidence < self._release:
                self._spoken, self._since = self._unfinished(), None
            self.end += 1
        apart = max(self._gap - self._margin, self._margin + self._grid)
        over = [span for span in self._spans() if span[1] + apart <= self._next]
        if over:
            self._spoken = [span for span in self._spoken if span[0] > over[-1][1]]
        return over

    def finish(self) -> Frames:
        """Return the remaining segments."""
        return self._spans()

    @property
    def _next(self) -> int:
        """Return the earliest frame at which speech that is not known yet can begin."""
        return self.end if self._since is None else self._since

    def _unfinished(self) -> Frames:
        """Return the segments that may still change, without margins."""
        long = self._since is not None and self.end - self._since >= self._least
        return merge([*self._spoken, *([(self._next, self.end)] if long else [])], self._gap - 1)

    def _spans(self) -> Frames:
        """Return the segments that may still change, with their margins, disjoint."""
        return merge(
            (max(0, self._before(first)), min(self.end, -self._before(-stop)))
            for first, stop in self._unfinished()
        )

    def _before(self, frame: int) -> int:
        """Return the last frame of the grid that is at least a margin earlier."""
        return (frame - self._margin) // self._grid * self._grid


class _Cutter:
    """Cut speech segments into chunks. All positions are in samples."""

    def __init__(self, samples: _HeldSamples, options: SpeechOptions, rate_hz: int, *, live: bool) -> None:
        self._samples, self._rate_hz = samples, rate_hz
        self._shortest = round(options.min_chunk_s * rate_hz)
        self._longest = round(options.max_chunk_s * rate_hz)
        self._live = live
        self._awaited = self._longest + (self._shortest if live else self._longest)
        """Length of ongoing speech of which a chunk is cut: live, as soon as enough is left for the next."""
        self.done = 0
        """End of the last chunk."""

    def cut(self, first: int, stop: int) -> Iterator[Chunk]:
        """Yield the chunks of a complete segment, none much shorter than the others."""
        first = max(first, self.done)
        while stop - first > self._longest:
            yield self._chunk(first, min(self._shortest, (stop - first) // 2))
            first = self.done
        if stop > first:
            self.done = stop
            yield Chunk(first, self._samples.part(first, stop))

    def cut_begun(self, first: int, stop: int) -> Iterator[Chunk]:
        """Yield chunks of an ongoing segment, as long as enough is left for the next."""
        first = max(first, self.done)
        while self._live and (pause := self._pause(first, stop)) is not None:
            self.done = pause
            yield Chunk(first, self._samples.part(first, pause))
            first = pause
        while stop - first > self._awaited:
            yield self._chunk(first, self._shortest)
            first = self.done

    def _pause(self, first: int, stop: int) -> int | None:
        """Return the middle of the first pause of ongoing speech that ends a chunk; None if there is none."""
        if stop - first < self._shortest:
            return None
        level = speech_level(self._samples.part(first, stop), self._rate_hz)
        for before, after in pairwise(sounding(level)):
            middle = round((before.end + after.start) / 2 * self._rate_hz)
            if after.start - before.end >= LIVE_PAUSE_S and middle >= self._shortest:
                return first + middle
        return None

    def _chunk(self, first: int, shortest: int) -> Chunk:
        """Return the next chunk, up to the best pause."""
        samples = self._samples.part(first, first + self._longest)
        samples = samples[: quietest_sample(samples, shortest, self._rate_hz)]
        self.done = first + len(samples)
        return Chunk(first, samples)


def _speech(rows: Floats, options: SpeechOptions) -> Floats:
    voice = rows[:, LABELS.index(Label.SPEAKING)]
    return np.asarray(
        voice + rows[:, LABELS.index(Label.SINGING)] if options.include_singing else voice, np.float32
    )
