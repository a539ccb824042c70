"""The libraries compiled ahead of time: what is in them, and that they compute what numba computes here."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
import sys
import wave
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from edge_kernels import audio, images, labels, mixing, motion, speech, synthesis, text, transformer, vectors
from edge_kernels.interface import HEADER, read_interface
from edge_kernels.library import targets
from edge_kernels.mel import Mel, kaldi_fbank, mfcc, slaney
from edge_kernels.sources import LIBRARIES
from numpy.typing import NDArray

from tests.kernels.makers import OPTIONS, layer, phones, random_texts
from tests.kernels.replay import recorded, replay
from tools.compile_kernels import build
from tools.compile_kernels.build import compile_kernels
from tools.compile_kernels.link import ALLOWED, LIMIT_BYTES, BuildError, check, symbols
from tools.compile_kernels.targets import TARGETS

Floats = NDArray[np.float32]
ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "kernels" / "example" / "logmel.c"
HERE = [name for name in TARGETS if name in targets()]
"""Targets that this machine runs."""
needs_c = pytest.mark.skipif(not shutil.which("cc") or not shutil.which("c++"), reason="needs cc and c++")


@pytest.fixture(scope="session")
def aarch64() -> tuple[str, list[str]]:
    """A C compiler for aarch64-linux, and what runs its programs."""
    compiler, emulator = shutil.which("aarch64-linux-gnu-gcc"), shutil.which("qemu-aarch64-static")
    if platform.machine() == "aarch64":
        return "cc", []
    if not compiler or not emulator:
        pytest.skip("needs gcc-aarch64-linux-gnu and qemu-user-static")
    return compiler, [emulator, "-L", "/usr/aarch64-linux-gnu"]


@pytest.mark.parametrize("target", TARGETS)
def test_a_library_gives_the_headers_functions_takes_none_and_is_small(
    libraries: dict[str, Path], target: str
) -> None:
    given, taken = symbols(libraries[target])
    assert given == {f"edge_{name}" for name in read_interface().prototypes}
    assert taken <= ALLOWED
    assert libraries[target].stat().st_size <= LIMIT_BYTES == 160 * 1024


@needs_c
def test_a_library_that_needs_libm_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.c").write_text("double sin(double); double edge_gain(double x) { return sin(x); }")
    subprocess.run(["cc", "-shared", "-fPIC", "-o", tmp_path / "a.so", tmp_path / "a.c"], check=True)
    assert "sin" in symbols(tmp_path / "a.so")[1]
    with pytest.raises(BuildError, match="other functions than the header's"):
        check(tmp_path / "a.so", {f"edge_{name}" for name in read_interface().prototypes})


def test_compiling_again_gives_the_same_bytes(libraries: dict[str, Path], tmp_path: Path) -> None:
    wanted = [TARGETS["aarch64-linux"], TARGETS["arm64-ios15"]]
    build._object.cache_clear()
    for target, file in zip(wanted, compile_kernels(wanted, tmp_path), strict=True):
        assert file.read_bytes() == libraries[target.name].read_bytes()


@pytest.mark.parametrize("target", HERE)
def test_a_library_passes_the_tests_of_the_kernels(libraries: dict[str, Path], target: str) -> None:
    tested = (
        "mel",
        "text",
        "labels",
        "audio",
        "synthesis",
        "mixing",
        "images",
        "motion",
        "speech",
        "transformer",
        "vectors",
    )
    files = [f"tests/kernels/test_{name}.py" for name in tested]
    result = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *files],
        env=os.environ | {"EDGE_KERNELS": str(libraries[target])},
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert result.returncode == 0, result.stdout[-3000:]


def exercise() -> None:
    """Every kernel, with lengths that are no multiples of any number of lanes."""
    rng = np.random.default_rng(5)
    samples = (0.1 * rng.standard_normal(9001)).astype(np.float32)
    for options in (*OPTIONS.values(), slaney(), mfcc(), replace(kaldi_fbank(), offset=1.0)):
        Mel(options)(samples)
    texts = random_texts(120, 7)
    for window in (1, 4, 7):
        text.levenshtein_window(texts, window)
    text.levenshtein_all(texts[:40], texts[40:])
    text.similarity_window(texts, 4)
    text.similarity_all(texts)
    found = rng.integers(0, 4, 300)
    runs = labels.runs(found, 0, 1)
    weights = rng.random(300).astype(np.float32)
    labels.extend(found, labels.bridge(weights, runs, 1.0), 2, 3, edge_counts=True)
    confidences = rng.random((2, 50, 4)).astype(np.float32)
    labels.joint(confidences[0].copy(), confidences[1].copy(), {1, 3}, {0, 2})
    labels.change_point(rng.random(200).astype(np.float32))
    labels.viterbi(np.log(confidences[0]), np.log(rng.random((4, 4))))
    stereo = samples[:9000].reshape(-1, 2)
    audio.gain(samples, 0.7)
    audio.fade_in(stereo, 3001, 5)
    audio.fade_out(stereo, 3001, 5)
    audio.crossfade(stereo, stereo[::-1], equal_power=True)
    audio.crossfade(stereo, stereo[::-1], equal_power=False)
    sounds(stereo.T.copy())
    picture = rng.integers(0, 256, (37, 53, 3), np.uint8)
    images.area_crops(picture, [[0, 0, 53, 37], [5, 3, 22, 30]], 11, 19)
    images.warp(picture, rng.standard_normal((2, 2, 3)).astype(np.float32), 9, 13)
    boxes = rng.uniform(0, 40, (90, 4)).astype(np.float32) + np.array([0, 0, 30, 30], np.float32)
    images.suppress(boxes, rng.random(90).astype(np.float32), 0.4)
    images.regions(rng.random((37, 53), np.float32), 0.7)
    frames = rng.integers(0, 256, (2, 37, 53), np.uint8)
    motion.block_motion(frames[0], frames[1], 9)
    motion.block_motion(frames[0], np.roll(frames[0], (2, 3), (0, 1)))
    for size in (1, 29, 384, 1031):
        codes, scales = vectors.quantize(rng.standard_normal((61, size)))
        vectors.nearest(rng.standard_normal(size), codes, scales, 17)
    gains = np.ones(36, np.float32)
    layers = [layer(rng, 36, 37) for _ in range(2)]
    decoder = transformer.Decoder(layers, gains, heads=2, frequencies=gains[:8])
    decoding = decoder.start(rng.standard_normal((21, 36)).astype(np.float32), 3)
    for _ in range(3):
        transformer.scores(decoding.step(rng.standard_normal(36).astype(np.float32)), layers[0].own.query)
    speech.denoise(rng.gamma(0.4, 1e5, (51, 25)))
    means, variances, table, graph = phones(rng, 7)
    features = rng.standard_normal((33, 10)).astype(np.float32)
    speech.phone_path(features, speech.Gaussians.of(means, variances, -6.0), table, graph, 50.0)


def sounds(stereo: Floats) -> None:
    """The kernels of synthesis and mixing."""
    sections = [[0.2, 0.1, -0.1, -1.6, 0.8], [1.0, -2.0, 1.0, -1.9, 0.91]]
    for shape in synthesis.Wave:
        voice = synthesis.Voice(
            16_000, 411, shape, 3, 9.0, 0.7, noise=0.1, fm_index=0.4, cutoff_hz=900, vibrato_cents=20, seed=3
        )
        synthesis.add_voice(np.zeros((2, 901), np.float32), voice, 7, 801)
    synthesis.add_pluck(np.zeros((2, 901), np.float32), synthesis.Pluck(16_000, 411), -7, 801)
    synthesis.add_drum(np.zeros((2, 901), np.float32), synthesis.Drum(16_000, tone=1, noise=1, bursts=3), 7)
    streams = (
        mixing.Biquads(sections, 2), mixing.MeanSquares(sections, 2, 300), mixing.TruePeaks(2),
        mixing.Limiter(2, 8000, 0.05), mixing.Reverb(mixing.Room(8000, size=0.25)),
    )  # fmt: skip
    for stream in streams:
        for part in np.split(stereo, [1, 1703], axis=1):
            stream(np.ascontiguousarray(part))


@needs_c
def test_c_gets_the_same_results(
    libraries: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with recorded(monkeypatch) as recording:
        exercise()
    assert {line.split("(")[0].split("edge_")[1] for line in recording.lines if "edge_" in line} == (
        read_interface().prototypes.keys() - {"interface", "lanes"}
    )
    for target in HERE:
        (tmp_path / target).mkdir()
        replay(recording, libraries[target], "cc", [], tmp_path / target)


def test_aarch64_gets_the_same_results(
    libraries: dict[str, Path],
    aarch64: tuple[str, list[str]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with recorded(monkeypatch) as recording:
        exercise()
    replay(recording, libraries["aarch64-linux"], *aarch64, tmp_path)


def log_mel_of(wav: Path, library: Path, compiler: str, run: Sequence[str]) -> NDArray[np.float64]:
    """What the example prints for a file."""
    program = wav.parent / f"logmel-{library.stem}"
    header = library.parent
    subprocess.run(
        [compiler, "-std=c99", "-Wall", "-Wextra", "-Wno-missing-field-initializers", "-Werror", EXAMPLE,
         library, f"-I{header}", f"-Wl,-rpath,{header}", "-o", program],
        check=True,
    )  # fmt: skip
    printed = subprocess.run([*run, program, wav], check=True, capture_output=True, text=True).stdout
    return np.array([line.split() for line in printed.splitlines()], np.float64)


@pytest.fixture
def wav(tmp_path: Path) -> tuple[Path, Floats]:
    samples = (np.random.default_rng(2).standard_normal(16_000) * 3000).astype("<i2")
    with wave.open(str(tmp_path / "noise.wav"), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes(samples.tobytes())
    return tmp_path / "noise.wav", samples.astype(np.float32) / np.float32(32768)


@needs_c
def test_the_c_example_prints_the_spectrum(libraries: dict[str, Path], wav: tuple[Path, Floats]) -> None:
    assert len(EXAMPLE.read_text().splitlines()) <= 62
    for target in HERE:
        printed = log_mel_of(wav[0], libraries[target], "cc", [])
        np.testing.assert_array_equal(printed, as_printed(Mel(replace(slaney(), window=400))(wav[1])))


def test_the_c_example_runs_on_aarch64(
    libraries: dict[str, Path],
    aarch64: tuple[str, list[str]],
    wav: tuple[Path, Floats],
) -> None:
    printed = log_mel_of(wav[0], libraries["aarch64-linux"], *aarch64)
    np.testing.assert_array_equal(printed, as_printed(Mel(replace(slaney(), window=400))(wav[1])))


def as_printed(spectrum: Floats) -> NDArray[np.float64]:
    """What is left of numbers printed with six decimals: all processors compute the same spectrum."""
    return np.array([[float(f"{value:.6f}") for value in frame] for frame in spectrum])


@needs_c
def test_the_header_is_c_and_cpp(tmp_path: Path) -> None:
    for compiler, name in (("cc", "a.c"), ("c++", "a.cpp")):
        (tmp_path / name).write_text(f'#include "{HEADER}"\nint main(void) {{ return EDGE_OK; }}\n')
        subprocess.run(
            [
                compiler,
                "-Wall",
                "-Wextra",
                "-pedantic",
                "-Werror",
                "-c",
                tmp_path / name,
                "-o",
                tmp_path / "a.o",
            ],
            check=True,
        )


def test_c_callers_are_told_of_null_and_nonsense(libraries: dict[str, Path]) -> None:
    import ctypes  # noqa: PLC0415

    opened = ctypes.CDLL(str(libraries[HERE[0]]))
    for name, prototype in read_interface().prototypes.items():
        pointers = [p.pointer for p in prototype.parameters]
        if not any(pointers):
            continue
        function = prototype.ctype((f"edge_{name}", opened))
        memory = np.zeros(4096, np.uint8)
        for missing in (i for i, pointer in enumerate(pointers) if pointer):
            given = [
                (None if i == missing else memory.ctypes.data) if pointer else 1
                for i, pointer in enumerate(pointers)
            ]
            assert abs(function(*given)) == 1, (name, prototype.parameters[missing].name)
        if not all(pointers):
            nonsense = [memory.ctypes.data if pointer else -1 for pointer in pointers]
            assert abs(function(*nonsense)) in (2, 3), name


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="needs a checkout")
def test_no_library_is_committed() -> None:
    kept = subprocess.run(
        ["git", "ls-files", "kernels"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert not re.search(r"\.(so|o)$|/lib/", kept.stdout, re.M)
    subprocess.run(["git", "check-ignore", "-q", LIBRARIES / "x.so"], cwd=ROOT, check=True)
