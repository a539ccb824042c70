"""Moonshine from a wheel to text."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edge.networks.moonshine import Moonshine
from tests.tools.importers.conftest import Import
from tests.tools.importers.makers import PIECES, moonshine, network, real_wheel
from tools.evaluate import recognition
from tools.evaluate.pack import samples


def test_the_decoder_is_described(importing: Import, tmp_path: Path) -> None:
    importing("moonshine", moonshine(tmp_path), "--no-measure")
    manifest = Moonshine().folder.manifest
    expected = {"layers": 1, "heads": 2, "start_token": 1, "end_token": 2}
    assert expected.items() <= manifest.parameters.items()
    assert [tensor.name for tensor in manifest.networks["decoder"].inputs] == [
        "input_ids", "encoder_hidden_states", "encoder_attention_mask",
        "past_key_values.0.decoder.key", "past_key_values.0.decoder.value",
        "past_key_values.0.encoder.key", "past_key_values.0.encoder.value", "use_cache_branch",
    ]  # fmt: skip


def test_other_recognizers_are_refused(importing: Import, tmp_path: Path) -> None:
    other = network({"x": ["batch", 4]}, ["batch", 3])
    assert "cannot be loaded" in importing(
        "moonshine", moonshine(tmp_path, encoder_model__ort=other[:50]), code=3
    )
    assert "another recognizer" in importing(
        "moonshine", moonshine(tmp_path, tokenizer__bin=b"\x05ab"), code=3
    )
    assert "another recognizer" in importing(
        "moonshine", moonshine(tmp_path, tokenizer__bin=b"\x02ab"), code=3
    )
    swapped = moonshine(tmp_path, decoder_model_merged__ort=(tmp_path / "e.ort").read_bytes())
    assert "another recognizer" in importing("moonshine", swapped, code=3)


def test_real_weights_write_down_speech(importing: Import, eval_pack: Path) -> None:
    importing("moonshine", real_wheel("moonshine_voice-*.whl"), "--no-measure")
    result = recognition.evaluate(eval_pack)
    wrong = [row["wer"] for row in result["utterances"] if not row["doubt"]]
    assert sum(wer > 0.25 for wer in wrong) <= 1  # half a minute at once may send the decoder into a loop
    assert np.median(wrong) < 0.05
    assert result["rows"]["digits_transcribed"]["wer"] < 0.05
    assert result["rtf"] < 0.5
    texts = {row["file"]: row["text"] for row in result["utterances"]}
    assert recognition.words(texts["sb_spk1_snt1.flac"]) == [
        "the",
        "child",
        "almost",
        "hurt",
        "the",
        "small",
        "dog",
    ]
    assert recognition.table(result).count("\n") == len(result["rows"]) + 1


def test_silence_is_told_by_its_probability(importing: Import, eval_pack: Path) -> None:
    importing("moonshine", real_wheel("moonshine_voice-*.whl"), "--no-measure")
    recognizer = Moonshine()
    silence = recognizer.transcribe(samples(eval_pack / "audio/speech/arctic_a0024.flac") * 0)
    speech = recognizer.transcribe(samples(eval_pack / "audio/speech/arctic_a0024.flac"))
    assert speech.mean_logprob > -0.2
    assert silence.mean_logprob < -0.6


@pytest.mark.parametrize("what", ["encoder_model__ort", "decoder_model_merged__ort"])
def test_damaged_networks_are_refused(importing: Import, tmp_path: Path, what: str) -> None:
    assert "cannot be loaded" in importing(
        "moonshine", moonshine(tmp_path, pieces=PIECES, **{what: b"ORTM"}), code=3
    )
