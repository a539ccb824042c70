"""Write a copy of a recording with text drawn into its video frames; its audio is copied.

Text is set once per caption, then blended into the rows that it covers, in YUV as the encoder takes it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from os import PathLike
from pathlib import Path
from typing import Any, cast

import numpy as np
from av.audio.stream import AudioStream as AvAudioStream
from av.container import OutputContainer
from av.packet import Packet
from av.stream import Stream
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange
from numpy.typing import NDArray

from edge.errors import InputError
from edge.files import whole_file
from edge.media.read.container import open_container, select_streams
from edge.media.read.decoding import packets
from edge.media.read.probe import VideoStream
from edge.media.read.recording import MediaSource, open_recording
from edge.media.read.report import DecodeReport
from edge.media.write.color import color_note, video_encoding
from edge.media.write.containers import video_target_for
from edge.media.write.encode import Track, audio_track, video_track
from edge.media.write.extras import left_out
from edge.media.write.plan import AudioSources, RenderPlan
from edge.media.write.remux import move, packet_time
from edge.media.write.render import render, writing
from edge.media.write.repaint import whole_plan
from edge.text.grid import on_grid
from edge.text.lines import display_lines
from edge.text.typeset import Typeface, open_typeface
from edge.vocabulary import Caption, Progress

SAFE = 0.05
"""Margin at each edge of the frame, as a part of its width or height."""
LINES_IN_HEIGHT = 18
"""Lines of text that would fill a frame from top to bottom; of an upright one, from side to side."""

WHITE = {None: 1.0, "hlg": 0.75, "pq": 0.58}
"""Signal of the letters by `VideoStream.hdr`: 203 cd/m2, the white of text in BT.2408."""
BLACK_CODE, WHITE_CODE = 16, 235
"""Codes of black and white in limited range, of 8 bits."""

_MS = Fraction(1, 1000)

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class BurnResult:
    """The file that was written."""

    path: Path
    """Path of the file."""
    note: str = ""
    """What could not be kept: colors, and why; other streams; "" if nothing was lost."""


def check_burn(media: MediaSource, destination: str | PathLike[str], font: str | Path | None = None) -> None:
    """Raise before any work what `burn` would: UsageError, InputError, MissingExtraError."""
    video_target_for(Path(destination))
    open_typeface((), font)
    if open_recording(media).info.video is None:
        raise InputError(open_recording(media).path, "has no video stream")


def burn(
    media: MediaSource,
    cues: Iterable[Caption],
    destination: str | PathLike[str],
    *,
    font: str | Path | None = None,
    force: bool = False,
    progress: Progress | None = None,
) -> BurnResult:
    """Encode the video of a recording with `cues` drawn into it: white with a dark outline, at the bottom.

    The suffix of `destination` selects the format (`containers.TARGETS`). Size, shape, rotation, times and
    colors of the frames are kept, 10 bits and a high dynamic range where the file can hold them. Audio is
    copied where the file can hold its codec. `font` is a font file; without one the system's first that has
    all characters is used. Memory does not grow with the length, except for the index of the frames.

    Raises InputError (unreadable, no video, no font file), UsageError (suffix, characters that the font
    lacks), MissingExtraError, OutputError; no partial file is left behind.
    """
    path, recording = Path(destination), open_recording(media)
    check_burn(recording, path, font)
    placed = on_grid((cue for cue in cues if display_lines(cue.text)), 1000)
    shown = [_Cue(start * _MS, end * _MS, tuple(display_lines(cue.text))) for start, end, cue in placed]
    face = open_typeface((line for cue in shown for line in cue.lines), font)
    target = video_target_for(path)
    with (
        whole_file(path, force=force) as draft,
        writing(draft, path, target, recording.info.metadata) as out,
    ):
        plan = whole_plan(recording, target)
        drawn = video_track(plan, out, draw=_Drawer(shown, face, plan).draw)
        sound = [_copied_or_encoded(plan, sources, out) for sources in plan.audio_tracks]
        if render(plan, out, drawn, progress, sound=sound) == 0:
            raise InputError(recording.path, "has a video stream, but no frame of it can be decoded")
    notes = color_note(plan), left_out([recording.info], target)
    return BurnResult(path, "; ".join(filter(None, notes)))


def _copied_or_encoded(plan: RenderPlan, sources: AudioSources, out: OutputContainer) -> Track:
    (source,), info = sources, plan.ranges[0].info
    if source is None or not _is_played(source.codec, out):
        return audio_track(plan, sources, out)
    return _copied(info.path, source.index, info.origin, out)


def _is_played(codec: str, out: OutputContainer) -> bool:
    """Return whether the file holds a codec of audio, and players expect it there."""
    is_odd = out.format.name == "mp4" and (codec == "vorbis" or codec.startswith("pcm_"))
    return codec in out.supported_codecs and not is_odd


def _copied(path: Path, index: int, origin: Fraction, out: OutputContainer) -> Track:
    """Yield the packets of an audio stream, their times from the recording's start."""
    with open_container(path) as container:
        stream = cast(AvAudioStream, container.streams[index])
        select_streams(container, [stream])
        copy = out.add_stream_from_template(stream, opaque=True)
        copy.metadata.update({name: text for name, text in stream.metadata.items() if name == "language"})
        for packet in packets(container, [stream], DecodeReport()):
            if packet.size:
                move(packet, -origin)
                packet.stream = copy
                moved: Packet[Stream] = packet
                yield packet_time(packet), [moved]


@dataclass(frozen=True, slots=True)
class _Cue:
    """A caption to draw."""

    start: Fraction
    """Seconds of the recording, to 1 ms: a frame that begins with it shows it."""
    end: Fraction
    """Seconds of the recording, to 1 ms."""
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Layer:
    """Text of one caption as a box of each plane takes it: new = old * keep + add."""

    keep: tuple[Floats, Floats]
    """Of luma, and of chroma in half the size."""
    add: tuple[Floats, Floats]
    """In codes of the frame."""
    top: int
    """First row of luma; even."""
    left: int
    """First column of luma; even."""


class _Drawer:
    """Draws captions into the frames that are about to be encoded."""

    def __init__(self, cues: Sequence[_Cue], face: Typeface, plan: RenderPlan) -> None:
        assert plan.video is not None
        self._cues, self._face, self._video = cues, face, plan.video
        self._white = WHITE[video_encoding(plan.target, plan.video).hdr]
        self._at = 0
        self._shown: _Cue | None = None
        self._layer: _Layer | None = None

    def draw(self, frame: VideoFrame, time: Fraction) -> VideoFrame:
        """Return the frame at a time, in seconds of the recording, with the caption of that time."""
        while self._at < len(self._cues) and self._cues[self._at].end <= time:
            self._at += 1
        if self._at == len(self._cues) or self._cues[self._at].start > time:
            return frame
        cue = self._cues[self._at]
        if cue is not self._shown:
            self._shown, self._layer = cue, self._set(cue, frame)
        frame.make_writable()
        if self._layer:
            _blend(self._layer, frame)
        return frame

    def _set(self, cue: _Cue, frame: VideoFrame) -> _Layer:
        """Set a caption for frames like this one."""
        width, height, wide = upright_size(frame, self._video)
        text = self._face.set_lines(
            cue.lines,
            max(8, round(min(height, wide) / LINES_IN_HEIGHT)),
            round(wide * (1 - 2 * SAFE)),
        )
        masks = np.zeros((2, height, width), np.float32)
        high, long = text.fill.shape
        long = min(width, max(1, round(long * width / wide)))
        top = max(0, height - round(height * SAFE) - high)
        left = (width - long) // 2
        for mask, alpha in zip(masks, (text.fill, text.outline), strict=True):
            mask[top : top + high, left : left + long] = _stretched(alpha, long)[: height - top] / 255
        turned = np.rot90(masks, -self._video.rotation // 90, axes=(1, 2))
        return _layer(turned[0], turned[1], _codes(frame, self._white))


def upright_size(frame: VideoFrame, video: VideoStream) -> tuple[int, int, int]:
    """Return width and height of a coded frame turned upright, and the width with square pixels."""
    turned = video.rotation in {90, 270}
    width, height = (frame.height, frame.width) if turned else (frame.width, frame.height)
    return width, height, max(1, round(height * video.width * video.pixel_aspect / video.height))


def _stretched(alpha: NDArray[np.uint8], width: int) -> NDArray[np.uint8]:
    """Return a mask with another width, uint8[height, width]."""
    if alpha.shape[1] == width:
        return alpha
    from PIL import Image  # noqa: PLC0415 - extra

    return np.array(Image.fromarray(alpha).resize((width, alpha.shape[0])))


def _codes(frame: VideoFrame, white: float) -> tuple[float, float, float]:
    """Return the codes of black, of the letters and of no color."""
    full = frame.color_range == ColorRange.JPEG
    black, top = (0, 255) if full else (BLACK_CODE, WHITE_CODE)
    scale = 4 if frame.format.components[0].bits > 8 else 1
    return black * scale, (black + white * (top - black)) * scale, 128 * scale


def _layer(fill: Floats, outline: Floats, codes: tuple[float, float, float]) -> _Layer:
    """Return what is blended of two masks, float32[height, width]: dark outline, then letters."""
    black, white, gray = codes
    rows, columns = (np.flatnonzero(outline.any(axis=axis)) for axis in (1, 0))
    top, left = (int(found[0]) & ~1 if len(found) else 0 for found in (rows, columns))
    bottom, right = (int(found[-1] + 2) & ~1 if len(found) else 0 for found in (rows, columns))
    fill, outline = fill[top:bottom, left:right], outline[top:bottom, left:right]
    keep = (1 - fill) * (1 - outline)
    add = white * fill + black * outline * (1 - fill)
    high, wide = keep.shape
    halved = keep.reshape(high // 2, 2, wide // 2, 2).mean(axis=(1, 3))
    return _Layer((keep, halved), (add, gray * (1 - halved)), top, left)


def _blend(layer: _Layer, frame: VideoFrame) -> None:
    for number, plane in enumerate(frame.planes):
        half = 1 if number == 0 else 2
        keep, add = layer.keep[number > 0], layer.add[number > 0]
        deep = frame.format.components[0].bits > 8
        codes: NDArray[Any] = np.frombuffer(memoryview(plane), np.uint16 if deep else np.uint8)
        rows = codes.reshape(plane.height, -1)
        top, left = layer.top // half, layer.left // half
        box = rows[top : top + keep.shape[0], left : left + keep.shape[1]]
        box[:] = box * keep + (add + 0.5)
