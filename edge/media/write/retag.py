"""Write keywords into the metadata of a file, with all of its streams as they are."""

from __future__ import annotations

import shutil
import stat
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
from av.container import InputContainer, OutputContainer
from av.video.stream import VideoStream

from edge.errors import OutputError, UsageError
from edge.files import refuse_unwritable, whole_file
from edge.media.read.container import DECODE_ERRORS, as_input_error, open_container, reason
from edge.media.timecode import timecode_of
from edge.media.write.timecode import MUXERS as TIMECODE_MUXERS
from edge.media.write.timecode import is_timecode, tag_timecode

MUXERS = {".mp4": "mp4", ".m4v": "mp4", ".mov": "mov", ".m4a": "ipod", ".mkv": "matroska", ".mka": "matroska",
          ".webm": "webm", ".mp3": "mp3", ".flac": "flac", ".ogg": "ogg", ".opus": "opus"}  # fmt: skip
"""Muxer by suffix of the files whose keywords can be written."""

WRITABLE = stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH

KEYWORDS = "keywords"
"""Name of the metadata: `keyw` in MP4, KEYWORDS in Matroska, a TXXX frame in ID3."""


def check_retag(path: Path) -> None:
    """Raise UsageError if such a file takes no keywords, OutputError if it or its folder is read-only.

    The file's own mode counts even where the user may replace it, as the owner of its folder or as root.
    """
    if path.suffix.lower() not in MUXERS:
        raise UsageError(f"{path}: keywords can be written into {', '.join(sorted(MUXERS))} files")
    if path.exists() and not path.stat().st_mode & WRITABLE:
        raise OutputError(path, "is read-only; it is unchanged")
    refuse_unwritable(path.resolve().parent)


def write_keywords(path: Path, keywords: Sequence[str]) -> None:
    """Replace the keywords of a file; everything else is copied, its mode too, and it is whole at any time.

    Commas separate keywords, so they become semicolons inside one. Raises UsageError for other formats,
    InputError if the file cannot be read, OutputError if a stream, a chapter or an attachment could not be
    kept, or the disk is full: then the file is unchanged.
    """
    check_retag(path)
    text = ", ".join(keyword.replace(",", ";") for keyword in keywords)
    path = path.resolve()  # a link stays one
    with whole_file(path, force=True) as draft, open_container(path) as source:
        try:
            _copy(source, draft, path, text)
        except DECODE_ERRORS as error:
            raise OutputError(
                path, f"keywords cannot be written ({reason(error)}); it is unchanged"
            ) from error
        _compare(source, draft, path)
        shutil.copymode(path, draft)


def _copy(source: InputContainer, draft: Path, path: Path, keywords: str) -> None:
    muxer = MUXERS[path.suffix.lower()]
    moov = {"movflags": "+faststart+use_metadata_tags"} if muxer in ("mp4", "mov") else {}
    with av.open(f"file:{draft.absolute()}", "w", format=muxer, container_options=moov) as out:
        out.metadata.update({**source.metadata, KEYWORDS: keywords})
        made = muxer in TIMECODE_MUXERS
        streams = [one for one in source.streams if not (made and is_timecode(one))]
        copies = {one.index: out.add_stream_from_template(one, opaque=True) for one in streams}
        for stream in streams:
            copy, rate = copies[stream.index], getattr(stream, "average_rate", None)
            copy.metadata.update(stream.metadata)
            code = timecode_of(copy.metadata.pop("timecode", ""), rate or Fraction(0)) if made else None
            if code and isinstance(copy, VideoStream):
                tag_timecode(copy, code)
        out.set_chapters(source.chapters())
        with as_input_error(path):
            _mux(source, out, copies)


def _mux(source: InputContainer, out: OutputContainer, copies: dict[int, av.stream.Stream]) -> None:
    for packet in source.demux():
        if packet.size and packet.stream_index in copies:
            packet.stream = copies[packet.stream_index]
            out.mux(packet)


def _compare(source: InputContainer, draft: Path, path: Path) -> None:
    """Raise OutputError unless the copy has as many streams of each kind, and chapters."""
    with open_container(draft) as copy:
        kinds = [sorted(stream.type for stream in container.streams) for container in (source, copy)]
        if kinds[0] != kinds[1] or len(source.chapters()) != len(copy.chapters()):
            raise OutputError(path, "would lose streams or chapters with its keywords; it is unchanged")
