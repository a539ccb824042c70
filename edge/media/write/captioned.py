"""Copy a recording with one more track of subtitles; no stream is encoded again."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cache
from os import PathLike
from pathlib import Path

import av
from av.container import InputContainer, OutputContainer
from av.packet import Packet
from av.stream import Disposition, Stream
from av.video.stream import VideoStream as AvVideoStream

from edge.errors import InputError, UsageError
from edge.files import whole_file
from edge.media.read.container import open_container, select_streams
from edge.media.read.decoding import packets
from edge.media.read.others import Chapter
from edge.media.read.recording import MediaSource, Recording, open_recording
from edge.media.read.report import DecodeReport
from edge.media.write.containers import TARGETS, Target
from edge.media.write.extras import CHAPTER_MUXERS, not_carried, write_chapters
from edge.media.write.remux import UNADVERTISED, move, packet_time
from edge.media.write.render import writing
from edge.media.write.subtitles import (
    TEXT_CODECS,
    add_text_stream,
    is_carried,
    is_converted,
    length_of,
    loses_style,
    packet_data,
    text_data,
    text_packet,
)
from edge.media.write.timecode import MUXERS as TIMECODE_MUXERS
from edge.media.write.timecode import tag_timecode
from edge.text.grid import on_grid
from edge.text.languages import three_letters
from edge.text.lines import display_lines
from edge.vocabulary import Caption, Progress

COVER_MUXERS = frozenset({"mp4"})
"""Muxers that write cover images; Matroska has them as attachments."""

ANOTHER = {"ipod": "mp4"}
"""Muxers instead of those of `TARGETS`: FFmpeg's for .m4a refuses covers, and writes the same otherwise."""

IMAGES = {"mjpeg": ("cover.jpg", "image/jpeg"), "png": ("cover.png", "image/png")}
"""Name and type of a cover in Matroska, by codec."""

OF_FILE = frozenset({"major_brand", "minor_version", "compatible_brands", "encoder", "timecode", "duration"})
"""Tags that muxers write themselves."""

_MS = Fraction(1, 1000)


@dataclass(frozen=True, slots=True)
class SubtitledResult:
    """The copy that was written."""

    path: Path
    """Path of the file."""
    note: str = ""
    """What the file could not take over from the recording; "" if nothing was lost."""


def check_subtitled(media: MediaSource, destination: str | PathLike[str]) -> None:
    """Raise UsageError if a recording's copy with subtitles cannot be such a file; InputError."""
    path, recording = Path(destination), open_recording(media)
    subtitled_target(path)
    fitting = _codecs(TARGETS[path.suffix.lower()].muxer)
    with open_container(recording.path) as container:
        for stream in _moving(container, recording):
            codec = stream.codec_context.name
            if codec not in fitting:
                raise UsageError(f"{path}: {codec} cannot be copied into a {path.suffix} file; choose .mkv")


def add_subtitles(
    media: MediaSource,
    cues: Iterable[Caption],
    destination: str | PathLike[str],
    *,
    language: str = "und",
    chapters: Sequence[Chapter] = (),
    force: bool = False,
    progress: Progress | None = None,
) -> SubtitledResult:
    """Write a copy of a recording with `cues` as a track of subtitles that players show by default.

    The suffix of `destination` selects the format: .mp4, .mov and .m4a (as 3GPP timed text), .mkv (SubRip),
    .webm (WebVTT). The track follows the audio; `language` is a tag of BCP 47. Video, audio, subtitles,
    chapters, attachments, covers, time code and tags are taken over without encoding where the format has
    them, text subtitles in the format's own codec; `chapters` replace those of the recording. What is lost
    is in `SubtitledResult.note`.

    Raises InputError (unreadable), UsageError (suffix, codecs that do not fit, times), OutputError (exists
    and not `force`, disk full ...); no partial file is left behind.
    """
    path, recording = Path(destination), open_recording(media)
    check_subtitled(recording, path)
    target, info = subtitled_target(path), recording.info
    tags = {name: text for name, text in info.metadata.items() if name.lower() not in OF_FILE}
    with (
        whole_file(path, force=force) as draft,
        open_container(info.path) as container,
        writing(draft, path, target, tags) as out,
    ):
        out.metadata.update(tags)
        work = _Copy(recording, container, out, target.muxer)
        track = work.add_streams(language)
        write_chapters(out, [(one.start, one.end, one.title) for one in chapters or info.chapters])
        work.run(list(_packets(cues, track, target.muxer)), progress)
    return SubtitledResult(path, not_carried(work.lost))


def subtitled_target(path: Path) -> Target:
    """Return the format of a copy with subtitles. Raises UsageError for other suffixes."""
    target = TARGETS.get(path.suffix.lower())
    if target is None or target.muxer not in {*TEXT_CODECS, *ANOTHER}:
        known = (suffix for suffix, one in TARGETS.items() if one.muxer in {*TEXT_CODECS, *ANOTHER})
        raise UsageError(f"{path}: no such file has subtitles; use {', '.join(known)}")
    return replace(target, muxer=ANOTHER.get(target.muxer, target.muxer))


@cache
def _codecs(muxer: str) -> frozenset[str]:
    """Return the codecs that can be copied into files of a muxer."""
    with av.open(io.BytesIO(), "w", format=muxer) as out:
        return frozenset(out.supported_codecs | UNADVERTISED.get(muxer, set()))


def _moving(container: InputContainer, recording: Recording) -> list[Stream]:
    """Return the streams that are needed: the video and all audio that can be decoded."""
    info = recording.info
    wanted = {one.index for one in info.audio} | ({info.video.index} if info.video else set())
    streams: list[Stream] = [stream for stream in container.streams if stream.index in wanted]
    if not streams:
        raise InputError(info.path, "holds no video or audio")
    return sorted(streams, key=lambda stream: (stream.type != "video", stream.index))


def _packets(cues: Iterable[Caption], track: Stream, muxer: str) -> Iterator[Packet[Stream]]:
    """Yield the packets of the track; no two begin at once, because MP4 allows no overlap."""
    last = -1
    for start, end, cue in on_grid(cues, 1000):
        if lines := display_lines(cue.text):
            at = max(start, last + 1)
            length = max(end - at, 1)
            yield text_packet(text_data(lines, muxer), at * _MS, length * _MS, track)
            last = at


@dataclass(slots=True)
class _Copy:
    """Copies the streams of a recording into an output."""

    recording: Recording
    container: InputContainer
    out: OutputContainer
    muxer: str
    lost: Counter[str] = field(default_factory=Counter)
    """Number of things that are left out, by what they are."""
    copies: dict[int, Stream] = field(default_factory=dict)
    """Streams of the output by the index of their source."""
    converted: set[int] = field(default_factory=set)
    """Indices of subtitles whose codec changes."""

    def add_streams(self, language: str) -> Stream:
        """Add all streams, first those that are needed; return the new track of subtitles."""
        for stream in _moving(self.container, self.recording):
            self._copy(stream)
        track = add_text_stream(self.out, self.muxer)
        track.metadata["language"] = three_letters(language, bibliographic=self.muxer != "mp4")
        track.disposition = Disposition.default
        for other in self.recording.info.others:
            stream = self.container.streams[other.index]
            if other.kind == "cover image":
                self._add_cover(stream)
            elif other.kind == "attachment" and is_carried(other, self.muxer):
                self._attach(stream)
            elif other.kind == "subtitle track" and is_carried(other, self.muxer):
                self._add_text(stream)
                self.lost["subtitle style"] += loses_style(other, self.muxer)
            elif other.kind in {"subtitle track", "video stream"} and other.codec in _codecs(self.muxer):
                self._copy(stream)
            else:
                self.lost[other.kind] += 1
        if self.muxer not in CHAPTER_MUXERS:
            self.lost["chapter"] += len(self.recording.info.chapters)
        return track

    def _copy(self, stream: Stream) -> None:
        copy = self.out.add_stream_from_template(stream, opaque=True)
        self._describe(stream, copy)
        info = self.recording.info
        if isinstance(copy, AvVideoStream) and info.video and stream.index == info.video.index:
            if info.video.rotation:
                copy.set_display_rotation(info.video.rotation)
            if info.timecode and self.muxer in TIMECODE_MUXERS:
                tag_timecode(copy, info.timecode)

    def _describe(self, stream: Stream, copy: Stream) -> None:
        kept = {name: text for name, text in stream.metadata.items() if name.lower() not in OF_FILE}
        copy.metadata.update(kept)
        is_text = stream.type == "subtitle"
        copy.disposition = stream.disposition & ~Disposition.default if is_text else stream.disposition
        self.copies[stream.index] = copy

    def _add_text(self, stream: Stream) -> None:
        if not is_converted(stream.codec_context.name, self.muxer):
            self._copy(stream)
            return
        self.converted.add(stream.index)
        self._describe(stream, add_text_stream(self.out, self.muxer))

    def _attach(self, stream: Stream) -> None:
        with open_container(self.recording.path) as container:
            held = next(one for one in container.streams.attachments if one.index == stream.index)
            self.out.add_attachment(
                held.name or "attachment", held.mimetype or "application/octet-stream", held.data
            )

    def _add_cover(self, stream: Stream) -> None:
        kind = IMAGES.get(stream.codec_context.name)
        if self.muxer in COVER_MUXERS and kind:
            self._copy(stream)
        elif self.muxer == "matroska" and kind:
            with open_container(self.recording.path) as container:
                cover = container.streams[stream.index]
                data = next((bytes(one) for one in container.demux(cover) if one.size), b"")
            self.out.add_attachment(*kind, data)
        else:
            self.lost["cover image"] += 1

    def run(self, cues: Sequence[Packet[Stream]], progress: Progress | None) -> None:
        """Copy all packets, those of `cues` between them by time."""
        streams = [self.container.streams[index] for index in self.copies]
        origin, total = self.recording.info.origin, self.recording.duration_s
        select_streams(self.container, streams)
        rest, reported = list(reversed(cues)), 0.0
        for packet in packets(self.container, streams, DecodeReport()):
            if not packet.size or packet.stream_index not in self.copies:
                continue
            move(packet, -origin)
            at = packet_time(packet)
            while rest and (rest[-1].pts or 0) * _MS <= at:
                self.out.mux(rest.pop())
            self._mux(packet, at)
            if progress is not None and total and at >= reported + total / 100:
                reported = float(at)
                progress(min(1.0, reported / total))
        while rest:
            self.out.mux(rest.pop())

    def _mux(self, packet: Packet[Stream], at: Fraction) -> None:
        copy, index = self.copies[packet.stream_index], packet.stream_index
        if index in self.converted:
            if data := packet_data(packet, self.muxer, convert=True):
                self.out.mux(text_packet(data, at, length_of(packet), copy))
            return
        video = self.recording.info.video
        if video and video.rate and index == video.index and not packet.duration:
            packet.duration = round(
                1 / (video.rate * packet.time_base)
            )  # else MP4 ends before the last frame
        packet.stream = copy
        self.out.mux(packet)
