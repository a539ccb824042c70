"""Folders as sherpa-onnx takes them become manifests that need nothing else."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto

from edge.models.frontend import Fbank
from edge.models.session import Session
from edge.models.store import find
from edge.networks.ctc import read_tokens
from tests.tools.importers.conftest import Import
from tests.tools.importers.makers import network

PIECES = ["<blk>", "<unk>", "\u2581the", "a", "\u4f60"]

SENSE_VOICE = {
    "model_type": "sense_voice_ctc", "version": "2", "lfr_window_size": "7", "lfr_window_shift": "6",
    "normalize_samples": "0", "vocab_size": "5", "with_itn": "14", "without_itn": "15",
    "lang_auto": "0", "lang_zh": "3", "lang_en": "4", "lang_yue": "7", "lang_ja": "11", "lang_ko": "12",
    "lang_nospeech": "13", "url": "https://example.org/model",
    "neg_mean": ",".join(["-8.5"] * 560), "inv_stddev": ",".join(["0.25"] * 560),
}  # fmt: skip
SENSE_VOICE_INPUTS: dict[str, list[int | str]] = {
    "x": ["N", "T", 560], "x_length": ["N"], "language": ["N"], "text_norm": ["N"]
}  # fmt: skip
PLAIN_INPUTS: dict[str, list[int | str]] = {"x": ["N", "T", 80], "x_lens": ["N"]}


def folder(
    path: Path,
    notes: dict[str, str],
    inputs: dict[str, list[int | str]],
    *,
    file: str = "model.int8.onnx",
    pieces: list[str] | None = None,
    output: list[int | str] | None = None,
) -> Path:
    """A folder laid out for sherpa-onnx."""
    path.mkdir(exist_ok=True)
    types = {name: TensorProto.INT32 for name, shape in inputs.items() if len(shape) == 1}
    (path / file).write_bytes(network(inputs, output or ["N", "T", 5], notes=notes, types=types))
    lines = "".join(f"{piece} {number}\n" for number, piece in enumerate(pieces or PIECES))
    (path / "tokens.txt").write_text(lines, encoding="utf-8")
    return path


def test_sense_voice_states_its_whole_front_end(importing: Import, tmp_path: Path) -> None:
    importing("ctc", folder(tmp_path / "Sense Voice", SENSE_VOICE, SENSE_VOICE_INPUTS))
    made = find("sense-voice")
    assert made.manifest.front_end == Fbank(
        rate_hz=16_000, n_mels=80, window="hamming", stack=7, skip=6, statistics="statistics.npy"
    )  # fmt: skip
    added, factor = np.load(io.BytesIO(made.read("statistics.npy")))
    assert added.shape == (560,)
    assert (added == -8.5).all()
    assert (factor == 0.25).all()
    assert made.manifest.parameters == {
        "kind": "sense_voice_ctc", "tokens": "tokens.txt", "vocabulary": 5, "blank": 0, "row_s": 0.06,
        "prefix_rows": 4, "language": "auto", "language_auto": 0, "language_zh": 3, "language_en": 4,
        "language_yue": 7, "language_ja": 11, "language_ko": 12, "text_norm_with": 14,
        "text_norm_without": 15,
    }  # fmt: skip
    assert made.manifest.source == "https://example.org/model"
    assert made.manifest.version == "2"


def test_what_is_imported_runs(importing: Import, tmp_path: Path) -> None:
    importing("ctc", folder(tmp_path / "voice", SENSE_VOICE, SENSE_VOICE_INPUTS), "--language", "en")
    with Session(find("voice"), "recognizer") as session:
        one = np.ones(1, np.int32)
        (logits,) = session.run(np.ones((1, 9, 560), np.float32), one, one, one)
    assert logits.shape == (1, 9, 5)
    assert find("voice").manifest.parameters["language"] == "en"


def test_zipformer_and_wenet_get_their_own_settings(importing: Import, tmp_path: Path) -> None:
    zipformer = folder(tmp_path / "zip", {"model_type": "zipformer2_ctc"}, PLAIN_INPUTS, file="model.onnx")
    notes = {"model_type": "wenet_ctc", "subsampling_factor": "8", "vocab_size": "5"}
    wenet = folder(tmp_path / "wenet", notes, PLAIN_INPUTS, output=["N", "T", 5])
    importing("ctc", zipformer)
    importing("ctc", wenet)
    common = {"rate_hz": 16_000, "n_mels": 80, "high_hz": -400.0, "centered": True}
    assert find("zip").manifest.front_end == Fbank(**common, sample_scale=1.0)  # type: ignore[arg-type]
    assert find("wenet").manifest.front_end == Fbank(**common)  # type: ignore[arg-type]
    assert find("zip").manifest.parameters["row_s"] == 0.04
    assert find("wenet").manifest.parameters["row_s"] == 0.08
    assert find("zip").manifest.quantization == "none"
    assert find("wenet").manifest.quantization.startswith("int8")


def test_the_blank_is_found_by_its_name(importing: Import, tmp_path: Path) -> None:
    pieces = ["a", "b", "c", "d", "<blank>"]
    notes = {"model_type": "zipformer2_ctc"}
    importing("ctc", folder(tmp_path / "last", notes, PLAIN_INPUTS, pieces=pieces))
    assert find("last").manifest.parameters["blank"] == 4


@pytest.mark.parametrize(
    ("notes", "inputs", "message"),
    [
        ({}, PLAIN_INPUTS, "has no model_type among its notes"),
        (
            {"model_type": "EncDecCTCModelBPE"},
            PLAIN_INPUTS,
            "a EncDecCTCModelBPE model",
        ),
        ({"model_type": "zipformer2_ctc"}, PLAIN_INPUTS | {"cache": ["N", 3]}, "a streaming model"),
        ({"model_type": "zipformer2_ctc"}, {"x": ["N", "T", 80]}, "not what such a model takes"),
        (
            {"model_type": "zipformer2_ctc"},
            {"x": ["N", "T", 40], "l": ["N"]},
            "rows of 40 numbers, not 1 x 80",
        ),
        (SENSE_VOICE | {"neg_mean": "1,2"}, SENSE_VOICE_INPUTS, "notes 2 numbers as neg_mean, not 560"),
        (SENSE_VOICE | {"neg_mean": "a,b"}, SENSE_VOICE_INPUTS, "something else than numbers"),
        (SENSE_VOICE | {"inv_stddev": ",".join(["nan"] * 560)}, SENSE_VOICE_INPUTS, "as inv_stddev"),
        (SENSE_VOICE | {"lang_en": "four"}, SENSE_VOICE_INPUTS, "no whole number"),
        ({**SENSE_VOICE, "lfr_window_size": "0"}, SENSE_VOICE_INPUTS, "numbers as neg_mean, not 0"),
    ],
)
def test_models_that_do_not_fit_are_refused_in_one_line(
    importing: Import, tmp_path: Path, notes: dict[str, str], inputs: dict[str, list[int | str]], message: str
) -> None:
    assert message in importing("ctc", folder(tmp_path / "bad", notes, inputs), code=3)


def test_pieces_must_be_those_of_the_network(importing: Import, tmp_path: Path) -> None:
    notes = {"model_type": "zipformer2_ctc"}
    short = folder(tmp_path / "short", notes, PLAIN_INPUTS, pieces=PIECES[:4])
    assert "tells 5 pieces apart, but tokens.txt has 4" in importing("ctc", short, code=3)
    (short / "tokens.txt").write_text("a 0\nb 2\n")
    assert "without gaps" in importing("ctc", short, code=3)
    (short / "tokens.txt").write_text("a\nb\n")
    assert "a token and its number" in importing("ctc", short, code=3)
    (short / "tokens.txt").unlink()
    assert "holds no tokens.txt" in importing("ctc", short, code=3)
    (short / "tokens.txt").write_text("a 0\n")
    (short / "model.int8.onnx").unlink()
    assert "holds no model.onnx" in importing("ctc", short, code=3)


def test_a_damaged_network_is_refused(importing: Import, tmp_path: Path) -> None:
    bad = folder(tmp_path / "bad", SENSE_VOICE, SENSE_VOICE_INPUTS)
    (bad / "model.int8.onnx").write_bytes((bad / "model.int8.onnx").read_bytes()[:100])
    assert "cannot be loaded" in importing("ctc", bad, code=3)


def test_an_unknown_language_is_bad_usage(importing: Import, tmp_path: Path) -> None:
    source = folder(tmp_path / "voice", SENSE_VOICE, SENSE_VOICE_INPUTS)
    assert "no language 'sv', but auto, zh" in importing("ctc", source, "--language", "sv", code=2)


def test_a_piece_may_be_a_space() -> None:
    assert read_tokens(b"<blk> 0\n  1\nb 2\n") == ["<blk>", " ", "b"]
