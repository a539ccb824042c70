"""The pitch of a singing voice on given notes: glides, overshoot, scoops, late vibrato, drift.

After Saitou et al. 2007, "Speech-to-singing synthesis: converting speaking voices to singing voices by
controlling acoustic features unique to singing voices".
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from tools.sound.synth import Note
from tools.sound.vocoder import FRAMES_PER_S, Frames, smooth

OVERSHOOT_RAD_PER_S, DAMPING = 34.8, 0.54
"""Natural frequency and damping of the system that pitch steps pass through (Saitou's overshoot)."""
LEAD_FRAMES = 4
"""Singers start to move to the next pitch 20 ms before the beat."""


def pitch_contour(melody: Sequence[Note], frames: int, rng: np.random.Generator) -> Frames:
    """MIDI pitch per 5 ms frame [frames], continuous: rests hold the last note's pitch."""
    starts = [round(note.start_s * FRAMES_PER_S) for note in melody]
    keys = np.array([note.midi for note in melody], np.float64)
    steps = keys[np.maximum(np.searchsorted(starts, np.arange(frames), side="right") - 1, 0)]
    rate_hz, depth = rng.uniform(5.0, 6.5), rng.uniform(0.3, 0.8)  # semitones
    vibrato = np.zeros(frames)
    sung_until_s = -1.0
    for first, note in zip(starts, melody, strict=True):
        last = max(first, min(round(note.end_s * FRAMES_PER_S), frames))
        if note.start_s - sung_until_s > 0.15 and rng.random() < 0.6:  # a scoop into a phrase
            scoop = min(round(rng.uniform(0.04, 0.1) * FRAMES_PER_S), last - first)
            steps[max(0, first - 5) : first + scoop] -= rng.uniform(0.5, 2.0)
        vibrato[first:last] = depth * _vibrato(last - first, rate_hz, rng)
        sung_until_s = note.end_s
    drift = 0.35 * smooth(rng.standard_normal(frames), 30) + 0.04 * smooth(rng.standard_normal(frames), 4)
    return _second_order(steps) + vibrato + drift


def _vibrato(frames: int, rate_hz: float, rng: np.random.Generator) -> Frames:
    """A sine of unit depth that comes in late and whose rate and depth waver."""
    t = np.arange(frames) / FRAMES_PER_S
    depth = np.clip((t - rng.uniform(0.15, 0.35)) / 0.25, 0, 1) * rng.uniform(0.6, 1.2)
    rate = rate_hz * (1 + 0.3 * smooth(rng.standard_normal(frames + 1), 25)[:frames])
    vibrato: Frames = depth * np.sin(2 * np.pi * np.cumsum(rate) / FRAMES_PER_S)
    return vibrato


def _second_order(steps: Frames) -> Frames:
    """The steps through a damped second-order system: glides of about 60 ms that overshoot slightly."""
    t = np.arange(1, 100) / FRAMES_PER_S
    ringing = math.sqrt(1 - DAMPING**2) * OVERSHOOT_RAD_PER_S
    response = np.exp(-DAMPING * OVERSHOOT_RAD_PER_S * t) * np.sin(ringing * t)
    led = np.concatenate([np.full(98, steps[0]), steps[LEAD_FRAMES:], np.repeat(steps[-1], LEAD_FRAMES)])
    return np.convolve(led, response / response.sum(), mode="valid")
