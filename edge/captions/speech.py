"""Where somebody speaks, and the sound of it in pieces that a recogniser can take: cut at pauses.

    blocks -> segmenter -> p(speaking) every 100 ms -> stretches of speech -> chunks of up to `longest_s`

One pass: what has been heard is forgotten as soon as its chunk is out, so a day costs what a minute does.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from edge.errors import UsageError
from edge.vocabulary import LABELS, Label, Span
from kernels.labels import runs as label_runs
from kernels.mel import Mel, MelOptions, Norm

Floats = NDArray[np.float32]
Spans = list[tuple[int, int]]
"""Half-open stretches of frames."""

LEVEL_S = 0.01
"""Seconds per level when pauses are looked for."""

VOICE_HZ = (200.0, 4000.0)
"""Where voices are far above most noise: rumble lies below, hiss above."""

RANGE_DB = 40.0
"""What is this far below the loudest is silence."""

PAUSE_S = 0.2
"""What a pause is at least: shorter silences are parts of words (stops before p, t and k)."""


class Listener(Protocol):
    """What hears: `edge.models.segmenter.Segmenter`."""

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
            yield from cutter.cut_begun(begun * frame, finder.end * frame)
            finder.forget(cutter.done // frame)
            if live:
                first = max(begun * frame, cutter.done)
                yield Chunk(first, sound.part(first, sound.end), final=False)
        sound.forget(finder.position * frame)
    for first, stop in finder.finish():
        yield from cutter.cut(first * frame, min(stop * frame, sound.end))


def loudness(samples: Floats, rate_hz: int) -> Floats:
    """How loud voices are in a stretch of speech float32[n], every `LEVEL_S`: 0 its pauses, 1 its loudest.

    Judged by the stretch itself, so it should hold some of both; a pause is 40 dB below the loudest at most.
    """
    level = _levels(samples, rate_hz)
    if not len(level):
        return level
    loud, quiet = (float(np.quantile(level, share)) for share in (0.95, 0.05))
    quiet = min(max(quiet, loud - RANGE_DB), loud - 1.0)
    return np.asarray((level - quiet) / (loud - quiet), np.float32)


def sounding(loudness: Floats, *, above: float = 0.25, pause_s: float = PAUSE_S) -> list[Span]:
    """Stretches of at least 30 ms that are louder than `above`; shorter silences than `pause_s` are sound."""
    loud = joined_runs(runs(loudness > above), round(pause_s / LEVEL_S))
    return [Span(first * LEVEL_S, stop * LEVEL_S) for first, stop in loud if stop - first >= 3]


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
        self._held = [np.concatenate(self._held)] if self._held else []
        whole = self._held[0] if self._held else np.zeros(0, np.float32)
        return whole[first - self._first : stop - self._first].copy()

    def forget(self, before: int) -> None:
        """Give up the blocks that lie before this sample."""
        while self._held and self._first + len(self._held[0]) <= before:
            self._first += len(self._held.pop(0))


class _Finder:
    """Confidences in, stretches of speech out, in frames."""

    def __init__(self, settings: SpeechSettings, frame_s: float) -> None:
        self._begins_at, self._ends_below = settings.begins_at, settings.ends_below
        self._gap = round(settings.gap_s / frame_s)
        self._margin = round(settings.margin_s / frame_s)
        self._least = round(settings.least_s / frame_s)
        self._voice = np.zeros(0, np.float32)
        self.position = 0
        """The first frame that may still be asked for."""

    @property
    def end(self) -> int:
        """Frames so far."""
        return self.position + len(self._voice)

    @property
    def open(self) -> int | None:
        """Where the stretch that goes on begins, if one does."""
        spans = self._spans()
        return self.position + spans[0][0] if spans else None

    def add(self, voice: Floats) -> Spans:
        """Take the next frames; the stretches that are over."""
        self._voice = np.concatenate([self._voice, voice])
        return self._take(len(self._voice) - self._gap - self._margin)

    def finish(self) -> Spans:
        """The rest."""
        return self._take(len(self._voice) + 1)

    def forget(self, before: int) -> None:
        """Give up the frames before this one."""
        gone = max(0, before - self.position)
        self._voice = self._voice[gone:]
        self.position += gone

    def _take(self, settled: int) -> Spans:
        """Stretches that end before frame `settled` of those held; forgets what the rest does not need."""
        spans = self._spans()
        over = [(self.position + first, self.position + stop) for first, stop in spans if stop < settled]
        begun = (
            spans[len(over)][0] if len(over) < len(spans) else len(self._voice) - self._margin - self._least
        )
        self.forget(max(self.position + begun, over[-1][1] if over else 0))
        return over

    def _spans(self) -> Spans:
        """Stretches of speech among the frames held, with their margins, disjoint."""
        spoken = [
            (first, stop)
            for first, stop in runs(self._voice >= self._ends_below)
            if stop - first >= self._least and self._voice[first:stop].max() >= self._begins_at
        ]
        length, margin = len(self._voice), self._margin
        wide = [
            (max(0, first - margin), min(length, stop + margin))
            for first, stop in joined_runs(spoken, self._gap)
        ]
        return joined_runs(wide, 1)


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
        samples = samples[: _quietest(samples, shortest, self._rate_hz)]
        self.done = first + len(samples)
        return Chunk(first, samples)


def _voice(rows: Floats, settings: SpeechSettings) -> Floats:
    voice = rows[:, LABELS.index(Label.SPEAKING)]
    return np.asarray(voice + rows[:, LABELS.index(Label.SINGING)] if settings.sung else voice)


def _quietest(samples: Floats, shortest: int, rate_hz: int) -> int:
    """Where to cut: the middle of the quietest fifth of a second after `shortest` samples."""
    level = _levels(samples, rate_hz)
    width = round(PAUSE_S / LEVEL_S)
    means = np.convolve(level, np.full(width, 1 / width), "valid")
    begin = min(round(shortest / rate_hz / LEVEL_S), len(means) - 1)
    return round((begin + int(means[begin:].argmin()) + width / 2) * LEVEL_S * rate_hz)


def _levels(samples: Floats, rate_hz: int) -> Floats:
    """Decibels, from an arbitrary zero, every `LEVEL_S`: of the frequencies that voices fill."""
    mel = _bands(rate_hz)
    margin = (mel.options.window - mel.options.hop) // 2
    power = mel(np.pad(samples, margin)).sum(axis=1)
    return np.asarray(10 * np.log10(power + 1e-10), np.float32)


@cache
def _bands(rate_hz: int) -> Mel:
    hop = round(LEVEL_S * rate_hz)
    n_fft = 1 << (3 * hop - 1).bit_length()
    options = MelOptions(rate_hz, n_fft, n_fft, hop, 16, *VOICE_HZ, logarithm=False, norm=Norm.PEAK)
    return Mel(options)


def runs(true: NDArray[np.bool_]) -> Spans:
    """Stretches of true in bool[n]."""
    return [(int(first), int(stop)) for first, stop in label_runs(true.astype(np.int32), 1)]


def joined_runs(spans: Spans, gap: int) -> Spans:
    """Stretches with less than `gap` between them made one."""
    joined: Spans = []
    for first, stop in spans:
        if joined and first - joined[-1][1] < gap:
            joined[-1] = joined[-1][0], stop
        else:
            joined.append((first, stop))
    return joined
