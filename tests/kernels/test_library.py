"""Which machine code is used, and what is said when there is none."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from edge_kernels.interface import HEADER, read_interface
from edge_kernels.library import KernelError, KernelsUnavailableError, call, library, targets, x86_levels

from tools.compile_kernels.link import linker

ROOT = Path(__file__).parents[2]
USE = (
    "import sys, numpy as np; from edge_kernels.sound import gain; from edge_kernels.library import library\n"
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


def test_the_variable_forces_numba() -> None:
    assert python(USE + SHOW, EDGE_KERNELS="jit").stdout.split() == ["6.0", "jit", "True"]


def test_the_variable_names_a_library_and_numba_stays_out(libraries: dict[str, Path]) -> None:
    file = libraries[targets()[0]]
    assert python(USE + SHOW, EDGE_KERNELS=str(file)).stdout.split() == ["6.0", "aot", "False"]


def test_a_checkout_has_no_library_to_force() -> None:
    result = python(USE + SHOW, EDGE_KERNELS="aot")
    assert "no compiled kernels for " in result.stderr.splitlines()[-1]
    assert "python -m tools.compile_kernels" in result.stderr.splitlines()[-1]


@pytest.mark.parametrize("content", [b"", b"not a library", None])
def test_what_is_no_library_is_refused(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "x.so"
    if content is not None:
        file.write_bytes(content)
    result = python(USE + SHOW, EDGE_KERNELS=str(file))
    assert "KernelsUnavailableError: cannot use these kernels: " in result.stderr.splitlines()[-1]
    assert str(file) in result.stderr.splitlines()[-1]


def test_a_library_for_another_header_is_refused(libraries: dict[str, Path], tmp_path: Path) -> None:
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
    result = python(program, EDGE_KERNELS=str(libraries[targets()[0]]))
    assert "were compiled for another edge_kernels.h" in result.stderr.splitlines()[-1]


def test_without_numba_the_extra_is_named() -> None:
    result = python("import sys; sys.modules['numba'] = None\n" + USE + SHOW, EDGE_KERNELS="")
    assert "pip install 'edgereel[jit]'" in result.stderr.splitlines()[-1]


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
    with pytest.raises(ValueError, match=r"not in the subset of C that is read here: 'const char \*\*names'"):
        read_interface(tmp_path / "odd.h")


def test_there_is_a_linker() -> None:
    assert linker()
    assert library().kind in ("aot", "jit")
