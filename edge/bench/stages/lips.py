"""Judge two seconds of lips that open and close, and whether they fit a sound."""

from __future__ import annotations

import numpy as np

from edge.arrays import Floats
from edge.bench.golden import Outputs, noise
from edge.bench.job import Job, network_job
from edge.networks.lip_crops import Crops
from edge.networks.lips import LipNetwork, lip_sound

FRAMES, HEIGHT, WIDTH = 20, 40, 48
SKIN, LIPS, MOUTH = 180, 120, 40
"""Gray levels."""


def inputs() -> tuple[Crops, Floats]:
    """Return crops uint8[20, 40, 48] of a mouth, and its sound float32[20, 5]."""
    opened = np.abs(np.arange(FRAMES) * 5 % 13 - 6)
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH] - np.array([17, 24])[:, None, None]
    crops = np.full((FRAMES, HEIGHT, WIDTH), SKIN, np.float32)
    for crop, high in zip(crops, opened, strict=True):
        for extent, level in (((14, 4 + high), LIPS), ((11, high), MOUTH)):
            crop[(x * extent[1]) ** 2 + (y * extent[0]) ** 2 < (extent[0] * extent[1]) ** 2] = level
    crops += 6 * noise(crops.size).reshape(crops.shape)
    confidences = np.tile(np.array([0.1, 0.8, 0.05, 0.05], np.float32), (FRAMES, 1))
    return crops.astype(np.uint8), lip_sound((opened * 4 - 45).astype(np.float32), confidences)


def open_stage(given: tuple[Crops, Floats], *, model: str | None, threads: int) -> Job:
    """Load the networks."""
    crops, sound = given
    network = LipNetwork(model, threads=threads)

    def run() -> Outputs:
        motion = network.motion(crops)
        return {"producing": motion.producing, "fits": network.synchrony(motion, sound)}

    return network_job(run, network)
