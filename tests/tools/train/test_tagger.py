"""Training of the music tagger: spectrograms and how they vary, and a student that comes near its teacher."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")  # the extra `train`

import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from edge.networks.music_tagger import MusicTagger
from tests.matching.makers import band
from tests.tools.music_makers import pack_of_music
from tools.convert import onnx
from tools.importers import musicnn
from tools.train.tagger import pipeline
from tools.train.tagger.corpus import collect, excerpt
from tools.train.tagger.learning import Plan, train
from tools.train.tagger.network import TaggerNetwork
from tools.train.tagger.spectra import STEP, draw, quantized

BANDS, FRAMES = musicnn.MELS, musicnn.FRAMES

PLAN = Plan(steps=6, batch=4, warmup=2, print_every=3)


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


class Loudness(nn.Module):
    """A teacher that knows how loud low and high bands are."""

    def forward(self, mel: Tensor) -> tuple[Tensor, Tensor]:
        vector = mel.mean(1).reshape(len(mel), 4, -1).mean(2)
        return torch.sigmoid(vector[:, :2] - 2), vector


@pytest.fixture(scope="module")
def excerpts(tmp_path_factory: pytest.TempPathFactory) -> NDArray[np.uint8]:
    folder = tmp_path_factory.mktemp("data")
    pack = pack_of_music(folder / "train", ["a.wav", "b.wav", "c.wav"])
    return collect(pack, musicnn.FRONT_END, folder / "run/mels.npz")


def test_excerpts_are_spectrograms_in_eight_bits(excerpts: NDArray[np.uint8], tmp_path: Path) -> None:
    assert excerpts.dtype == np.uint8
    assert len(excerpts) >= 4
    assert excerpts.shape[1] > FRAMES * 1.25  # the fastest still fill an excerpt
    assert excerpts.shape[2] == BANDS
    pack = pack_of_music(tmp_path / "train", ["a.wav"])
    samples = excerpt(pack / "audio/a.wav", 1.0, musicnn.FRONT_END.rate_hz)
    mel = musicnn.FRONT_END.mel(samples)
    np.testing.assert_allclose(quantized(mel) * STEP, mel.clip(0, 255 * STEP), atol=STEP / 2 + 1e-5)
    kept = tmp_path / "mels.npz"
    first = collect(pack, musicnn.FRONT_END, kept)
    (pack / "manifest.csv").unlink()
    np.testing.assert_array_equal(collect(pack, musicnn.FRONT_END, kept), first)


def test_drawn_excerpts_vary_and_a_seed_gives_the_same(excerpts: NDArray[np.uint8]) -> None:
    mels = torch.from_numpy(excerpts)
    one, same, other = (draw(mels, FRAMES, 16, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert one.shape == (16, FRAMES, BANDS)
    assert torch.equal(one, same)
    assert not torch.equal(one, other)
    assert torch.isfinite(one).all()
    assert ((one >= 0) & (one <= 7.5)).all()
    assert len({round(level, 3) for level in one.mean((1, 2)).tolist()}) == 16


def test_training_goes_on_where_it_stopped(
    excerpts: NDArray[np.uint8], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = train(excerpts, Loudness(), FRAMES, PLAN, tmp_path / "whole")

    class Interrupted(Loudness):
        left = 8 + 3  # those that measure how the vectors spread, and three steps

        def forward(self, mel: Tensor) -> tuple[Tensor, Tensor]:
            self.left -= 1
            if self.left < 0:
                raise KeyboardInterrupt
            return super().forward(mel)

    with pytest.raises(KeyboardInterrupt):
        train(excerpts, Interrupted(), FRAMES, PLAN, tmp_path / "parts")
    capsys.readouterr()
    again = train(excerpts, Loudness(), FRAMES, PLAN, tmp_path / "parts")
    assert capsys.readouterr().out.count("step ") == 1
    for first, second in zip(whole.state_dict().values(), again.state_dict().values(), strict=True):
        torch.testing.assert_close(first, second)


def test_a_student_comes_near_its_teacher(
    excerpts: NDArray[np.uint8], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plan = Plan(steps=40, batch=8, rate=3e-3, warmup=5, print_every=10)
    train(excerpts, Loudness(), FRAMES, plan, tmp_path)
    said = capsys.readouterr().out.splitlines()
    missed = [float(line.split(": ")[1].split()[0]) for line in said if line.startswith("step ")]
    assert missed[-1] < 0.5 * missed[0]


def test_both_models_are_written(excerpts: NDArray[np.uint8], tmp_path: Path) -> None:
    torch.manual_seed(0)
    network = TaggerNetwork(len(musicnn.LABELS), 200)
    network.train()(draw(torch.from_numpy(excerpts), FRAMES, 16, np.random.default_rng(0)))
    exact, small = tmp_path / "float.onnx", tmp_path / "int8.onnx"
    example = {"mel": np.zeros((1, FRAMES, BANDS), np.float32)}
    onnx.export(network.eval(), example, exact, outputs=["tags", "vector"])
    onnx.quantize_static(exact, small, ({"mel": mel} for mel in pipeline.calibration(excerpts, FRAMES)))
    assert small.stat().st_size < 0.5 * exact.stat().st_size
    (tmp_path / "int8").mkdir()
    (tmp_path / "int8/CARD.md").write_text("mine")
    folders = (
        pipeline.write(tmp_path / "float", exact, "none"),
        pipeline.write(tmp_path / "int8", small, "int8"),
    )
    assert folders[1].read("CARD.md") == b"mine"
    samples = band(4)[: MusicTagger(folders[0].path).excerpt]
    found = [MusicTagger(folder.path).tag(samples) for folder in folders]
    mel = torch.from_numpy(musicnn.FRONT_END.mel(samples))
    with torch.no_grad():
        tags, vector = network(mel[None])
    np.testing.assert_allclose(found[0].vector, vector[0], atol=1e-3)
    np.testing.assert_allclose(found[0].tags, tags[0], atol=1e-3)
    assert np.corrcoef(found[1].vector, found[0].vector)[0, 1] > 0.9
