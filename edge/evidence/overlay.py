"""Draw what was perceived into the video frames of a recording: why was a song found, and why not?

frame -> boxes and lips of the faces that were tracked there -> a strip below: label, confidences, time line
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from edge_kernels.images import Rgb
from numpy.typing import NDArray

from edge.arrays import Floats
from edge.evidence.face_track import Burst, FaceTrack, SeenFace
from edge.evidence.labels import LabelTrack
from edge.evidence.plot import COLORS, PlottedSong
from edge.text.bitmap import GLYPH_HEIGHT, draw_text, text_width
from edge.text.clock import clock
from edge.vocabulary import LABELS

Color = tuple[int, int, int]

STRIP_UNITS = 48
"""Height of the strip in units; see `strip_unit`."""

WIDE_UNITS = 440
"""Width in units from which label and time are written twice as large."""

PERFORMING_ABOVE = 0.5
"""Probability from which a face is drawn as the one that produces the sound."""


def _color(code: str) -> Color:
    red, green, blue = bytes.fromhex(code.removeprefix("#"))
    return red, green, blue


LABEL_COLORS = tuple(map(_color, COLORS))
"""Colors of singing, speaking, music, other."""

GROUND, GROOVE, TEXT, FAINT = (_color(code) for code in ("#1a1c1f", "#34383d", "#f1f3f5", "#99a1aa"))
"""Colors of the strip: background, empty bars, main text, other text."""

PERFORMING, SILENT, SONG = (_color(code) for code in ("#51cf66", "#ff922b", "#ffc078"))
"""Colors of faces that produce the sound, of other faces, and of songs."""


class Overlay:
    """Draws labels, songs and faces of a recording into its frames; `paint` is for `edge.media.repaint`.

    `faces` are the faces that were tracked, None if only the audio was used; `songs` are those found.
    """

    def __init__(
        self, labels: LabelTrack, faces: FaceTrack | None, songs: Sequence[PlottedSong] = ()
    ) -> None:
        self._labels, self._songs = labels, tuple(songs)
        self._bursts = () if faces is None else faces.bursts
        self._middles = np.array([burst.times_s.mean() for burst in self._bursts])
        self._strip: _Strip | None = None

    def paint(self, time_s: float, rgb: Rgb) -> Rgb:
        """Return the frame at `time_s`, uint8[height, width, 3], with a strip of 48 `strip_unit`s below it.

        `time_s` is in seconds of the recording. The width stays; `rgb` is not changed.
        """
        height, width = rgb.shape[:2]
        unit = strip_unit(height, width)
        if self._strip is None or (self._strip.width, self._strip.unit) != (width, unit):
            self._strip = _Strip(self._labels, self._songs, self._bursts, width, unit)
        painted = np.concatenate([rgb, self._strip.at(time_s)])
        burst = self._burst_at(time_s)
        for face in reversed(() if burst is None else burst.faces):  # the likeliest performer on top
            if _covers(face.track.times_s, time_s):
                _draw_face(painted[:height], face, time_s, unit)
        return painted

    def _burst_at(self, time_s: float) -> Burst | None:
        """Return the burst on display; of two that overlap, the one whose middle is nearer."""
        if not self._bursts:
            return None
        burst = self._bursts[int(np.abs(self._middles - time_s).argmin())]
        return burst if _covers(burst.times_s, time_s) else None


def strip_unit(height: int, width: int) -> int:
    """Return the size of a pixel of the font, in pixels of a frame: 1 at 640x360, 2 at 1280x720 ..."""
    return max(1, min(round(height / 360), width // 320))


class _Strip:
    """The strip of one recording at one size; what does not change with the time is drawn once."""

    def __init__(
        self,
        labels: LabelTrack,
        songs: Sequence[PlottedSong],
        bursts: Sequence[Burst],
        width: int,
        unit: int,
    ) -> None:
        self.width, self.unit = width, unit
        self._labels, self._songs = labels, songs
        self._seen = {burst.segment: burst for burst in bursts}
        self._margin = min(8 * unit, width // 8)
        self._large = 2 * unit if width >= WIDE_UNITS * unit else unit
        self._still = np.empty((STRIP_UNITS * unit, width, 3), np.uint8)
        self._still[:] = GROUND
        self._draw_time_line(self._still, bursts)

    def at(self, time_s: float) -> Rgb:
        """Return the strip at a time, uint8[48 * unit, width, 3]."""
        strip, index = self._still.copy(), int(time_s // self._labels.segment_s)
        row = self._labels.segments[index] if 0 <= index < len(self._labels.segments) else None
        left = self._draw_label(strip, row, _based_on(self._seen, index))
        right = self._draw_time(strip, time_s)
        self._draw_bars(strip, np.zeros(len(LABELS), np.float32) if row is None else row, left, right)
        unit, x = self.unit, self._column(time_s)
        _fill(strip, (x - 2 * unit, 34 * unit, x + 2 * unit, 48 * unit), GROUND)
        _fill(strip, (x - unit, 34 * unit, x + unit, 48 * unit), TEXT)
        return strip

    def _draw_label(self, strip: Rgb, row: Floats | None, note: str) -> int:
        """Draw the label with its confidence on its color, and a note; return the right end in pixels."""
        unit, large, left = self.unit, self._large, self._margin
        best = None if row is None else int(row.argmax())
        text = "no audio" if row is None or best is None else f"{LABELS[best].value} {row[best]:.2f}"
        color = GROOVE if best is None else LABEL_COLORS[best]
        right = left + text_width("speaking 0.00", large) + 8 * unit
        bottom = 6 * unit + GLYPH_HEIGHT * large
        _fill(strip, (left, 3 * unit, right, bottom), color)
        ink = GROUND if sum(color) > 450 else TEXT
        draw_text(strip, left + 4 * unit, 5 * unit, text, ink, scale=large)
        draw_text(strip, left, bottom + 3 * unit, note, FAINT, scale=unit)
        return max(right, left + (text_width("audio, 4 faces", unit) if row is not None else 0))

    def _draw_time(self, strip: Rgb, time_s: float) -> int:
        """Draw the time, the length and the song, aligned to the right; return the left end in pixels."""
        unit, large, count = self.unit, self._large, len(self._songs)
        number = next((n for n, song in enumerate(self._songs, 1) if song.start <= time_s < song.end), None)
        song = f"song {number} of {count}" if number else f"{count} song{'s' * (count != 1)}"
        lines = (
            (clock(time_s), TEXT, large, 3),
            (f"of {clock(self._labels.duration_s)}", FAINT, unit, 5 + GLYPH_HEIGHT * large // unit),
            (song, SONG if number else FAINT, unit, 14 + GLYPH_HEIGHT * large // unit),
        )
        for text, color, scale, top in lines:
            left = self.width - self._margin - text_width(text, scale)
            draw_text(strip, left, top * unit, text, color, scale=scale)
        return (
            self.width - self._margin - max(text_width("0:00:00.0", large), text_width("song 00 of 00", unit))
        )

    def _draw_bars(self, strip: Rgb, row: Floats, left: int, right: int) -> None:
        """Draw a bar for each confidence between two columns; without room for names, bars alone."""
        unit, best = self.unit, int(row.argmax())
        names, values = text_width("speaking", unit) + 4 * unit, text_width("0.00", unit) + 4 * unit
        left, right = left + 12 * unit, right - 12 * unit - values
        if named := right - left - names >= 40 * unit:
            left += names
        for index, share in enumerate(row):
            top, color = (2 + 8 * index) * unit, TEXT if index == best and share else FAINT
            if named:
                draw_text(strip, left - names, top, LABELS[index].value, color, scale=unit)
            _fill(strip, (left, top + unit, right, top + 6 * unit), GROOVE)
            full = left + round(float(share) * (right - left))
            _fill(strip, (left, top + unit, full, top + 6 * unit), LABEL_COLORS[index])
            if right > left:
                draw_text(strip, right + 4 * unit, top, f"{share:.2f}", color, scale=unit)

    def _draw_time_line(self, strip: Rgb, bursts: Sequence[Burst]) -> None:
        """Draw the labels of all segments, brackets over the songs, and marks below what was examined."""
        unit, labels = self.unit, self._labels
        if len(labels.segments):
            first, last = self._column(0), self._column(labels.duration_s)
            times = (np.arange(last - first + 1) + 0.5) / (last - first + 1) * labels.duration_s
            indices = np.minimum(times // labels.segment_s, len(labels.segments) - 1).astype(int)
            columns = np.array(LABEL_COLORS, np.uint8)[labels.segments.argmax(axis=1)[indices]]
            strip[39 * unit : 45 * unit, first : last + 1] = columns
        for song in self._songs:
            left, right = self._column(song.start), self._column(song.end) + 1
            _fill(strip, (left, 36 * unit, right, 37 * unit), SONG)
            for x in (left, right - unit):
                _fill(strip, (x, 36 * unit, x + unit, 39 * unit), SONG)
        for burst in bursts:
            left, right = self._column(burst.times_s[0]), self._column(burst.times_s[-1]) + 1
            _fill(strip, (left, 46 * unit, right, 47 * unit), TEXT)

    def _column(self, time_s: float) -> int:
        """Return the column of a time on the time line."""
        length = self.width - 2 * self._margin - 1
        share = min(max(time_s / max(self._labels.duration_s, 1e-3), 0.0), 1.0)
        return self._margin + round(share * length)


def _based_on(seen: Mapping[int, Burst], segment: int) -> str:
    """Return what the label of a segment is based on."""
    if segment not in seen:
        return "audio only"
    count = len(seen[segment].faces)
    return f"audio, {count or 'no'} face{'s' * (count != 1)}"


def _covers(times_s: NDArray[np.float64], time_s: float) -> bool:
    """Return whether a time is between the first and the last, with half a step more at each end."""
    half = (times_s[-1] - times_s[0]) / max(1, len(times_s) - 1) / 2 or 0.05
    return bool(times_s[0] - half <= time_s <= times_s[-1] + half)


def _at(times_s: NDArray[np.float64], values: Floats, time_s: float) -> Floats:
    """Interpolate float32[n, ...] between the times."""
    position = float(np.interp(time_s, times_s, np.arange(len(times_s))))
    low = int(position)
    high = min(low + 1, len(times_s) - 1)
    return np.asarray(values[low] + (position - low) * (values[high] - values[low]), np.float32)


def _draw_face(rgb: Rgb, face: SeenFace, time_s: float, unit: int) -> None:
    """Draw the box, the mouth, and what the lips do."""
    size, track = np.array(rgb.shape[1::-1], np.float32), face.track
    color = PERFORMING if face.performing >= PERFORMING_ABOVE else SILENT
    corners = _at(track.times_s, track.boxes, time_s).reshape(2, 2) * size
    left, top, right, bottom = (int(x) for x in corners.round().reshape(-1))
    thick = unit + 1
    for edge in (
        (left, top, right, top + thick),
        (left, bottom - thick, right, bottom),
        (left, top, left + thick, bottom),
        (right - thick, top, right, bottom),
    ):
        _fill(rgb, edge, color)
    _draw_outline(rgb, _mouth(_at(track.times_s, track.landmarks, time_s) * size), thick, color)
    text = f"lips {face.producing:.2f} fits {face.synchrony:.2f}"
    wide, high = text_width(text, unit) + 6 * unit, (GLYPH_HEIGHT + 3) * unit
    x = max(0, min(left, rgb.shape[1] - wide))
    y = top - high if top >= high else min(bottom, rgb.shape[0] - high)
    _fill(rgb, (x, y, x + wide, y + high), color)
    draw_text(rgb, x + 3 * unit, y + 2 * unit, text, GROUND, scale=unit)


def _mouth(landmarks: Floats) -> Floats:
    """Return the outline of a mouth, float32[n, 2], for landmarks float32[5, 2].

    An ellipse through the corners, and half as high on each side as the nose is away.
    """
    nose, left, right = landmarks[2:]
    middle, along = (left + right) / 2, (right - left) / 2
    length = max(float(np.hypot(*along)), 1e-3)
    across = np.array([-along[1], along[0]]) / length * float(np.hypot(*(nose - middle))) * 0.5
    count = int(np.clip(16 * length, 16, 2000))
    angles = np.arange(count)[:, None] * (2 * np.pi / count)
    return np.asarray(middle + np.cos(angles) * along * 1.15 + np.sin(angles) * across, np.float32)


def _draw_outline(rgb: Rgb, points: Floats, thick: int, color: Color) -> None:
    """Draw a square of `thick` pixels at each of the points (x, y)."""
    offsets = np.arange(thick) - thick // 2
    x, y = (points.round().astype(int)[:, axis, None, None] for axis in (0, 1))
    columns, rows = np.broadcast_arrays(x + offsets, y + offsets[:, None])
    inside = (columns >= 0) & (columns < rgb.shape[1]) & (rows >= 0) & (rows < rgb.shape[0])
    rgb[rows[inside], columns[inside]] = color


def _fill(rgb: Rgb, box: tuple[int, int, int, int], color: Color) -> None:
    """Fill a rectangle of pixels; what lies outside the image is cut."""
    left, top, right, bottom = box
    rgb[max(0, top) : max(0, bottom), max(0, left) : max(0, right)] = color
