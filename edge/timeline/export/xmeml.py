"""Export timelines to Premiere Pro and DaVinci Resolve: Final Cut Pro 7 XML (xmeml, version 4).

Times are whole frames; those of a clip count from the first frame of its file, whose time code is apart.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from xml.etree import ElementTree

from edge.errors import UsageError
from edge.media.timecode import timecode_text
from edge.text.lines import plain_line
from edge.timeline.export.cut import Cut, Edit, Source, VideoFormat

_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE xmeml>\n'
_CHANNELS = 2
"""Maximum number of audio tracks: one for each channel."""

Element = ElementTree.Element
"""An XML element."""


def write_xmeml(cut: Cut, path: Path) -> None:
    """Write Final Cut Pro 7 XML (.xml): a video track, an audio track per channel, captions as markers.

    The clips of an edit are linked, so that editors move them together; of a muted one the audio is disabled.
    A speed is a filter; the frames of its clip are counted at that speed, so it begins at the frame nearest
    to it. Raises UsageError for rates that the format cannot say.
    """
    if cut.rate != _base(cut.rate) * (Fraction(1000, 1001) if _is_ntsc(cut.rate) else 1):
        raise UsageError(f"an XML timeline has no {cut.rate} frames a second; pass a standard rate")
    root = Element("xmeml", version="4")
    sequence = ElementTree.SubElement(root, "sequence", id="sequence-1")
    _text(sequence, name=cut.name, duration=cut.frames)
    _rate(sequence, cut.rate)
    _timecode(sequence, 0, cut.rate, drop=cut.drop)
    media = ElementTree.SubElement(sequence, "media")
    tracks = list(_tracks(cut))
    known: set[Path] = set()
    for kind in ("video", "audio"):
        if any(track.kind == kind for track in tracks):
            group = ElementTree.SubElement(media, kind)
            _format(group, cut, kind)
            for track in (track for track in tracks if track.kind == kind):
                _track(group, track, tracks, cut, known)
    for start, end, text in cut.captions:
        marker = ElementTree.SubElement(sequence, "marker")
        _text(marker, name=plain_line(text), comment="", **{"in": start, "out": end})
    ElementTree.indent(root)
    path.write_bytes((_HEAD + ElementTree.tostring(root, encoding="unicode") + "\n").encode())


class _Track:
    """The edits of which a track shows something, by their index in the cut."""

    def __init__(self, cut: Cut, kind: str, number: int) -> None:
        self.kind, self.number = kind, number
        shown = [n for n, edit in enumerate(cut.edits) if self.shows(cut.sources[edit.media])]
        self.places = {n: place for place, n in enumerate(shown, 1)}

    def shows(self, source: Source) -> bool:
        """Return whether a recording has what the track shows."""
        return bool(source.video) if self.kind == "video" else source.channels >= self.number

    def name(self, index: int) -> str:
        """Return the id of an edit's clip."""
        return f"{self.kind}{self.number}-{self.places[index]}"


def _tracks(cut: Cut) -> Iterator[_Track]:
    for kind, number in (("video", 1), *(("audio", n) for n in range(1, _CHANNELS + 1))):
        track = _Track(cut, kind, number)
        if track.places:
            yield track


def _track(group: Element, track: _Track, tracks: list[_Track], cut: Cut, known: set[Path]) -> None:
    """Add a track; the first clip of a recording describes its file, the others refer to it."""
    element = ElementTree.SubElement(group, "track")
    numbers = {media: number for number, media in enumerate(cut.sources, 1)}
    for index in track.places:
        edit = cut.edits[index]
        source, number = cut.sources[edit.media], numbers[edit.media]
        clip = ElementTree.SubElement(element, "clipitem", id=track.name(index))
        shown = "FALSE" if edit.muted and track.kind == "audio" else "TRUE"
        length = int(source.frames / edit.speed)
        _text(clip, masterclipid=f"master-{number}", name=source.name, enabled=shown, duration=length)
        _rate(clip, cut.rate)
        inside = {"in": edit.scaled_in, "out": edit.scaled_in + edit.frames}
        _text(clip, start=edit.record_in, end=edit.record_out, **inside)
        file = ElementTree.SubElement(clip, "file", id=f"file-{number}")
        if edit.media not in known:
            known.add(edit.media)
            _file(file, source, cut.rate)
        if edit.speed != 1:
            _speed(clip, edit, track.kind)
        if track.kind == "audio":
            channel = ElementTree.SubElement(clip, "sourcetrack")
            _text(channel, mediatype="audio", trackindex=track.number)
        for other in (other for other in tracks if index in other.places):
            link = ElementTree.SubElement(clip, "link")
            _text(link, linkclipref=other.name(index), mediatype=other.kind, trackindex=other.number)
            _text(link, clipindex=other.places[index])


def _speed(clip: Element, edit: Edit, kind: str) -> None:
    effect = ElementTree.SubElement(ElementTree.SubElement(clip, "filter"), "effect")
    _text(effect, name="Time Remap", effectid="timeremap", effectcategory="motion", effecttype="motion")
    _text(effect, mediatype=kind)
    values = {"variablespeed": "0", "speed": f"{float(edit.speed * 100):g}", "reverse": "FALSE"}
    values["frameblending"] = "FALSE"
    for name, value in values.items():
        _text(ElementTree.SubElement(effect, "parameter"), parameterid=name, name=name, value=value)


def _file(file: Element, source: Source, rate: Fraction) -> None:
    url = source.url.replace("file:///", "file://localhost/", 1)
    _text(file, name=source.name, pathurl=url)
    _rate(file, rate)
    _text(file, duration=source.frames)
    _timecode(file, source.start, rate, drop=source.drop)
    media = ElementTree.SubElement(file, "media")
    if source.video:
        _shape(ElementTree.SubElement(media, "video"), source.video)
    if source.channels:
        audio = ElementTree.SubElement(media, "audio")
        _sound(audio, source.audio_rate_hz)
        _text(audio, channelcount=source.channels)


def _format(group: Element, cut: Cut, kind: str) -> None:
    if kind == "audio":
        _text(group, numOutputChannels=2)
        _sound(ElementTree.SubElement(group, "format"), 48_000)
        return
    _shape(ElementTree.SubElement(group, "format"), cut.shape)


def _shape(parent: Element, video: VideoFormat) -> None:
    facts = ElementTree.SubElement(parent, "samplecharacteristics")
    _rate(facts, video.rate)
    _text(facts, width=video.width, height=video.height, anamorphic="FALSE")
    _text(facts, pixelaspectratio="square", fielddominance="none")


def _sound(parent: Element, rate_hz: int) -> None:
    _text(ElementTree.SubElement(parent, "samplecharacteristics"), depth=16, samplerate=rate_hz)


def _timecode(parent: Element, frame: int, rate: Fraction, *, drop: bool) -> None:
    code = ElementTree.SubElement(parent, "timecode")
    _rate(code, rate)
    _text(code, string=timecode_text(frame, rate, drop=drop), frame=frame)
    _text(code, displayformat="DF" if drop else "NDF")


def _rate(parent: Element, rate: Fraction) -> None:
    _text(
        ElementTree.SubElement(parent, "rate"),
        timebase=_base(rate),
        ntsc="TRUE" if _is_ntsc(rate) else "FALSE",
    )


def _base(rate: Fraction) -> int:
    return round(rate)


def _is_ntsc(rate: Fraction) -> bool:
    return rate.denominator == 1001


def _text(parent: Element, **values: str | int) -> None:
    """Add elements that hold a value each."""
    for name, value in values.items():
        ElementTree.SubElement(parent, name).text = str(value)
