"""Music of known tempo, beats and key: templates, compositions, rendered POP909, tracks of a package.

The package is immich-memories-music, whose license lists the tempo and key that each track was generated for.
"""

from __future__ import annotations

import io
import re
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import cycle, islice
from pathlib import Path, PurePosixPath

import mido
import numpy as np
from numpy.typing import NDArray

from edge.arrays import Floats
from edge.errors import InputError
from edge.media import decode_audio
from edge.music.instruments import Played, play
from edge.music.mix import Score, mix
from edge.music.notes import Sampling, compose_notes
from edge.music.plan import Activity, bar_count, make_plan
from edge.music.sections import written_bars
from edge.music.templates import BAR_MINUTE, PARTS, RATE_HZ, Template
from edge.networks.composer import Composer
from tools.evaluate.pack import RATE_HZ as LOW_RATE_HZ
from tools.train.music.harmony import longest_key, pitch_class
from tools.train.music.midi import sounded

SECONDS = 40.0
"""Length of rendered music."""

OPENING_S = 30.0
"""Seconds of a piece of POP909 that are left out, often an introduction without rhythm."""

LEADS = ("nylon string", "flute", "soft lead", "electric piano", "steel string")
"""Instruments of the melodies of POP909."""

CHORDS = ("electric piano", "nylon string", "steel string", "harp", "strings")
"""Instruments of its accompaniment."""

TRACK = re.compile(r"(\S+\.opus)\s+([\d.]+) bpm\s+([A-G][#b]?) (major|minor)")
"""A line of the package's table."""


@dataclass(frozen=True, eq=False)
class Track:
    """Music and what is known of it."""

    name: str
    """For people."""
    samples: Floats
    """float32[n] at 16 kHz."""
    tempo: float
    """Beats per minute."""
    tonic: float
    """Semitones above C; not whole if it is out of tune."""
    minor: bool
    """Whether the key is minor."""
    beats_s: NDArray[np.float64] | None = None
    """Times of beats in seconds; None if they are not known."""
    bars_s: NDArray[np.float64] | None = None
    """Times of downbeats in seconds; None if they are not known."""


def looped(template: Template) -> Track:
    """Return the verse of a template, chords and base, repeated."""
    verse = template.parts["verse"]
    both = template.read("chords") + template.read("base")
    bars = both[:, verse.start : verse.start + verse.bars * template.bar_samples]
    times = max(1, round(SECONDS * RATE_HZ / bars.shape[1]))
    return steady(template.id, lowered(np.tile(bars, times)), template, 1.0)


def composed(network: Composer, template: Template, speed: Fraction, seed: int) -> Track:
    """Return music composed over a template that is played at another speed, which changes its pitch too."""
    rng = np.random.default_rng([seed, *template.id.encode()])
    tempo = template.tempo * float(speed)
    bars = bar_count(SECONDS, tempo)
    activity = Activity(rng.uniform(0.2, 1, bars), rng.uniform(0.2, 1, bars))
    cuts = np.cumsum(rng.uniform(4, 9, 20))
    parts: dict[str, int] = {name: template.parts[name].bars for name in PARTS}
    plan = make_plan(activity, cuts[cuts < SECONDS - 1].tolist(), tempo, SECONDS, parts)
    notes = compose_notes(written_bars(plan, template), network, Sampling(seed=seed, candidates=1))
    score = Score(plan, notes, template, speed, template.instruments, seed)
    return steady(template.id, lowered(np.concatenate(list(mix(score)), axis=1)), template, float(speed))


def steady(name: str, samples: Floats, template: Template, speed: float) -> Track:
    """Return a track in the tempo and key of a template, whose first bar begins at 0."""
    bar_s = template.bar_samples / RATE_HZ / speed
    bars = np.arange(0, len(samples) / LOW_RATE_HZ - 1e-6, bar_s)
    beats = np.arange(0, len(samples) / LOW_RATE_HZ - 1e-6, bar_s / 4)
    tonic = (9 if template.minor else 0) + template.key + 12 * np.log2(speed)
    tempo = BAR_MINUTE / template.bar_samples * speed
    return Track(name, samples, tempo, float(tonic), template.minor, beats, bars)


def rendered(file: Path, count: int, seed: int) -> Iterator[Track]:
    """Yield pieces of POP909 played by drawn instruments. Raises InputError if the file cannot be read."""
    rng = np.random.default_rng(seed)
    try:
        with zipfile.ZipFile(file) as pack:
            names = sorted(name for name in pack.namelist() if name.endswith(".mid"))
            for at in sorted(rng.permutation(len(names))[:count].tolist()):
                yield _played(pack, names[at], rng)
    except (OSError, zipfile.BadZipFile) as error:
        raise InputError(file, f"cannot be read: {error}") from error


def _played(pack: zipfile.ZipFile, name: str, rng: np.random.Generator) -> Track:
    folder = PurePosixPath(name).parent
    rows = np.loadtxt(io.BytesIO(pack.read(f"{folder}/beat_midi.txt")))
    song = mido.MidiFile(file=io.BytesIO(pack.read(name)))
    tonic, minor = longest_key(pack.read(f"{folder}/key_audio.txt").decode())
    out = np.zeros((2, round((SECONDS + 10) * RATE_HZ)), np.float32)
    parts = (("MELODY", LEADS, 0.8), ("BRIDGE", LEADS, 0.5), ("PIANO", CHORDS, 0.7))
    for voice, instruments, gain in parts:
        notes = [
            Played(
                round((note.start - OPENING_S) * RATE_HZ),
                max(1, round((note.end - note.start) * RATE_HZ)),
                440 * 2 ** ((note.pitch - 69) / 12),
                note.velocity / 127,
            )
            for note in sounded(song, {voice: 0}, seconds=True)
            if OPENING_S <= note.start < OPENING_S + SECONDS and 24 <= note.pitch <= 108
        ]
        audio = play(str(rng.choice(instruments)), notes)[:, : out.shape[1]]
        out[:, : audio.shape[1]] += np.float32(gain) * audio
    rows = rows[(rows[:, 0] >= OPENING_S) & (rows[:, 0] < OPENING_S + SECONDS)]
    beats = rows[:, 0] - OPENING_S
    samples = lowered(out[:, : round(SECONDS * RATE_HZ)])
    tempo = 60 / float(np.median(np.diff(beats)))
    return Track(folder.name, samples, tempo, float(tonic), minor, beats, beats[rows[:, 2] > 0])


def packaged(folder: Path) -> list[Track]:
    """Return the tracks of the package, as a wheel or unpacked in `folder`; none if it is not there."""
    wheels = sorted(folder.glob("immich_memories_music-*.whl"))
    if not wheels:
        return _tabled(folder)
    with tempfile.TemporaryDirectory() as unpacked, zipfile.ZipFile(wheels[-1]) as wheel:
        wheel.extractall(unpacked)
        return _tabled(Path(unpacked))


def _tabled(folder: Path) -> list[Track]:
    tables = sorted(folder.glob("immich_memories_music-*.dist-info/**/LICENSE-MUSIC"))
    files = {path.name: path for path in folder.glob("immich_memories_music/**/*.opus")}
    return [
        Track(name, read_mono(files[name]), float(tempo), float(pitch_class(tonic)), mode == "minor")
        for table in tables[-1:]
        for name, tempo, tonic, mode in TRACK.findall(table.read_text(encoding="utf-8"))
    ]


def read_mono(path: Path) -> Floats:
    """Return a recording, float32[n] at 16 kHz."""
    return np.concatenate([block.samples for block in decode_audio(path, rate_hz=LOW_RATE_HZ)])


def lowered(audio: Floats) -> Floats:
    """Return float32[2, n] at 48 kHz as float32[n / 3] at 16 kHz."""
    from scipy.signal import resample_poly  # noqa: PLC0415 - an extra

    return np.asarray(resample_poly(audio.mean(axis=0), 1, 3), np.float32)


def speeds(templates: Sequence[Template], seed: int) -> Iterator[tuple[Template, Fraction]]:
    """Yield each template with a drawn speed, 0.9 to 1.1."""
    rng = np.random.default_rng(seed)
    for template in templates:
        yield template, Fraction(int(rng.integers(90, 111)), 100)


def first(templates: Sequence[Template], count: int) -> list[Template]:
    """Return that many templates, in order and from the start again."""
    return list(islice(cycle(templates), count))
