"""Which machine code is used, and what is said when there is none."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from edge_kernels.interface import HEADER, read_interface
from edge_kernels.library import (
    X86_LEVELS,
    KernelError,
    KernelsUnavailableError,
    call,
    flags_from_numpy,
    library,
    targets,
    x86_levels,
)
from edge_kernels.sources import fingerprint

from tools.compile_kernels.link import linker

ROOT = Path(__file__).parents[2]
USE = (
    "import sys, numpy as np; from edge_kernels.audio import gain; from edge_kernels.library import library\n"
)
SHOW = "print(gain(np.ones(3, np.float32), 2.0).sum(), library().kind, 'numba' in sys.modules)"

V2 = {"cx16", "popcnt", "sse4_1", "sse4_2", "ssse3", "lm"}
V3 = V2 | {"abm", "avx2", "bmi1", "bmi2", "f16c", "fma", "movbe"}
V4 = V3 | {"avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"}


def python(code: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | env, cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("flags", "levels"),
    [
        (set(), []),
        (V2, ["x86-64-v2"]),
        (V3, ["x86-64-v3", "x86-64-v2"]),
        (V4, ["x86-64-v4", "x86-64-v3", "x86-64-v2"]),
        (V4 - {"avx512dq"}, ["x86-64-v3", "x86-64-v2"]),
        (V4 - {"fma"}, ["x86-64-v2"]),  # a level stands on those below
    ],
)
def test_a_cpu_gets_the_levels_that_it_has(flags: set[str], levels: list[str]) -> None:
    assert x86_levels(flags) == levels


NUMPY_2_4 = {
    "CX16": True, "POPCNT": True, "SSE41": True, "SSE42": True, "SSSE3": True,
    "AVX2": True, "BMI": True, "BMI2": True, "F16C": True, "FMA3": True, "LZCNT": True, "MOVBE": True,
    "AVX512F": False, "AVX512BW": False, "AVX512CD": False, "AVX512DQ": False, "AVX512VL": False,
}  # fmt: skip
ONLY_IN_2_4 = {"CX16", "BMI", "BMI2", "LZCNT", "MOVBE"}
NUMPY_1 = {name: has for name, has in NUMPY_2_4.items() if name not in ONLY_IN_2_4}


@pytest.mark.parametrize(
    ("features", "best"),
    [
        (NUMPY_2_4, "x86-64-v3"),
        (NUMPY_1, "x86-64-v3"),
        (NUMPY_2_4 | {"BMI2": False}, "x86-64-v2"),
        (NUMPY_1 | {"AVX2": False}, "x86-64-v2"),
        (NUMPY_1 | {"SSE42": False}, None),
        (dict.fromkeys(NUMPY_2_4, True), "x86-64-v4"),
        (dict.fromkeys(NUMPY_1, True), "x86-64-v4"),
        ({}, None),
    ],
)
def test_numpy_says_what_a_cpu_has(features: dict[str, bool], best: str | None) -> None:
    assert next(iter(x86_levels(flags_from_numpy(features))), None) == best


@pytest.mark.skipif(not any(level in targets() for level in X86_LEVELS), reason="needs Linux on x86-64")
def test_a_machine_without_proc_has_the_same_kernels() -> None:
    tools = shutil.which("unshare"), shutil.which("umount")
    if (
        os.geteuid() != 0
        or None in tools
        or subprocess.run(["unshare", "-m", "true"], check=False).returncode
    ):
        pytest.skip("needs root and mount namespaces")
    show = f"{sys.executable} -c 'from edge_kernels.library import targets; print(*targets())'"
    result = subprocess.run(
        ["unshare", "-m", "sh", "-c", f"umount -l /proc && test ! -e /proc/cpuinfo && {show}"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert result.stdout.split() == targets()


def checkout(folder: Path, lib: Path | None, made_from: str) -> dict[str, str]:
    """A copy of the package, with this library if any; returns what makes Python import it."""
    copy = folder / "edge_kernels"
    shutil.copytree(
        ROOT / "kernels" / "edge_kernels", copy, ignore=shutil.ignore_patterns("lib", "__pycache__")
    )
    if lib is not None:
        (copy / "lib").mkdir()
        shutil.copy(lib, copy / "lib")
        (copy / "lib" / "sources").write_text(made_from)
    return {"PYTHONPATH": f"{folder}:{ROOT}", "EDGE_KERNELS": ""}


def test_a_checkout_that_was_installed_needs_no_numba(library_here: Path, tmp_path: Path) -> None:
    env = checkout(tmp_path, library_here, fingerprint())
    assert python(USE + SHOW, **env).stdout.split() == ["6.0", "aot", "False"]


@pytest.mark.slow
@pytest.mark.parametrize("changed", ["edge_kernels.h", "native/audio.py"])
def test_kernels_changed_since_are_compiled_again(library_here: Path, tmp_path: Path, changed: str) -> None:
    env = checkout(tmp_path, library_here, fingerprint())
    with (tmp_path / "edge_kernels" / changed).open("a") as file:
        file.write("/* more */\n" if changed.endswith(".h") else "# more\n")
    assert python(USE + SHOW, **env).stdout.split() == ["6.0", "jit", "True"]
    forced = python(USE + SHOW, **env | {"EDGE_KERNELS": "aot"}).stderr.splitlines()[-1]
    assert "the kernels were changed after those in " in forced
    assert "python -m tools.compile_kernels --here" in forced


@pytest.mark.slow
def test_compiling_is_told_once_before_it_starts(tmp_path: Path) -> None:
    cold = python(USE + SHOW, EDGE_KERNELS="jit", NUMBA_CACHE_DIR=str(tmp_path))
    assert cold.stderr == "edge: compiling kernels, once: about 20 s\n"
    assert python(USE + SHOW, EDGE_KERNELS="jit", NUMBA_CACHE_DIR=str(tmp_path)).stderr == ""


def test_the_variable_forces_numba() -> None:
    assert python(USE + SHOW, EDGE_KERNELS="jit").stdout.split() == ["6.0", "jit", "True"]


def test_the_variable_names_a_library_and_numba_stays_out(library_here: Path) -> None:
    file = library_here
    assert python(USE + SHOW, EDGE_KERNELS=str(file)).stdout.split() == ["6.0", "aot", "False"]


def test_where_nothing_was_compiled_no_library_can_be_forced(tmp_path: Path) -> None:
    result = python(USE + SHOW, **checkout(tmp_path, None, "") | {"EDGE_KERNELS": "aot"})
    assert "no compiled kernels for this machine" in result.stderr.splitlines()[-1]
    assert "python -m tools.compile_kernels" in result.stderr.splitlines()[-1]


@pytest.mark.parametrize("content", [b"", b"not a library", None])
def test_what_is_no_library_is_refused(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "x.so"
    if content is not None:
        file.write_bytes(content)
    result = python(USE + SHOW, EDGE_KERNELS=str(file))
    assert "KernelsUnavailableError: cannot use these kernels: " in result.stderr.splitlines()[-1]
    assert str(file) in result.stderr.splitlines()[-1]


def test_a_library_for_another_header_is_refused(library_here: Path, tmp_path: Path) -> None:
    program = (
        "import edge_kernels.interface, pathlib\n"
        f"edge_kernels.interface.HEADER = pathlib.Path({str(tmp_path / 'other.h')!r})\n"
        "import edge_kernels.library\n"
        "edge_kernels.library.read_interface = lambda read=edge_kernels.interface.read_interface: "
        "read(edge_kernels.interface.HEADER)\n"
        "edge_kernels.library.library()"
    )
    changed = HEADER.read_text().replace("int64_t count, float gain", "int32_t count, float gain")
    assert changed != HEADER.read_text()
    (tmp_path / "other.h").write_text(changed)
    result = python(program, EDGE_KERNELS=str(library_here))
    assert "were compiled for another edge_kernels.h" in result.stderr.splitlines()[-1]


def test_without_numba_the_extra_is_named(tmp_path: Path) -> None:
    result = python("import sys; sys.modules['numba'] = None\n" + USE + SHOW, **checkout(tmp_path, None, ""))
    assert "pip install 'edgereel[jit]'" in result.stderr.splitlines()[-1]


@pytest.mark.slow
def test_nowhere_to_keep_what_was_compiled_is_no_obstacle(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")  # a folder cannot be made below a file
    result = python(USE + SHOW, EDGE_KERNELS="jit", NUMBA_CACHE_DIR="", XDG_CACHE_HOME=str(tmp_path / "file"))
    assert result.stdout.split() == ["6.0", "jit", "True"], result.stderr


def test_a_refused_call_names_the_kernel_and_the_reason() -> None:
    with pytest.raises(KernelError, match="kernel gain: a count or an option is outside its range") as caught:
        call("gain", np.zeros(1, np.float32), -1, 1.0, np.zeros(1, np.float32))
    assert (caught.value.name, caught.value.status) == ("gain", 2)
    assert isinstance(KernelsUnavailableError(), ImportError)


def test_the_header_is_read_whole() -> None:
    interface = read_interface()
    code = re.sub(r"/\*.*?\*/", "", HEADER.read_text(), flags=re.S)
    assert len(interface.prototypes) == code.count(");") > 20
    assert interface.constants["KALDI"] == 2
    assert [name for name, _ in interface.structs["edge_mel_options"]][:4] == [
        "rate_hz",
        "n_fft",
        "window",
        "hop",
    ]
    assert call("interface") == interface.version
    assert call("lanes") in (4, 8, 16)


def test_a_declaration_outside_the_subset_is_named(tmp_path: Path) -> None:
    (tmp_path / "odd.h").write_text("int32_t edge_odd(const char **names);\n")
    with pytest.raises(ValueError, match=r"not in the supported subset of C: 'const char \*\*names'"):
        read_interface(tmp_path / "odd.h")


def test_there_is_a_linker() -> None:
    assert linker()
    assert library().kind in ("aot", "jit")
