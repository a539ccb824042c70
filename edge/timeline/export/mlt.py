"""Export timelines to editors that are built on MLT: Shotcut (.mlt) and Kdenlive (.kdenlive).

All times are frame numbers from 0, the last one inclusive. Time code of a recording does not count. A speed
is a producer of its own, whose frames are counted at that speed.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from fractions import Fraction
from math import gcd
from pathlib import Path
from typing import TypeAlias
from xml.etree import ElementTree

from edge.errors import UsageError
from edge.text.lines import plain_line
from edge.timeline.export.cut import Cut, Edit, Source

_HEAD = '<?xml version="1.0" encoding="utf-8"?>\n'
_HIGH_DEFINITION = 720
"""Least height in pixels of video in the colors of BT.709."""

Element = ElementTree.Element
"""An XML element."""
Names: TypeAlias = "dict[tuple[Path, Fraction], str]"
"""Ids of producers, by recording and speed."""


def write_mlt(cut: Cut, path: Path) -> None:
    """Write a project of Shotcut (.mlt): one track, whose clips hold video and audio; captions as markers.

    Raises UsageError if the path of a recording has characters that XML cannot hold.
    """
    root, names = _project(cut, version="7.0.0", title="Shotcut", producer="main_bin")
    _properties(ElementTree.SubElement(root, "playlist", id="main_bin"), xml_retain=1)
    _black(root, "black", cut)
    _entry(ElementTree.SubElement(root, "playlist", id="background"), "black", 0, cut.frames)
    track = ElementTree.SubElement(root, "playlist", id="playlist0")
    _properties(track, **{"shotcut:video": 1, "shotcut:name": "V1"})
    for edit in cut.edits:
        entry = _clip(track, edit, names)
        if edit.muted:
            _mute(entry, **{"shotcut:filter": "muteVolume"})
    tractor = _tractor(root, "tractor0", "background", "playlist0", out=cut.frames - 1)
    tractor.set("title", "Shotcut")
    _properties(tractor, shotcut=1, **{"shotcut:projectAudioChannels": 2, "shotcut:projectFolder": 0})
    if cut.captions:
        markers = ElementTree.SubElement(tractor, "properties", name="shotcut:markers")
        for number, (start, end, text) in enumerate(cut.captions):
            marker = ElementTree.SubElement(markers, "properties", name=str(number))
            _properties(marker, text=plain_line(text), start=start, end=end, color="#008000")
    _transition(tractor, "mix", 1, always_active=1, sum=1)
    _write(root, path)


def write_kdenlive(cut: Cut, path: Path) -> None:
    """Write a project of Kdenlive (.kdenlive): an audio and a video track, captions as guides.

    The clips of an edit are grouped. Raises UsageError like `write_mlt`.
    """
    root, names = _project(cut, version="6.23.0", title=cut.name, producer="main_bin")
    media_bin = ElementTree.SubElement(root, "playlist", id="main_bin")
    guides = [
        {"pos": start, "duration": end - start, "comment": plain_line(text), "type": 0}
        for start, end, text in cut.captions
    ]
    kinds = [{"index": 0, "comment": "Captions", "color": "#9b59b6"}]
    facts = {"version": "1.00", "decimalPoint": ".", "kdenliveversion": "20.08.0"}
    facts |= {"guides": json.dumps(guides), "guidesCategories": json.dumps(kinds)}
    facts |= {"groups": json.dumps(_groups(cut))}
    _properties(media_bin, xml_retain=1, **{f"kdenlive:docproperties.{key}": facts[key] for key in facts})
    for number, (media, source) in enumerate(cut.sources.items(), _FIRST_ID):
        entry = _entry(media_bin, names[media, Fraction(1)], 0, source.frames)
        _properties(entry, **{"kdenlive:id": number})
    _black(root, "black_track", cut)
    tracks: tuple[tuple[str, Callable[[Source], bool]], ...] = (("audio", _has_audio), ("video", _has_video))
    for name, shows in tracks:
        _kdenlive_track(root, name, cut, names, shows)
    main = _tractor(root, "main", "black_track", "audio", "video", out=cut.frames - 1)
    main.set("global_feed", "1")
    _transition(main, "mix", 1, always_active=1, sum=1, internal_added=237)
    _transition(main, "qtblend", 2, always_active=1, internal_added=237)
    _write(root, path)


_FIRST_ID = 2
"""The first id of a clip in Kdenlive's bin; smaller ones are of folders."""


def _kdenlive_track(
    root: Element, name: str, cut: Cut, names: Names, shows: Callable[[Source], bool]
) -> None:
    """Add a track: two playlists, of which the second is for transitions, in a tractor."""
    numbers = {media: number for number, media in enumerate(cut.sources, _FIRST_ID)}
    first = ElementTree.SubElement(root, "playlist", id=f"{name}-clips")
    second = ElementTree.SubElement(root, "playlist", id=f"{name}-mixes")
    for edit in cut.edits:
        if shows(cut.sources[edit.media]):
            entry = _clip(first, edit, names)
            _properties(entry, **{"kdenlive:id": numbers[edit.media]})
            if edit.muted and name == "audio":
                _mute(entry, kdenlive_id="mute")
        else:
            ElementTree.SubElement(first, "blank", length=str(edit.frames))
    tractor = _tractor(root, name, first.get("id", ""), second.get("id", ""), out=cut.frames - 1)
    for track in tractor.iter("track"):
        track.set("hide", "video" if name == "audio" else "audio")
    _properties(tractor, **{"kdenlive:track_name": name[:1].upper() + "1"})
    if name == "audio":
        for part in (first, second, tractor):
            _properties(part, **{"kdenlive:audio_track": 1})


def _groups(cut: Cut) -> list[dict[str, object]]:
    """Return the pairs of video and audio clips, by track and first frame."""
    return [
        {
            "type": "AVSplit",
            "children": [
                {"type": "Leaf", "leaf": "clip", "data": f"{track}:{edit.record_in}"} for track in (0, 1)
            ],
        }
        for edit in cut.edits
        if _has_video(cut.sources[edit.media]) and _has_audio(cut.sources[edit.media])
    ]


def _has_video(source: Source) -> bool:
    return source.video is not None


def _has_audio(source: Source) -> bool:
    return source.channels > 0


def _project(cut: Cut, **facts: str) -> tuple[Element, Names]:
    """Return the document with its profile and a producer per recording, and the ids of these."""
    root = Element("mlt", {"LC_NUMERIC": "C", **facts})
    shape = cut.shape
    common = gcd(shape.width, shape.height)
    ElementTree.SubElement(
        root,
        "profile",
        description=f"{shape.width}x{shape.height} {float(cut.rate):g} fps",
        width=str(shape.width),
        height=str(shape.height),
        progressive="1",
        sample_aspect_num="1",
        sample_aspect_den="1",
        display_aspect_num=str(shape.width // common),
        display_aspect_den=str(shape.height // common),
        frame_rate_num=str(cut.rate.numerator),
        frame_rate_den=str(cut.rate.denominator),
        colorspace="709" if shape.height >= _HIGH_DEFINITION else "601",
    )
    used = [(media, Fraction(1)) for media in cut.sources]
    used += [(edit.media, edit.speed) for edit in cut.edits if edit.speed != 1]
    names = {one: f"producer{number}" for number, one in enumerate(dict.fromkeys(used))}
    numbers = {media: number for number, media in enumerate(cut.sources, _FIRST_ID)}
    for (media, speed), name in names.items():
        source, number = cut.sources[media], numbers[media]
        path = source.path.as_posix()
        if plain_line(path) != path:
            raise UsageError(f"{source.name}: its path cannot be written in this format; write .otio")
        frames = max(1, int(source.frames / speed))
        out = str(frames - 1)
        producer = ElementTree.SubElement(root, "producer", {"id": name, "in": "0", "out": out})
        _properties(producer, length=frames, eof="pause", seekable=1)
        if speed == 1:
            _properties(producer, resource=path, mlt_service="avformat-novalidate")
        else:
            rate = f"{float(speed):g}"
            _properties(producer, resource=f"{rate}:{path}", mlt_service="timewarp", warp_speed=rate)
            _properties(producer, warp_resource=path, warp_pitch=1)
        _properties(producer, **{"shotcut:caption": source.name, "kdenlive:clipname": source.name})
        _properties(producer, **{"kdenlive:id": number, "kdenlive:folderid": -1})
    return root, names


def _black(root: Element, name: str, cut: Cut) -> None:
    """Add what is below all tracks."""
    black = ElementTree.SubElement(root, "producer", {"id": name, "in": "0", "out": str(cut.frames - 1)})
    _properties(black, length=cut.frames, eof="continue", resource="black", mlt_service="color")
    _properties(black, **{"mlt_image_format": "rgba", "set.test_audio": 0, "aspect_ratio": 1})


def _tractor(root: Element, name: str, *tracks: str, out: int) -> Element:
    tractor = ElementTree.SubElement(root, "tractor", {"id": name, "in": "0", "out": str(out)})
    for track in tracks:
        ElementTree.SubElement(tractor, "track", producer=track)
    return tractor


def _transition(tractor: Element, service: str, track: int, **values: int) -> None:
    transition = ElementTree.SubElement(tractor, "transition", id=f"{service}{track}")
    _properties(transition, a_track=0, b_track=track, mlt_service=service, **values)


def _clip(playlist: Element, edit: Edit, names: Names) -> Element:
    return _entry(playlist, names[edit.media, edit.speed], edit.scaled_in, edit.scaled_in + edit.frames)


def _mute(entry: Element, **facts: str) -> None:
    """Add the filter that mutes a clip; `facts` say which of an editor's it is."""
    _properties(ElementTree.SubElement(entry, "filter"), mlt_service="volume", gain=0, **facts)


def _entry(playlist: Element, producer: str, start: int, stop: int) -> Element:
    facts = {"producer": producer, "in": str(start), "out": str(stop - 1)}
    return ElementTree.SubElement(playlist, "entry", facts)


def _properties(parent: Element, **values: object) -> None:
    for name, value in values.items():
        ElementTree.SubElement(parent, "property", name=name).text = str(value)


def _write(root: Element, path: Path) -> None:
    ElementTree.indent(root)
    path.write_bytes((_HEAD + ElementTree.tostring(root, encoding="unicode") + "\n").encode())
