"""The report of an analysis: one HTML file that needs nothing else but the recording, to play it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Sequence
from html import escape
from importlib import resources
from pathlib import Path
from string import Template
from typing import Any
from urllib.parse import quote

from edge.analysis.report.images import face_images
from edge.analysis.result import Analysis
from edge.text.clock import clock
from edge.version import __version__

BLOCK = 50
"""Rows of a block of a list."""


def report_page(
    analysis: Analysis, data: dict[str, Any], folder: Path, *, files: Sequence[str] = (), plays: str = ""
) -> str:
    """Return the HTML of the report of an analysis that is to lie in a folder.

    `data` is that of `page_data`; `files` are names of files beside it that it links to. It plays the
    recording, by its path from the folder, or `plays`, a file beside it. Raises InputError.
    """
    recording = analysis.recording
    name = recording.name or recording.path.name
    source = quote(plays) if plays else _relative(recording.path, folder)
    kind = "video" if recording.info.video and not plays else "audio"
    return Template(asset("report.html")).substitute(
        title=escape(name),
        summary=escape(_summary(analysis)),
        style=f"{asset('base.css')}\n{asset('report.css')}",
        script=f"{asset('timeline.js')}\n{asset('report.js')}",
        player=f'<{kind} id="player" controls preload="metadata" src="{escape(source)}"></{kind}>',
        sections="\n".join(_sections(analysis, files)),
        data=json.dumps(data, separators=(",", ":")).replace("</", "<\\/"),
        version=escape(__version__),
    )


def asset(name: str) -> str:
    """Return the text of a file of the page."""
    return resources.files("edge.analysis.report").joinpath("assets", name).read_text(encoding="utf-8")


def _relative(path: Path, folder: Path) -> str:
    """Return the URL of a file from a folder; an absolute one from another drive."""
    try:
        relative = Path(os.path.relpath(path.absolute(), folder.absolute()))
    except ValueError:
        return path.absolute().as_uri()
    return quote(relative.as_posix())


def _summary(analysis: Analysis) -> str:
    """Return length, language and what there is, in one line."""
    parts = [clock(analysis.duration_s)]
    counts = (
        ("song", analysis.songs),
        ("caption", analysis.captions),
        ("tag", analysis.tags),
    )
    for noun, found in counts:
        if found is not None:
            parts.append(f"{len(found) or 'no'} {noun}{'s' * (len(found) != 1)}")
    if analysis.clean is not None:
        parts.append(f"{clock(analysis.clean.removed_s)} would be removed")
    return ", ".join(parts)


def _sections(analysis: Analysis, files: Sequence[str]) -> Iterator[str]:
    """Yield the sections of the page that there is something for."""
    if analysis.songs is not None:
        yield _section("songs", "Songs", _songs(analysis), "No song was found.")
    if analysis.captions is not None:
        yield _section("captions", "Captions", _captions(analysis), "Nothing is said.")
    if analysis.clean is not None:
        yield _section("removed", "What would be removed", _removed(analysis), "Nothing would be removed.")
    if analysis.tags is not None:
        yield _section("tags", "Tags", _tags(analysis), "No tag fits.")
    if images := face_images(analysis.recording, analysis.faces):
        faces = [
            f'<li><button data-at="{time_s:.2f}"><img src="{image}" alt="Face" width="96" height="96">'
            f"{clock(time_s)}<small>{_lips(face.performing)}</small></button></li>"
            for time_s, face, image in images
        ]
        yield _section("faces", "Faces", [f'<ul class="faces">{"".join(faces)}</ul>'], "")
    if analysis.music is not None or analysis.tracks is not None:
        yield _section("music", "Music", _music(analysis, files), "No music.")
    if lines := [*_left_out(analysis)]:
        yield _section(
            "notes", "Notes", [f"<ul>{''.join(f'<li>{escape(one)}</li>' for one in lines)}</ul>"], ""
        )
    if files:
        links = "".join(f'<li><a href="{escape(quote(name))}">{escape(name)}</a></li>' for name in files)
        yield _section("files", "Files", [f"<ul>{links}</ul>"], "")


def _section(name: str, title: str, parts: Iterable[str], empty: str) -> str:
    body = "".join(parts) or f"<p>{escape(empty)}</p>"
    heading = f'<h2 id="{name}-title">{title}</h2>'
    return f'<section id="{name}" aria-labelledby="{name}-title">{heading}{body}</section>'


def _list(name: str, label: str, rows: Sequence[str], language: str = "und") -> str:
    """Return a list in blocks, which browsers skip as long as they are out of view."""
    spoken = "" if language == "und" else f' lang="{escape(language)}"'
    blocks = [
        f'<ol class="rows" start="{first + 1}">{"".join(rows[first : first + BLOCK])}</ol>'
        for first in range(0, len(rows), BLOCK)
    ]
    attributes = f'id="{name}" tabindex="0" role="group" aria-label="{escape(label)}"{spoken}'
    return f'<div class="long" {attributes}>{"".join(blocks)}</div>'


def _row(start: float, end: float, text: str, kind: str = "") -> str:
    """Return an entry of a list that plays from its start."""
    of = f' class="{kind}"' if kind else ""
    return (
        f'<li{of} data-start="{start:.3f}" data-end="{end:.3f}"><button data-at="{start:.3f}">'
        f"<time>{clock(start)}</time> <span>{escape(text)}</span></button></li>"
    )


def _songs(analysis: Analysis) -> Iterator[str]:
    rows = [
        _row(
            song.start, song.end, f"Song {number}, {clock(song.seconds)} long, singing {song.confidence:.0%}"
        )
        for number, song in enumerate(analysis.songs or (), 1)
    ]
    if rows:
        yield _list("song-list", "Songs", rows)


def _captions(analysis: Analysis) -> Iterator[str]:
    found = analysis.captions
    if not found:
        return
    yield (
        '<div class="tools"><label>Search <input type="search" id="search"></label>'
        '<label><input type="checkbox" id="follow" checked> Follow</label>'
        '<output id="matches" aria-live="polite"></output></div>'
    )
    rows = [_row(one.start, one.end, one.text.replace("\n", " ")) for one in found]
    yield _list("caption-list", "Captions", rows, found.language)


def _removed(analysis: Analysis) -> Iterator[str]:
    plan = analysis.clean
    items = [item for item in plan.items if item.remove] if plan else []
    if plan is None or not items:
        return
    yield (
        f"<p>{clock(plan.removed_s)} of {clock(plan.duration_s)}. "
        '<label><input type="checkbox" id="skip"> Leave it out while playing</label></p>'
    )
    rows = [
        _row(item.start, item.end, ": ".join(filter(None, (item.kind, item.text, item.reason))))
        for item in items
    ]
    yield _list("removed-list", "What would be removed", rows)


def _tags(analysis: Analysis) -> Iterator[str]:
    found = analysis.tags
    if not found:
        return
    tags = "".join(f"<li>{escape(tag.name)} <small>{tag.similarity:.2f}</small></li>" for tag in found)
    yield f'<ul class="tags">{tags}</ul>'
    used = ", ".join(f"{name} {weight:.0%}" for name, weight in found.gate.items() if weight)
    if used:
        yield f"<p><small>By {escape(used)}.</small></p>"


def _music(analysis: Analysis, files: Sequence[str]) -> Iterator[str]:
    music = analysis.music
    if music is not None:
        plan, style = music.plan, music.choice.template.style
        yield f"<p>{escape(style)}, {plan.tempo:.1f} beats per minute, composed for the video.</p>"
        for name in files:
            if name.startswith("music."):
                yield f'<audio id="music-player" controls preload="none" src="{escape(name)}"></audio>'
                break
    for track in analysis.tracks or ():
        said = ", ".join([f"{track.analysis.rhythm.tempo:.0f} bpm", *track.tags])
        yield f"<p>{escape(track.path.name)} <small>{track.similarity:.2f}, {escape(said)}</small></p>"


def _left_out(analysis: Analysis) -> Iterator[str]:
    yield from (f"{part}: {why}" for part, why in analysis.left_out.items())
    yield from analysis.notes


def _lips(performing: float) -> str:
    return "sings" if performing >= 0.5 else ""
