"""Compose music for half a minute of motion; what the composer foretells after given words is compared.

Notes are drawn, so that a difference in the last bit can change all that follow.
"""

from __future__ import annotations

import numpy as np

from edge.bench.golden import RECORDING, Outputs, noise
from edge.bench.job import Job, network_job
from edge.evidence.motion.track import MotionTrack, Transition
from edge.music.compose import compose_music
from edge.music.templates import open_templates
from edge.music.words import Bar, chord_of, encode
from edge.networks.composer import Composer
from edge.networks.image_encoder import softmax

END_S, RATE = 30.0, 10
CUTS_S = (8.0, 13.0, 22.0)


def inputs() -> MotionTrack:
    """Return the motion of a video whose shots move differently."""
    times_s = np.arange(END_S * RATE) / RATE
    shot = np.searchsorted(CUTS_S, times_s, side="right")
    speed = (0.05 + 0.1 * shot * (1 + 0.5 * noise(len(times_s)))).astype(np.float32)
    cuts = tuple(Transition("cut", at, at, 1.0) for at in CUTS_S)
    still = np.zeros_like(speed)
    return MotionTrack(times_s, END_S, speed, still, np.full(len(times_s), 0.5, np.float32), cuts)


def open_stage(motion: MotionTrack, *, model: str | None, threads: int) -> Job:
    """Load the composer and the templates."""
    composer, templates = Composer(model, threads=threads), open_templates()

    def run() -> Outputs:
        compose_music(RECORDING, motion=motion, templates=templates, composer=composer)
        return foretold(composer)

    return network_job(run, composer)


def foretold(composer: Composer) -> Outputs:
    """Return the probabilities of each field of the word after eight bars of chords."""
    chords = (chord_of(0, "maj"), chord_of(5, "maj"), chord_of(7, "maj"), chord_of(0, "maj"))
    words, beside = encode([Bar(chords, 3, 2, number % 4, 3 - number % 4) for number in range(8)])
    state, _ = composer.read(words[None, :-1], beside[None, :-1], composer.begin(1))
    one = np.ones(1, np.int64)
    fields = composer.foretell(state, one, one, one)
    return {f"field-{number}": softmax(logits) for number, logits in enumerate(fields)}
