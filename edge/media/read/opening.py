"""Open a media file, or a part of one, with FFmpeg: local files, no playlists, all of the streams."""

from __future__ import annotations

import os
import re
from pathlib import Path

import av
import av.logging
from av.container import InputContainer

from edge.errors import InputError
from edge.media.read.headers import ends_early
from edge.media.read.limits import hold_to_limits, limits
from edge.media.read.parts import Bytes, Piece

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

DECODE_ERRORS = (av.FFmpegError, ValueError, LookupError, MemoryError, OverflowError, OSError)
"""Errors that PyAV raised on damaged files (20,000 of `tools.fuzz`)."""


FAR = {"analyzeduration": str(600 * av.time_base), "probesize": str(1 << 28)}
"""Options to look for streams in 10 minutes or 256 MiB: FFmpeg looks at 5 s and 5 MB."""

_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]+:/")
"""Beginning of an address; a `Path` has one of its two slashes."""
_NO_FARTHER: set[tuple[Path, int, int]] = set()
"""Path, size and time of files in which looking farther found no more."""


def open_file(path: Path, part: Bytes | None = None) -> InputContainer:
    """Open a file, or some bytes of it, and find the streams that begin late, too. Raises InputError."""
    try:
        if not path.is_file():
            raise InputError(path, _why_not_a_file(path))
        found = path.stat()
        if found.st_size == 0:
            raise InputError(path, "is empty; check that the copy or the recording finished")
        container = _open(path, part, {"ignore_length": "1"} if ends_early(path) else {})
        same = path, found.st_size, found.st_mtime_ns
        if _lacks(container) and same not in _NO_FARTHER:
            container.close()
            container = _open(path, part, FAR)
            if _lacks(container):
                _NO_FARTHER.add(same)
        return _within_limits(path, container)
    except PermissionError as error:
        raise InputError(path, "may not be read by this user; check its permissions") from error
    except av.error.InvalidDataError as error:
        raise InputError(path, "is not media, or its header or index is missing") from error
    except av.ArgumentError as error:
        raise InputError(path, "is a playlist or an unknown format; pass the media file itself") from error
    except DECODE_ERRORS as error:
        raise InputError(path, f"cannot be opened ({reason(error)})") from error


def _within_limits(path: Path, container: InputContainer) -> InputContainer:
    try:
        hold_to_limits(path, container)
    except BaseException:
        container.close()
        raise
    return container


def _open(path: Path, part: Bytes | None, options: dict[str, str]) -> InputContainer:
    # The explicit protocol keeps a file name such as "concat:a|b" a file name.
    whole = f"file:{os.path.abspath(path)}"  # noqa: PTH100 - resolving links would hide the given name
    return av.open(
        whole if part is None else Piece(path, part),
        "r",
        _image_format(path),
        options={"max_pixels": str(limits().pixels)},
        container_options={"protocol_whitelist": "file", "format_whitelist": FORMATS, **options},
        metadata_errors="replace",
    )


def _lacks(container: InputContainer) -> bool:
    """Return whether a stream is announced of which FFmpeg has seen nothing yet.

    Streams of MPEG program streams are not announced: there, whether there is no audio.
    """
    silent = container.format.name == "mpeg" and not container.streams.audio
    unknown = any(stream.codec_context and not stream.rate for stream in container.streams.audio)
    return silent or unknown or any(s.codec_context and not s.width for s in container.streams.video)


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
    if _ADDRESS.match(str(path)):
        return "is a URL; only local files are supported, download it first"
    return "does not exist; check the name"


def reason(error: BaseException) -> str:
    """Return the message of an exception as one short line."""
    return str(getattr(error, "strerror", None) or error or type(error).__name__).split("\n")[0].lower()
