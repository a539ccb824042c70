"""Bundles: the same bytes twice, every change found, and networks that compute what they must."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import wave
from pathlib import Path

import numpy as np
import pytest

from edge.evidence.labels import label_samples
from edge.models.store import builtin_root, find
from edge.networks.segmenter import Segmenter
from edge.songs.detection import detect_songs
from edge.songs.options import SongOptions
from tools.bundle.contents import MODEL_STAGES, SYSTEMS, TARGETS
from tools.bundle.driver import Core
from tools.bundle.networks import judge, place_model
from tools.bundle.write import SONGS_MODEL, BundleError, verify, write_bundle
from tools.convert.folder import rewrite

pytestmark = pytest.mark.slow
LIMIT_BYTES = 12_000_000
"""Of what an app takes along to find songs, beside a runtime."""


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_bundle("linux-x86_64", ["songs"], tmp_path_factory.mktemp("bundle") / "songs").path


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tools.bundle", *map(str, arguments)],
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[3])},
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_a_bundle_is_small_and_has_the_same_bytes_twice(bundle: Path, tmp_path: Path) -> None:
    again = write_bundle("linux-x86_64", ["songs"], tmp_path / "again").path
    files = {path.relative_to(bundle): path.read_bytes() for path in bundle.rglob("*") if path.is_file()}
    assert files == {
        path.relative_to(again): path.read_bytes() for path in again.rglob("*") if path.is_file()
    }
    taken = sum(len(content) for path, content in files.items() if path.parts[0] in ("lib", "models"))
    assert taken < LIMIT_BYTES
    assert verify(bundle) == len(files) - 1


def test_every_change_is_found(bundle: Path, tmp_path: Path) -> None:
    for change in ("models/segmenter/encoder.onnx", "lib/libedge_songs.so", "README.md"):
        copy = tmp_path / Path(change).name
        shutil.copytree(bundle, copy)
        content = bytearray((copy / change).read_bytes())
        content[len(content) // 2] ^= 1
        (copy / change).write_bytes(content)
        with pytest.raises(BundleError, match=f"{Path(change).name}: has changed"):
            verify(copy)
    (copy / "README.md").unlink()
    (copy / "extra").write_text("")
    result = run("--verify", copy)
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr == f"tools.bundle: {copy / 'README.md'}: is missing\n"


def test_the_core_of_a_bundle_finds_the_songs_of_its_golden_vectors(bundle: Path) -> None:
    core = Core(bundle / "lib" / "libedge_songs.so", (bundle / "models" / SONGS_MODEL).read_bytes())
    steps = bundle / "golden" / "songs-steps"
    samples = np.load(steps / "1-samples.npy")
    with wave.open(str(bundle / "golden" / "recording.wav")) as file:
        stored = np.frombuffer(file.readframes(file.getnframes()), "<i2")
    np.testing.assert_array_equal(samples * 32768, stored)
    recording = core.open()
    recording.accept(samples)
    recording.finish()
    np.testing.assert_allclose(recording.frames(), np.load(steps / "4-frame-confidences.npy"), atol=1e-3)
    np.testing.assert_allclose(recording.segments(), np.load(steps / "6-segment-confidences.npy"), atol=1e-3)
    expected = json.loads((bundle / "golden" / "songs-steps.json").read_bytes())
    found = recording.take()
    assert [song.start for song in found] == pytest.approx([song["start"] for song in expected], abs=1e-3)
    assert [song.end for song in found] == pytest.approx([song["end"] for song in expected], abs=1e-3)
    assert found


def test_golden_vectors_lead_from_step_to_step(bundle: Path, segmenter: Segmenter) -> None:
    steps = {path.stem: np.load(path) for path in (bundle / "golden" / "songs-steps").glob("*.npy")}
    embedding, attention, logits = segmenter.sessions["encoder"].run(steps["2-log-mel"][None])
    context = segmenter.parameters.context
    for name, values in (("embedding", embedding), ("attention", attention), ("logits", logits)):
        np.testing.assert_allclose(values[0][:-context], steps[f"3-{name}"][:-context], atol=1e-5)
    confidences = segmenter.fuse(steps["5-windows"][:, 0])
    np.testing.assert_allclose(confidences, steps["6-segment-confidences"], atol=1e-5)
    track = label_samples([steps["1-samples"]], segmenter)
    assert len(detect_songs(track, segmenter.fuse_batch, SongOptions())) == 1


def test_networks_for_phones_compute_what_the_others_do(tmp_path: Path) -> None:
    for model in ("segmenter", "tags"):
        folder = place_model(model, TARGETS["android-arm64"], tmp_path / model)
        assert {network.file[-4:] for network in folder.manifest.networks.values()} == {".ort"}
        assert not list(folder.path.glob("*.onnx"))
        assert all(verdict.passed for verdict in judge(folder))


def test_a_network_that_computes_something_else_does_not_pass(tmp_path: Path) -> None:
    """The weights that lead from a segment to its confidences have the wrong sign."""
    import onnx  # noqa: PLC0415
    from onnx import numpy_helper  # noqa: PLC0415

    source = find("segmenter")
    graph = onnx.load(source.path / "fusion.onnx")
    weights = next(node.input[1] for node in graph.graph.node if node.op_type == "MatMulInteger")
    for tensor in graph.graph.initializer:
        if tensor.name == weights:
            tensor.CopyFrom(numpy_helper.from_array(-numpy_helper.to_array(tensor), tensor.name))
    other = rewrite(source, {"fusion.onnx": graph.SerializeToString()}, path=tmp_path / "segmenter")
    assert not any(verdict.passed for verdict in judge(other))


def test_systems_name_the_models_there_are(tmp_path: Path) -> None:
    ships = {path.name for path in builtin_root().iterdir() if path.is_dir()}
    taken = {model for system in SYSTEMS.values() for model in system.models}
    assert ships <= taken
    assert set(MODEL_STAGES) <= taken


def test_bad_requests_are_one_line(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    for arguments, code, what in (
        (["--target", "amiga"], 2, "invalid choice"),
        (["--target", "jetson", "--systems", "songs,opera"], 2, "unknown system opera"),
        (["--target", "jetson", "--systems", "songs", "-o", tmp_path / "there"], 1, "already exists"),
        (["--verify", tmp_path / "there"], 1, "is not a bundle"),
    ):
        result = run(*arguments)
        assert result.returncode == code, result.stderr
        assert what in result.stderr.splitlines()[-1]
