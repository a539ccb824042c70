"""The golden set: the same everywhere, and another network or arithmetic is not within its limits."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray

from edge.bench import golden
from edge.bench.golden import MATERIAL, expected, largest, noise, unlike, words_wrong
from edge.bench.stages import STAGES
from edge.evidence.labels import label_samples
from edge.models.store import builtin_root
from edge.networks.segmenter import Segmenter
from tests.models import saturating
from tools.convert.onnx import quantize_static
from tools.train.segmenter import FLOAT

MOST_BYTES = 150_000
EXACT_S = 4.0
"""Speech that is labeled with the arithmetic of another processor."""


def test_every_stage_has_outputs_and_the_set_is_small() -> None:
    assert {name: bool(expected(name)) for name in STAGES} == dict.fromkeys(STAGES, True)
    assert sum(file.stat().st_size for file in MATERIAL.iterdir()) < MOST_BYTES


def test_noise_is_the_high_bits_of_hashes_of_integers() -> None:
    def hashed(index: int) -> float:
        state = (index + (5 << 32)) * 0x9E3779B97F4A7C15 % 2**64
        state = (state ^ state >> 30) * 0xBF58476D1CE4E5B9 % 2**64
        state = (state ^ state >> 27) * 0x94D049BB133111EB % 2**64
        return ((state >> 41) - 2**22) / 2**22

    assert noise(1000, seed=5).tolist() == [hashed(index) for index in range(1, 1001)]
    assert abs(float(noise(100_000).mean())) < 0.01
    assert float(noise(100_000).std()) == pytest.approx(1 / math.sqrt(3), abs=0.01)


def test_errors_count_what_differs() -> None:
    rows = {"a": np.eye(2, dtype=np.float32), "b": np.arange(3, dtype=np.float32)}
    off = {**rows, "b": np.array([0, 1.25, 2], np.float32)}
    assert largest(rows, rows) == 0
    assert largest(off, rows) == 0.25
    assert unlike({"a": rows["a"]}, {"a": 3 * rows["a"]}) == pytest.approx(0)
    assert unlike({"a": rows["a"]}, {"a": rows["a"][::-1]}) == pytest.approx(1)
    strange: list[dict[str, NDArray[Any]]] = [
        {}, {"a": rows["a"]}, {**rows, "c": rows["a"]}, {**rows, "b": rows["b"][:2]},
        {**rows, "b": np.full(3, np.nan, np.float32)},
    ]  # fmt: skip
    for other in strange:
        assert largest(other, rows) == unlike(other, rows) == math.inf
    said = {"words": np.array(["a", "b", "c", "d"])}
    assert words_wrong(said, said) == 0
    assert words_wrong({"words": np.array(["a", "x", "c"])}, said) == 0.5
    assert words_wrong({"words": np.array([], str)}, said) == 1


class Saturating:
    """The segmenter's encoder as x86 without VNNI computes it."""

    def __init__(self, file: Path, shipped: Any) -> None:
        self.inputs, self._graph = shipped.inputs, onnx.load(file)

    def run(self, mel: NDArray[np.float32]) -> list[NDArray[Any]]:
        return saturating.run(self._graph, {"mel": mel})


@pytest.mark.slow
def test_a_device_whose_int8_sums_saturate_is_found_out_and_the_shipped_weights_do_not_mind(
    tmp_path: Path,
) -> None:
    segmenter = Segmenter()
    samples = golden.samples()[: round(EXACT_S * segmenter.rate_hz)]
    exact, shipped = label_samples([samples], segmenter).frames, segmenter.sessions["encoder"]

    def error(file: Path) -> float:
        segmenter.sessions["encoder"] = Saturating(file, shipped)  # type: ignore[assignment]
        return largest({"frames": label_samples([samples], segmenter).frames}, {"frames": exact})

    stream = segmenter.front_end.stream()
    stream.accept(samples)
    mel = stream.get()[None]
    quantize_static(
        FLOAT / "encoder.onnx", tmp_path / "net.onnx", [{"mel": mel[:, : mel.shape[1] // 8 * 8]}], bits=8
    )
    limit = STAGES["segmenter"].limit
    assert error(builtin_root() / "segmenter" / "encoder.onnx") < limit
    assert error(tmp_path / "net.onnx") > limit
