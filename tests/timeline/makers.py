"""Timelines read back by other programs."""

from __future__ import annotations

import re
from fractions import Fraction
from pathlib import Path
from xml.etree import ElementTree

import opentimelineio as otio

Frames = tuple[int, int, int, int]
"""Source in, source out, record in, record out."""


def opened(path: Path, rate: Fraction) -> list[list[Frames]]:
    """The tracks of a written timeline, read back by a program that is not ours (or the XML parser)."""
    if path.suffix == ".fcpxml":
        return [opened_fcpxml(path, rate)]
    if path.suffix == ".mlt":
        return [opened_mlt(path, rate)]
    options = {"rate": float(rate)} if path.suffix == ".edl" else {}
    timeline = otio.adapters.read_from_file(str(path), **options)
    tracks = []
    for track in timeline.tracks:
        clips, places = [], track.range_of_all_children()
        for clip in track.find_clips():
            record = places[clip]
            times = [clip.source_range.start_time, clip.source_range.end_time_exclusive()]
            times += [record.start_time, record.end_time_exclusive()]
            assert all(time.rate == float(rate) and time.value == int(time.value) for time in times)
            start, out, record_in, record_out = (int(time.value) for time in times)
            clips.append((start, out, record_in, record_out))
        tracks.append(clips)
    return tracks


def opened_mlt(path: Path, rate: Fraction) -> list[Frames]:
    """The track of a project as MLT plays it: entries in order, both of their ends inclusive."""
    root = ElementTree.parse(path).getroot()
    profile = root.find("profile")
    assert profile is not None
    assert Fraction(int(profile.get("frame_rate_num", "")), int(profile.get("frame_rate_den", ""))) == rate
    producers = {element.get("id"): element for element in root.iter("producer")}
    (track,) = (one for one in root.iter("playlist") if one.get("id") == "playlist0")
    shown: list[Frames] = []
    for entry in track.iter("entry"):
        start, stop = int(entry.get("in", "")), int(entry.get("out", "")) + 1
        producer = producers[entry.get("producer")]
        assert stop <= int(producer.findtext("property[@name='length']", ""))
        at = shown[-1][3] if shown else 0
        shown.append((start, stop, at, at + stop - start))
    assert producers["black"].get("out") == str(shown[-1][3] - 1)
    return shown


def opened_fcpxml(path: Path, rate: Fraction) -> list[Frames]:
    def frames(time: str | None) -> int:
        assert time is not None
        count = Fraction(time.removesuffix("s")) * rate
        assert count.denominator == 1, f"{time} is not on a frame"
        return count.numerator

    root = valid_fcpxml(path)
    sequence = next(root.iter("sequence"))
    shown = []
    for clip in next(root.iter("spine")):
        start, offset, length = (frames(clip.get(key)) for key in ("start", "offset", "duration"))
        shown.append((start, start + length, offset, offset + length))
    assert frames(sequence.get("duration")) == shown[-1][3]
    return shown


CONTENT = {
    "fcpxml": "resources library",
    "resources": "(format )+(asset )+",
    "asset": "media-rep ",
    "library": "event ",
    "event": "project ",
    "project": "sequence ",
    "sequence": "spine ",
    "spine": "(asset-clip )+",
    "asset-clip": "(timeMap )?(adjust-volume )?(caption )*",
    "timeMap": "(timept )+",
    "caption": "text text-style-def ",
    "text": "text-style ",
    "text-style-def": "text-style ",
}
"""What of Apple's DTD 1.10 we use: the children of each element, in order; others have none."""

REQUIRED = {
    "format": "id frameDuration width height",
    "asset": "id start duration",
    "media-rep": "src",
    "sequence": "format duration tcStart tcFormat",
    "asset-clip": "ref offset start duration",
    "timept": "time value",
    "adjust-volume": "amount",
    "caption": "lane offset duration role",
    "text-style-def": "id",
}


def valid_fcpxml(path: Path) -> ElementTree.Element:
    """The parsed file, after the checks that Final Cut Pro makes before it looks at anything else."""
    text = path.read_text(encoding="utf-8")
    assert text.startswith(
        '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE fcpxml>\n<fcpxml version="1.10">'
    )
    root = ElementTree.fromstring(text)
    ids: list[str] = []
    for element in root.iter():
        children = "".join(f"{child.tag} " for child in element)
        model = CONTENT.get(element.tag, "")
        assert re.fullmatch(model.replace("resources library", "resources library "), children), element.tag
        assert set(REQUIRED.get(element.tag, "").split()) <= set(element.keys()), element.tag
        for key in ("offset", "start", "duration", "frameDuration", "tcStart"):
            assert re.fullmatch(r"\d+(/\d+)?s", element.get(key, "0s"))
        for key in ("ref", "format"):
            assert element.get(key) in {None, *ids} or element.tag == "text-style"
        ids += filter(None, [element.get("id")])
    assert len(ids) == len(set(ids))
    assert {style.get("ref") for style in root.iter("text-style")} <= {None, *ids}
    return root
