"""The manifest: what it holds, what it refuses, and that no byte of it changes unseen."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.errors import ModelError
from edge.models.folder import MANIFEST, open_folder
from edge.models.frontend import Fbank, ImageInput, LogMel, Samples, Tokens
from edge.models.limits import Limits
from edge.models.manifest import ZEROS, Manifest, ManifestError, Network, Tensor, decode, digest, encode
from tests.models.makers import floats, folder, linear

FRONT_ENDS = (
    LogMel(16_000, 512, 400, 160, 64, 40.0, 7800.0, 1e-6, -4.0, 4.0),
    Fbank(16_000, 80, stack=7, skip=6, window="hamming"),
    Samples(16_000),
    ImageInput(224, 224, mean=(127.5, 127.5, 127.5), scale=(128.0, 128.0, 128.0)),
    Tokens("tokenizer.json", 64),
    None,
)


def manifest(**fields: Any) -> Manifest:
    known: dict[str, Any] = {
        "schema": 1,
        "id": "tiny",
        "version": "1",
        "task": "test",
        "networks": {"net": Network("net.onnx", (floats("x", "batch", 4),), (floats("y", "batch", 3),))},
        "licence": "none",
        "source": "a test",
        "files": {"net.onnx": "0" * 63 + "1"},
        "digest": ZEROS.decode(),
    }
    return Manifest(**known | fields)


def forged(**changes: Any) -> bytes:
    """A manifest with a right digest and wrong content."""
    document = json.loads(encode(manifest())) | changes | {"digest": ZEROS.decode()}
    content = json.dumps(document).encode()
    return content.replace(ZEROS, digest(content, ZEROS))


@pytest.mark.parametrize("front_end", FRONT_ENDS, ids=lambda front: type(front).__name__)
def test_what_is_written_is_read_back(front_end: Any) -> None:
    written = manifest(front_end=front_end, parameters={"stride": 8, "p": 0.5}, labels=("a", "b"))
    read = decode(encode(written))
    assert read.front_end == front_end
    assert read.parameters == {"stride": 8, "p": 0.5}
    assert read.networks == written.networks
    assert encode(read) == encode(written)


@given(st.data())
def test_no_byte_changes_unseen(data: st.DataObject) -> None:
    content = bytearray(encode(manifest(front_end=FRONT_ENDS[0])))
    place = data.draw(st.integers(0, len(content) - 1))
    content[place] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(ManifestError):
        decode(bytes(content))


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"schema": 2}, "schema 2; this version reads 1"),
        ({"schema": "x"}, "damaged or not a manifest"),
        ({"id": "../up"}, r"\$\.id"),
        ({"id": "Loud"}, r"\$\.id"),
        ({"surprise": 1}, "surprise"),
        ({"files": {"../net.onnx": "0" * 63 + "1"}}, "files"),
        ({"files": {}}, "no SHA-256 for net.onnx"),
        ({"files": {"net.onnx": "short"}}, "files"),
        ({"front_end": {"kind": "telepathy"}}, r"front_end"),
        ({"front_end": {"kind": "samples", "rate_hz": 0}}, r"front_end\.rate_hz"),
        ({"front_end": {"kind": "log-mel", "rate_hz": 16000}}, "front_end"),
        ({"networks": {"net": {"file": "net.onnx", "inputs": [], "outputs": 3}}}, "networks"),
    ],
)
def test_what_does_not_fit_the_schema_is_named(changes: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ManifestError, match=complaint):
        decode(forged(**changes))


@pytest.mark.parametrize("shape", [(0,), (-1,), ("",), (1.5,)])
def test_axes_are_sizes_or_names(shape: tuple[Any, ...]) -> None:
    broken = manifest(networks={"net": Network("net.onnx", (Tensor("x", "float32", shape),), ())})
    with pytest.raises(ManifestError, match="shape"):
        decode(encode(broken))


@pytest.mark.parametrize("content", [b"", b"[]", b"null", b"{}", b"\xff\xfe", b'{"schema": 1}'])
def test_what_is_no_manifest_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / MANIFEST).write_bytes(content)
    with pytest.raises(ModelError, match=r"manifest\.json"):
        open_folder(tmp_path)


def test_a_missing_manifest_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"manifest\.json: is missing"):
        open_folder(tmp_path)


def test_limits_are_enforced_before_anything_is_read(tmp_path: Path) -> None:
    made = folder(tmp_path / "model", linear())
    with pytest.raises(ModelError, match=r"manifest\.json: is larger"):
        open_folder(made.path, Limits(manifest_bytes=100))
    with pytest.raises(ModelError, match="names 2 files; the limit is 1"):
        open_folder(made.path, Limits(files=1))
    with pytest.raises(ModelError, match=r"net\.onnx: is larger"):
        open_folder(made.path, Limits(file_bytes=50)).read("net.onnx")
