"""`python -m tools.convert SOURCE --inputs FILE.npz -o DIR`: a trained network becomes checked model folders.

SOURCE is a function that returns a PyTorch module (file.py:function or package.module:function), an .onnx
file or a folder with a Paddle program. Each result is run beside its source on inputs that calibration has
not seen, and ships, as a folder DIR/ID-KIND, only if it is within the bounds and not slower than what it
replaces.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
import zlib
from collections.abc import Sequence
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from edge.errors import EdgeError, InputError
from edge.models.manifest import Tensor
from edge.models.session import fits
from tools.convert.compare import Bounds, as_data, table
from tools.convert.environments import Inputs, one_line
from tools.convert.kinds import KINDS, Workbench
from tools.convert.pipeline import Conversion, convert
from tools.convert.sources import find_function, open_source
from tools.documents import document

DEFAULT = ("onnx", "onnx-int8")


def main() -> int:
    """Convert what the command line names."""
    options = _parser().parse_args()
    try:
        done = run(options)
    except EdgeError as error:
        if options.debug:
            raise
        print(f"tools.convert: {error}", file=sys.stderr)
        return error.exit_code
    if options.json:
        found = {
            "results": list(map(as_data, done.results)),
            "refused": {kind: reasons for kind, reasons in done.reasons.items() if reasons},
            "folders": list(map(str, done.folders)),
        }
        print(document({"schema": 1, **found}))
    else:
        print(table(done.results, done.reasons))
        print("\n".join(f"wrote {folder}" for folder in done.folders))
    return 0 if done.folders else 1


def run(options: argparse.Namespace) -> Conversion:
    """Make, compare, judge, write. Raises EdgeError."""
    examples = read_inputs(options.inputs)
    half = len(examples) // 2
    outputs = options.outputs.split(",") if options.outputs else ()
    source = open_source(options.source, examples[0], outputs=outputs, origin=options.inputs)
    bounds = Bounds(options.error, options.agreement, options.loss, options.slowdown)
    started = time.monotonic()

    def tell(what: str) -> None:
        if sys.stderr.isatty() or options.verbose:
            print(f"{time.monotonic() - started:6.1f} s  {what}", file=sys.stderr, flush=True)

    with tempfile.TemporaryDirectory() as scratch:
        bench = Workbench(source, examples[:half], Path(scratch), keep=tuple(options.keep))
        refuse_unfit(options.inputs, bench.tensors[0], examples[0])
        return convert(
            bench,
            [KINDS[name] for name in options.to],
            examples[half:],
            bounds,
            out=options.output,
            model=options.id,
            facts={"version": options.version, "licence": options.licence, "source": options.source},
            score=find_function(options.score) if options.score else None,
            force=options.force,
            tell=tell,
        )


def read_inputs(file: Path) -> list[Inputs]:
    """Examples of batch 1 from an .npz (or .npy for one input, called x) whose first axis counts them.

    Raises InputError: unreadable, or fewer than two examples.
    """
    try:
        loaded = np.load(file)
        arrays = {name: loaded[name] for name in loaded.files} if hasattr(loaded, "files") else {"x": loaded}
    except (OSError, ValueError, EOFError, BadZipFile, zlib.error, SyntaxError, KeyError) as error:
        raise InputError(file, f"is no .npz or .npy file of arrays: {one_line(error)}") from error
    if strange := [name for name, array in arrays.items() if array.dtype.kind not in "fiub"]:
        raise InputError(file, f"holds no numbers in {', '.join(strange)}")
    counts = {len(array) if array.ndim else 0 for array in arrays.values()}
    if len(counts) != 1 or min(counts) < 2:
        raise InputError(file, "must hold arrays with one and the same number of examples, two or more")
    return [{name: array[i : i + 1] for name, array in arrays.items()} for i in range(counts.pop())]


def refuse_unfit(file: Path, tensors: Sequence[Tensor], example: Inputs) -> None:
    """Refuse arrays with other names, types or shapes than the network's inputs. Raises InputError."""
    if {tensor.name for tensor in tensors} != set(example):
        wanted, given = ", ".join(tensor.name for tensor in tensors), ", ".join(example)
        raise InputError(file, f"has arrays called {given}; the network's inputs are called {wanted}")
    for tensor in tensors:
        array = example[tensor.name]
        if array.dtype != tensor.dtype or not fits(array.shape, tensor.shape):
            wanted = f"{tensor.dtype}[{', '.join(map(str, tensor.shape))}]"
            given = f"{array.dtype}[{', '.join(map(str, array.shape))}]"
            raise InputError(file, f"gives {tensor.name} as {given}, one example; the network takes {wanted}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tools.convert",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("source", metavar="SOURCE")
    parser.add_argument(
        "--inputs", type=Path, required=True, metavar="FILE.npz",
        help="real inputs by name, the first axis counts examples: half calibrate, half compare",
    )  # fmt: skip
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="DIR", help="where folders go")
    parser.add_argument("--id", required=True, help="id of the model, to which the kind is added")
    parser.add_argument(
        "--to", nargs="+", choices=KINDS, default=DEFAULT, metavar="KIND",
        help=f"one or more of {', '.join(KINDS)} (default: {' '.join(DEFAULT)})",
    )  # fmt: skip
    parser.add_argument("--outputs", metavar="A,B", help="names of a module's outputs")
    parser.add_argument(
        "--keep", nargs="*", default=(), metavar="NODE", help="nodes or types that stay float"
    )
    defaults = Bounds()
    gate = parser.add_argument_group("what ships")
    for name, meaning in {
        "error": "mean error in standard deviations of the output",
        "agreement": "share of rows whose largest value stays in place",
        "loss": "what --score may lose",
        "slowdown": "times the time of what it replaces",
    }.items():
        default = getattr(defaults, name)
        described = f"{meaning} (default {default:g})"
        gate.add_argument(f"--{name}", type=float, default=default, metavar="X", help=described)
    gate.add_argument(
        "--score", metavar="FUNCTION",
        help="file.py:function that is given run(inputs) -> outputs and returns the task's accuracy",
    )  # fmt: skip
    facts = parser.add_argument_group("what the manifest says")
    facts.add_argument("--version", default="1")
    facts.add_argument("--licence", default="not stated", help="of the weights")
    parser.add_argument("--force", action="store_true", help="replace folders that exist")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument("--verbose", action="store_true", help="say what is being done, also into a file")
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")
    return parser


if __name__ == "__main__":
    sys.exit(main())
