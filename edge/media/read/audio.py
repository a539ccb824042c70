"""Decode the audio of a recording as a stream of mono blocks, for a single consumer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream as AvAudioStream
from av.container import InputContainer

from edge.errors import NoAudioError, UsageError
from edge.media.read.child import ask
from edge.media.read.container import as_input_error, open_container, select_streams
from edge.media.read.decoding import TOO_LONG, Numbered, audio_frames, audio_frames_from
from edge.media.read.extent import declared_end
from edge.media.read.limits import limits
from edge.media.read.mixing import TrackMix
from edge.media.read.placing import Placer
from edge.media.read.probe import AudioStream, MediaInfo
from edge.media.read.recording import MediaSource, Recording, open_recording
from edge.media.read.report import DecodeReport
from edge.media.read.resampling import AudioFormat, AudioPiece, Blocks, Samples

PREROLL = Fraction(1, 2)
"""Seconds decoded before a range: decoders depend on earlier packets, MP3 the longest (0.26 s)."""


@dataclass(frozen=True, slots=True)
class AudioBlock:
    """A block of mono audio."""

    samples: Samples
    """float32[n], full scale ±1."""
    start_sample: int
    """Index of the first sample, from the start of the recording."""


def decode_audio(
    media: MediaSource,
    *,
    rate_hz: int = 16000,
    block_s: float = 1.0,
    start_s: float = 0.0,
    end_s: float | None = None,
    report: DecodeReport | None = None,
) -> Iterator[AudioBlock]:
    """Decode audio as contiguous mono blocks of `block_s` seconds; the last one may be shorter.

    Several streams of a recording, which are those in its `audio`, are mixed: see `TrackMix`.
    Covers [start_s, end_s) of the recording, by default all of it; sample `i` is at `i / rate_hz` seconds.
    Missing audio, also before the first sample, is filled with zeros; the blocks end where the audio ends.
    Memory does not grow with the length. `report` is updated while blocks are read.

    Raises UsageError, InputError and NoAudioError at the call; InputError and NoAudioError (nothing can be
    decoded) also during iteration.
    """
    if rate_hz <= 0 or block_s <= 0 or start_s < 0 or (end_s is not None and end_s <= start_s):
        raise UsageError(f"no audio to decode in [{start_s}, {end_s}) s at {rate_hz} Hz by {block_s} s")
    recording = open_recording(media)
    recording.require_audio()
    report = report if report is not None else DecodeReport()
    report.tracks = recording.audio_note
    if recording.isolated:
        whole = recording.request("audio", rate_hz=rate_hz, block_s=block_s, start_s=start_s, end_s=end_s)
        return (AudioBlock(samples, first) for first, samples in ask(whole, report))
    size = max(1, round(block_s * rate_hz))
    last = None if end_s is None else round(end_s * rate_hz)
    blocks = Blocks(1, size, round(start_s * rate_hz), last)
    to = AudioFormat(rate_hz, "mono", step=min(size, 65536))
    pieces = decode(recording, to, blocks, report)
    return (AudioBlock(piece.samples[:, 0], piece.start_sample) for piece in pieces)


def decode_spans(
    media: MediaSource, spans: Iterable[tuple[float, float]], *, rate_hz: int = 16000
) -> Iterator[Samples]:
    """Yield the mono audio float32[n] of each span (start, end) in seconds; only the first may start at 0.

    The file is opened once: to open a long one takes longer than to decode a few seconds of it. Gaps are
    zeros, a span after the end is empty. Raises InputError and NoAudioError as `decode_audio`.
    """
    recording = open_recording(media)
    chosen = recording.require_audio()
    if recording.isolated:
        request = recording.request("spans", spans=list(spans), rate_hz=rate_hz)
        yield from (samples for _, samples in ask(request))
        return
    with open_container(recording.path) as container:
        for start_s, end_s in spans:
            start, end = round(start_s * rate_hz), round(end_s * rate_hz)
            to, blocks = AudioFormat(rate_hz, "mono", step=65536), Blocks(1, end - start, start, end)
            pieces = decode_from(container, recording.info, chosen, to, blocks, report=DecodeReport())
            yield np.concatenate([np.zeros(0, np.float32), *(piece.samples[:, 0] for piece in pieces)])


def decode(
    recording: Recording, to: AudioFormat, blocks: Blocks, report: DecodeReport
) -> Iterator[AudioPiece]:
    """Decode the recording's audio streams, mixed, through `blocks`, at any rate and layout."""
    with open_container(recording.path) as container:
        chosen = recording.require_audio()
        yield from decode_from(container, recording.info, chosen, to, blocks, report=report)


def decode_from(
    container: InputContainer,
    info: MediaInfo,
    chosen: Sequence[AudioStream],
    to: AudioFormat,
    blocks: Blocks,
    *,
    report: DecodeReport,
) -> Iterator[AudioPiece]:
    """Decode and mix streams of an open container; if it was read before, only starts after `PREROLL` work.

    The container is read once, whatever the number of streams.
    """
    start = Fraction(blocks.position, to.rate_hz)
    first = blocks.position
    with as_input_error(info.path):
        known = {stream.index: stream for stream in container.streams.audio}
        streams = [known[one.index] for one in chosen]
        select_streams(container, streams)
        report.declared_s = _declared_s(info, streams)
        if start > PREROLL:
            frames = audio_frames_from(container, streams, info.origin + start - PREROLL, report)
        else:
            frames = audio_frames(container, streams, report)
        placers = {
            one.index: Placer(to, origin=info.origin, end_s=_believable_s(info), report=report)
            for one in chosen
        }
        decoded = False
        for piece in _mixed(frames, TrackMix(placers, to, first)):
            decoded = True
            yield from blocks.add(piece)
            report.decoded_s = blocks.position / to.rate_hz
            if report.decoded_s > limits().duration_s:
                report.gave_up = TOO_LONG
            if blocks.complete or report.gave_up == TOO_LONG:
                break
        else:
            report.finished = True
    if not decoded and not first:
        raise NoAudioError(info.path, "has an audio stream, but nothing in it can be decoded")
    yield from blocks.finish()


def _mixed(frames: Iterable[Numbered[AudioFrame]], mix: TrackMix) -> Iterator[AudioPiece]:
    for index, frame in frames:
        yield from mix.accept(index, frame)
    yield from mix.finish()


def _declared_s(info: MediaInfo, streams: Sequence[AvAudioStream]) -> float | None:
    if info.declared_s is None:
        return None
    ends = [end for stream in streams if (end := declared_end(stream)) is not None]
    return float(max(ends) - info.origin) if ends else info.declared_s


def _believable_s(info: MediaInfo) -> float:
    """Return the container time beyond which timestamps are ignored: the duration plus 1 s."""
    return float(info.origin) + (info.duration_s or limits().duration_s) + 1.0
