"""Instrumental music played on sampled instruments: what is easily taken for singing, and is not.

A lead that bends, scoops and swells as a voice does, alone or over a band, and bands without a lead. The
notes are those of POP909 (MIT), the instruments those of the soundfonts that are installed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from edge.vocabulary import Label
from tools.sound.contour import pitch_contour
from tools.sound.melody import Arrangement, drum_part, load, pop909_songs
from tools.sound.patch import Program
from tools.sound.signals import Samples, at_dbfs
from tools.sound.soundfont import BEND_EVERY_S, Part, perform, soundfonts
from tools.sound.synth import Note
from tools.train.segmenter.corpus import Recording, Take, log_power

PIECES = 260
PIECE_S = 20.0

SUSTAINED = (
    16, 18, 19, 20, 21, 22, 23, 29, 30, 40, 41, 42, 44, 48, 50, 56, 57, 59, 60, 61, 62, 64, 65, 66, 67, 68,
    69, 70, 71, 72, 73, 74, 75, 76, 77, 78, 79, 80, 81, 82, 83, 84, 87, 109, 110, 111,
)  # fmt: skip
"""General MIDI programs that hold a note, and so can bend it like a voice: bowed, blown, reeds, leads."""
PLUCKED = (
    0, 1, 4, 6, 8, 9, 10, 11, 12, 13, 15, 24, 25, 26, 27, 28, 31, 45, 46, 104, 105, 106, 107, 108, 114,
)  # fmt: skip
"""Programs whose notes die away: keys, bells, guitars, harps, sitar, koto."""
BACKING = (0, 1, 4, 5, 16, 17, 24, 25, 26, 27, 28, 29, 46, 48, 49, 50, 51, 61, 88, 89, 90, 92, 93, 94, 95)
BASSES = (32, 33, 34, 35, 36, 38, 39, 43)

MORE_LEAD = 0.45
"""Share of the pieces in which a lead plays over a band; `ALONE` of them are a lead alone."""
ALONE = 0.35


def rendered_takes(midi: Path, cache: Path, seed: int = 0) -> list[Take]:
    """All pieces, from `cache` if there, else rendered; without a soundfont none, and a line that says so."""
    fonts = soundfonts()
    if not fonts:
        print("no FluidSynth or no soundfont: training without rendered instruments", flush=True)
        return []
    key = hashlib.sha256(repr([PIECES, PIECE_S, seed, [font.name for font in fonts]]).encode()).hexdigest()[
        :16
    ]
    file = cache / f"rendered-{key}.npz"
    if not file.exists():
        rows = list(_render(midi, fonts, np.random.default_rng([seed, 11])))
        draft = file.with_suffix(".part.npz")
        np.savez(draft, kinds=[kind for kind, _ in rows], power=np.stack([log_power(x) for _, x in rows]))
        draft.replace(file)
    stored = np.load(file)
    return [
        Take(
            Recording(Path(f"{kind}_{i}"), Label.MUSIC, f"music/{kind}", f"{kind}_{i}", commercial=True),
            power,
        )
        for i, (kind, power) in enumerate(zip(stored["kinds"], stored["power"], strict=True))
    ]


def _render(midi: Path, fonts: Sequence[Path], rng: np.random.Generator) -> Iterator[tuple[str, Samples]]:
    """Kind and samples of each piece, at -20 dBFS."""
    songs = pop909_songs(midi)
    for number in range(PIECES):
        whole = load(midi, songs[int(rng.integers(len(songs)))])
        start = float(rng.uniform(0, max(1.0, whole.seconds - PIECE_S)))
        song = whole.between(start, start + PIECE_S)
        draw = rng.random()
        kind = (
            "rendered_lead"
            if draw < MORE_LEAD
            else "rendered_solo"
            if draw < MORE_LEAD + ALONE
            else "rendered_band"
        )
        parts = [] if kind == "rendered_solo" else band(song, rng)
        if kind != "rendered_band" and song.melody:
            parts.append(lead(song.melody, rng, alone=kind == "rendered_solo"))
        if not any(len(part.notes) for part in parts):
            continue
        font = fonts[int(rng.integers(len(fonts)))]
        yield kind, at_dbfs(perform(parts, font, PIECE_S), -20.0)
        if (number + 1) % 50 == 0:
            print(f"rendered {number + 1} of {PIECES} pieces", flush=True)


def lead(melody: Sequence[Note], rng: np.random.Generator, *, alone: bool) -> Part:
    """The melody on one instrument, moved by octaves, bent as a singer would where the instrument can."""
    sustained = rng.random() < 0.7
    programs = SUSTAINED if sustained else PLUCKED
    octaves = 12 * int(rng.choice([-1, 0, 0, 0, 1]))
    notes = [replace(n, midi=n.midi + octaves, velocity=min(1.0, n.velocity * 1.2)) for n in melody]
    if alone and rng.random() < 0.4:  # sparse: one note here and there
        notes = [replace(n, seconds=n.seconds * 2) for n in notes[:: int(rng.integers(2, 5))]]
    bend = np.zeros(0)
    if sustained or rng.random() < 0.25:
        bend = _bend(notes, rng) * rng.uniform(0.3, 1.2)
    volume = 120 if alone else int(rng.integers(70, 127))
    return Part(int(rng.choice(programs)), notes, bend, volume)


def band(song: Arrangement, rng: np.random.Generator) -> list[Part]:
    """The accompaniment on drawn instruments: chords, strings or pads, often a bass and drums."""
    piano = [n for n in song.accompaniment if n.program is Program.PIANO]
    bridge = [n for n in song.accompaniment if n.program is not Program.PIANO]
    low = [n for n in piano if n.midi < 48] if rng.random() < 0.7 else []
    parts = [
        Part(int(rng.choice(BACKING)), [n for n in piano if n not in low], volume=int(rng.integers(60, 110))),
        Part(int(rng.choice(BACKING + SUSTAINED)), bridge, volume=int(rng.integers(40, 100))),
        Part(int(rng.choice(BASSES)), low, volume=int(rng.integers(80, 120))),
    ]
    if rng.random() < 0.65 and len(song.beats) > 1:
        drums = drum_part(song.beats[song.downbeat :], rng)
        parts.append(Part(None, drums, volume=int(rng.integers(60, 120))))
    return parts


def _bend(notes: Sequence[Note], rng: np.random.Generator) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Semitones, every 10 ms, from each note's pitch to a singer's: glides, scoops, vibrato, drift."""
    frames = round((notes[-1].end_s + 0.3) * 200)
    contour = pitch_contour(notes, frames, rng)
    starts = [round(note.start_s * 200) for note in notes]
    keys = np.array([round(note.midi) for note in notes], np.float64)
    held = keys[np.maximum(np.searchsorted(starts, np.arange(frames), side="right") - 1, 0)]
    return np.asarray((contour - held)[:: round(200 * BEND_EVERY_S)].clip(-11, 11))
