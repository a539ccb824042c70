"""Folders of sherpa-onnx, run by its package."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.errors import ModelError
from edge.evidence.speech.recognizers import open_recognizer
from edge.evidence.speech.sherpa_folder import NEEDED, open_sherpa
from edge.evidence.speech.word_times import shared_out
from edge.vocabulary import Span
from tests.makers import RATE_HZ
from tests.networks.makers import made
from tools.sound.signals import silence
from tools.sound.speech import speak

sherpa_onnx = pytest.importorskip("sherpa_onnx")


def test_words_are_those_of_the_package_with_its_times(tmp_path: Path) -> None:
    folder = made(tmp_path, "sense_voice_ctc").file.parent
    samples = np.concatenate([silence(0.5), 0.5 * speak("Good morning everybody."), silence(0.5)])
    direct = sherpa_onnx.OfflineRecognizer.from_sense_voice(
        str(folder / "model.onnx"), str(folder / "tokens.txt"), use_itn=True
    )
    stream = direct.create_stream()
    stream.accept_waveform(RATE_HZ, samples)
    direct.decode_stream(stream)
    recognizer = open_recognizer(folder)
    found = recognizer.recognize(samples)
    text = "".join(stream.result.text.split()).replace("<0x41>", "A").replace("<0xE4>", "")
    assert "".join(word.text for word in found.words) == text
    assert found.words[0].start == pytest.approx(stream.result.timestamps[0])
    assert all(one.end <= other.start + 1e-6 for one, other in pairwise(found.words))
    assert all(0 <= word.start < word.end <= len(samples) / RATE_HZ for word in found.words)
    assert recognizer.identity == open_recognizer(folder, language="auto").identity


def test_what_fails_in_the_package_is_an_error_of_the_model(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="lacks the metadata subsampling_factor"):
        open_recognizer(made(tmp_path / "a", "wenet_ctc").file.parent)
    other = open_recognizer(made(tmp_path / "b", "zipformer2_ctc").file.parent)  # its lengths are int32
    with pytest.raises(ModelError, match="fails in sherpa-onnx"):
        other.recognize(silence(1.0))


def test_a_language_is_that_of_the_words_if_the_model_detects_none(tmp_path: Path) -> None:
    folder = made(tmp_path, "sense_voice_ctc").file.parent
    assert open_recognizer(folder).recognize(silence(1.0)).language in {"zh", "und"}
    named = open_recognizer(folder, language="yue")
    assert named.identity[2] == "yue"
    assert named.recognize(silence(1.0)).language == "yue"


def network(path: Path, **metadata: str) -> None:
    """A network of which only the metadata are read."""
    model = onnx.helper.make_model(onnx.helper.make_graph([], "none", [], []))
    for name, value in metadata.items():
        model.metadata_props.add(key=name, value=value)
    onnx.save(model, path)


@pytest.mark.parametrize(
    ("names", "metadata", "kind"),
    [
        (("tiny.en-encoder.onnx", "tiny.en-decoder.onnx"), {"model_type": "whisper-tiny.en"}, "whisper"),
        (("encoder.int8.onnx", "decoder.onnx"), {"model_type": "paraformer"}, "streaming paraformer"),
        (("encoder.onnx", "decoder.onnx", "joiner.onnx"), {"model_type": "zipformer2"}, "transducer"),
        (
            ("encoder-epoch-9.onnx", "decoder-epoch-9.onnx", "joiner-epoch-9.onnx"),
            {"model_type": "zipformer2", "decode_chunk_len": "32"},
            "streaming transducer",
        ),
        (
            ("encoder.onnx", "decoder.onnx", "joiner.onnx"),
            {"model_type": "EncDecRNNTBPEModel"},
            "nemo_transducer",
        ),
        (("preprocess.onnx", "encode.onnx", "uncached_decode.onnx", "cached_decode.onnx"), {}, "moonshine"),
        (("ctc-epoch-20.onnx", "ctc-epoch-20.int8.onnx"), {"model_type": "zipformer2_ctc"}, "zipformer_ctc"),
        (
            ("model.onnx",),
            {"model_type": "EncDecCTCModelBPE", **dict.fromkeys(NEEDED["nemo_ctc"], "1")},
            "nemo_ctc",
        ),
    ],
)
def test_a_folder_is_known_by_its_files(
    names: tuple[str, ...], metadata: dict[str, str], kind: str, tmp_path: Path
) -> None:
    for name in names:
        network(tmp_path / name, **metadata)
    (tmp_path / "tokens.txt").write_text("<blk> 0\n")
    assert open_sherpa(tmp_path).kind == kind
    int8 = [name for name in names if ".int8." in name]
    assert set(int8) <= {file.name for file in open_sherpa(tmp_path).files.values()}


def test_other_folders_are_refused_before_the_package_sees_them(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="manifest"):
        open_recognizer(tmp_path)
    (tmp_path / "tokens.txt").write_text("<blk> 0\n")
    (tmp_path / "model.onnx").write_bytes(b"\x07nonsense")
    with pytest.raises(ModelError, match="no model_type in its metadata"):
        open_recognizer(tmp_path)
    network(tmp_path / "model.onnx", model_type="tomorrow")
    with pytest.raises(ModelError, match="unknown type 'tomorrow'"):
        open_recognizer(tmp_path)
    (tmp_path / "model.onnx").rename(tmp_path / "joiner.onnx")
    network(tmp_path / "decoder.onnx")
    with pytest.raises(ModelError, match="it needs tokens"):
        open_recognizer(tmp_path)


@given(
    st.lists(st.text("abc", min_size=1, max_size=5), max_size=8),
    st.lists(st.tuples(st.floats(0.1, 3), st.floats(0.1, 3)), max_size=4),
)
def test_words_share_what_is_audible(texts: list[str], parts: list[tuple[float, float]]) -> None:
    at, audible = 0.0, []
    for pause, length in parts:
        audible.append(Span(at + pause, at + pause + length))
        at += pause + length
    words = shared_out(texts, audible, at + 1)
    assert [word.text for word in words] == texts
    assert all(word.start < word.end <= at + 1 for word in words)
    assert all(one.end <= other.start + 1e-9 for one, other in pairwise(words))
    if words and audible:
        assert words[0].start == pytest.approx(audible[0].start)
        assert words[-1].end == pytest.approx(audible[-1].end)
