"""The sound of a recording as one stream of mono blocks: decode once, let many listen."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from av.audio.stream import AudioStream as AvAudioStream
from av.container import InputContainer

from edge.errors import NoAudioError, UsageError
from edge.media.read.container import damage_means_unreadable, listen_to, open_container
from edge.media.read.decoding import sound_frames, sound_frames_from
from edge.media.read.probe import AudioStream, MediaInfo, declared_end, probe
from edge.media.read.report import Health
from edge.media.read.resampling import Blocks, Piece, Samples, SoundFormat, place

PREROLL = Fraction(1, 2)
"""Seconds decoded before a range that starts inside: MP3's bit reservoir (0.26 s) is the longest memory."""


@dataclass(frozen=True, slots=True)
class AudioBlock:
    """Mono samples float32[n], full scale +-1; `start` is the index of the first, counted from zero."""

    samples: Samples
    start: int


def decode_audio(
    path: Path | str,
    *,
    rate_hz: int = 16000,
    block_s: float = 1.0,
    stream: int | None = None,
    start_s: float = 0.0,
    end_s: float | None = None,
    health: Health | None = None,
) -> Iterator[AudioBlock]:
    """Yield the sound of [start_s, end_s) as contiguous mono blocks of `block_s` seconds, the last shorter.

    Times are seconds after the recording's zero; sample `i` is heard at `i / rate_hz`. Before the sound
    begins and where some is missing there are zeros; the blocks end where the sound ends. Memory does not
    grow with the length. `stream` is a container index from `probe`; `health` is filled in as it goes.

    Raises InputError, NoAudioError (no such stream, or nothing in it can be decoded), UsageError.
    """
    if rate_hz <= 0 or block_s <= 0 or start_s < 0 or (end_s is not None and end_s <= start_s):
        raise UsageError(f"no sound to decode in [{start_s}, {end_s}) s at {rate_hz} Hz by {block_s} s")
    info = probe(path)
    chosen = choose_audio(info, stream)
    size = max(1, round(block_s * rate_hz))
    last = None if end_s is None else round(end_s * rate_hz)
    blocks = Blocks(1, size, round(start_s * rate_hz), last)
    to = SoundFormat(rate_hz, "mono", step=min(size, 65536))
    for piece in sound(info, chosen, to, blocks, health if health is not None else Health()):
        yield AudioBlock(piece.samples[:, 0], piece.start)


def choose_audio(info: MediaInfo, index: int | None) -> AudioStream:
    """The audio stream with that container index, or the default one. Raises NoAudioError."""
    chosen = info.audio_stream(index)
    if chosen is None:
        there = ", ".join(str(stream.index) for stream in info.audio)
        what = f"has no audio stream {index}; choose from {there}" if there else "has no audio stream"
        raise NoAudioError(info.path, what)
    return chosen


def sound(
    info: MediaInfo, chosen: AudioStream, to: SoundFormat, blocks: Blocks, health: Health
) -> Iterator[Piece]:
    """Decode one stream through `blocks`, in any rate and layout: what `decode_audio` and `join` share."""
    with open_container(info.path) as container:
        yield from sound_in(container, info, chosen, to, blocks, health=health)


def sound_in(
    container: InputContainer,
    info: MediaInfo,
    chosen: AudioStream,
    to: SoundFormat,
    blocks: Blocks,
    *,
    health: Health,
) -> Iterator[Piece]:
    """As `sound`, from an open container; one that was read from serves only past `PREROLL`, by seeking."""
    start = Fraction(blocks.position, to.rate_hz)
    first = blocks.position
    with damage_means_unreadable(info.path):
        stream = container.streams.audio[_rank(container, chosen.index)]
        listen_to(container, [stream])
        health.declared_s = _declared_s(info, stream)
        if start > PREROLL:
            frames = sound_frames_from(container, stream, info.zero + start - PREROLL, health)
        else:
            frames = sound_frames(container, stream, health)
        heard = False
        for piece in place(frames, to, zero=info.zero, end_s=_believable_s(info), health=health):
            heard = True
            yield from blocks.add(piece)
            health.decoded_s = blocks.position / to.rate_hz
            if blocks.complete:
                break
        else:
            health.finished = True
    if not heard and not first:
        raise NoAudioError(info.path, "has an audio stream, but nothing in it can be decoded")
    yield from blocks.finish()


def _rank(container: InputContainer, index: int) -> int:
    return [stream.index for stream in container.streams.audio].index(index)


def _declared_s(info: MediaInfo, stream: AvAudioStream) -> float | None:
    if not info.duration_is_declared:
        return None
    end = declared_end(stream)
    return info.duration_s if end is None else float(end - info.zero)


def _believable_s(info: MediaInfo) -> float:
    """Container time after which no timestamp is believed: the duration and a little."""
    return float(info.zero) + info.duration_s + 1.0 if info.duration_s > 0 else math.inf
