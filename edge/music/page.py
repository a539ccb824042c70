"""Write a page to audition music on: one file with the audio, its sections, notes, cuts and motion in it."""

from __future__ import annotations

import base64
import tempfile
from collections.abc import Iterator
from html import escape
from os import PathLike
from pathlib import Path

import numpy as np

from edge.files import whole_file
from edge.music.compose import Composition
from edge.music.words import STEPS
from edge.music.write import write_music
from edge.text.clock import clock

WIDTH, HEIGHT = 1000, 300
"""Size of the drawing in its own units."""

MOTION, ROLL, PARTS = (0, 70), (80, 250), (260, 300)
"""Top and bottom of the rows: speed of the video, notes, parts."""

POINTS = 500
"""Points of the curve of the speed."""

STYLE = """
:root { color-scheme: light dark; font: 16px/1.4 system-ui, sans-serif; }
body { margin: 1rem auto; max-width: 70rem; padding: 0 1rem; }
svg { width: 100%; height: auto; background: color-mix(in srgb, canvastext 6%, canvas); }
audio { width: 100%; margin: .5rem 0; }
button { font: inherit; margin: .2rem .2rem .2rem 0; padding: .4rem .6rem; }
.part { fill: color-mix(in srgb, canvastext 14%, canvas); stroke: canvas; }
.voice0 { fill: #d6336c; } .voice1 { fill: #1c7ed6; }
.cut { stroke: canvastext; } .speed { fill: none; stroke: #1c7ed6; }
.now { stroke: #e8590c; stroke-width: 2; } text { fill: canvastext; font-size: 13px; }
"""

SCRIPT = """
const audio = document.querySelector("audio"), now = document.querySelector(".now");
const place = () => {
  const x = audio.duration ? audio.currentTime / audio.duration * WIDTH : 0;
  now.setAttribute("x1", x); now.setAttribute("x2", x);
  if (!audio.paused) requestAnimationFrame(place);
};
for (const name of ["play", "seeked", "timeupdate"]) audio.addEventListener(name, place);
for (const button of document.querySelectorAll("button"))
  button.addEventListener("click", () => { audio.currentTime = button.dataset.at; audio.play(); });
document.querySelector("svg").addEventListener("click", event => {
  const box = event.currentTarget.getBoundingClientRect();
  audio.currentTime = (event.clientX - box.left) / box.width * audio.duration;
});
"""


def write_music_page(music: Composition, destination: str | PathLike[str], *, force: bool = False) -> Path:
    """Write an HTML page that plays music and shows how it follows its video; return its path.

    The page needs nothing else. Raises OutputError, ModelError.
    """
    path = Path(destination)
    with tempfile.TemporaryDirectory() as folder, whole_file(path, force=force) as draft:
        written = write_music(music, Path(folder) / "music.m4a")
        audio = base64.b64encode(written.path.read_bytes()).decode()
        draft.write_text(_page(music, audio), encoding="utf-8")
    return path


def _page(music: Composition, audio: str) -> str:
    template, name = music.choice.template, escape(music.recording.path.name)
    playing = ", ".join(f"{voice}: {escape(one)}" for voice, one in music.score.instruments.items())
    script = SCRIPT.replace("WIDTH", str(WIDTH))
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Music for {name}</title>
<style>{STYLE}</style>
</head>
<body>
<h1>Music for {name}</h1>
<p>{escape(template.style)}, {music.plan.tempo:.1f} beats per minute; {playing}</p>
<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="Speed of the video, notes and parts over time">
{"".join(_drawing(music))}
<line class="now" x1="0" x2="0" y1="0" y2="{HEIGHT}"/>
</svg>
<audio controls src="data:audio/mp4;base64,{audio}"></audio>
<div>{"".join(_buttons(music))}</div>
<script>{script}</script>
</body>
</html>
"""


def _buttons(music: Composition) -> Iterator[str]:
    for number, section in enumerate(music.plan.sections, 1):
        at = section.first * music.plan.bar_s
        yield f'<button data-at="{at:.3f}">{number}. {section.bars[0].part} {clock(at)}</button>'


def _drawing(music: Composition) -> Iterator[str]:
    """Yield the elements of the drawing."""
    scale = WIDTH / music.plan.end_s
    yield from _parts(music, scale)
    yield _speed(music, scale)
    yield from _notes(music, scale)
    for cut in music.cuts_s:
        yield f'<line class="cut" x1="{cut * scale:.1f}" x2="{cut * scale:.1f}" y1="0" y2="{PARTS[0]}"/>'


def _parts(music: Composition, scale: float) -> Iterator[str]:
    top, bottom = PARTS
    for section in music.plan.sections:
        left = section.first * music.plan.bar_s * scale
        width = len(section.bars) * music.plan.bar_s * scale
        yield f'<rect class="part" x="{left:.1f}" y="{top}" width="{width:.1f}" height="{bottom - top}"/>'
        yield f'<text x="{left + 4:.1f}" y="{top + 25}">{section.bars[0].part}</text>'


def _speed(music: Composition, scale: float) -> str:
    top, bottom = MOTION
    times = music.choice.warp.moved(music.motion.times_s)
    edges = np.linspace(0, music.plan.end_s, POINTS + 1)
    sums, _ = np.histogram(times, edges, weights=music.motion.speed)
    counts, _ = np.histogram(times, edges)
    speed = sums / np.maximum(counts, 1)
    heights = bottom - speed / max(1e-6, float(speed.max())) * (bottom - top)
    points = " ".join(f"{x * scale:.1f},{y:.1f}" for x, y in zip(edges[:-1], heights, strict=True))
    return f'<polyline class="speed" points="{points}"/>'


def _notes(music: Composition, scale: float) -> Iterator[str]:
    top, bottom = ROLL
    pitches = [note.pitch for bar in music.bars for note in bar.notes]
    if not pitches:
        return
    low, height = min(pitches), (bottom - top) / (max(pitches) - min(pitches) + 1)
    step = music.plan.bar_s / STEPS * scale
    for number, bar in enumerate(music.bars):
        for note in bar.notes:
            left, width = (number * STEPS + note.step) * step, max(1.0, note.duration * step)
            y = bottom - (note.pitch - low + 1) * height
            yield (
                f'<rect class="voice{note.voice}" x="{left:.1f}" y="{y:.1f}" width="{width:.1f}" '
                f'height="{height:.1f}"/>'
            )
