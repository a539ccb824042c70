"""Calls of kernels, recorded here and made again by a C program: the same library on another kind of CPU."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from edge_kernels import (
    audio,
    images,
    labels,
    library,
    mel,
    mixing,
    motion,
    speech,
    synthesis,
    text,
    transformer,
    vectors,
)
from edge_kernels.interface import Prototype, read_interface
from numpy.typing import NDArray

OWN = {"plan", "scratch", "table"}
"""Buffers whose contents are a library's own affair, as they depend on its lanes."""

ROOM = 4
"""Scratch and plans for fewer lanes are smaller, for more lanes up to this many times larger."""


@dataclass
class Recording:
    """Buffers as they were when first seen, calls in order, and what each wrote."""

    buffers: list[NDArray[Any]] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    results: list[tuple[str, NDArray[Any]]] = field(default_factory=list)
    _places: dict[int, int] = field(default_factory=dict)
    _alive: list[NDArray[Any]] = field(default_factory=list)

    def place(self, array: NDArray[Any]) -> int:
        """The number of the buffer that `array` is; views at another address are buffers of their own."""
        address = array.__array_interface__["data"][0]
        if address not in self._places:
            self._places[address] = len(self.buffers)
            self.buffers.append(array.copy())
            self._alive.append(array)  # so that no other array gets its address
        return self._places[address]


@contextmanager
def recorded(monkeypatch: pytest.MonkeyPatch) -> Iterator[Recording]:
    """Record every call that the public functions make; they go on to the real library."""
    recording, call = Recording(), library.call
    prototypes = read_interface().prototypes

    def recording_call(name: str, *arguments: Any) -> int:
        places = [recording.place(a) if isinstance(a, np.ndarray) else None for a in arguments]
        result = call(name, *arguments)
        _note(recording, prototypes[name], arguments, places, result)
        return result

    with monkeypatch.context() as patch:
        for module in (
            mel,
            text,
            labels,
            audio,
            synthesis,
            mixing,
            images,
            motion,
            speech,
            transformer,
            vectors,
        ):
            patch.setattr(module, "call", recording_call)
        yield recording


def _note(
    recording: Recording,
    prototype: Prototype,
    arguments: Sequence[Any],
    places: list[int | None],
    result: int,
) -> None:
    given, written = [], []
    for parameter, argument, place in zip(prototype.parameters, arguments, places, strict=True):
        if place is None:
            given.append(
                float(argument).hex() if parameter.type in ("float", "double") else str(int(argument))
            )
            continue
        given.append(f"(void *)buffers[{place}]")
        if not parameter.const and parameter.name not in OWN:
            written.append(f"    put(buffers[{place}], {argument.nbytes});")
            recording.results.append((f"{prototype.name}, {parameter.name}", argument.copy()))
    sized = prototype.name.endswith("_size")
    expected = "" if sized else f" if (got != {result}) return {len(recording.lines) + 1};"
    recording.lines.append(f"    got = edge_{prototype.name}({', '.join(given)});{expected}")
    recording.lines += written


def replay(recording: Recording, file: Path, compiler: str, run: Sequence[str], folder: Path) -> None:
    """Make the same calls to the library `file` in a C program; every result must be the recorded one.

    Whole numbers exactly, floats within 1e-4.
    """
    header = file.parent
    (folder / "replay.c").write_text(_program(recording))
    (folder / "in").write_bytes(b"".join(buffer.tobytes() for buffer in recording.buffers))
    subprocess.run(
        [
            compiler,
            "-O1",
            "-o",
            folder / "replay",
            folder / "replay.c",
            file,
            f"-I{header}",
            f"-Wl,-rpath,{header}",
        ],
        check=True,
    )
    subprocess.run([*run, folder / "replay", folder / "in", folder / "out"], check=True)
    theirs, at = (folder / "out").read_bytes(), 0
    for name, expected in recording.results:
        found = np.frombuffer(theirs, expected.dtype, expected.size, at).reshape(expected.shape)
        at += expected.nbytes
        if np.issubdtype(expected.dtype, np.floating):
            np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4, err_msg=name)
        else:
            np.testing.assert_array_equal(found, expected, err_msg=name)
    assert at == len(theirs) > 0


def _program(recording: Recording) -> str:
    sizes = ", ".join(str(buffer.nbytes) for buffer in recording.buffers)
    calls = "\n".join(recording.lines)
    return f"""
#include "edge_kernels.h"
#include <stdio.h>
#include <stdlib.h>

static const size_t sizes[] = {{{sizes}}};
static void *buffers[sizeof sizes / sizeof *sizes];
static FILE *out;

static void put(const void *from, size_t size) {{ fwrite(from, 1, size, out); }}

int main(int count, char **paths)
{{
    FILE *in = fopen(paths[1], "rb");
    int64_t got;
    out = fopen(paths[2], "wb");
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; ++i) {{
        buffers[i] = calloc(sizes[i] + 64, {ROOM});
        if (fread(buffers[i], 1, sizes[i], in) != sizes[i]) return 255;
    }}
{calls}
    return fclose(out);
}}
"""
