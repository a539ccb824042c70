"""Smart cuts of films as phones write them: frames in place, copied bit by bit, in sync with the audio.

Every film shows the number of each frame and has noise as audio, so both can be found again in a cut.
"""

from __future__ import annotations

import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import accumulate
from pathlib import Path
from statistics import median
from typing import Any, cast

import av
import av.logging
import numpy as np
from numpy.typing import NDArray

from edge.arrays import Floats
from edge.media import ConcatResult, MediaRange, concat, decode_audio, probe
from tools.evaluate.phone_films import KINDS, RATE_HZ, Film, number_in, write_phone_film
from tools.progress import each

COUNT = 100
"""Cuts."""

SECONDS = 16.0
"""Length of a film."""

SUFFIXES = (".mp4", ".mov", ".mkv")
"""Suffixes of the cuts."""

SPEED_SECONDS, SPEED_SIZE, SPEED_ROUNDS = 20.0, (1280, 720), 3
"""Length and size of the films of the speed rows, and how often each is cut."""

SPEED_KINDS = ("H.264", "HEVC, CRA and RASL", "HEVC, 10 bits, HLG, CRA")
"""Kinds of the speed rows."""

WINDOW_S, SHIFT_S = 0.25, 0.02
"""Audio that is compared after a join, and by how much it may be shifted."""

TOLERANCE_S = 0.0015
"""By how much a frame may be late or early: Matroska rounds times to 1 ms, on both ways."""

Planes = NDArray[np.uint8 | np.uint16]


@dataclass
class Row:
    """What came of the cuts of a kind of film."""

    cuts: int = 0
    frames: int = 0
    in_place: int = 0
    copied: int = 0
    exact: int = 0
    """Frames that are those of the film, bit by bit; as many as were copied, if all is well."""
    psnr_db: float = 99.0
    """That of the worst encoded frame."""
    offset_ms: float = 0.0
    """Largest distance of audio and video after a join."""
    warnings: Counter[str] = field(default_factory=Counter)
    """Messages of the decoder."""
    fallbacks: Counter[str] = field(default_factory=Counter)
    """Why all frames were encoded."""

    def add(self, other: Row) -> None:
        """Add the cuts of another row."""
        self.cuts += other.cuts
        self.frames += other.frames
        self.in_place += other.in_place
        self.copied += other.copied
        self.exact += other.exact
        self.psnr_db = min(self.psnr_db, other.psnr_db)
        self.offset_ms = max(self.offset_ms, other.offset_ms)
        self.warnings += other.warnings
        self.fallbacks += other.fallbacks

    def document(self) -> dict[str, Any]:
        """Return the row for JSON."""
        return vars(self) | {"warnings": dict(self.warnings), "fallbacks": dict(self.fallbacks)}


def evaluate(_: Path, *, count: int = COUNT) -> dict[str, Any]:
    """`rows` by kind of film, and `speed` by kind: seconds of a full encode and of a smart cut."""
    dice = np.random.default_rng(2026)
    rows = {name: Row() for name in KINDS}
    with tempfile.TemporaryDirectory() as folder:
        for number, name in enumerate(each(list(KINDS)[:count], "film")):
            kind = KINDS[name]
            film = write_phone_film(Path(folder) / f"film{number}{kind.suffix}", kind, SECONDS)
            source = _decoded(film.path)
            for suffix in dice.choice(SUFFIXES, len(range(number, count, len(KINDS)))):
                destination = Path(folder) / f"cut{suffix}"
                done = concat(_ranges(film, dice), destination, force=True)
                rows[name].add(_examined(done, source))
            film.path.unlink()
        speed = {name: _speed(Path(folder), name) for name in (SPEED_KINDS if count >= len(KINDS) else ())}
    total = Row()
    for row in rows.values():
        total.add(row)
    named = {"all": total, **rows}
    return {"rows": {name: row.document() for name, row in named.items() if row.cuts}, "speed": speed}


def _ranges(film: Film, dice: np.random.Generator) -> list[MediaRange]:
    """Return one to three random ranges of a film, in any order."""
    ranges = []
    for _ in range(int(dice.integers(1, 4))):
        start = round(float(dice.uniform(0, film.seconds - 2.5)), 3)
        length = round(float(dice.uniform(0.4, min(7.0, film.seconds - start))), 3)
        ranges.append(MediaRange(film.path, _exact(start), _exact(start + length)))
    return ranges


def _exact(seconds: float) -> Fraction:
    return Fraction(round(seconds * 1000), 1000)


@dataclass(frozen=True)
class _Decoded:
    frames: list[Planes]
    times: list[Fraction]
    """Seconds of the recording."""
    audio: Floats
    """float32[n] at `RATE_HZ`, from the recording's start on."""
    warnings: Counter[str]


def _decoded(path: Path) -> _Decoded:
    """Decode all video frames and the audio."""
    origin, frames, times = probe(path).origin, [], []
    audio = [block.samples for block in decode_audio(path, rate_hz=RATE_HZ)]
    av.logging.set_level(av.logging.WARNING)
    with av.logging.Capture(local=False) as said, av.open(str(path)) as container:
        for frame in container.decode(video=0):
            frames.append(cast(Planes, frame.to_ndarray()))
            times.append((frame.pts or 0) * (frame.time_base or Fraction(1)) - origin)
    av.logging.set_level(None)
    warnings = Counter(text.strip() for level, _, text in said if level <= av.logging.WARNING)
    return _Decoded(frames, times, np.concatenate(audio), warnings)


def _examined(done: ConcatResult, source: _Decoded) -> Row:
    got = _decoded(done.path)
    wanted = [
        [number for number, at in enumerate(source.times) if part.start <= at < part.end]
        for part in done.ranges
    ]
    numbers = [number for part in wanted for number in part]
    starts = accumulate((part.length for part in done.ranges), initial=Fraction(0))
    due = [
        at + source.times[number] - part.start
        for at, part, inside in zip(starts, done.ranges, wanted, strict=False)
        for number in inside
    ]
    height = source.frames[0].shape[0] * 2 // 3
    shown = [number_in(frame[:height]) for frame in got.frames]
    row = Row(1, len(numbers), copied=done.copied_frames, warnings=got.warnings)
    if len(shown) == len(numbers):
        late = np.abs(np.array([float(a - b) for a, b in zip(got.times, due, strict=True)]))
        row.in_place = int(((np.array(shown) == numbers) & (late < TOLERANCE_S)).sum())
    for frame, number in zip(got.frames, shown, strict=True):
        if number < len(source.frames):
            error = _psnr_db(frame, source.frames[number])
            row.exact += error is None
            row.psnr_db = min(row.psnr_db, error if error is not None else row.psnr_db)
    if done.how != "smart":
        row.fallbacks[done.why] += 1
    row.offset_ms = _offset_ms(done, got, source, wanted)
    return row


def _psnr_db(frame: Planes, other: Planes) -> float | None:
    """Return the peak signal-to-noise ratio; None if the frames are the same."""
    if np.array_equal(frame, other):
        return None
    peak = 255 if frame.dtype == np.uint8 else 1023
    error = float(np.square(frame.astype(np.float32) - other).mean())
    return float(10 * np.log10(peak**2 / error))


def _offset_ms(done: ConcatResult, got: _Decoded, source: _Decoded, wanted: Sequence[list[int]]) -> float:
    """Return the largest distance of audio and video right after the start of each range."""
    at, place, worst = Fraction(0), 0, 0.0
    for part, numbers in zip(done.ranges, wanted, strict=True):
        if numbers and len(got.times) > place:
            late = got.times[place] - (at + source.times[numbers[0]] - part.start)
            lag = _lag_s(got.audio, source.audio, float(at), float(part.start), float(part.length))
            worst = max(worst, abs(float(late) - lag) if lag is not None else 0.0)
        at, place = at + part.length, place + len(numbers)
    return 1000 * worst


def _lag_s(audio: Floats, film: Floats, at_s: float, start_s: float, length_s: float) -> float | None:
    """Return how much later than at `at_s` the film's audio from `start_s` on comes; None if too short."""
    skip = 0.05
    window, shift = round(min(WINDOW_S, length_s - 2 * skip) * RATE_HZ), round(SHIFT_S * RATE_HZ)
    begin, first = round((start_s + skip) * RATE_HZ), round((at_s + skip) * RATE_HZ)
    wanted, around = film[begin : begin + window], audio[first - shift : first + window + shift]
    if window < RATE_HZ // 10 or len(wanted) < window or len(around) < window + 2 * shift:
        return None
    return (int(np.argmax(np.correlate(around, wanted, mode="valid"))) - shift) / RATE_HZ


def _speed(folder: Path, name: str) -> dict[str, float]:
    """Return seconds of both ways to cut 80% of a film, measured in turns."""
    film = write_phone_film(folder / f"speed{KINDS[name].suffix}", KINDS[name], SPEED_SECONDS, SPEED_SIZE)
    part = [MediaRange(film.path, Fraction(21, 10), Fraction(181, 10))]
    seconds: dict[bool, list[float]] = {True: [], False: []}
    for smart in (True, False) * SPEED_ROUNDS:
        began = time.perf_counter()
        concat(part, folder / "speed_cut.mp4", smart=smart, force=True)
        seconds[smart].append(time.perf_counter() - began)
    smart_s, encoded_s = median(seconds[True]), median(seconds[False])
    return {"smart_s": smart_s, "encoded_s": encoded_s, "ratio": encoded_s / smart_s}


def table(result: dict[str, Any]) -> str:
    """The result for people."""
    columns = f"{'frames':>8}{'in place':>9}{'copied':>8}{'exact':>8}{'dB':>6}{'A/V ms':>8}{'warned':>8}"
    lines = [f"{'':30}{'cuts':>5}{columns}"]
    for name, row in result["rows"].items():
        frames, warned = row["frames"], sum(row["warnings"].values())
        shares = f"{row['in_place'] / frames:9.1%}{row['copied'] / frames:8.1%}{row['exact'] / frames:8.1%}"
        lines.append(
            f"{name:30}{row['cuts']:5}{frames:8}{shares}{row['psnr_db']:6.1f}{row['offset_ms']:8.2f}{warned:8}"
        )
    for text, count in result["rows"]["all"]["fallbacks"].items():
        lines.append(f"encoded wholly {count} times: {text}")
    for text, count in result["rows"]["all"]["warnings"].items():
        lines.append(f"decoder said {count} times: {text}")
    for name, row in result["speed"].items():
        seconds = f"smart {row['smart_s']:.2f} s, encoded {row['encoded_s']:.2f} s"
        lines.append(f"{name}, 16 s of 720p: {seconds}, {row['ratio']:.1f} times as fast")
    return "\n".join(lines)
