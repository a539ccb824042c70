"""Find out what a folder of a sherpa-onnx model holds, by its files and their metadata.

sherpa-onnx ends the process if it is given files that it does not expect, so they are examined first.
"""

from __future__ import annotations

import hashlib
import mmap
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from edge.errors import ModelError
from edge.models.inspection.protobuf import onnx_metadata

TOKENS = "*tokens.txt"

LAYOUTS: dict[str, tuple[str, ...]] = {
    "moonshine": ("preprocess", "encode", "uncached_decode", "cached_decode"),
    "moonshine v2": ("encoder_model", "decoder_model_merged"),
    "transducer": ("encoder", "decoder", "joiner"),
    "pair": ("encoder", "decoder"),
    "single": ("model",),
}
"""Roles of the files of a model, by how its folder is laid out; the first that is complete counts."""

PAIRS = {
    "whisper": "whisper", "paraformer": "streaming paraformer", "fire-red-asr": "fire_red_asr",
    "EncDecMultiTaskModel": "nemo_canary",
}  # fmt: skip
"""Kind of a model with encoder and decoder, by how its `model_type` begins."""

SINGLES = {
    "sense_voice": "sense_voice", "paraformer": "paraformer", "zipformer": "zipformer_ctc",
    "wenet_ctc": "wenet_ctc", "EncDecCTCModel": "nemo_ctc", "EncDecHybridRNNTCTCBPEModel": "nemo_ctc",
    "telespeech_ctc": "telespeech_ctc", "dolphin": "dolphin_ctc", "tdnn": "tdnn_ctc",
}  # fmt: skip
"""Kind of a model in one file, by how its `model_type` begins."""

NEEDED = {
    "sense_voice": {"vocab_size", "lfr_window_size", "lfr_window_shift", "neg_mean", "inv_stddev"},
    "paraformer": {"vocab_size", "lfr_window_size", "lfr_window_shift", "neg_mean", "inv_stddev"},
    "wenet_ctc": {"vocab_size", "subsampling_factor"},
    "nemo_ctc": {"vocab_size", "subsampling_factor", "normalize_type"},
}
"""Keys of the metadata without which sherpa-onnx ends the process, by kind."""

STREAMING = frozenset({"decode_chunk_len", "chunk_shift"})
"""Keys in the metadata of models that take a recording piece by piece."""


@dataclass(frozen=True, slots=True)
class SherpaFolder:
    """The files of a model, and what they are."""

    path: Path
    """The folder."""
    kind: str
    """Kind of the model, as sherpa-onnx's constructors are called; "streaming" precedes those that stream."""
    files: Mapping[str, Path]
    """File by role; `tokens` is one."""

    def digest(self) -> str:
        """Return the SHA-256 of the files."""
        digest = hashlib.sha256()
        for _, file in sorted(self.files.items()):
            with file.open("rb") as content:
                digest.update(hashlib.file_digest(content, "sha256").digest())
        return digest.hexdigest()


def is_sherpa(path: Path) -> bool:
    """Return whether a folder may be one of sherpa-onnx: it has tokens and networks."""
    return path.is_dir() and any(path.glob(TOKENS)) and any((*path.glob("*.onnx"), *path.glob("*.ort")))


def open_sherpa(path: Path) -> SherpaFolder:
    """Examine a folder. Raises ModelError if it holds no known model."""
    tokens = sorted(path.glob(TOKENS))
    for layout, roles in LAYOUTS.items():
        found = {role: file for role in roles if (file := _file(path, role))}
        if len(found) == len(roles) and tokens:
            return SherpaFolder(path, _kind(path, layout, found), {**found, "tokens": tokens[0]})
    raise ModelError(path, "is no model of sherpa-onnx: it needs tokens.txt, and model.onnx or an encoder")


def _file(path: Path, role: str) -> Path | None:
    """Return the network with a role, that with int8 weights if there are two."""
    networks = sorted((*path.glob("*.onnx"), *path.glob("*.ort")))
    named = [
        file
        for file in networks
        if role in file.name.removesuffix(file.suffix).replace("-", ".").split(".") or _begins(file, role)
    ]
    if role == "model" and not named and len({file.name.replace(".int8.", ".") for file in networks}) == 1:
        named = networks
    return next((file for file in named if ".int8." in file.name), named[0] if named else None)


def _begins(file: Path, role: str) -> bool:
    """Return whether a name is that of the role and a description: encoder-epoch-99-avg-1.onnx."""
    return file.name.startswith((f"{role}-", f"{role}.", f"{role}_"))


def _kind(path: Path, layout: str, files: Mapping[str, Path]) -> str:
    if layout in ("moonshine", "moonshine v2"):
        return layout.replace(" ", "_")
    first = next(iter(files.values()))
    metadata = _metadata(first)
    model_type = metadata.get("model_type", "")
    streams = "streaming " if STREAMING & metadata.keys() else ""
    if layout == "transducer":
        return f"{streams}{'nemo_' if model_type.startswith('EncDec') else ''}transducer"
    kinds = PAIRS if layout == "pair" else SINGLES
    for begin, kind in kinds.items():
        if model_type.startswith(begin):
            if missing := NEEDED.get(kind, set()) - metadata.keys():
                raise ModelError(
                    path, f"is damaged: {first.name} lacks the metadata {', '.join(sorted(missing))}"
                )
            return streams + kind.removeprefix(streams)
    what = f"the unknown type {model_type!r}" if model_type else "no model_type in its metadata"
    raise ModelError(path, f"is no model that sherpa-onnx reads: {first.name} has {what}")


def _metadata(file: Path) -> dict[str, str]:
    if not file.stat().st_size:
        return {}
    with file.open("rb") as content, mmap.mmap(content.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        view = memoryview(mapped)
        try:
            return onnx_metadata(view)
        finally:
            view.release()
