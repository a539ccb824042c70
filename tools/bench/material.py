"""Recordings of any length with known songs, made once and kept in `runs/bench` (which git ignores).

A recording is composed from a pack as `tools.evaluate songs` does it, from other seeds, until it is long
enough. It is encoded as a phone would: 48 kHz stereo, with a right channel that is not the left.
"""

from __future__ import annotations

import hashlib
import json
import wave
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import av
import numpy as np
from av.audio.stream import AudioStream

from edge.files import whole_file
from edge.vocabulary import Span
from tools.bench.isolated import ROOT
from tools.evaluate.pack import RATE_HZ, read_pack
from tools.evaluate.recordings import compose
from tools.sound.signals import Samples

CACHE = ROOT / "runs" / "bench"
FIRST_SEED = 2000
"""`tools.evaluate songs` has those from 1000."""

CODECS: dict[str, tuple[str, dict[str, str]]] = {
    ".m4a": ("aac", {"b": "128k"}),
    ".mp3": ("libmp3lame", {"b": "160k"}),
    ".opus": ("libopus", {"b": "96k"}),
    ".flac": ("flac", {}),
    ".wav": ("pcm_s16le", {}),
}
"""Suffix -> encoder and its options."""

ENCODED_HZ = 48_000
RIGHT = np.float32(0.8)
"""Level of the right channel; it also carries a little noise of its own."""
NOISE = np.float32(3e-4)


@dataclass(frozen=True)
class Material:
    """A file, its length in seconds and its songs."""

    file: Path
    seconds: float
    songs: tuple[Span, ...]


def composed(data: Path, minutes: float, suffix: str, cache: Path = CACHE) -> Material:
    """A recording of at least `minutes` from the pack in `data`. Raises InputError if there is no pack."""
    entries = read_pack(data)
    names = json.dumps([str(entry.path) for entry in entries])
    folder = cache / f"{hashlib.sha256(names.encode()).hexdigest()[:12]}-{minutes:g}min"
    source, truth = folder / "mono.wav", folder / "songs.json"
    if not truth.exists():
        folder.mkdir(parents=True, exist_ok=True)
        songs: list[Span] = []
        with whole_file(source, force=True) as draft, wave.open(str(draft), "wb") as out:
            out.setparams((1, 2, RATE_HZ, 0, "NONE", ""))
            seed = FIRST_SEED
            while out.tell() < minutes * 60 * RATE_HZ:
                recording, start = compose(entries, seed), out.tell() / RATE_HZ
                songs += [Span(start + song.start, start + song.end) for song in recording.songs]
                out.writeframes((recording.sound * 32767).astype("<i2").tobytes())
                seed += 1
        truth.write_text(json.dumps([[song.start, song.end] for song in songs]), encoding="utf-8")
    file = folder / f"recording{suffix}"
    if not file.exists():
        _encode(source, file)
    with wave.open(str(source), "rb") as opened:
        seconds = opened.getnframes() / RATE_HZ
    return Material(file, seconds, tuple(Span(*pair) for pair in json.loads(truth.read_text())))


def repeated(once: Material, times: int, suffix: str) -> Material:
    """The recording `times` over in one file, its packets copied; `suffix` chooses the container."""
    file = once.file.with_name(f"{once.file.stem}-x{times}{suffix}")
    period = _packet_seconds(once.file)
    if not file.exists():
        with whole_file(file) as draft, av.open(str(draft), "w") as out:
            _copy_packets(once.file, times, out)
    starts = [period * time for time in range(times)]
    songs = tuple(Span(start + song.start, start + song.end) for start in starts for song in once.songs)
    return Material(file, starts[-1] + once.seconds, songs)


def _blocks(source: Path) -> Iterator[Samples]:
    with wave.open(str(source), "rb") as file:
        while block := file.readframes(10 * RATE_HZ):
            yield np.frombuffer(block, "<i2").astype(np.float32) / np.float32(32768)


def _encode(source: Path, target: Path) -> None:
    codec, options = CODECS[target.suffix]
    rng = np.random.default_rng(0)
    with whole_file(target) as draft, av.open(str(draft), "w") as out:
        stream = cast(AudioStream, out.add_stream(codec, rate=ENCODED_HZ, layout="stereo", options=options))
        position = 0
        for left in _blocks(source):
            right = left * RIGHT + rng.standard_normal(len(left), np.float32) * NOISE
            frame = av.AudioFrame.from_ndarray(np.stack([left, right]), format="fltp", layout="stereo")
            frame.sample_rate, frame.pts, position = RATE_HZ, position, position + len(left)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))


def _packet_seconds(file: Path) -> float:
    with av.open(str(file)) as container:
        stream = container.streams.audio[0]
        ticks = sum(packet.duration or 0 for packet in container.demux(stream))
        return float(ticks * (stream.time_base or 0))


def _copy_packets(file: Path, times: int, out: Any) -> None:
    stream: AudioStream | None = None
    position = 0
    for _ in range(times):
        with av.open(str(file)) as container:
            source = container.streams.audio[0]
            stream = stream or out.add_stream_from_template(source)
            for packet in container.demux(source):
                if packet.dts is not None:
                    packet.dts = packet.pts = position
                    position += packet.duration or 0
                    packet.stream = stream
                    out.mux(packet)
