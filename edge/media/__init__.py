"""Recordings in, recordings out: probe, decode sound, fetch frames, cut, join. Loads PyAV on first use."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from edge.media.audio import AudioBlock, decode_audio
    from edge.media.cutting import CutResult, cut
    from edge.media.description import AudioStream, MediaInfo, VideoStream, probe
    from edge.media.frames import Frame, frames_at
    from edge.media.health import Health
    from edge.media.joining import Joined, Part, join, snap
    from edge.media.source import open_container
    from edge.media.targets import default_suffix

_HOME = {
    "AudioBlock": "audio",
    "decode_audio": "audio",
    "CutResult": "cutting",
    "cut": "cutting",
    "Frame": "frames",
    "frames_at": "frames",
    "Health": "health",
    "Joined": "joining",
    "Part": "joining",
    "join": "joining",
    "snap": "joining",
    "AudioStream": "description",
    "MediaInfo": "description",
    "VideoStream": "description",
    "open_container": "source",
    "probe": "description",
    "default_suffix": "targets",
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
