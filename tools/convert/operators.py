"""The operators and types of networks, as a build of onnxruntime with no others takes them.

    python -m tools.convert.operators [FOLDER...] -o required.config
    python onnxruntime/tools/ci_build/build.py ... --include_ops_by_config required.config \
        --enable_reduced_operator_type_support

Each network is taken as it is stored, and as onnxruntime optimizes it on ARM and on this x86 processor: such
a build runs the `.onnx` files, and `.ort` files of any of the three. Without FOLDER: the models that ship.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from edge.errors import EdgeError, InputError
from edge.files import whole_file
from edge.models.store import builtin_root
from tools.convert.onnx import Platform, to_ort
from tools.progress import begin, each

PLATFORMS: tuple[Platform, ...] = ("none", "arm", "amd64")


def networks(folders: Sequence[Path]) -> list[Path]:
    """The .onnx and .ort files in model folders, or in the folders in them. Raises InputError without any."""
    found = sorted(
        {path for folder in folders for kind in ("onnx", "ort") for path in folder.rglob(f"*.{kind}")}
    )
    if not found:
        raise InputError(", ".join(map(str, folders)), "holds no .onnx or .ort file")
    return found


def write_config(files: Sequence[Path], config: Path, *, force: bool = False) -> None:
    """Write the operators with their types, in onnxruntime's format. Raises InputError, ConversionError."""
    from onnxruntime.tools.ort_format_model import create_config_from_models  # noqa: PLC0415 - takes seconds

    with tempfile.TemporaryDirectory() as scratch, whole_file(config, force=force) as draft:
        graphs: list[Path] = []
        for number, file in enumerate(each(files, "network")):
            if file.suffix == ".ort":
                graphs.append(file)
                continue
            for platform in PLATFORMS:
                graphs.append(Path(scratch, f"{number}-{platform}.ort"))
                to_ort(file, graphs[-1], platform=platform)
        raw = Path(scratch, "required.config")
        create_config_from_models(graphs, raw, True)
        lines = [line for line in raw.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
        named = [f"# {file.parent.name}/{file.name}" for file in files]
        draft.write_text("\n".join([*named, *lines, ""]), encoding="utf-8")


def main() -> int:
    """Write the file that the command line names."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.convert.operators",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("folders", nargs="*", type=Path, metavar="FOLDER", help="with models")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="FILE")
    parser.add_argument("--force", action="store_true", help="replace a file that exists")
    options = parser.parse_args()
    begin()
    try:
        write_config(networks(options.folders or [builtin_root()]), options.output, force=options.force)
    except EdgeError as error:
        print(f"tools.convert.operators: {error}", file=sys.stderr)
        return error.exit_code
    print(options.output)
    return 0


if __name__ == "__main__":
    sys.exit(main())
