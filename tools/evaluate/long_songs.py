"""Recordings with songs of half a minute to four minutes, as concerts, streams and albums have them.

Beside what `recordings` composes there are singers who rest, bands that play on, applause over the last bar,
somebody who talks over the prelude, two songs in a row, songs that fade and songs that start at once.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from edge.vocabulary import Label, Span
from tools.evaluate.pack import RATE_HZ, Entry
from tools.evaluate.recordings import Floats, Pack, Recording, gain_db, levelled
from tools.sound.crowd import applause

LONGEST_S = 240.0
SHORTEST_S = 30.0
FADED = 0.2
"""Share of the songs that fade at the end: over 4 to 10 s, and end where they are 40 dB softer."""


def compose_long(entries: list[Entry], seed: int) -> Recording:
    """One recording of two songs; the same pack and seed give the same recording."""
    pack = Pack(entries, np.random.default_rng([seed, 5]))
    rng, recording = pack.rng, Recording()
    if rng.random() < 0.8:  # else the first song begins with the recording
        _between(pack, recording)
    _song(pack, recording)
    _between(pack, recording)
    _song(pack, recording)
    if rng.random() < 0.7:
        _between(pack, recording)
    return recording


def _between(pack: Pack, recording: Recording) -> None:
    """Talk, applause, other sounds, or near silence: one or two of them."""
    rng = pack.rng
    for _ in range(int(rng.integers(1, 3))):
        draw, seconds = rng.random(), float(rng.uniform(5, 25))
        if draw < 0.45:
            recording.add("talk", pack.draw(Label.SPEAKING, seconds)[0] * gain_db(rng, -6, 3))
        elif draw < 0.7:
            recording.add("applause", applause(rng, min(seconds, 15.0)) * gain_db(rng, -3, 6))
        elif draw < 0.9:
            recording.add("other", pack.draw(Label.OTHER, seconds)[0] * gain_db(rng, -12, 0))
        else:
            recording.add("silence", _room(rng, seconds))


def _song(pack: Pack, recording: Recording) -> None:
    """Prelude, verses and rests, postlude; what is said before and after decides what belongs to it."""
    rng = pack.rng
    before = recording.events[-1][0] if recording.events else "start"
    style = str(rng.choice(["band", "alone", "record"], p=[0.4, 0.25, 0.35]))
    verses, rests = _form(rng, alone=style == "alone")
    prelude = float(rng.uniform(4, 20)) if style != "alone" and rng.random() < 0.6 else 0.0
    postlude = float(rng.uniform(4, 20)) if style != "alone" and rng.random() < 0.6 else 0.0
    sung = _sung(pack, verses, accompanied=style == "record")
    sound = _arranged(pack, sung, rests, style, (prelude, postlude))
    singing = Span(prelude, len(sound) / RATE_HZ - postlude)
    talked = prelude > 6 and rng.random() < 0.25
    if talked:  # somebody announces the song over the first half of its prelude
        said = pack.draw(Label.SPEAKING, prelude / 2)[0]
        sound[: len(said)] = sound[: len(said)] * np.float32(0.35) + said
    end = len(sound) / RATE_HZ
    if rng.random() < FADED:
        fade = min(len(sound) // 3, int(rng.uniform(4, 10) * RATE_HZ))
        sound[-fade:] *= np.linspace(1, 0, fade, dtype=np.float32)
        end -= fade / RATE_HZ / 100
    start = recording.seconds
    recording.add(f"{style} song", sound)
    clapped = rng.random() < 0.3
    if clapped:  # the audience does not wait for the last bar
        _overlap(
            recording, applause(rng, float(rng.uniform(6, 12))) * gain_db(rng, -6, 3), rng.uniform(0.5, 3)
        )
    spoken_after = not clapped and rng.random() < 0.35
    if spoken_after:
        recording.add("talk", pack.draw(Label.SPEAKING, float(rng.uniform(6, 15)))[0])
    elif not clapped:
        recording.add("silence", _room(rng, float(rng.uniform(4, 8))))
    recording.songs.append(
        Span(
            start + (singing.start if talked or before.startswith("talk") else 0.0),
            start + (singing.end if spoken_after else end),
        )
    )


def _form(rng: np.random.Generator, *, alone: bool) -> tuple[list[float], list[float]]:
    """Seconds of the verses, and of the rests between them: a singer alone rests for breath or for effect."""
    total = float(np.exp(rng.uniform(np.log(SHORTEST_S), np.log(LONGEST_S))))
    verses: list[float] = []
    while sum(verses) < total:
        verses.append(float(rng.uniform(8, 35)))
    low, high = (0.3, 5.0) if alone else (1.0, 11.0)
    return verses, [float(rng.uniform(low, high)) for _ in verses[1:]]


def _sung(pack: Pack, verses: list[float], *, accompanied: bool) -> Iterator[Floats]:
    """The verses, all by one singer; what there is of the singer comes again."""
    whole, _ = pack.draw(Label.SINGING, sum(verses), accompanied=accompanied)
    at = 0
    for seconds in verses:
        count = int(seconds * RATE_HZ)
        yield np.take(whole, range(at, at + count), mode="wrap")
        at += count


def _arranged(
    pack: Pack, verses: Iterator[Floats], rests: list[float], style: str, around: tuple[float, float]
) -> Floats:
    """Verses and rests in order, over a band that plays on, over nothing, or with music of their own kind."""
    rng, parts, sung = pack.rng, [], []
    lengths = [around[0], *[x for rest in rests for x in (-1.0, rest)], -1.0, around[1]]
    for seconds in lengths:  # a verse is marked by -1
        part = next(verses) if seconds < 0 else np.zeros(int(seconds * RATE_HZ), np.float32)
        parts.append(_faded(part))
        sung.append(np.full(len(part), seconds < 0))
    voice, is_sung = np.concatenate(parts), np.concatenate(sung)
    if style == "alone":
        return voice + _room(rng, len(voice) / RATE_HZ)[: len(voice)]
    bed = np.resize(pack.draw(Label.MUSIC, len(voice) / RATE_HZ)[0], len(voice))
    if style == "band":
        return np.asarray(voice + bed * gain_db(rng, -9, 0), np.float32)
    return np.where(is_sung, voice, bed)  # a record brings its own band: other music in the rests only


def _room(rng: np.random.Generator, seconds: float) -> Floats:
    """The noise of a room with nobody in it: -75 to -45 dBFS, darker than white."""
    noise = rng.standard_normal(int(seconds * RATE_HZ) + 1).astype(np.float32)
    dark = noise[1:] + np.float32(0.9) * noise[:-1]
    return levelled(dark, float(rng.uniform(-75, -45)))


def _faded(part: Floats, seconds: float = 0.02) -> Floats:
    """Short fades, so that joins do not click."""
    count = min(int(seconds * RATE_HZ), len(part) // 2)
    ramp = np.linspace(0, 1, count, dtype=np.float32)
    faded = part.copy()
    faded[:count] *= ramp
    faded[len(faded) - count :] *= ramp[::-1]
    return faded


def _overlap(recording: Recording, piece: Floats, seconds: float) -> None:
    """Append a piece so that it begins over the last `seconds` of what there is."""
    count = min(int(seconds * RATE_HZ), len(piece), len(recording.pieces[-1]))
    recording.pieces[-1][len(recording.pieces[-1]) - count :] += piece[:count]
    recording.add("applause", piece[count:])
