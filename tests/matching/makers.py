"""Tracks of which the beats are known, and videos of which the cuts are."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import cast

import av
import numpy as np
from av.audio.stream import AudioStream
from numpy.typing import NDArray

from edge.arrays import Floats
from edge.evidence.motion.track import MotionTrack, Transition
from edge.evidence.rhythm.track import RhythmTrack

RATE_HZ = 48_000


def rhythm_of(
    seconds: float, tempo: float = 0.0, *, first_s: float = 0.0, levels_db: Sequence[float] | None = None
) -> RhythmTrack:
    """A track with beats at an even tempo in bars of four; without a tempo it has none."""
    beats = np.arange(first_s, seconds, 60 / tempo) if tempo else np.zeros(0)
    levels = np.full(int(np.ceil(seconds)), -20.0) if levels_db is None else np.array(levels_db)
    downbeats = np.arange(0, len(beats), 4, dtype=np.int64)
    return RhythmTrack(seconds, tempo, 1.0 if tempo else 0.0, beats, downbeats, levels.astype(np.float32))


def motion_of(seconds: float, cuts: Sequence[float], biggest: float | None = None) -> MotionTrack:
    """A video with cuts; from `biggest` on it moves ten times as fast."""
    times = np.arange(0, seconds, 0.04)
    speed = np.full(len(times), 0.1, np.float32)
    if biggest is not None:
        speed[times >= biggest] = 1.0
    plain = np.full(len(times), 0.5, np.float32)
    transitions = tuple(Transition("cut", cut, cut, 0.9) for cut in cuts)
    return MotionTrack(times, seconds, speed, plain * 0, plain, transitions)


def band(seconds: float, tempo: float = 120.0, *, rate_hz: int = RATE_HZ) -> Floats:
    """A kick on each beat, a bass and a chord that change with each bar, float32[n]."""
    t = np.arange(round(seconds * rate_hz)) / rate_hz
    beat = np.mod(t, 60 / tempo)
    bar = (t * tempo / 240).astype(np.int64)
    kick = 0.5 * np.exp(-beat / 0.06) * np.sin(2 * np.pi * 55 * beat) * np.minimum(1, beat / 0.003)
    roots = np.array([55.0, 65.4, 49.0, 73.4])[bar % 4]
    phase = 2 * np.pi * np.cumsum(roots) / rate_hz
    inside = np.mod(t, 240 / tempo)
    swell = np.minimum(1, inside / 0.02) * np.minimum(1, (240 / tempo - inside) / 0.02)
    tones = 0.15 * np.sin(2 * phase) + 0.08 * np.sin(8 * phase) + 0.08 * np.sin(10 * phase)
    return ((kick + swell * tones) * 0.8).astype(np.float32)


def write(path: Path, samples: NDArray[np.float32], rate_hz: int = RATE_HZ) -> Path:
    """Write mono float32[n] or stereo float32[2, n] to a file, by PyAV."""
    planes = np.atleast_2d(samples)
    layout = "stereo" if len(planes) == 2 else "mono"
    codec = {".wav": "pcm_s16le", ".mp3": "libmp3lame", ".flac": "flac", ".m4a": "aac"}[path.suffix]
    with av.open(str(path), "w") as out:
        stream = cast(AudioStream, out.add_stream(codec, rate=rate_hz, layout=layout))
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(planes), format="fltp", layout=layout)
        frame.sample_rate, frame.pts, frame.time_base = rate_hz, 0, Fraction(1, rate_hz)
        for one in av.AudioResampler(format=stream.format, layout=layout, rate=rate_hz).resample(frame):
            out.mux(stream.encode(one))
        out.mux(stream.encode(None))
    return path


def decoded(path: Path) -> Floats:
    """The audio of a file as stereo at 48 kHz, without edge."""
    with av.open(str(path)) as container:
        convert = av.AudioResampler(format="fltp", layout="stereo", rate=RATE_HZ)
        pieces = [one.to_ndarray() for frame in container.decode(audio=0) for one in convert.resample(frame)]
    return np.concatenate(pieces, axis=1)


def steepness(audio: Floats, at_s: float, around_s: float = 0.05) -> float:
    """The largest second difference near a time."""
    start, end = (max(0, round((at_s + shift) * RATE_HZ)) for shift in (-around_s, around_s))
    return float(np.abs(np.diff(audio[:, start:end], 2, axis=1)).max(initial=0))
