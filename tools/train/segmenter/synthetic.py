"""Training sounds that no pack holds: speech turned into singing, played songs, applause, crowds.

The same notes once with a WORLD voice over the band and once with a lead instrument in its place teach what
makes singing singing; melodies come from POP909 (MIT), words from the packs' read speech (CC BY).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge.vocabulary import Label
from tools.sound.animals import calls
from tools.sound.crowd import applause, crowd_noise, murmur
from tools.sound.melody import dress, load, pop909_songs
from tools.sound.signals import Samples
from tools.sound.speech import VOICES, speak
from tools.sound.synth import render
from tools.sound.voice import sing
from tools.train.segmenter.corpus import Recording, Take, log_power, read_samples

SONGS = 120
"""Songs, each sung once and played once."""
SONG_S = 25.0
OTHERS = 32
"""Recordings of 8 s of each kind of crowd, and of animals."""
TALKS = 40
"""Sentences spoken by espeak: the machine voices that people put over their videos."""

SENTENCE = (
    "Welcome back, everybody. Today I will show you how this works, step by step, "
    "and in the end you can try it for yourself."
)


def synthetic_takes(speech: list[Recording], midi: Path, cache: Path, seed: int = 0) -> list[Take]:
    """All synthetic takes, from `cache` if there, else made. `speech` is whose words are sung."""
    readers = [r for r in speech if "/read/" in r.kind]
    key = hashlib.sha256(repr([SONGS, SONG_S, OTHERS, TALKS, seed, len(readers)]).encode()).hexdigest()[:16]
    file = cache / f"synthetic-{key}.npz"
    if not file.exists():
        takes = list(_make(readers, midi, np.random.default_rng(seed)))
        arrays = {f"power{i}": take.log_power for i, take in enumerate(takes)}
        arrays |= {f"backing{i}": take.backing for i, take in enumerate(takes) if take.backing is not None}
        names = np.array([[t.recording.label, t.recording.kind, t.recording.group] for t in takes])
        draft = file.with_suffix(".part.npz")
        np.savez(draft, names=names, **arrays)  # type: ignore[arg-type]
        draft.replace(file)
    stored = np.load(file)
    return [
        Take(
            Recording(Path(group), Label(label), kind, group, commercial=True),
            stored[f"power{i}"],
            stored.get(f"backing{i}"),
        )
        for i, (label, kind, group) in enumerate(stored["names"])
    ]


def _make(readers: list[Recording], midi: Path, rng: np.random.Generator) -> Iterator[Take]:
    songs = pop909_songs(midi)
    for number in range(SONGS):
        yield from _song(readers, midi, songs[int(rng.integers(len(songs)))], number, rng)
    others = {"applause": applause, "crowd": crowd_noise, "murmur": murmur, "calls": calls}
    for name, make in others.items():
        for number in range(OTHERS):
            yield _take(Label.OTHER, f"other/synthetic_{name}", f"{name}_{number}", make(rng, 8.0))
    for _ in range(TALKS):
        voice = str(rng.choice(VOICES))
        said = speak(SENTENCE, voice=voice, rate=int(rng.integers(130, 210)), pitch=int(rng.integers(20, 80)))
        yield _take(Label.SPEAKING, "speech/synthetic", f"espeak_{voice}", said)


def _song(
    readers: list[Recording], midi: Path, name: str, number: int, rng: np.random.Generator
) -> Iterator[Take]:
    """A stretch of a song: its voice with the band as backing, and the band with a lead in its place."""
    whole = dress(load(midi, name), rng)
    start = float(rng.uniform(0, max(1.0, whole.seconds - SONG_S)))
    song = whole.between(start, start + SONG_S)
    if len(song.melody) < 8:
        return
    band = render(song.accompaniment, rng, seconds=SONG_S)
    lead = render(song.melody, rng, seconds=SONG_S)
    voice = np.zeros(len(band), np.float32)
    reader = readers[int(rng.integers(len(readers)))]
    try:
        sung = sing(read_samples(reader.path), song.melody, rng).samples[: len(voice)]
    except ValueError:  # nothing voiced in what was read
        return
    voice[: len(sung)] = sung
    group = f"sung_{reader.group}_{number}"
    yield _take(Label.SINGING, "singing/sung_by_world", group, voice, band)
    level = np.float32(10 ** (rng.uniform(-12, 3) / 20))
    yield _take(Label.MUSIC, "music/synthetic", f"played_{number}", band + level * lead)


def _take(label: Label, kind: str, group: str, samples: Samples, backing: Samples | None = None) -> Take:
    under: NDArray[np.float16] | None = None if backing is None else log_power(backing)
    return Take(Recording(Path(group), label, kind, group, commercial=True), log_power(samples), under)
