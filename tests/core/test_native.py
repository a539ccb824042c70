"""The core as C: under sanitizers and valgrind, with damaged models, on another processor."""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import subprocess
import wave
from pathlib import Path

import numpy as np
import pytest
from edge_kernels.interface import HEADER as KERNELS_HEADER

from edge.arrays import Floats
from edge.evidence.labels import label_samples
from edge.networks.segmenter import Segmenter
from tools.bundle.core import CORE, compile_core
from tools.bundle.driver import Core
from tools.bundle.songs_model import HEADER_BYTES, MAGIC
from tools.compile_kernels.build import compile_object
from tools.compile_kernels.targets import TARGETS

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        platform.machine() != "x86_64" or not shutil.which("gcc"), reason="needs gcc on x86-64"
    ),
]
EXAMPLE = CORE / "examples" / "find_songs.c"
MISUSE = Path(__file__).with_name("misuse.c")
SANITIZERS = ("-fsanitize=address,undefined,float-cast-overflow", "-fno-sanitize-recover=all")
FIELDS_BYTES = 2900
"""About as many bytes of a model are fields; weights follow."""


@pytest.fixture(scope="module")
def kernels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return compile_object(TARGETS["x86-64-v3"], tmp_path_factory.mktemp("kernels") / "kernels.o")


def build(program: Path, source: Path, kernels: Path, *options: str) -> Path:
    """Compile a program with the core in it, by gcc and with the C library."""
    sources = [file for file in sorted(CORE.glob("*.c")) if file.name != "memory.c"]
    subprocess.run(
        ["gcc", "-std=c11", "-O1", "-g", "-mavx2", "-mfma", "-ffp-contract=off",
         "-Wall", "-Wextra", "-Werror", "-Wno-missing-field-initializers", *options,
         f"-I{CORE}", f"-I{KERNELS_HEADER.parent}", source, *sources, kernels, "-o", program, "-lm"],
        check=True,
    )  # fmt: skip
    return program


@pytest.fixture(scope="module")
def wav(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Floats]:
    rng = np.random.default_rng(4)
    seconds = np.arange(20 * 16_000) / 16_000
    tune = np.sin(2 * np.pi * 220 * 2 ** (np.floor(seconds * 2) % 5 / 5) * seconds)
    samples = (8000 * tune * (seconds > 5) + 300 * rng.standard_normal(len(seconds))).astype("<i2")
    path = tmp_path_factory.mktemp("wav") / "tune.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes(samples.tobytes())
    return path, samples.astype(np.float32) / np.float32(32768)


@pytest.fixture(scope="module")
def model_file(model: bytes, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("model") / "segmenter.edge"
    path.write_bytes(model)
    return path


def damaged(model: bytes, seed: int) -> bytes:
    """A model with a few other bytes and a digest that fits them."""
    rng = np.random.default_rng(seed)
    body = bytearray(model[HEADER_BYTES:])
    for _ in range(int(rng.integers(1, 4))):
        place = int(rng.integers(0, FIELDS_BYTES if seed % 4 else len(body)))
        body[place] = int(rng.integers(0, 256))
    header = MAGIC + len(body).to_bytes(8, "little") + hashlib.sha256(body).digest()
    return header.ljust(HEADER_BYTES, b"\0") + bytes(body)


def test_damaged_models_and_odd_calls_stay_inside_their_memory(
    kernels: Path, model: bytes, model_file: Path, tmp_path: Path
) -> None:
    program = build(tmp_path / "misuse", MISUSE, kernels, *SANITIZERS)
    files = [model_file]
    for seed in range(80):
        files.append(tmp_path / f"{seed}.edge")
        files[-1].write_bytes(damaged(model, seed))
    done = subprocess.run([program, "1", *files], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    outcomes = done.stdout.split()
    assert outcomes[0] == "0"
    assert outcomes.count("4") > 10 < outcomes.count("0")  # refused, and run


@pytest.mark.skipif(not shutil.which("valgrind"), reason="needs valgrind")
def test_valgrind_finds_nothing(kernels: Path, model_file: Path, tmp_path: Path) -> None:
    program = build(tmp_path / "misuse", MISUSE, kernels)
    done = subprocess.run(
        ["valgrind", "-q", "--error-exitcode=9", "--leak-check=full", program, "2", model_file],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout == "0\n"


def test_the_example_gives_the_same_on_aarch64(
    core: Core, model_file: Path, wav: tuple[Path, Floats], segmenter: Segmenter, tmp_path: Path
) -> None:
    """With and without dot product instructions."""
    compiler, emulator = shutil.which("aarch64-linux-gnu-gcc"), shutil.which("qemu-aarch64-static")
    if not compiler or not emulator:
        pytest.skip("needs gcc-aarch64-linux-gnu and qemu-user-static")
    library = compile_core(TARGETS["aarch64-linux"], tmp_path)
    printed = {}
    for name, cc, folder, run in (
        ("x86-64", "gcc", core.library.parent, []),
        ("neon", compiler, library.parent, [emulator, "-cpu", "cortex-a72", "-L", "/usr/aarch64-linux-gnu"]),
        ("dotprod", compiler, library.parent, [emulator, "-cpu", "max", "-L", "/usr/aarch64-linux-gnu"]),
    ):
        program = tmp_path / name
        subprocess.run(
            [cc, "-std=c99", "-O2", "-Wall", "-Wextra", "-pedantic", "-Werror", EXAMPLE, f"-I{CORE}",
             "-o", program, f"-L{folder}", "-ledge_songs", f"-Wl,-rpath,{folder}"],
            check=True,
        )  # fmt: skip
        printed[name] = subprocess.run(
            [*run, program, model_file, wav[0], "--frames"], capture_output=True, text=True, check=True
        ).stdout
    assert printed["neon"] == printed["dotprod"] == printed["x86-64"]
    frames = [line.split() for line in printed["neon"].splitlines() if not line.startswith("{")]
    expected = label_samples([wav[1]], segmenter).frames
    np.testing.assert_allclose(np.array(frames, np.float32), expected, atol=1e-3)


def test_the_example_refuses_in_a_line(
    core: Core, model_file: Path, wav: tuple[Path, Floats], tmp_path: Path
) -> None:
    program, folder = tmp_path / "find_songs", core.library.parent
    subprocess.run(["gcc", EXAMPLE, f"-I{CORE}", "-o", program, f"-L{folder}", "-ledge_songs"], check=True)
    (tmp_path / "noise").write_bytes(os.urandom(3000))
    for arguments, code, what in (
        ([], 2, "usage"),
        ([tmp_path / "none", wav[0]], 3, "cannot be read"),
        ([tmp_path / "noise", wav[0]], 3, "is not a model"),
        ([model_file, tmp_path / "noise"], 3, "is not a plain WAV file"),
    ):
        done = subprocess.run(
            [program, *arguments], env=os.environ | {"LD_LIBRARY_PATH": str(folder)},
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == code
        assert what in done.stderr
        assert len(done.stderr.splitlines()) == 1
