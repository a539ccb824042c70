"""From a style to two tracks: lay out its parts, play its layers, treat them and mix."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from edge.arrays import Floats
from edge.music.templates import BAR_MINUTE, PLAYERS, RATE_HZ, PartEntry, TemplateEntry, swung_step
from edge.music.words import STEPS
from tools.templates import drums, playing, sampler, synths, treat
from tools.templates.harmony import Bars, progression
from tools.templates.playing import Hit, Time
from tools.templates.style import SECTIONS, Layer, Style

LUFS = -20.0
"""Loudness of chords and base together in the chorus."""

PEAK = 0.8
"""Of each track, before it is coded."""

PART_LUFS = {"intro": -5.0, "verse": -2.5, "chorus": 0.0, "break": -5.5, "fill": -1.5, "ending": -2.5}
"""Loudness of parts, relative to the chorus."""

PART_GAIN_DB = 5.0
"""Most that a part is made louder or softer for it."""

ENDING_RING_S = 3.2
"""The last hit rings longer."""

GAP = 960
"""Silent samples between the ring of a part and the next part: coding smears one into the other a little."""


@dataclass(frozen=True)
class Place:
    """A part and where it lies."""

    name: str
    bars: Bars
    start: int
    """First sample."""
    samples: int
    """Of its bars."""
    ring: int
    """Samples after them."""

    @property
    def end(self) -> int:
        """Sample after its ring."""
        return self.start + self.samples + self.ring


@dataclass(frozen=True)
class Rendered:
    """A template as audio."""

    entry: TemplateEntry
    chords: Floats
    """float32[2, samples]."""
    base: Floats


def render(style: Style) -> Rendered:
    """Render a template; the same style gives the same samples."""
    time = _time(style)
    places = list(_layout(style, time.bar_samples))
    kicks = list(_kicks(style, places, time))
    tracks = {"chords": np.zeros((2, places[-1].end), np.float32)}
    tracks["base"] = _drums(style, places, time)
    for index, layer in enumerate(style.layers):
        sound = _layer(style, layer, places, time, _rng(style, f"layer {index}"))
        if style.pump and layer.pumps:
            sound = treat.ducked(sound, kicks, style.pump, min(0.32, 0.8 * time.bar_samples / 4 / RATE_HZ))
        tracks[layer.track] += _at_loudness(sound, layer.level_db)
    chords, base = _balanced(style, tracks["chords"], tracks["base"], places)
    return Rendered(_entry(style, places, time), chords, base)


def _time(style: Style) -> Time:
    """Sixteenths of whole samples, as near as possible to the tempo."""
    bar_samples = STEPS * round(BAR_MINUTE / style.tempo / STEPS)

    def place(step: float) -> float:
        return swung_step(step, style.swing, style.swung) * bar_samples / STEPS

    return Time(bar_samples, place)


def _layout(style: Style, bar_samples: int) -> Iterator[Place]:
    """Yield the parts one after the other."""
    start = 0
    for name, bars in SECTIONS.items():
        ring_s = ENDING_RING_S if name == "ending" else style.ring_s
        place = Place(
            name, progression(style.harmony[name], bars), start, bars * bar_samples, round(ring_s * RATE_HZ)
        )
        yield place
        start = place.end + GAP


def _layer(style: Style, layer: Layer, places: list[Place], time: Time, rng: np.random.Generator) -> Floats:
    """What a layer plays, treated, float32[2, n]."""
    played = [
        (place, [replace(hit, pitch=hit.pitch + style.key) for hit in hits])
        for place in places
        if (hits := playing.play(layer, place.name, place.bars, time, minor=style.minor, rng=rng))
    ]
    total = np.zeros((2, places[-1].end), np.float32)
    if layer.sound.startswith("gm "):
        moved = [replace(hit, start=hit.start + place.start) for place, hits in played for hit in hits]
        program, stops = int(layer.sound[3:]), [place.end for place in places]
        total = sampler.perform(moved, program, places[-1].end, cents=layer.wide, stops=stops)
    else:
        for place, hits in played:
            total[:, place.start : place.end] = synths.perform(
                hits, layer.sound, place.end - place.start, rng
            )
    total = treat.equalized(_faded(total, places), layer.low_hz, layer.high_hz)
    total = treat.trembling(treat.driven(total, layer.drive), layer.tremolo)
    total = treat.room(treat.panned(total, layer.pan), layer.room, rng)
    return treat.wavering(total, style.wow) if layer.track == "chords" else total


def _drums(style: Style, places: list[Place], time: Time) -> Floats:
    """What the kit plays, and the noise of a record, float32[2, n]."""
    rng = _rng(style, "drums")
    kit = drums.KITS[style.kit]
    total = np.zeros((2, places[-1].end), np.float32)
    for place in places:
        for letter, hit in _struck(style, place, time):
            stroke = drums.strike(kit[letter], hit.force, rng)
            start = place.start + round(hit.start)
            stop = min(place.end, start + stroke.shape[1])
            total[:, start:stop] += stroke[:, : stop - start]
    total = treat.equalized(_faded(total, places), 28, style.drums_high_hz)
    total = treat.room(treat.driven(total, style.drums_drive), style.drums_room, rng)
    total = _at_loudness(total, style.drums_db)
    if style.noise_db is not None:
        total += _at_loudness(_faded(_noise(places, rng), places), style.noise_db)
    return total


def _struck(style: Style, place: Place, time: Time) -> Iterator[tuple[str, Hit]]:
    """Yield the letter of a piece and its hit; the same at each call."""
    verse = style.drums.get("verse", {})
    grids, turn = style.drums.get(place.name, verse), style.drums.get("turn", {})
    if place.name == "ending":
        grids = verse
        turn = {piece: "X..............." for piece in "kc" if piece in drums.KITS[style.kit]}
    elif place.name not in ("verse", "chorus"):
        turn = {}
    rng = _rng(style, f"drums of {place.name}")
    if place.name == "chorus" and style.crash and "c" in drums.KITS[style.kit]:
        yield "c", Hit(0, 0, 0, 0.7)
    yield from drums.play(
        grids, place.name, len(place.bars), turn=turn, time=time, loose_ms=style.loose_ms, rng=rng
    )


def _kicks(style: Style, places: list[Place], time: Time) -> Iterator[float]:
    """Yield the samples at which the kick strikes."""
    for place in places:
        yield from (place.start + hit.start for letter, hit in _struck(style, place, time) if letter == "k")


def _noise(places: list[Place], rng: np.random.Generator) -> Floats:
    """Yield crackle under the bars of each part; it fades in and out where parts meet."""
    total = np.zeros((2, places[-1].end), np.float32)
    fade = round(0.25 * RATE_HZ)
    for place in places:
        sound = treat.crackle(place.samples + fade, rng)
        ramp = np.linspace(0, 1, fade, dtype=np.float32)
        sound[:, :fade] *= ramp
        sound[:, -fade:] *= ramp[::-1]
        total[:, place.start : place.start + sound.shape[1]] = sound
    return total


def _faded(x: Floats, places: list[Place]) -> Floats:
    """With the last half of each ring faded out, and silence between parts."""
    gain = np.zeros(x.shape[1], np.float32)
    for place in places:
        half = place.ring // 2
        gain[place.start : place.end] = 1
        gain[place.end - half : place.end] = 0.5 + 0.5 * np.cos(np.linspace(0, np.pi, half))
    return x * gain


def _at_loudness(x: Floats, lufs: float) -> Floats:
    """At a loudness; silence stays silent."""
    now = treat.loudness(x)
    return x * np.float32(10 ** ((lufs - now) / 20)) if np.isfinite(now) else x


def _balanced(style: Style, chords: Floats, base: Floats, places: list[Place]) -> tuple[Floats, Floats]:
    """Both tracks at the balance of the style, and together at `LUFS`, measured in the chorus."""
    chorus = next(
        slice(place.start, place.start + place.samples) for place in places if place.name == "chorus"
    )
    chords, base = treat.brightened(chords, style.bright_db), treat.brightened(base, style.bright_db)
    chords = chords * np.float32(10 ** (-treat.loudness(chords[:, chorus]) / 20))
    base = base * np.float32(10 ** ((style.base_db - treat.loudness(base[:, chorus])) / 20))
    gain = np.float32(10 ** ((LUFS - treat.loudness(chords[:, chorus] + base[:, chorus])) / 20))
    levels = _part_gains((chords + base) * gain, places)
    return treat.limited(chords * gain * levels, PEAK), treat.limited(base * gain * levels, PEAK)


def _part_gains(x: Floats, places: list[Place]) -> Floats:
    """Gain of each sample by which parts have the loudness of `PART_LUFS`, as far as is allowed."""
    gains = np.ones(x.shape[1], np.float32)
    for place in places:
        now = treat.loudness(x[:, place.start : place.start + place.samples])
        db = np.clip(LUFS + PART_LUFS[place.name] - now, -PART_GAIN_DB, PART_GAIN_DB)
        gains[place.start : place.end] = 10 ** (db / 20)
    return gains


def _entry(style: Style, places: list[Place], time: Time) -> TemplateEntry:
    """What the manifest says of the template."""
    parts = tuple(
        PartEntry(
            place.name,  # type: ignore[arg-type]
            tuple((a.number, b.number, c.number, d.number) for a, b, c, d in place.bars),
            place.start,
            place.ring,
        )
        for place in places
    )
    return TemplateEntry(
        id=style.id,
        style=style.style,
        moods=style.moods,  # type: ignore[arg-type]
        bar_samples=time.bar_samples,
        samples=places[-1].end,
        minor=style.minor,
        key=style.key,
        swing=style.swing,
        swung=style.swung,
        energy=style.energy,
        instruments=dict(zip(PLAYERS, style.instruments, strict=True)),
        parts=parts,
    )


def _rng(style: Style, purpose: str) -> np.random.Generator:
    """Random numbers of their own for each purpose."""
    return np.random.default_rng(zlib.crc32(f"{style.id} {purpose}".encode()))
