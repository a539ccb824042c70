"""The parts of FFmpeg that edge uses, read from its code, and the configuration of an FFmpeg with no more.

All native decoders, parsers and bitstream filters stay: edge decodes whatever a file has.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import msgspec

import edge
from edge.errors import InputError
from edge.media.bitstream import CODECS
from edge.media.read.live_stream import PROTOCOLS, STREAM_FORMATS
from edge.media.read.opening import FORMATS
from edge.media.write.containers import TARGETS
from edge.media.write.subtitles import TEXT_CODECS

CODE = Path(edge.__file__).parent

DEMUXERS = {"mp4": "mov", "3gp": "mov", "webm": "matroska", "mpeg": "mpegps"}
"""Demuxers that the configuration calls otherwise."""
ENCODERS = {"libvpx-vp9": "libvpx_vp9", "libvpx": "libvpx_vp8", "mov_text": "movtext"}
"""Encoders that the configuration calls otherwise."""
LIBRARIES = {"libx264", "libx265", "libopenh264", "libvpx", "libopus", "libmp3lame"}
"""Encoders of other libraries, as the configuration calls those."""
RESAMPLER = {"abuffer", "abuffersink", "aformat", "aresample"}
"""Filters that PyAV's own resampler uses."""
ALWAYS = {"abuffer", "abuffersink", "buffer", "buffersink"}
"""Filters that every FFmpeg has, which the configuration does not know."""
NO_PARTS = {"rtsp", "https", "tls"}
"""Protocols that are none to the configuration (a demuxer), or need a library for TLS."""


def demuxers(formats: str = FORMATS) -> list[str]:
    """Demuxers of files, by default; of live streams with `STREAM_FORMATS`."""
    named = (re.sub(r"(\w+_pipe)", r"image_\1", name) for name in formats.split(","))
    return sorted({DEMUXERS.get(name, name) for name in named})


def muxers() -> list[str]:
    """Muxers of the output files."""
    return sorted({target.muxer for target in TARGETS.values()})


def encoders() -> list[str]:
    """Encoders of audio, video, subtitles and images, as FFmpeg calls them when it runs."""
    names = {*(codec.encoder for codec in CODECS.values()), *TEXT_CODECS.values()}
    for target in TARGETS.values():
        names |= {target.audio, *target.video, *target.deep_video, *filter(None, [target.lossless])}
    for tree in _trees():
        names |= set(_first_arguments(tree, "create"))
        names |= {text for text in _texts(tree) if re.fullmatch(r"pcm_[suf]\d+le", text)}
    return sorted(names)


def filters() -> list[str]:
    """Filters of the graphs that edge builds, and of PyAV's resampler."""
    names = set(RESAMPLER)
    for tree in _trees():
        if any(isinstance(node, ast.ImportFrom) and node.module == "av.filter" for node in ast.walk(tree)):
            names |= set(_first_arguments(tree, "add"))
            names |= {name.removeprefix("add_") for name in _attributes(tree) if name.startswith("add_")}
    return sorted(names)


def flags(*, live: bool = False, gpl: bool = True) -> list[str]:
    """Options of FFmpeg's `configure`: `live` reads streams, too; without `gpl` there is no x264 and x265."""
    wanted = [ENCODERS.get(name, name) for name in encoders()]
    dropped = {"libopenh264"} if gpl else {"libx264", "libx265"}
    wanted = [name for name in wanted if name not in dropped]
    libraries = sorted({name.split("_")[0] for name in wanted} & LIBRARIES)
    protocols = sorted(set(PROTOCOLS.split(",")) - NO_PARTS) if live else ["file"]
    parts = {
        "demuxer": demuxers(STREAM_FORMATS if live else FORMATS),
        "muxer": muxers(),
        "encoder": wanted,
        "filter": sorted(set(filters()) - ALWAYS),
        "protocol": protocols,
    }
    return [
        "--disable-autodetect", "--disable-programs", "--disable-doc", "--disable-avdevice",
        "--disable-debug", "--enable-shared", "--disable-static", "--enable-pic", "--enable-zlib",
        *([] if live else ["--disable-network"]),
        *(["--enable-gpl"] if gpl else []),
        *(f"--enable-{library}" for library in libraries),
        "--enable-libdav1d",
        *(f"--disable-{part}s" for part in parts),
        *(f"--enable-{part}={','.join(names)}" for part, names in parts.items()),
    ]  # fmt: skip


def libraries(folder: Path) -> dict[str, int]:
    """Bytes of the shared libraries in a folder, by name. Raises InputError without any."""
    sizes = {
        path.name.split(".")[0]: path.stat().st_size
        for path in folder.glob("lib*.so*")
        if not path.is_symlink()
    }
    if not sizes:
        raise InputError(folder, "holds no shared libraries")
    return sizes


def built(file: Path) -> dict[str, dict[str, int]]:
    """Libraries of the builds that were measured, by what the build is."""
    return msgspec.json.decode(file.read_bytes(), type=dict[str, dict[str, int]]) if file.exists() else {}


def _trees() -> Iterator[ast.Module]:
    """Parse the modules that can call FFmpeg."""
    for path in sorted((CODE / "media").rglob("*.py")):
        yield ast.parse(path.read_text(encoding="utf-8"))


def _first_arguments(tree: ast.Module, method: str) -> Iterator[str]:
    """Yield the first argument of each call of a method, where it is a text."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == method:
            yield from (text for one in node.args[:1] if (text := _text(one)) is not None)


def _texts(tree: ast.Module) -> Iterator[str]:
    yield from (text for node in ast.walk(tree) if (text := _text(node)) is not None)


def _attributes(tree: ast.Module) -> Iterator[str]:
    yield from (node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute))


def _text(node: ast.AST) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None
