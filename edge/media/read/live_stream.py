"""A stream that is decoded as it arrives: a URL, a named pipe, or a file."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Final

import av
from av.audio.stream import AudioStream as AvAudioStream
from av.container import InputContainer

from edge.errors import InputError, NoAudioError
from edge.media.read.audio import decode
from edge.media.read.container import select_streams
from edge.media.read.decoding import audio_frames
from edge.media.read.live_input import BLOCK_S, ThreadedInput
from edge.media.read.opening import DECODE_ERRORS, FORMATS, reason
from edge.media.read.placing import Placer
from edge.media.read.recording import Recording, open_recording
from edge.media.read.report import DecodeReport
from edge.media.read.resampling import AudioFormat, Blocks, Samples
from edge.media.time import pts_seconds

TIMEOUT_S: Final = 10.0
"""Seconds without an answer or without data after which a server counts as gone."""
LONGEST_GAP_S: Final = 60.0
"""Seconds that a stream may skip; farther its clock was set anew, and the audio goes on."""
PROTOCOLS: Final = "file,http,https,tls,tcp,udp,rtp,rtsp,rtmp,crypto"
"""Protocols of streams."""
STREAM_FORMATS: Final = f"{FORMATS},rtsp,rtp,sdp"
"""Demuxers of streams; playlists are excluded as in files: they name other addresses."""
LOOK: Final = {"analyzeduration": "2000000", "probesize": "500000"}
"""Options to look for the streams in 2 s: what is looked at arrives late."""


class StreamInput(ThreadedInput):
    """The audio of a file, a named pipe, or a URL (http, https, rtsp, rtmp, udp, tcp).

    Nothing drops on this side: a file and a pipe wait. Of a stream, what its timestamps skip is silence.
    Nothing is opened but the name that is given; playlists are refused. Opening raises InputError and
    NoAudioError; the end of the connection is the end of the audio, see `notes`.
    """

    def __init__(self, source: str, *, seconds: float | None = None) -> None:
        super().__init__(source, seconds=seconds)
        self._report = DecodeReport()
        self._container: InputContainer | None = None
        self._recording: Recording | None = None

    @property
    def notes(self) -> tuple[str, ...]:
        """Return the problems found so far, one line each."""
        return tuple(self._report.notes())

    def _open(self) -> None:
        if is_url(self.name) or Path(self.name).is_fifo():
            self._container = _open_stream(self.name)
            streams = self._container.streams.audio
            if not streams or streams[0].codec_context is None:
                self._container.close()
                raise NoAudioError(self.name, "has no audio stream")
            rate_hz, channels = streams[0].rate, streams[0].channels
        else:
            self._recording = open_recording(self.name)
            chosen = self._recording.require_audio()[0]
            rate_hz, channels = chosen.rate_hz, chosen.channels
            self._report.tracks = self._recording.audio_note
        self._begin(rate_hz, min(channels, 2))
        self._start()

    def _blocks(self) -> Iterator[Samples]:
        step = round(BLOCK_S * self.source_rate_hz)
        to = AudioFormat(self.source_rate_hz, self.layout, step=step, queued=step)
        blocks = Blocks(self.channels, step, 0, None)
        if self._recording is not None:
            for piece in decode(self._recording, to, blocks, self._report):
                self._report.decoded_s = blocks.position / to.rate_hz
                yield piece.samples
        elif self._container is not None:
            with self._container as container:
                yield from _placed(container, container.streams.audio[0], to, blocks, self._report)

    def _close(self) -> None:
        super()._close()
        if self._recording is None and not self._thread.is_alive() and self._container is not None:
            self._container.close()


def is_url(source: str) -> bool:
    """Return whether a source is the address of a stream."""
    return "://" in source


def _open_stream(source: str) -> InputContainer:
    try:
        return av.open(
            source if is_url(source) else f"file:{source}",
            "r",
            container_options={"protocol_whitelist": PROTOCOLS, "format_whitelist": STREAM_FORMATS, **LOOK},
            metadata_errors="replace",
            timeout=TIMEOUT_S if is_url(source) else None,
        )
    except av.error.InvalidDataError as error:
        raise InputError(
            source, "is not media, or a playlist; pass the address of the stream itself"
        ) from error
    except DECODE_ERRORS as error:
        raise InputError(source, f"cannot be opened ({reason(error)})") from error


def _placed(
    container: InputContainer, stream: AvAudioStream, to: AudioFormat, blocks: Blocks, report: DecodeReport
) -> Iterator[Samples]:
    """Decode a stream from its first frame on."""
    select_streams(container, [stream])
    frames = (frame for _, frame in audio_frames(container, [stream], report))
    first = next(frames, None)
    if first is None:
        return
    origin = pts_seconds(first)
    placer = Placer(to, origin=origin, end_s=math.inf, report=report, longest_gap_s=LONGEST_GAP_S)
    for frame in chain([first], frames):
        for piece in placer.accept(frame):
            for block in blocks.add(piece):
                report.decoded_s = blocks.position / to.rate_hz
                yield block.samples
    if report.gave_up is not None:
        report.gave_up = "the connection was lost"
    for piece in placer.flush():
        yield from (block.samples for block in blocks.add(piece))
    yield from (block.samples for block in blocks.finish())
