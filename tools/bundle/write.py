"""Put a bundle together: models, libraries, headers, golden vectors, licenses, and what describes them."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from edge_kernels.interface import HEADER as KERNELS_HEADER

from edge.errors import EdgeError
from edge.files import whole_folder
from edge.networks.segmenter import Segmenter
from edge.version import __version__
from tools.bundle.contents import SYSTEMS, TARGETS, BundleTarget
from tools.bundle.core import CORE, compile_core
from tools.bundle.core import HEADER as SONGS_HEADER
from tools.bundle.networks import Verdict, judge, place_model
from tools.bundle.readme import readme
from tools.bundle.songs_model import songs_model
from tools.bundle.vectors import write_vectors
from tools.compile_kernels.build import ROOT, compile_kernels
from tools.compile_kernels.targets import TARGETS as KERNEL_TARGETS
from tools.progress import tell

LISTING = "bundle.json"
SONGS_MODEL = "segmenter.edge"


class BundleError(EdgeError):
    """A bundle is not what its listing says, or a network of it does not compute what it must."""

    def __init__(self, path: object, what: str) -> None:
        super().__init__(path, what)

    def __str__(self) -> str:
        return f"{self.args[0]}: {self.args[1]}"


@dataclass(frozen=True)
class Bundle:
    """A bundle that was made."""

    path: Path
    sizes: dict[str, int]
    """Bytes by folder."""
    verdicts: tuple[Verdict, ...]


def write_bundle(
    target: str, systems: Sequence[str], path: Path, *, models: Sequence[str] = (), force: bool = False
) -> Bundle:
    """Write the folder of a bundle; the same bytes whenever it is made from the same sources.

    `models` are ids of more models, of the user's store.

    Raises BuildError, ModelError for a model that is not installed, OutputError, and BundleError if a network
    is further from what it must compute than its stage of `edge bench` allows.
    """
    kind, systems = TARGETS[target], [name for name in SYSTEMS if name in systems]
    with whole_folder(path, force=force) as draft:
        verdicts = tuple(_models(systems, models, kind, draft / "models"))
        _libraries(systems, kind, draft)
        tell("golden vectors")
        write_vectors(systems, draft / "golden")
        _licenses(draft)
        sizes = {part.name: _bytes(part) for part in sorted(draft.iterdir()) if part.is_dir()}
        (draft / "README.md").write_text(readme(target, systems, sizes, verdicts), encoding="utf-8")
        listing = {
            "schema": 1, "version": __version__, "target": target,
            "systems": systems, "models": sorted(models),
            "files": {name: hashlib.sha256(file.read_bytes()).hexdigest() for name, file in _files(draft)},
        }  # fmt: skip
        (draft / LISTING).write_text(json.dumps(listing, indent=1) + "\n", encoding="utf-8")
    return Bundle(path, sizes, verdicts)


def verify(path: Path) -> int:
    """Compare a bundle with its listing; return the number of files. Raises BundleError."""
    try:
        listed: dict[str, str] = json.loads((path / LISTING).read_bytes())["files"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BundleError(path, "is not a bundle") from error
    there = dict(_files(path))
    there.pop(LISTING, None)
    for name in sorted(listed.keys() | there.keys()):
        if name not in there or name not in listed:
            raise BundleError(
                path / name, "is missing" if name in listed else "does not belong to the bundle"
            )
        if hashlib.sha256(there[name].read_bytes()).hexdigest() != listed[name]:
            raise BundleError(path / name, "has changed since the bundle was made")
    return len(listed)


def _models(systems: Sequence[str], more: Sequence[str], target: BundleTarget, folder: Path) -> list[Verdict]:
    verdicts: list[Verdict] = []
    folder.mkdir()
    for model in sorted({*more, *(model for system in systems for model in SYSTEMS[system].models)}):
        tell(f"model {model}")
        found = judge(place_model(model, target, folder / model))
        for verdict in found:
            if not verdict.passed:
                what = f"the error of {verdict.role} is {verdict.error:.2g}, more than {verdict.limit:g}"
                raise BundleError(model, what)
        verdicts += found
    return verdicts


def _libraries(systems: Sequence[str], target: BundleTarget, draft: Path) -> None:
    """The kernels and, for songs, the C core with its model, its headers, examples and wrappers."""
    tell("compiling the kernels")
    libraries, include = draft / "lib", draft / "include"
    libraries.mkdir()
    include.mkdir()
    with tempfile.TemporaryDirectory() as scratch:
        for made in compile_kernels([KERNEL_TARGETS[name] for name in target.kernels], scratch):
            shutil.copyfile(made, libraries / made.name)
    shutil.copyfile(KERNELS_HEADER, include / KERNELS_HEADER.name)
    if "songs" not in systems:
        return
    tell("compiling the C core")
    compile_core(KERNEL_TARGETS[target.core], libraries)
    shutil.copyfile(SONGS_HEADER, include / SONGS_HEADER.name)
    with Segmenter() as segmenter:
        (draft / "models" / SONGS_MODEL).write_bytes(songs_model(segmenter))
    shutil.copytree(CORE / "examples", draft / "examples")


def _licenses(draft: Path) -> None:
    """The license and the notices of edge, and a line for each model."""
    folder = draft / "licenses"
    folder.mkdir()
    for name in ("LICENSE", "NOTICE"):
        shutil.copyfile(ROOT / name, folder / name)
    lines = []
    for manifest in sorted((draft / "models").glob("*/manifest.json")):
        described = json.loads(manifest.read_bytes())
        lines.append(f"{described['id']}: {described['licence']}; from {described['source']}\n")
    (folder / "MODELS").write_text("".join(lines), encoding="utf-8")


def _files(folder: Path) -> list[tuple[str, Path]]:
    return [
        (file.relative_to(folder).as_posix(), file) for file in sorted(folder.rglob("*")) if file.is_file()
    ]


def _bytes(folder: Path) -> int:
    return sum(file.stat().st_size for _, file in _files(folder))
