"""The files that a network can become: one entry each, by name.

To add one: a function that makes the file from a `Workbench`, and a line in `KINDS`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from edge.errors import InputError
from edge.models.manifest import Tensor
from tools.convert import litert, onnx, paddle
from tools.convert.describe import describe
from tools.convert.environments import ConversionError, Inputs
from tools.convert.sources import Source


@dataclass(frozen=True)
class Workbench:
    """A source on its way: what was made of it lies in `scratch`, and is made once."""

    source: Source
    calibration: Sequence[Inputs]
    """Real inputs, of batch 1."""
    scratch: Path
    keep: tuple[str, ...] = ()
    """Nodes or types of nodes that stay float, by their names in ONNX."""
    keep_litert: tuple[str, ...] = ()
    """Types of operations that stay float, by their names in LiteRT."""
    per_channel: bool = True

    @cached_property
    def onnx(self) -> Path:
        """Float ONNX."""
        return self._made("float.onnx", self.source.to_onnx)

    @cached_property
    def float32(self) -> Path:
        """ONNX whose weights are float32, whatever those of the source are; inputs and outputs stay."""
        source = self.onnx
        return self._made("float32.onnx", lambda file: onnx.widen(source, file))

    @cached_property
    def fixed(self) -> Path:
        """The same with the sizes of the first input of `calibration`."""
        return self._made("fixed.onnx", self._fix)

    @cached_property
    def tflite(self) -> Path:
        """Float .tflite."""
        fixed = self.fixed
        return self._made("float.tflite", lambda file: self.source.to_tflite(file, fixed))

    @cached_property
    def program(self) -> Path:
        """Float Paddle program."""
        fixed = self.fixed
        return self._made("program", lambda folder: self.source.to_program(folder, fixed))

    def int8_program(self, target: paddle.Target) -> Path:
        """Paddle program with ranges of activations, for a processor."""
        program = self.program
        scheme = paddle.Scheme(half_range=target == "x86")
        return self._made(
            f"int8_program_{target}",
            lambda folder: paddle.quantize(program, folder, self.calibration, scheme),
        )

    @cached_property
    def tensors(self) -> tuple[tuple[Tensor, ...], tuple[Tensor, ...]]:
        """Inputs and outputs of the float ONNX."""
        return describe(self.onnx.read_bytes(), ".onnx", self.onnx)

    def bytes_before(self, kind: Kind) -> int:
        """Size of what a quantized kind is made from, as the source has it."""
        before = self.tflite if kind.suffix == ".tflite" else self.onnx
        return before.stat().st_size

    def make(self, kind: Kind) -> Path:
        """The file of a kind. Raises EdgeError."""
        return self._made(f"{kind.name}{kind.suffix}", lambda file: kind.make(self, file))

    def _fix(self, file: Path) -> None:
        sizes: dict[str, int] = {}
        for tensor in self.tensors[0]:
            shape = self.calibration[0][tensor.name].shape
            sizes |= {
                axis: size for axis, size in zip(tensor.shape, shape, strict=True) if isinstance(axis, str)
            }
        onnx.fix_shapes(self.float32, file, sizes)

    def _made(self, name: str, make: Callable[[Path], Any]) -> Path:
        path = self.scratch / name
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            try:
                make(path)
            except (InputError, ConversionError) as error:
                if str(self.scratch) not in str(error):
                    raise
                named = re.sub(rf"{re.escape(str(self.scratch))}[^\s:,;]*", self.source.name, str(error))
                raise ConversionError(named, getattr(error, "log", None)) from error
        return path


@dataclass(frozen=True)
class Kind:
    """One kind of file."""

    name: str
    suffix: str
    quantization: str
    """In words, for the manifest."""
    make: Callable[[Workbench, Path], None]
    replaces: str | None
    """The kind that it must not be slower than."""
    fixed: bool = True
    """Whether its shapes are those of the calibration inputs."""
    target: Literal["x86", "arm"] | None = None
    """The only processor that runs it."""
    version: str | None = None
    """Of the runtime that runs it, where that matters."""
    instead: str | None = None
    """The kind to try where this one is not accurate enough."""


def _copy(source: Path, file: Path) -> None:
    file.write_bytes(source.read_bytes())


def _static(bits: onnx.Bits) -> Callable[[Workbench, Path], None]:
    def make(bench: Workbench, file: Path) -> None:
        kept, each = bench.keep, bench.per_channel
        onnx.quantize_static(bench.float32, file, bench.calibration, keep=kept, per_channel=each, bits=bits)

    return make


def _nb(
    target: paddle.Target, *, int8: bool = False, weights: bool = False
) -> Callable[[Workbench, Path], None]:
    def make(bench: Workbench, file: Path) -> None:
        program = bench.int8_program(target) if int8 else bench.program
        paddle.to_nb(program, file, target, int8_weights=weights)

    return make


def _nb_kinds(processor: Literal["x86", "arm"]) -> list[Kind]:
    name = f"nb-{processor}"
    plain = Kind(name, ".nb", "none", _nb(processor), None, target=processor, version="2.13")
    return [
        plain,
        replace(
            plain, name=f"{name}-weights", quantization="int8: weights only", replaces=name,
            make=_nb(processor, weights=True),
        ),
        replace(
            plain, name=f"{name}-int8", quantization="int8: post-training", replaces=name,
            make=_nb(processor, int8=True),
        ),
    ]  # fmt: skip


_ALL = [
    Kind("onnx", ".onnx", "none", lambda bench, file: _copy(bench.onnx, file), None, fixed=False),
    Kind(
        "onnx-int8", ".onnx", "int8: static QDQ, U8 activations, S8 weights of 7 bits",
        _static(7), "onnx", fixed=False, instead="onnx-int8-8bit",
    ),
    Kind(
        "onnx-int8-8bit", ".onnx",
        "int8: static QDQ, U8 activations, S8 weights of 8 bits, which on x86 without VNNI are exact only "
        "with session.x64quantprecision, as edge sets it",
        _static(8), "onnx", fixed=False,
    ),
    Kind(
        "onnx-dynamic", ".onnx", "int8: dynamic, of LSTM and MatMul, weights of 7 bits",
        lambda b, file: onnx.quantize_dynamic(b.float32, file, keep=b.keep), "onnx", fixed=False,
    ),
    Kind(
        "ort", ".ort", "none",
        lambda b, file: onnx.to_ort(b.onnx, file, platform="arm"), "onnx", fixed=False,
    ),
    Kind("tflite", ".tflite", "none", lambda bench, file: _copy(bench.tflite, file), None),
    Kind(
        "tflite-int8", ".tflite", "int8: static",
        lambda b, file: litert.quantize(b.tflite, file, "static", b.calibration, keep=b.keep_litert),
        "tflite",
    ),
    Kind(
        "tflite-dynamic", ".tflite", "int8: dynamic",
        lambda b, file: litert.quantize(b.tflite, file, "dynamic"), "tflite",
    ),
    *_nb_kinds("x86"),
    *_nb_kinds("arm"),
    Kind("nb-arm-fp16", ".nb", "fp16", _nb("arm-fp16"), "nb-arm", target="arm", version="2.13"),
]  # fmt: skip

KINDS = {kind.name: kind for kind in _ALL}


def fixed_tensors(tensors: Sequence[Tensor], arrays: Sequence[Any]) -> tuple[Tensor, ...]:
    """`tensors` with the shapes of `arrays`."""
    return tuple(
        Tensor(tensor.name, tensor.dtype, tuple(array.shape))
        for tensor, array in zip(tensors, arrays, strict=True)
    )


def fingerprint(*parts: str | bytes) -> str:
    """A short name for what went into something, to find it again."""
    joined = hashlib.sha256()
    for part in parts:
        joined.update(part if isinstance(part, bytes) else part.encode())
    return joined.hexdigest()[:12]
