"""People who are neither singing nor talking to anyone in particular: applause, murmur; and rooms."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from tools.sound.signals import RATE_HZ, Samples, add_at, at_dbfs, band, convolve, fade, silence
from tools.sound.speech import VOICES, speak

LEVEL_DBFS = -24.0
"""RMS of everything this file returns, but for `room`."""
HANDS = 32
"""Different clap sounds; each clapper has one."""

CHATTER = (
    "I think they are going to start again in a minute.",
    "No, we came by train, it was quicker than I thought.",
    "Have you seen Anna? She said she would be near the door.",
    "That last one was my favourite, I have not heard it for years.",
    "Shall we get something to drink before the second half begins?",
    "He told me about it on Tuesday and I did not believe a word.",
    "It is warm in here. Could somebody open a window, please?",
    "Seven or eight of us, depending on whether the others find a place to park.",
)
"""What a murmuring audience says."""


def applause(rng: np.random.Generator, seconds: float) -> Samples:
    """A hall that claps: it builds up in about a second, thins out towards the end; whistles and cheers.

    40 to 400 clappers, each with a pace of 2.5 to 5 claps a second that wanders, a clap of its own and a
    distance. -24 dBFS RMS.
    """
    people = int(rng.integers(40, 400))
    starts = rng.exponential(min(0.5, seconds / 8), people)
    stops = seconds - rng.exponential(max(0.1, seconds / 6), people)
    gaps = (
        1 / rng.uniform(2.5, 5.0, (people, 1)) * rng.normal(1, 0.08, (people, int(seconds * 5) + 2)).clip(0.5)
    )
    times = starts[:, None] + np.cumsum(gaps, axis=1) - gaps[:, :1]
    loud = rng.lognormal(-0.5, 0.7, (people, 1)) * rng.uniform(0.6, 1.0, times.shape)
    hands = rng.integers(HANDS, size=people)
    total = silence(seconds)
    for hand in range(HANDS):
        mine = (hands == hand)[:, None] & (times < np.minimum(stops, seconds - 0.01)[:, None])
        clicks = silence(seconds)
        np.add.at(clicks, (times[mine] * RATE_HZ).astype(np.int64), loud[mine].astype(np.float32))
        total += convolve(clicks, _clap(rng))[: len(total)]
    for _ in range(rng.poisson(seconds / 4)):
        call = _whistle(rng) if rng.random() < 0.4 else _cheer(rng)
        add_at(
            total,
            at_dbfs(call, -20 + 20 * math.log10(float(np.std(total)) + 1e-9) + 18),
            rng.uniform(0, seconds),
        )
    return at_dbfs(fade(total, 0.02, 0.1), LEVEL_DBFS)


def murmur(
    rng: np.random.Generator, seconds: float, voices: int = 16, talk: Sequence[Samples] = ()
) -> Samples:
    """An audience that talks: babble of `voices` people around, nobody of whom can be followed.

    `talk` are recordings to draw from; without any, espeak says sentences of `CHATTER`. -24 dBFS RMS.
    """
    total = silence(seconds)
    for _ in range(voices):
        far, at_s = rng.uniform(0.0, 12.0), -rng.uniform(0.0, 3.0)
        voice = str(rng.choice(VOICES))
        rate, pitch = int(rng.integers(140, 210)), int(rng.integers(20, 80))
        while at_s < seconds:
            if talk:
                said = talk[int(rng.integers(len(talk)))]
            else:
                said = speak(str(rng.choice(CHATTER)), voice=voice, rate=rate, pitch=pitch)
            add_at(total, fade(at_dbfs(said, -20 - far)), at_s)
            at_s += len(said) / RATE_HZ + rng.exponential(0.4)
    muffled = band(total, 120, 3200) + np.float32(0.1) * total
    return at_dbfs(fade(room(rng, muffled, rt60_s=rng.uniform(0.6, 1.2), wet_db=0.0)), LEVEL_DBFS)


def crowd_noise(rng: np.random.Generator, seconds: float) -> Samples:
    """The roar of many people far away: four bands of noise that swell independently. -24 dBFS RMS."""
    n = round(seconds * RATE_HZ)
    total = np.zeros(n, np.float32)
    for low_hz, high_hz, level in ((100, 300, 0.7), (300, 800, 1.0), (800, 1800, 0.7), (1800, 7900, 0.3)):
        noise = band(rng.standard_normal(n).astype(np.float32), low_hz, high_hz)
        knots = np.arange(0, seconds + 1, 0.12)
        swell = np.interp(np.arange(n) / RATE_HZ, knots, np.exp(0.35 * rng.standard_normal(len(knots))))
        total += noise / np.float32(np.std(noise)) * np.float32(level) * swell.astype(np.float32)
    return at_dbfs(fade(total, 0.05, 0.05), LEVEL_DBFS)


def room(
    rng: np.random.Generator, x: Samples, *, rt60_s: float | None = None, wet_db: float | None = None
) -> Samples:
    """`x` in a room: itself, a few early reflections and a decaying tail whose highs die first.

    `rt60_s` (drawn: 0.2 to 1.2) is the time to fall by 60 dB, `wet_db` (drawn: -18 to -4) the energy of
    all reflections over the direct sound's. The same length as `x`: the last tail is cut.
    """
    rt60_s = rng.uniform(0.2, 1.2) if rt60_s is None else rt60_s
    wet_db = rng.uniform(-18, -4) if wet_db is None else wet_db
    n = round(rt60_s * RATE_HZ)
    t = np.arange(n) / RATE_HZ
    noise = rng.standard_normal(n).astype(np.float32)
    dull, bright = band(noise, 0, 1500), noise - band(noise, 0, 1500)
    tail = dull * np.exp(-6.9 * t / rt60_s) + bright * np.exp(-6.9 * t / (0.6 * rt60_s))
    tail *= np.clip((t - rng.uniform(0.002, 0.01)) * 200, 0, 1)
    early = rng.integers(RATE_HZ // 400, max(RATE_HZ // 25, RATE_HZ // 400 + 1), 6)
    tail[early[early < n]] += rng.normal(0, 4 * np.std(tail[: RATE_HZ // 20]), 6)[early < n]
    response = tail * (10 ** (wet_db / 20) / np.sqrt(np.sum(tail**2)))
    response[0] = 1.0
    return convolve(x, response.astype(np.float32))[: len(x)]


def _clap(rng: np.random.Generator) -> Samples:
    """Two palms: 2 to 8 ms of noise around a cavity's resonance, nearer or farther, dull or sharp."""
    decay_s, centre_hz = rng.uniform(0.002, 0.008), rng.uniform(500, 2500)
    n = round(0.06 * RATE_HZ)
    burst = rng.standard_normal(n) * np.exp(-np.arange(n) / (decay_s * RATE_HZ))
    shaped = band(
        burst.astype(np.float32), centre_hz / rng.uniform(1.2, 2.5), centre_hz * rng.uniform(1.5, 4.0)
    )
    air = band(burst.astype(np.float32), 200, rng.uniform(4000, 7900))
    clap = shaped / (np.std(shaped) + 1e-9) + rng.uniform(0.2, 1.0) * air / (np.std(air) + 1e-9)
    return (clap * rng.uniform(0.3, 1.0)).astype(np.float32)


def _whistle(rng: np.random.Generator) -> Samples:
    """Two fingers: a sine that rises, falls and wavers."""
    t = np.arange(round(rng.uniform(0.4, 1.2) * RATE_HZ)) / RATE_HZ
    arc = rng.uniform(1600, 2600) + rng.uniform(-600, 900) * np.sin(np.pi * t / t[-1] * rng.uniform(0.5, 2))
    wave = np.sin(2 * np.pi * np.cumsum(arc + 40 * np.sin(2 * np.pi * 7 * t)) / RATE_HZ)
    return fade(wave.astype(np.float32), 0.05, 0.15)


def _cheer(rng: np.random.Generator) -> Samples:
    """A "woo": a falling voice of ten harmonics under one moving formant, with breath."""
    t = np.arange(round(rng.uniform(0.5, 1.4) * RATE_HZ)) / RATE_HZ
    f0 = rng.uniform(220, 520) * (1 + 0.35 * np.sin(np.pi * (t / t[-1]) ** 0.6)) * np.exp(-0.2 * t)
    phase = 2 * np.pi * np.cumsum(f0) / RATE_HZ
    formant_hz = rng.uniform(500, 900) + 500 * t / t[-1]
    wave = 0.05 * rng.standard_normal(len(t))
    for h in range(1, 11):
        wave += np.exp(-((np.log(h * f0 / formant_hz) / 0.6) ** 2)) / h**0.5 * np.sin(h * phase)
    return fade(wave.astype(np.float32), 0.08, 0.2)
