"""Audio and video files: probe, decode and read frames (`read`); cut, concatenate and encode (`write`).

PyAV is loaded on first use.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from edge.media.read.audio import AudioBlock as AudioBlock
    from edge.media.read.audio import decode_audio as decode_audio
    from edge.media.read.container import open_container as open_container
    from edge.media.read.frames import Frame as Frame
    from edge.media.read.frames import frames_at as frames_at
    from edge.media.read.probe import AudioStream as AudioStream
    from edge.media.read.probe import MediaInfo as MediaInfo
    from edge.media.read.probe import VideoStream as VideoStream
    from edge.media.read.probe import probe as probe
    from edge.media.read.recording import Recording as Recording
    from edge.media.read.recording import open_recording as open_recording
    from edge.media.read.report import DecodeReport as DecodeReport
    from edge.media.write.concat import ConcatResult as ConcatResult
    from edge.media.write.concat import MediaRange as MediaRange
    from edge.media.write.concat import concat as concat
    from edge.media.write.concat import snap_to_frames as snap_to_frames
    from edge.media.write.containers import default_suffix as default_suffix
    from edge.media.write.cut import CutResult as CutResult
    from edge.media.write.cut import cut as cut
    from edge.media.write.repaint import repaint as repaint

_HOME = {
    "AudioBlock": "read.audio",
    "decode_audio": "read.audio",
    "open_container": "read.container",
    "Frame": "read.frames",
    "frames_at": "read.frames",
    "AudioStream": "read.probe",
    "MediaInfo": "read.probe",
    "VideoStream": "read.probe",
    "probe": "read.probe",
    "Recording": "read.recording",
    "open_recording": "read.recording",
    "DecodeReport": "read.report",
    "ConcatResult": "write.concat",
    "MediaRange": "write.concat",
    "concat": "write.concat",
    "snap_to_frames": "write.concat",
    "default_suffix": "write.containers",
    "CutResult": "write.cut",
    "cut": "write.cut",
    "repaint": "write.repaint",
}

__all__ = list(_HOME)


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
