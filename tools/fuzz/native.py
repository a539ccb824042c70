"""The C entry points of the kernels, with senseless counts, options and contents in buffers that have room.

What the header leaves to the caller is kept: the size of buffers, plans that the library made, states that
begin at zero.
"""

from __future__ import annotations

import math
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Any, Final

import msgspec
import numpy as np
from edge_kernels.interface import SCALARS, Parameter, read_interface
from edge_kernels.library import KernelError, call, library
from numpy.typing import NDArray

from tools.fuzz.target import Target

NOT_CALLED: Final = {"interface", "lanes", "mel", "mel_scratch_size"}
"""Kernels without arguments, and those of a plan that the library itself makes."""
SIZES: Final = {
    ("mel_plan", "plan"): "mel_plan_size",
    ("reverb", "state"): "reverb_size",
    ("levenshtein_window", "scratch"): "levenshtein_scratch_size",
    ("levenshtein_all", "scratch"): "levenshtein_scratch_size",
}
"""Buffers of which a kernel says the size, and that kernel."""
CALLS: Final = 10
"""Calls of an input."""
ROOM: Final = 1 << 19
"""Bytes of a buffer: counts are so small that none needs more."""
COUNTS: Final = (0, 1, 1, 2, 3, 4, 5, 7, 8, 16, 17, -1, -(2**31), -(2**63))
"""What counts are; larger ones would only be longer buffers."""
ODD: Final = (0.0, 1.0, -1.0, 0.5, 1e-38, 1e38, math.nan, math.inf, -math.inf)
"""What floats are, besides usual ones."""
RATES: Final = (8000.0, 16_000.0, 48_000.0, 0.0, -1.0, 1e-30, math.nan)
"""What sample rates are."""


def _kernels(folder: Path) -> list[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    names = sorted(read_interface().prototypes.keys() - NOT_CALLED)
    for name in names:
        (folder / f"{name}.json").write_bytes(msgspec.json.encode({"kernel": name, "seed": 0}))
    return [folder / f"{name}.json" for name in names]


def _reseeded(data: bytes, _other: bytes, dice: Random) -> bytes:
    return msgspec.json.encode({**msgspec.json.decode(data), "seed": dice.getrandbits(40)})


def _use_kernel(path: Path, _folder: Path) -> None:
    job = msgspec.json.decode(path.read_bytes())
    dice = Random(job["seed"])
    rng = np.random.default_rng(job["seed"])
    for _ in range(CALLS):
        with suppress(KernelError):  # refused, as it should be
            call(job["kernel"], *_arguments(job["kernel"], dice, rng))


def _arguments(name: str, dice: Random, rng: np.random.Generator) -> list[Any]:
    given: list[Any] = []
    for parameter in library().interface.prototypes[name].parameters:
        if not parameter.pointer:
            given.append(_number(parameter, dice))
        elif dice.random() < 0.02:
            given.append(0)
        elif size := SIZES.get((name, parameter.name)):
            given.append(_sized(size, parameter, given))
        else:
            given.append(_buffer(parameter, dice, rng))
    return given


def _sized(kernel: str, parameter: Parameter, given: list[Any]) -> NDArray[Any]:
    """Return a buffer as large as a kernel says, for the arguments before it."""
    first = {"levenshtein_scratch_size": slice(1, 4)}.get(kernel, slice(0, 1))
    try:
        count = call(kernel, *given[first])
    except KernelError:
        count = 0
    return np.zeros(max(min(count, ROOM), 16) + 16, SCALARS[parameter.type][0])


def _number(parameter: Parameter, dice: Random) -> int | float:
    if parameter.type in {"float", "double"}:
        return dice.choice(ODD) if dice.random() < 0.5 else dice.uniform(-2, 2)
    return max(dice.choice(COUNTS), -(2**31) if parameter.type == "int32_t" else -(2**63))


def _buffer(parameter: Parameter, dice: Random, rng: np.random.Generator) -> NDArray[Any]:
    if parameter.type not in SCALARS:
        return _options(parameter.type, dice)
    dtype = np.dtype(SCALARS[parameter.type][0])
    count = ROOM // dtype.itemsize
    if parameter.name == "state":
        return np.zeros(count, dtype)
    if dtype.kind == "f":
        values = rng.standard_normal(count).astype(dtype)
        values[: 1 << dice.randrange(12)][:: dice.choice((1, 7, 97))] = dice.choice(ODD)
    elif dice.random() < 0.2:
        wild = np.iinfo(dtype) if dtype.itemsize < 8 else np.iinfo(np.int8)
        values = rng.integers(wild.min, wild.max, count).astype(dtype)
    else:
        values = rng.integers(0, dice.choice((2, 8, 17)), count).astype(dtype)
        if dice.random() < 0.5:
            values = np.minimum(np.cumsum(values[:64]), 100).astype(dtype).repeat(count // 64)
            values[:64] = values[:: count // 64][:64]
    return _misaligned(values) if dice.random() < 0.3 else values


def _misaligned(values: NDArray[Any]) -> NDArray[Any]:
    """Return a copy at an address that is a multiple of the elements' size only."""
    moved = np.empty(len(values) + 1, values.dtype)[1:]
    moved[:] = values
    return moved


def _options(struct: str, dice: Random) -> NDArray[Any]:
    """Return a struct with usual and senseless fields."""
    fields = library().interface.structs[struct]
    options = np.zeros(1, np.dtype([(name, kind) for name, kind in fields]))
    for name, kind in fields:
        if name == "rate_hz":
            options[name] = dice.choice(RATES)
        elif kind == "i4":
            options[name] = max(dice.choice(COUNTS), -(2**31)) if dice.random() < 0.5 else dice.randrange(600)
        else:
            options[name] = (
                dice.choice(ODD) if dice.random() < 0.2 else dice.uniform(0, 2) * 10 ** dice.randrange(4)
            )
    return options


KERNELS = Target("kernels", _kernels, _use_kernel, weight=10, damage=_reseeded)
"""Target of this file."""
