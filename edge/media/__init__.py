"""Recordings in, recordings out: probe, decode sound, fetch frames, cut, join. Loads PyAV on first use."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from edge.media.read.audio import AudioBlock, decode_audio
    from edge.media.read.container import open_container
    from edge.media.read.frames import Frame, frames_at
    from edge.media.read.probe import AudioStream, MediaInfo, VideoStream, probe
    from edge.media.read.report import Health
    from edge.media.write.concat import Joined, Part, join, snap
    from edge.media.write.containers import default_suffix
    from edge.media.write.cut import CutResult, cut

_HOME = {
    "AudioBlock": "read.audio",
    "decode_audio": "read.audio",
    "CutResult": "write.cut",
    "cut": "write.cut",
    "Frame": "read.frames",
    "frames_at": "read.frames",
    "Health": "read.report",
    "Joined": "write.concat",
    "Part": "write.concat",
    "join": "write.concat",
    "snap": "write.concat",
    "AudioStream": "read.probe",
    "MediaInfo": "read.probe",
    "VideoStream": "read.probe",
    "open_container": "read.container",
    "probe": "read.probe",
    "default_suffix": "write.containers",
}

__all__ = [
    "AudioBlock",
    "AudioStream",
    "CutResult",
    "Frame",
    "Health",
    "Joined",
    "MediaInfo",
    "Part",
    "VideoStream",
    "cut",
    "decode_audio",
    "default_suffix",
    "frames_at",
    "join",
    "open_container",
    "probe",
    "snap",
]


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
