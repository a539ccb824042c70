"""Open media files safely, select streams, and convert decoder errors to InputError."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from os import PathLike
from pathlib import Path

import av
import av.logging
from av.container import InputContainer
from av.stream import Discard, Disposition, Stream
from av.video.stream import VideoStream

from edge.errors import EdgeError, InputError

# FFmpeg logs to stderr; relevant errors reach the caller as exceptions or in the DecodeReport.
av.logging.set_level(None)

FORMATS = (
    "mov,mp4,matroska,webm,mpegts,mpeg,mpegvideo,avi,flv,asf,ogg,wav,w64,flac,mp3,aac,ac3,eac3,dts,aiff,"
    "au,caf,amr,ape,wv,tta,mxf,rm,nut,ivf,h264,hevc,dv,3gp,gxf,mlp,truehd,voc,dsf,iamf,loas,obu,"
    "gif,png_pipe,jpeg_pipe,webp_pipe,bmp_pipe"
)
"""Allowed demuxers. Playlists (hls, dash, concat ...) are excluded: they refer to other files, and
`protocol_whitelist` alone does not prevent them from reading local ones."""

IMAGES = {b"\xff\xd8\xff": "jpeg_pipe", b"\x89PNG": "png_pipe"}
"""First bytes of images -> demuxer; by their names FFmpeg would take one that reads numbered files."""

DECODE_ERRORS = (av.FFmpegError, ValueError, LookupError, MemoryError, OSError)
"""Errors that PyAV raised on damaged files (2,600 files, four random bytes each)."""


@contextmanager
def open_container(path: str | PathLike[str]) -> Iterator[InputContainer]:
    """Open a local media file for reading; it is closed at the end of the `with` block.

    Only regular files and the demuxers of `FORMATS` are allowed, so that neither a URL nor a playlist can
    cause other reads. Raises InputError for everything that cannot be opened.
    """
    container = _open(Path(path))
    try:
        yield container
    finally:
        container.close()


def select_streams(container: InputContainer, streams: Sequence[Stream]) -> None:
    """Discard all other streams in the demuxer: saves 10-35 % CPU, and seeking ignores them."""
    wanted = {stream.index for stream in streams}
    for stream in container.streams:
        stream.discard = Discard.default if stream.index in wanted else Discard.all


@contextmanager
def as_input_error(path: Path) -> Iterator[None]:
    """Convert every error of `DECODE_ERRORS` to InputError."""
    try:
        yield
    except EdgeError:
        raise  # UsageError is a ValueError too
    except DECODE_ERRORS as error:
        raise InputError(path, f"is damaged and cannot be read ({reason(error)})") from error


def best_video_stream(container: InputContainer) -> VideoStream | None:
    """Return the best stream of moving images; cover art and thumbnails are ignored."""
    still = Disposition.attached_pic | Disposition.timed_thumbnails | Disposition.still_image
    moving = [s for s in container.streams.video if not s.disposition & still and decodable(s)]
    best = container.streams.best("video")
    return next((s for s in moving if best and s.index == best.index), moving[0] if moving else None)


def decodable(stream: Stream) -> bool:
    """Return whether this FFmpeg has a decoder for the stream."""
    # PyAV's stub omits that streams without a decoder have no codec context.
    context: object = stream.codec_context
    return context is not None and stream.time_base is not None


def _open(path: Path) -> InputContainer:
    try:
        if not path.is_file():
            raise InputError(path, _why_not_a_file(path))
        if path.stat().st_size == 0:
            raise InputError(path, "is empty; check that the copy or the recording finished")
        # The explicit protocol keeps a file name such as "concat:a|b" a file name.
        return av.open(
            f"file:{os.path.abspath(path)}",  # noqa: PTH100 - resolving links would hide the given name
            "r",
            _image_format(path),
            container_options={"protocol_whitelist": "file", "format_whitelist": FORMATS},
            metadata_errors="replace",
        )
    except PermissionError as error:
        raise InputError(path, "may not be read by this user; check its permissions") from error
    except av.error.InvalidDataError as error:
        raise InputError(path, "is not media, or its header or index is missing") from error
    except av.ArgumentError as error:
        raise InputError(path, "is a playlist or an unknown format; pass the media file itself") from error
    except DECODE_ERRORS as error:
        raise InputError(path, f"cannot be opened ({reason(error)})") from error


def _image_format(path: Path) -> str | None:
    """Return the demuxer of an image; None for other files."""
    with path.open("rb") as file:
        first = file.read(4)
    return next((name for start, name in IMAGES.items() if first.startswith(start)), None)


def _why_not_a_file(path: Path) -> str:
    if path.is_dir():
        return "is a folder; pass a media file"
    if path.exists():
        return "is not a regular file; pass a media file"
    if "://" in str(path):
        return "is a URL; only local files are supported, download it first"
    return "does not exist; check the name"


def reason(error: BaseException) -> str:
    """Return the message of an exception as one short line."""
    return str(getattr(error, "strerror", None) or error or type(error).__name__).split("\n")[0].lower()
