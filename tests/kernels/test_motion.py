"""Motion of blocks against its twin, and against frames whose motion is known."""

from __future__ import annotations

import numpy as np
import pytest
from edge_kernels.library import KernelError
from edge_kernels.motion import block_motion
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tests.kernels import twins

Gray = NDArray[np.uint8]


def smooth(height: int, width: int, seed: int, x: float = 0, y: float = 0) -> Gray:
    """A texture of waves, moved by x and y."""
    rng = np.random.default_rng(seed)
    across, down, phase = rng.uniform(-0.7, 0.7, 40), rng.uniform(-0.7, 0.7, 40), rng.uniform(0, 6, 40)
    v, u = np.mgrid[0:height, 0:width]
    waves = np.cos(across * (u - x)[..., None] + down * (v - y)[..., None] + phase).sum(-1)
    return np.asarray(np.clip(128 + 12 * waves, 0, 255).round(), np.uint8)


@settings(deadline=None, max_examples=25)
@given(st.integers(16, 60), st.integers(16, 60), st.integers(0, 9), st.integers(1, 20), st.integers(0, 2))
def test_motion_is_that_of_the_twin(height: int, width: int, seed: int, reach: int, kind: int) -> None:
    rng = np.random.default_rng(seed)
    before = smooth(height, width, seed) if kind else rng.integers(0, 256, (height, width), np.uint8)
    after = smooth(height, width, seed, 3.3, -1.8)
    if kind == 2:
        after = np.clip(after + rng.integers(-9, 9, after.shape), 0, 255).astype(np.uint8)
    found = block_motion(before, after, reach)
    wanted = twins.block_motion(before, after, reach)
    for ours, theirs in zip(
        (found.vectors, found.residuals, found.deviations, found.textures), wanted, strict=True
    ):
        np.testing.assert_allclose(ours, theirs, atol=2e-3)


@pytest.mark.parametrize("moved", [(0.0, 0.0), (0.3, -0.2), (2.5, 0.0), (-6.0, 4.7), (11.4, -9.2)])
def test_a_known_motion_is_found_below_the_pixel(moved: tuple[float, float]) -> None:
    found = block_motion(smooth(96, 160, 1), smooth(96, 160, 1, *moved))
    inner = found.vectors[2:-2, 2:-2]
    assert np.abs(inner - moved).max() < 0.25
    assert np.abs(inner.mean(axis=(0, 1)) - moved).max() < 0.03
    assert found.residuals[2:-2, 2:-2].max() < 0.2 * found.deviations.mean()


def test_brightness_is_no_motion_and_no_residual() -> None:
    frame = smooth(48, 64, 2)
    plain = block_motion(np.full((48, 64), 20, np.uint8), np.full((48, 64), 220, np.uint8))
    assert np.abs(plain.vectors).max() == plain.residuals.max() == plain.textures.max() == 0
    brighter = block_motion(np.clip(frame, 0, 200), np.clip(frame, 0, 200) + np.uint8(4))
    assert np.abs(brighter.vectors).max() < 0.1
    assert brighter.residuals.max() < 0.5


def test_bad_frames_are_refused() -> None:
    frame = np.zeros((20, 20), np.uint8)
    with pytest.raises(ValueError, match="one shape"):
        block_motion(frame, np.zeros((20, 24), np.uint8))
    with pytest.raises(ValueError, match="a gray frame"):
        block_motion(frame[:15], frame[:15])
    with pytest.raises(ValueError, match="a gray frame"):
        block_motion(frame.astype(np.float32), frame.astype(np.float32))
    with pytest.raises(KernelError, match="outside its range"):
        block_motion(frame, frame, 65)
