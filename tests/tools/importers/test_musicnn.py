"""Checkpoints of TensorFlow, written here, and the tagger that is rebuilt from one."""

from __future__ import annotations

import random
import struct
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")  # the extra `train`

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.arrays import Floats
from edge.networks.music_tagger import MusicTagger
from tests.matching.makers import band
from tests.tools.importers.conftest import Import
from tests.tools.importers.makers import real_wheel, wheel
from tools.importers import musicnn
from tools.importers.checkpoints import MAGIC, read_checkpoint
from tools.importers.musicnn import FOLDER, FRAMES, MELS, PACKAGE
from tools.importers.musicnn_network import Musicnn
from tools.importers.sources import open_source

INT32 = 3


def varint(number: int) -> bytes:
    made = bytearray()
    while number > 127:
        made.append(number & 127 | 128)
        number >>= 7
    return bytes([*made, number])


def entry(kind: int, shape: tuple[int, ...], offset: int, size: int) -> bytes:
    """BundleEntryProto: type, shape, offset, size and a checksum."""
    dims = b"".join(b"\x12" + varint(len(d)) + d for d in (b"\x08" + varint(one) for one in shape))
    content = b"\x08" + varint(kind) + b"\x12" + varint(len(dims)) + dims
    content += b"\x20" + varint(offset) if offset else b""
    return content + b"\x28" + varint(size) + b"\x35" + b"\1\2\3\4"


def block(rows: list[tuple[bytes, bytes]], every: int = 16) -> bytes:
    """A block of a table, with the shared starts of keys left out, and its trailer."""
    content, restarts, before = bytearray(), [], b""
    for number, (key, value) in enumerate(rows):
        shared = 0
        if number % every == 0:
            restarts.append(len(content))
        else:
            while shared < min(len(key), len(before)) and key[shared] == before[shared]:
                shared += 1
        content += varint(shared) + varint(len(key) - shared) + varint(len(value)) + key[shared:] + value
        before = key
    content += b"".join(struct.pack("<I", at) for at in (*restarts, len(restarts)))
    return bytes(content) + b"\0" + b"sums"


def bundle(tensors: Mapping[str, Floats], *, rows_of_a_block: int = 30) -> tuple[bytes, bytes]:
    """Index and data of a checkpoint, which holds a counter, too."""
    data, rows = b"", [(b"", b"\x08\x01\x1a\x02\x08\x01")]
    for name, values in sorted({**tensors, "global_step": np.array(7, np.float32)}.items()):
        content = values.astype("<f4").tobytes()
        kind = INT32 if name == "global_step" else 1
        rows.append((name.encode(), entry(kind, values.shape, len(data), len(content))))
        data += content
    index, handles = b"", []
    for at in range(0, len(rows), rows_of_a_block):
        made = block(rows[at : at + rows_of_a_block])
        handles.append((rows[at][0] + b"~", varint(len(index)) + varint(len(made) - 5)))
        index += made
    places = []
    for part in (block([]), block(handles, every=1)):
        places.append(varint(len(index)) + varint(len(part) - 5))
        index += part
    return index + b"".join(places).ljust(40, b"\0") + struct.pack("<Q", MAGIC), data


TENSORS = {
    "dense/kernel": np.arange(6, dtype=np.float32).reshape(2, 3),
    "dense/bias": np.ones(3, np.float32),
    "dense_1/kernel": np.full((300, 2, 1), -2.5, np.float32),
    "scale": np.array(0.5, np.float32),
}


@pytest.mark.parametrize("rows_of_a_block", [1, 2, 30])
def test_float_tensors_are_read(rows_of_a_block: int) -> None:
    found = read_checkpoint(*bundle(TENSORS, rows_of_a_block=rows_of_a_block))
    assert found.keys() == TENSORS.keys()
    for name, values in TENSORS.items():
        np.testing.assert_array_equal(found[name], values)


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_a_damaged_checkpoint_is_a_value_error(data: st.DataObject) -> None:
    """Or it is read, if the damage is in values or in names."""
    index, values = bundle(TENSORS)
    kind = data.draw(st.sampled_from(["cut", "changed", "data", "noise"]))
    if kind == "cut":
        index = index[: data.draw(st.integers(0, len(index) - 1))]
    elif kind == "data":
        values = values[: data.draw(st.integers(0, len(values) - 5))]
    elif kind == "noise":
        index = data.draw(st.binary(max_size=100)) + struct.pack("<Q", MAGIC)
    else:
        changed = bytearray(index)
        for _ in range(data.draw(st.integers(1, 3))):
            changed[data.draw(st.integers(0, len(index) - 1))] = data.draw(st.integers(0, 255))
        index = bytes(changed)
    try:
        found = read_checkpoint(index, values)
    except ValueError:
        return
    assert kind in ("changed", "noise")
    assert all(isinstance(one, np.ndarray) for one in found.values())


def source_tensors() -> dict[str, Floats]:
    """Random weights of the network by the names of its source."""
    torch.manual_seed(0)
    network = Musicnn()
    for name, buffer in network.named_buffers():
        if name.endswith("running_mean"):
            buffer.normal_(0, 0.1)
        elif name.endswith("running_var"):
            buffer.uniform_(0.5, 1.5)
    state = network.state_dict()
    blocks = [
        f"{part}.{n}"
        for part, count in (("timbral", 2), ("temporal", 3), ("middle", 3))
        for n in range(count)
    ]
    norms = ["norm", *(f"{one}.norm" for one in blocks), "pooled", "dense_norm"]
    made: dict[str, Floats] = {}
    for number, name in enumerate(norms):
        at = f"batch_normalization_{number}" if number else "batch_normalization"
        made |= {
            f"{at}/gamma": state[f"{name}.weight"].numpy(), f"{at}/beta": state[f"{name}.bias"].numpy(),
            f"{at}/moving_mean": state[f"{name}.running_mean"].numpy(),
            f"{at}/moving_variance": state[f"{name}.running_var"].numpy(),
        }  # fmt: skip
    for number, name in enumerate(blocks):
        at = f"conv2d_{number}" if number else "conv2d"
        made[f"{at}/kernel"] = state[f"{name}.conv.weight"].permute(2, 3, 1, 0).contiguous().numpy()
        made[f"{at}/bias"] = state[f"{name}.conv.bias"].numpy()
    for name, at in (("dense", "dense"), ("tags", "dense_1")):
        made |= {
            f"{at}/kernel": state[f"{name}.weight"].T.numpy(),
            f"{at}/bias": state[f"{name}.bias"].numpy(),
        }
    return made


def package(path: Path, tensors: Mapping[str, Floats]) -> Path:
    """A wheel of the package with these weights."""
    index, data = bundle(tensors)
    files = {".index": index, ".data-00000-of-00001": data}
    return wheel(
        path / "musicnn-0.1.0-py3-none-any.whl",
        {f"{PACKAGE.folder}/{FOLDER}/{name}": content for name, content in files.items()},
    )


def test_an_imported_tagger_answers_as_its_weights_do(importing: Import, store: Path, tmp_path: Path) -> None:
    tensors = source_tensors()
    given = package(tmp_path, tensors)
    importing("musicnn", given)
    network = musicnn.build(open_source(PACKAGE, given))
    np.testing.assert_array_equal(network.dense.weight.detach().numpy().T, tensors["dense/kernel"])
    assert (store / "musicnn" / "CARD.md").is_file()
    with MusicTagger("musicnn") as tagger:
        samples = band(4, rate_hz=tagger.rate_hz)[: tagger.excerpt]
        mel = torch.from_numpy(tagger.front_end.mel(samples))
        assert mel.shape == (FRAMES, MELS)
        with torch.no_grad():
            tags, vector = network(mel[None])
        found = tagger.tag(samples)
    np.testing.assert_allclose(found.tags, tags[0], atol=1e-4)
    np.testing.assert_allclose(found.vector, vector[0], atol=1e-3)


def test_other_weights_are_one_clear_error(importing: Import, tmp_path: Path) -> None:
    tensors = source_tensors()
    name = random.Random(0).choice(sorted(tensors))
    missing = {key: values for key, values in tensors.items() if key != name}
    for wrong in (missing, tensors | {"dense/bias": np.zeros(3, np.float32)}, {}):
        said = importing("musicnn", package(tmp_path, wrong), code=3)
        assert f"{FOLDER} holds other weights than expected" in said
    content = {
        f"{PACKAGE.folder}/{FOLDER}/.index": b"noise",
        f"{PACKAGE.folder}/{FOLDER}/.data-00000-of-00001": b"",
    }
    assert "no table" in importing("musicnn", wheel(tmp_path / "musicnn-0-py3.whl", content), code=3)


def test_the_real_weights_tell_music_apart(importing: Import, store: Path) -> None:
    importing("musicnn", real_wheel("musicnn*.whl"))
    assert (store / "musicnn").is_dir()
    with MusicTagger("musicnn") as teacher, MusicTagger() as shipped:
        assert teacher.labels == shipped.labels
        assert teacher.parameters.space == shipped.parameters.space
        samples = band(4, rate_hz=teacher.rate_hz)
        tags = teacher.tag(samples).tags
        assert tags.max() > 0.2
        assert np.corrcoef(tags, shipped.tag(samples).tags)[0, 1] > 0.5
