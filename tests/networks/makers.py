"""Small recognizers laid out as by the exporters of sherpa-onnx."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import QuantType, quantize_dynamic

from edge.networks.ctc import CtcNetwork
from tests.models.makers import saved
from tools.importers import ctc as importer
from tools.importers.install import Target

Floats = NDArray[np.float32]

Kind = Literal["sense_voice_ctc", "zipformer2_ctc", "wenet_ctc"]

PIECES = [
    "<blk>", "<unk>", "<|zh|>", "<|en|>", "<|yue|>", "<|withitn|>", "<|NEUTRAL|>", "<|nospeech|>",
    "\u2581the", "\u2581st", "a", "s", "'", ",", "\u2581", "\u4f60", "\u597d", "\uff0c",
    "<0xE4>", "<0xBD>", "<0xA0>", "<0x41>", "\xe9",
]  # fmt: skip

LANGUAGES = {"auto": 0, "zh": 3, "en": 4, "yue": 7, "ja": 11, "ko": 12}

WITH_MARKS, EMOTION, EVENT = 14, 1, 2

SAYS = {
    3: "<|zh|>", 4: "<|en|>", 7: "<|yue|>", 12: "<|nospeech|>", EMOTION: "<|NEUTRAL|>", EVENT: "<|nospeech|>",
    WITH_MARKS: "<|withitn|>",
}  # fmt: skip
"""What the network's first rows say for what it was asked."""


@dataclass(frozen=True, repr=False)
class Made:
    """A recognizer, and the network that it was made of."""

    kind: Kind
    recognizer: CtcNetwork
    file: Path
    neg_mean: Floats
    inv_stddev: Floats

    @property
    def loud(self) -> float:
        """What samples are multiplied by."""
        return 1.0 if self.kind == "zipformer2_ctc" else 32768.0


def network(kind: Kind, neg_mean: Floats, inv_stddev: Floats) -> onnx.ModelProto:
    """Scores that depend on every input, laid out as by sherpa-onnx's exporters.

    SenseVoice puts four rows for language, emotion, event and marks before those of the audio; the others
    give a row for four of theirs.
    """
    rng = np.random.default_rng(7)
    sense_voice = kind == "sense_voice_ctc"
    width = 560 if sense_voice else 80
    size = len(PIECES)
    weights = rng.normal(0, 2 / np.sqrt(width), (width, size)).astype(np.float32)
    tensors = {"weights": weights, "one": np.array([1], np.int64), "first": np.array([0], np.int64)}
    nodes = [
        helper.make_node("Shape", ["x"], ["shape"]),
        helper.make_node("Gather", ["shape", "one"], ["rows"]),
        helper.make_node("Cast", ["rows"], ["all"], to=TensorProto.FLOAT),
        helper.make_node("Cast", ["x_length"], ["told"], to=TensorProto.FLOAT),
        helper.make_node("Div", ["told", "all"], ["share"]),
        helper.make_node("Mul", ["x", "share"], ["whole"]),
    ]
    if sense_voice:
        tensors |= {
            "table": np.stack([3 * weights[:, PIECES.index(SAYS.get(at, "a"))] for at in range(16)]),
            "asked": np.array([EMOTION, EVENT], np.int64),
        }
        nodes += [
            helper.make_node("Cast", ["language"], ["language64"], to=TensorProto.INT64),
            helper.make_node("Cast", ["text_norm"], ["norm64"], to=TensorProto.INT64),
            helper.make_node("Concat", ["language64", "asked", "norm64"], ["numbers"], axis=0),
            helper.make_node("Gather", ["table", "numbers"], ["queries"]),
            helper.make_node("Unsqueeze", ["queries", "first"], ["batch"]),
            helper.make_node("Concat", ["batch", "whole"], ["input"], axis=1),
        ]
    else:
        tensors |= {"last": np.array([1 << 40], np.int64), "four": np.array([4], np.int64)}
        nodes += [
            helper.make_node("ReduceMean", ["whole"], ["mean"], axes=[1]),
            helper.make_node("Sub", ["whole", "mean"], ["varying"]),
            helper.make_node("Slice", ["varying", "first", "last", "one", "four"], ["input"]),
        ]
    nodes += [helper.make_node("MatMul", ["input", "weights"], ["logits"])]
    names = ["x_length", "language", "text_norm"] if sense_voice else ["x_length"]
    graph = helper.make_graph(
        nodes,
        kind,
        [
            helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", "T", width]),
            *(helper.make_tensor_value_info(name, TensorProto.INT32, ["N"]) for name in names),
        ],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["N", "T2", size])],
        [numpy_helper.from_array(value, name) for name, value in tensors.items()],
    )
    model = onnx.load_from_string(saved(graph))
    notes = {"model_type": kind, "vocab_size": str(size)}
    if sense_voice:
        notes |= {
            "lfr_window_size": "7", "lfr_window_shift": "6", "normalize_samples": "0",
            "with_itn": str(WITH_MARKS), "without_itn": "15",
            "neg_mean": ",".join(map(str, neg_mean)), "inv_stddev": ",".join(map(str, inv_stddev)),
            **{f"lang_{name}": str(number) for name, number in LANGUAGES.items()},
        }  # fmt: skip
    for name, value in notes.items():
        model.metadata_props.add(key=name, value=value)
    return model


def made(path: Path, kind: Kind, *, int8: bool = False, pieces: list[str] = PIECES, **given: Any) -> Made:
    """A folder for sherpa-onnx, imported and loaded."""
    source = path / kind
    source.mkdir(parents=True)
    rng = np.random.default_rng(3)
    neg_mean = rng.normal(-9, 1, 560).astype(np.float32)
    inv_stddev = rng.uniform(0.1, 0.4, 560).astype(np.float32)
    file = source / "model.onnx"
    onnx.save(network(kind, neg_mean, inv_stddev), file)
    if int8:
        whole, file = file, source / "model.int8.onnx"
        quantize_dynamic(whole, file, weight_type=QuantType.QUInt8)
        whole.unlink()
    lines = "".join(f"{piece} {number}\n" for number, piece in enumerate(pieces))
    (source / "tokens.txt").write_text(lines, encoding="utf-8")
    options = argparse.Namespace(source=source, licence="none", language="auto")
    folder = importer.run(options, Target(path / "store", "tiny"))
    return Made(kind, CtcNetwork(folder.path, **given), file, neg_mean, inv_stddev)
