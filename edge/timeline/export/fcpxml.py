"""Export timelines to Final Cut Pro (and DaVinci Resolve): FCPXML 1.10, with rational times.

Elements are in the order of Apple's document type definition, because Final Cut Pro rejects any other:
resources (formats, assets with their media-rep), then library, event, project, sequence, spine.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from xml.etree import ElementTree

from edge.text.lines import display_lines
from edge.timeline.export.cut import Cut, Edit, Source

_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE fcpxml>\n'
_STYLE = {"font": ".AppleSystemUIFont", "fontSize": "13", "fontFace": "Regular", "fontColor": "1 1 1 1"}
"""The caption style that Final Cut Pro itself writes."""
_SILENT = "-96dB"
"""The least volume of Final Cut Pro, where its slider says silence."""


def write_fcpxml(cut: Cut, path: Path) -> None:
    """Write FCPXML (.fcpxml): an asset-clip per clip, and captions as `caption` elements.

    Final Cut Pro 10.6 (2021) and later read version 1.10. Captions are not written as `title` or `marker`: a
    title needs a Motion template and is burnt into the video, a marker is a note; captions can be edited,
    switched off and exported again. Their role is SRT, which has no rules on position. A clip that is played
    faster has a `timeMap`, whose times begin with its first frame; a muted one has no volume.
    """
    root = ElementTree.Element("fcpxml", version="1.10")
    assets = _resources(cut, ElementTree.SubElement(root, "resources"))
    library = ElementTree.SubElement(root, "library")
    event = ElementTree.SubElement(library, "event", name=cut.name)
    project = ElementTree.SubElement(event, "project", name=cut.name)
    sequence = ElementTree.SubElement(
        project,
        "sequence",
        format="r1",
        duration=rational(cut.frames, cut.rate),
        tcStart="0s",
        tcFormat="DF" if cut.drop else "NDF",
        audioLayout="stereo",
        audioRate="48k",
    )
    spine = ElementTree.SubElement(sequence, "spine")
    clips = [_clip(spine, edit, cut, assets[edit.media]) for edit in cut.edits]
    _anchor_captions(cut, clips)
    ElementTree.indent(root)
    path.write_bytes((_HEAD + ElementTree.tostring(root, encoding="unicode") + "\n").encode())


def rational(frames: int, rate: Fraction) -> str:
    """Format a time in frames as rational seconds.

    >>> rational(3, Fraction(30000, 1001))
    '3003/30000s'
    """
    return f"{frames * rate.denominator}/{rate.numerator}s" if frames else "0s"


def _resources(cut: Cut, resources: ElementTree.Element) -> dict[Path, str]:
    """Add the formats and assets; return the `ref` of each recording."""
    formats_used = [source.video for source in cut.sources.values() if source.video]
    formats = {
        video: f"r{number}" for number, video in enumerate(dict.fromkeys([cut.shape, *formats_used]), start=1)
    }
    for video, name in formats.items():
        facts = {"id": name, "frameDuration": rational(1, video.rate)}
        facts |= {"width": str(video.width), "height": str(video.height)}
        ElementTree.SubElement(resources, "format", facts)
    assets = {media: f"r{number}" for number, media in enumerate(cut.sources, start=len(formats) + 1)}
    for media, name in assets.items():
        source = cut.sources[media]
        shown = formats[source.video] if source.video else None
        _asset(resources, source, name, shown, cut.rate)
    return assets


def _asset(
    resources: ElementTree.Element, source: Source, name: str, shown: str | None, rate: Fraction
) -> None:
    facts = {"id": name, "name": source.name, "start": rational(source.start, rate)}
    facts["duration"] = rational(source.frames, rate)
    if shown:
        facts |= {"hasVideo": "1", "format": shown, "videoSources": "1"}
    if source.channels:
        facts |= {"hasAudio": "1", "audioSources": "1", "audioChannels": str(source.channels)}
        facts |= {"audioRate": str(source.audio_rate_hz)}
    asset = ElementTree.SubElement(resources, "asset", facts)
    ElementTree.SubElement(asset, "media-rep", kind="original-media", src=source.url)


def _clip(spine: ElementTree.Element, edit: Edit, cut: Cut, asset: str) -> ElementTree.Element:
    source, rate = cut.sources[edit.media], cut.rate
    facts = {
        "ref": asset,
        "offset": rational(edit.record_in, rate),
        "name": source.name,
        "start": rational(cut.source_in(edit), rate),
        "duration": rational(edit.frames, rate),
        "tcFormat": "DF" if source.drop else "NDF",
    }
    if source.channels:
        facts["audioRole"] = "dialogue"
    clip = ElementTree.SubElement(spine, "asset-clip", facts)
    if edit.speed != 1:
        start, last = cut.source_in(edit), cut.source_in(edit) + edit.source_out - edit.source_in
        times = ElementTree.SubElement(clip, "timeMap")
        for time, value in ((start, start), (start + edit.frames, last)):
            shown = {"time": rational(time, rate), "value": rational(value, rate), "interp": "linear"}
            ElementTree.SubElement(times, "timept", shown)
    if edit.muted and source.channels:
        ElementTree.SubElement(clip, "adjust-volume", amount=_SILENT)
    return clip


def _anchor_captions(cut: Cut, clips: list[ElementTree.Element]) -> None:
    """Attach each caption to the clip in which it begins, in that clip's time."""
    index = 0
    for number, (start, end, text) in enumerate(cut.captions, start=1):
        while cut.edits[index].record_out <= start:
            index += 1
        edit = cut.edits[index]
        caption = ElementTree.SubElement(
            clips[index],
            "caption",
            lane="1",
            offset=rational(cut.source_in(edit) + start - edit.record_in, cut.rate),
            name=display_lines(text)[0],
            duration=rational(end - start, cut.rate),
            role=f"SRT?captionFormat=SRT.{cut.language}",
        )
        shown = ElementTree.SubElement(caption, "text")
        ElementTree.SubElement(shown, "text-style", ref=f"ts{number}").text = "\n".join(display_lines(text))
        style = ElementTree.SubElement(caption, "text-style-def", id=f"ts{number}")
        ElementTree.SubElement(style, "text-style", _STYLE)
