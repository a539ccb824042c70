"""Music of known beats for `python -m tools.bench matching`: looped templates, a folder for each codec."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import cast

import av
import numpy as np
from av.audio.stream import AudioStream
from numpy.typing import NDArray

from edge.arrays import Floats
from edge.files import whole_file
from edge.music.templates import RATE_HZ, Template, open_templates
from tools.bench.material import CODECS, Material, repeated
from tools.progress import tell

TEMPOS = (84, 150)
"""Slowest and fastest template that is used."""

BLOCK = 4800
"""Samples that are encoded at a time."""

COPY = b"TAG"
"""Begins the 128 bytes after the end of an MP3 by which copies differ."""


def tracks(cache: Path, suffix: str, count: int, seconds: float) -> Path:
    """Return a folder of tracks of at least `seconds`, 48 kHz stereo; it is made once."""
    folder = cache / "matching" / f"{count}-{seconds:g}s{suffix}"
    for template in chosen(count):
        file = folder / f"{template.id}{suffix}"
        if not file.exists():
            tell(f"encoding {file.name}")
            with whole_file(file) as draft:
                _encode(_looped(template, seconds), draft)
    return folder


def copies(few: Path, times: int) -> Path:
    """Return a folder with each MP3 of another one several times, every copy of another content."""
    folder = few.with_name(f"{few.name}-x{times}")
    for file in sorted(few.iterdir()):
        for number in range(times):
            copy = folder / f"{file.stem}-{number}{file.suffix}"
            if not copy.exists():
                with whole_file(copy) as draft:
                    shutil.copyfile(file, draft)
                    with draft.open("ab") as out:
                        out.write((COPY + str(number).encode()).ljust(128, b"\0"))
    return folder


def long_track(short: Path, seconds: float, times: int) -> Path:
    """Return a folder with one file that repeats a track of `seconds`, by copying its packets."""
    folder = short.parent.with_name(f"{short.parent.name}-long-x{times}")
    file = folder / f"{short.stem}.mka"
    if not file.exists():
        folder.mkdir(parents=True, exist_ok=True)
        repeated(Material(short, seconds, ()), times, ".mka").file.rename(file)
    return folder


def chosen(count: int) -> list[Template]:
    """Return templates from slow to fast, none of which may as well be half or twice as fast."""
    found = sorted(open_templates(), key=lambda template: template.tempo)
    found = [one for one in found if TEMPOS[0] <= one.tempo <= TEMPOS[1]]
    return [found[row] for row in np.linspace(0, len(found) - 1, min(count, len(found))).astype(int)]


def beats_of(file: Path, seconds: float) -> NDArray[np.float64]:
    """Return the beats of a track in seconds, float64[n]."""
    template = next(one for one in open_templates() if file.stem.startswith(one.id))
    return np.arange(0, seconds, template.bar_samples / RATE_HZ / 4)


def _looped(template: Template, seconds: float) -> Iterator[Floats]:
    """Yield the verse of a template again and again, float32[2, n]."""
    verse = template.parts["verse"]
    both = template.read("chords") + template.read("base")
    bars = both[:, verse.start : verse.start + verse.bars * template.bar_samples]
    for _ in range(max(1, round(seconds * RATE_HZ / bars.shape[1] + 0.5))):
        for start in range(0, bars.shape[1], BLOCK):
            yield bars[:, start : start + BLOCK]


def _encode(blocks: Iterator[Floats], target: Path) -> None:
    codec, options = CODECS[target.suffix]
    with av.open(str(target), "w") as out:
        stream = cast(AudioStream, out.add_stream(codec, rate=RATE_HZ, layout="stereo", options=options))
        position = 0
        for block in blocks:
            frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(block), format="fltp", layout="stereo")
            frame.sample_rate, frame.pts, frame.time_base = RATE_HZ, position, Fraction(1, RATE_HZ)
            position += block.shape[1]
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
