"""Recognizers with CTC output, imported from folders as sherpa-onnx takes them, against plain code."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path
from typing import Any

import kaldi_native_fbank as knf
import numpy as np
import onnxruntime
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from edge.errors import ModelError, UsageError
from edge.models.folder import open_folder
from edge.models.frontend import Fbank
from edge.models.store import builtin_root
from edge.networks.ctc import CtcNetwork, CtcTranscript
from tests.networks.makers import (
    LANGUAGES,
    PIECES,
    WITH_MARKS,
    Floats,
    Kind,
    Made,
    made,
)
from tools.convert.folder import rewrite
from tools.sound.speech import speak

RATE_HZ = 16_000


@pytest.fixture(scope="module", params=["sense_voice_ctc", "zipformer2_ctc", "wenet_ctc"])
def tiny(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Made:
    return made(tmp_path_factory.mktemp("ctc"), request.param)


@pytest.fixture(scope="module")
def sense_voice(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return made(tmp_path_factory.mktemp("sense"), "sense_voice_ctc")


@pytest.fixture(scope="module")
def speech() -> Floats:
    spoken = speak("She had your dark suit in greasy wash water all year, and 42 others.")
    return spoken + np.float32(0.003) * noise(len(spoken))  # rooms are never as silent as zeros


def noise(samples: int, seed: int = 0) -> Floats:
    return (0.1 * np.random.default_rng(seed).standard_normal(samples)).astype(np.float32)


def kaldi(samples: Floats, front_end: Fbank) -> Floats:
    """Kaldi's own rows for these samples."""
    wanted = knf.FbankOptions()
    wanted.frame_opts.dither, wanted.energy_floor = 0, 0
    wanted.frame_opts.window_type = front_end.window
    wanted.frame_opts.snip_edges = not front_end.centered
    wanted.mel_opts.num_bins = front_end.n_mels
    wanted.mel_opts.low_freq, wanted.mel_opts.high_freq = front_end.low_hz, front_end.high_hz
    theirs = knf.OnlineFbank(wanted)
    theirs.accept_waveform(front_end.rate_hz, samples * np.float32(front_end.sample_scale))
    theirs.input_finished()
    found = [theirs.get_frame(number) for number in range(theirs.num_frames_ready)]
    return np.array(found, np.float32).reshape(len(found), front_end.n_mels)


def reference_scores(tiny: Made, samples: Floats, language: str = "auto") -> Floats:
    """What the network says, by Kaldi's rows and onnxruntime alone."""
    sense_voice = tiny.kind == "sense_voice_ctc"
    front_end = Fbank(
        RATE_HZ, 80, window="hamming" if sense_voice else "povey", sample_scale=tiny.loud,
        high_hz=0 if sense_voice else -400, centered=not sense_voice,
    )  # fmt: skip
    rows = kaldi(samples, front_end)
    given: dict[str, NDArray[Any]] = {}
    if sense_voice:
        stacked = [rows[at : at + 7].reshape(560) for at in range(0, len(rows) - 6, 6)]
        rows = (np.array(stacked) + tiny.neg_mean) * tiny.inv_stddev
        given = {"language": np.array([LANGUAGES[language]]), "text_norm": np.array([WITH_MARKS])}
    given["x_length"] = np.array([len(rows)])
    session = onnxruntime.InferenceSession(str(tiny.file), providers=["CPUExecutionProvider"])
    feed = {name: value.astype(np.int32) for name, value in given.items()}
    found: Floats = session.run(None, {"x": rows[None].astype(np.float32), **feed})[0][0]
    return found


def reference_text(scores: Floats, pieces: list[str] = PIECES) -> str:
    """Greedy best path: repeats made one, blanks and marks left out, bytes put together to characters."""
    best = [number for number, _ in groupby(int(row.argmax()) for row in scores)]
    content = b""
    for piece in (pieces[number] for number in best if number != 0):
        if piece.startswith("<0x"):
            content += bytes([int(piece[3:5], 16)])
        elif piece.startswith("<") and piece.endswith(">"):
            content += b"\xff"  # bytes on both sides of a special token are not one character
        else:
            content += piece.replace("\u2581", " ").encode()
    return content.decode("utf-8", "ignore").strip()


def prefix(tiny: Made) -> int:
    return 4 if tiny.kind == "sense_voice_ctc" else 0


def check_times(transcript: CtcTranscript, length_s: float) -> None:
    at = 0.0
    for piece in transcript.tokens:
        assert at <= piece.start < piece.end <= length_s
        assert piece.logprob <= 0
        at = piece.end


@pytest.mark.parametrize("sound", ["noise", "speech"])
def test_the_text_is_that_of_a_plain_decoder(tiny: Made, speech: Floats, sound: str) -> None:
    samples = noise(8 * RATE_HZ) if sound == "noise" else speech
    expected = reference_scores(tiny, samples)
    scores = tiny.recognizer.scores(samples)
    assert scores.shape == expected.shape
    assert np.abs(scores - expected).max() < 0.02
    assert np.abs(scores - expected).mean() < 1e-4
    transcript = tiny.recognizer.transcribe(samples)
    assert transcript.text == reference_text(expected[prefix(tiny) :])
    assert len(transcript.text) > 10
    assert "".join(piece.text for piece in transcript.tokens).strip() == transcript.text
    check_times(transcript, len(samples) / RATE_HZ)


@pytest.mark.parametrize("kind", ["sense_voice_ctc", "wenet_ctc"])
def test_int8_networks_run_as_they_are(tmp_path: Path, speech: Floats, kind: Kind) -> None:
    tiny = made(tmp_path, kind, int8=True)
    assert tiny.recognizer.folder.manifest.quantization.startswith("int8")
    scores, expected = tiny.recognizer.scores(speech), reference_scores(tiny, speech)
    assert np.abs(scores - expected).mean() < 0.02
    transcript = tiny.recognizer.transcribe(speech)
    assert transcript.text == reference_text(scores[prefix(tiny) :])


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, len(PIECES) - 1), st.integers(1, 4)), max_size=40))
def test_any_path_reads_as_plain_code_reads_it(sense_voice: Made, path: list[tuple[int, int]]) -> None:
    numbers = np.repeat([number for number, _ in path], [times for _, times in path]).astype(int)
    scores = np.full((len(numbers), len(PIECES)), -9.0, np.float32)
    scores[np.arange(len(numbers)), numbers] = -0.25
    length_s = len(numbers) * 0.06 + 0.01
    pieces = sense_voice.recognizer._decode(scores, length_s)
    assert "".join(piece.text for piece in pieces).strip() == reference_text(scores)
    check_times(CtcTranscript("", pieces, None, 0.0), length_s)
    assert all(piece.logprob == -0.25 for piece in pieces)


def test_a_piece_is_in_the_rows_in_which_it_is_the_likeliest(sense_voice: Made) -> None:
    blank, the, you, good = "<blk>", "\u2581the", "\u4f60", "\u597d"
    path = [blank, the, the, blank, blank, "s", you, you, you, "<unk>", good]
    numbers = [PIECES.index(piece) for piece in path]
    scores = np.log(np.full((len(numbers), len(PIECES)), 0.01, np.float32))
    scores[np.arange(len(numbers)), numbers] = np.log(0.79)
    pieces = sense_voice.recognizer._decode(scores, 11 * 0.06)
    assert [piece.text for piece in pieces] == [" the", "s", "\u4f60", "\u597d"]
    found = [(round(piece.start / 0.06), round(piece.end / 0.06)) for piece in pieces]
    assert found == [(1, 3), (5, 6), (6, 9), (10, 11)]


def test_the_language_is_asked_for_and_told(tmp_path: Path, speech: Floats) -> None:
    tiny = made(tmp_path, "sense_voice_ctc")
    texts = set()
    for language in ("auto", "zh", "en"):
        recognizer = CtcNetwork(tiny.recognizer.folder.path, language=language)
        expected = reference_scores(tiny, speech, language)
        np.testing.assert_allclose(recognizer.scores(speech)[:4], expected[:4], atol=1e-4)
        texts.add(recognizer.scores(speech)[0].tobytes())
    assert len(texts) == 3
    with pytest.raises(UsageError, match="the language 'sv', only auto, zh, en, yue, ja, ko"):
        CtcNetwork(tiny.recognizer.folder.path, language="sv")


@pytest.mark.parametrize("language", ["zh", "en", "yue"])
def test_the_language_is_told_by_the_first_row_and_no_other(
    sense_voice: Made, speech: Floats, language: str
) -> None:
    recognizer = CtcNetwork(sense_voice.recognizer.folder.path, language=language)
    rows = [PIECES[number] for number in recognizer.scores(speech)[:4].argmax(axis=1)]
    assert rows == [f"<|{language}|>", "<|NEUTRAL|>", "<|nospeech|>", "<|withitn|>"]
    assert recognizer.transcribe(speech).language == language


def test_no_speech_is_no_language(sense_voice: Made, speech: Floats) -> None:
    recognizer = CtcNetwork(sense_voice.recognizer.folder.path, language="ko")
    assert PIECES[recognizer.scores(speech)[0].argmax()] == "<|nospeech|>"
    assert recognizer.transcribe(speech).language is None
    assert sense_voice.recognizer.transcribe(speech).language is None  # "auto": a piece that is no mark


def test_networks_that_tell_no_language_have_none(tmp_path: Path, speech: Floats) -> None:
    assert made(tmp_path, "wenet_ctc").recognizer.transcribe(speech).language is None


@pytest.mark.parametrize("samples", [0, 1, 79, 80, 100, 399, 400, 640, 1359, 1360, 1361, 2000])
def test_next_to_nothing_is_no_trouble(tiny: Made, samples: int) -> None:
    transcript = tiny.recognizer.transcribe(noise(samples))
    check_times(transcript, samples / RATE_HZ)
    if not samples:
        assert (transcript.text, transcript.tokens, transcript.mean_logprob) == ("", (), 0.0)


FRONT_ENDS = {
    "povey": Fbank(RATE_HZ, 80),
    "hamming": Fbank(RATE_HZ, 80, window="hamming"),
    "hann": Fbank(RATE_HZ, 80, window="hann"),
    "centered": Fbank(RATE_HZ, 80, centered=True),
    "zipformer": Fbank(RATE_HZ, 80, high_hz=-400.0, centered=True, sample_scale=1.0),
    "narrow": Fbank(RATE_HZ, 40, low_hz=64.0, high_hz=7000.0, centered=True),
}


@pytest.mark.parametrize("name", FRONT_ENDS)
def test_rows_are_kaldis(name: str, speech: Floats) -> None:
    front_end = FRONT_ENDS[name]
    for samples in (noise(RATE_HZ + 77), speech[: 3 * RATE_HZ]):
        ours, theirs = front_end.rows(samples), kaldi(samples, front_end)
        assert ours.shape == theirs.shape
        audible = theirs > theirs.max() - 14  # below lie the steps of float32
        assert np.abs(ours - theirs)[audible].max() < 5e-3
        assert np.abs(ours - theirs).mean() < 1e-3


@pytest.mark.parametrize("name", FRONT_ENDS)
def test_there_are_as_many_rows_as_kaldi_has(name: str) -> None:
    front_end = FRONT_ENDS[name]
    samples = noise(2000)
    for length in [*range(0, 500, 13), 399, 400, 401, *range(500, 2000, 97), *range(1990, 2001)]:
        ours = front_end.rows(samples[:length])
        assert len(ours) == len(kaldi(samples[:length], front_end)), length
        assert np.isfinite(ours).all()


def test_rows_are_frames_side_by_side() -> None:
    front_end = Fbank(RATE_HZ, 80, window="hamming", stack=7, skip=6)
    samples = noise(RATE_HZ)
    frames = Fbank(RATE_HZ, 80, window="hamming").rows(samples)
    rows = front_end.rows(samples)
    assert rows.shape == ((98 - 7) // 6 + 1, 560)
    assert front_end.row_s == pytest.approx(0.06)
    for number, row in enumerate(rows):
        np.testing.assert_array_equal(row.reshape(7, 80), frames[6 * number : 6 * number + 7])


@pytest.mark.parametrize(
    ("file", "content", "complaint"),
    [
        ("statistics.npy", b"no numbers", "statistics.npy: is not a .npy file"),
        ("statistics.npy", b"", "statistics.npy: is not a .npy file"),
        ("statistics.npy", None, r"statistics.npy: does not hold numbers of shape \(2, 560\)"),
        ("tokens.txt", b"a 0\nb 1\n", "tokens.txt: has 2 tokens, not 23 with the blank 0 among them"),
        ("tokens.txt", b"a 0\nb 2\n", "tokens.txt: does not number its tokens"),
        ("tokens.txt", b"\xff\xfe 0\n", "tokens.txt: has other lines than a token and its number"),
        ("tokens.txt", b"", "tokens.txt: does not number its tokens"),
    ],
)
def test_files_that_do_not_fit_are_refused_by_name(
    tmp_path: Path, file: str, content: bytes | None, complaint: str
) -> None:
    folder = open_folder(made(tmp_path, "sense_voice_ctc").recognizer.folder.path)
    if content is None:
        np.save(tmp_path / file, np.zeros((2, 80), np.float32))
        content = (tmp_path / file).read_bytes()
    rewrite(folder, {file: content}, parameters=folder.manifest.parameters)
    with pytest.raises(ModelError, match=complaint):
        CtcNetwork(folder.path)


@pytest.mark.parametrize("file", ["statistics.npy", "tokens.txt", "model.onnx"])
def test_one_wrong_byte_is_an_error_that_names_the_file(tmp_path: Path, file: str) -> None:
    path = made(tmp_path, "sense_voice_ctc").recognizer.folder.path
    content = bytearray((path / file).read_bytes())
    content[len(content) // 2] ^= 1
    (path / file).write_bytes(content)
    with pytest.raises(ModelError, match=f"{file}.*damaged"):
        CtcNetwork(path)


def test_other_models_are_refused() -> None:
    with pytest.raises(ModelError, match="expected a ctc-recognizer model, found segmenter"):
        CtcNetwork(builtin_root() / "segmenter")
