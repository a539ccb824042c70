"""Moonshine's decoding loop on a tiny network that says one piece for every quarter of a second it hears."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from edge.errors import ModelError, UsageError
from edge.models.folder import open_folder
from edge.models.inspection.weights import OrtWeights
from edge.models.manifest import Network
from edge.models.store import builtin_root
from edge.networks.moonshine import Moonshine, quietest, read_tokens
from edge.networks.moonshine_decoder import decoder
from tests.tools.importers.makers import HEADS, PIECES, WIDTH, moonshine
from tools.convert.folder import rewrite
from tools.importers import moonshine as importer
from tools.importers.install import Target
from tools.importers.sources import open_source

PAD = 2 * round(importer.PAD_S * 16_000)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    source = open_source(importer.PACKAGE, moonshine(tmp_path))
    return importer.run(source, Target(tmp_path, "speech"), data=None).path


def sound(rows: int) -> NDArray[np.float32]:
    """As many samples as the encoder makes `rows` rows of."""
    return np.full(4000 * rows - PAD, 0.1, np.float32)


def test_pieces_are_decoded_one_after_another_until_the_end(folder: Path) -> None:
    transcript = Moonshine(folder).transcribe(sound(8))
    assert transcript.tokens == (3, 4, 5, 6, 7, 8, 9, 10)
    assert transcript.text == "onely " + "x" * 200 + " onely " + "x" * 200 + " onely"
    assert -1e-3 < transcript.mean_logprob <= 0


def test_a_decoder_that_never_ends_is_stopped(folder: Path) -> None:
    good = open_folder(folder)
    rewrite(good, parameters=good.manifest.parameters | {"tokens_per_second": 1.5})
    assert len(Moonshine(folder).transcribe(sound(16)).tokens) == 8  # 3.7 s: 6, and 2 more


def test_a_loop_is_broken_where_the_chunk_is_quietest(folder: Path) -> None:
    good = open_folder(folder)
    rewrite(good, parameters=good.manifest.parameters | {"tokens_per_second": 2.5})
    recognizer, samples = Moonshine(folder), sound(20)  # 4.7 s: a piece for each row is more than 14
    pause = slice(30_000, 34_000)
    samples[pause] = 0.0
    assert pause.start < quietest(samples, recognizer.rate_hz) < pause.stop
    parts = [recognizer.transcribe(samples[:32_000]), recognizer.transcribe(samples[32_000:])]
    whole = recognizer.transcribe(samples)
    assert whole.tokens == parts[0].tokens + parts[1].tokens
    assert whole.text == f"{parts[0].text} {parts[1].text}"
    assert min(part.mean_logprob for part in parts) <= whole.mean_logprob <= 0


@pytest.mark.parametrize("samples", [0, 1, 999])
def test_next_to_nothing_has_no_text(folder: Path, samples: int) -> None:
    transcript = Moonshine(folder).transcribe(np.ones(samples, np.float32))
    assert (transcript.text, transcript.tokens) == ("", ())
    assert transcript.mean_logprob == -math.inf


def test_too_much_at_once_is_refused(folder: Path) -> None:
    recognizer = Moonshine(folder)
    with pytest.raises(UsageError, match="the maximum is 64 s"):
        recognizer.transcribe(np.zeros(65 * recognizer.rate_hz, np.float32))


def test_the_tokenizer_has_lengths_of_one_and_two_bytes(folder: Path) -> None:
    assert read_tokens(open_folder(folder).read("tokenizer.bin"))[: len(PIECES)] == PIECES
    for cut in (b"\x05abc", b"\x80"):
        with pytest.raises(ValueError, match="ends inside"):
            read_tokens(cut)


def test_other_models_are_refused(folder: Path) -> None:
    with pytest.raises(ModelError, match="expected a moonshine model, found segmenter"):
        Moonshine(builtin_root() / "segmenter")
    good = open_folder(folder)
    rewrite(good, parameters=good.manifest.parameters | {"layers": 2})
    with pytest.raises(ModelError, match="is not the decoder of a Moonshine: it has no node"):
        Moonshine(folder)
    rewrite(good, parameters=good.manifest.parameters | {"heads": 0})
    with pytest.raises(ModelError, match="does not describe a moonshine"):
        Moonshine(folder)
    networks: dict[str, Network] = {"encoder": good.manifest.networks["encoder"]}
    rewrite(good, networks=networks, parameters=good.manifest.parameters)
    with pytest.raises(ModelError, match="has no network 'decoder'"):
        Moonshine(folder)
    rewrite(good, {"tokenizer.bin": b"\x09a"}, parameters=good.manifest.parameters)
    with pytest.raises(ModelError, match="is not a list of tokens"):
        Moonshine(folder)


def test_damaged_weights_are_refused_or_harmless(folder: Path) -> None:
    content = open_folder(folder).read("decoder_model_merged.ort")
    embedding = np.zeros(WIDTH, np.float32)
    refused = 0
    for seed in range(150):
        rng = np.random.default_rng(seed)
        damaged = bytearray(content)
        for _ in range(20):
            damaged[int(rng.integers(len(content)))] = int(rng.integers(256))
        try:
            made = decoder(OrtWeights(bytes(damaged)), layers=1, heads=HEADS)
            made.start(np.zeros((2, WIDTH), np.float32), 2).step(embedding)
        except ValueError:
            refused += 1
    assert refused
    for cut in (0, 20, len(content) // 2):
        with pytest.raises(ValueError):  # noqa: PT011 - whichever part is missing
            decoder(OrtWeights(content[:cut]), layers=1, heads=HEADS)
