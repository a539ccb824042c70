"""Find models: those that ship with edge, those in the user's store, then those in other packages.

The store is the folder named by `EDGE_MODELS`, else the platform's data folder
(`~/.local/share/edgereel/models` on Linux). Ids are looked up in this order; the id of a model that ships
with edge cannot be added to the store, so that no other model can replace it.
"""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterator
from os import PathLike
from pathlib import Path

from edge.errors import ModelError, OutputError
from edge.files import refuse_unwritable, whole_folder
from edge.models.folder import MANIFEST, ModelFolder, open_folder
from edge.models.limits import Limits
from edge.models.packages import PACKAGES, Package, packaged, packaged_root

SETTING = "EDGE_MODELS"
"""Environment variable that names the store."""


def builtin_root() -> Path:
    """Return the folder of the models that ship: inside a wheel, or in a checkout beside `edge`."""
    package = Path(__file__).parent
    inside = package / "builtin"
    return inside if inside.is_dir() else package.parent.parent / "models_quantized"


def store_root() -> Path:
    """Return the user's store; it need not exist."""
    if chosen := os.environ.get(SETTING):
        return Path(chosen)
    import platformdirs  # noqa: PLC0415 - only needed for a store

    return Path(platformdirs.user_data_dir("edgereel", appauthor=False)) / "models"


def find(model: str | PathLike[str], limits: Limits | None = None) -> ModelFolder:
    """Open the model with this id; a `Path`, or a string with a separator, is a model folder.

    Raises ModelError if it is missing, damaged, or over a limit.
    """
    if not isinstance(model, str) or os.sep in model:
        return open_folder(Path(model), limits)
    folder = open_folder(locate(model), limits)
    if folder.manifest.id != model:
        raise ModelError(folder.path, f"holds the model {folder.manifest.id!r}, not {model!r}")
    return folder


def locate(model: str) -> Path:
    """Return the folder of the model with this id, without opening it. Raises ModelError if there is none."""
    for root in (builtin_root(), store_root()):
        if (root / model / MANIFEST).exists():
            return root / model
    if packaged_root() / model in packaged():
        return packaged_root() / model
    remedy = "`edge models list` shows the available ones"
    if package := PACKAGES.get(model):
        remedy = f"install it with: {package.install}"
    raise ModelError(model, f"no such model; {remedy}")


def installed() -> Iterator[Path]:
    """Yield all model folders, in the order in which they are searched."""
    for root in (builtin_root(), store_root()):
        if root.is_dir():
            yield from sorted(path for path in root.iterdir() if (path / MANIFEST).exists())
    stored = store_root()
    yield from (path for path in packaged() if not (stored / path.name / MANIFEST).exists())


def not_installed() -> dict[str, Package]:
    """Return the packages of the models that are not installed, by model id."""
    present = {path.name for path in installed()}
    return {model: package for model, package in PACKAGES.items() if model not in present}


def add(source: Path, *, force: bool = False) -> ModelFolder:
    """Copy a model folder into the store, whole or not at all; `force` replaces one with the same id.

    Raises ModelError if the folder is damaged or its id ships with the package, OutputError if the store
    cannot be written or holds that id.
    """
    given = open_folder(source)
    given.verify()
    root, model = store_root(), given.manifest.id
    if (builtin_root() / model).is_dir():
        raise ModelError(source, f"the id {model!r} ships with edge; give the model another id")
    refuse_unwritable(root)
    with whole_folder(root / model, force=force) as draft:
        for name in given.manifest.files:
            (draft / name).write_bytes(given.read(name))
        shutil.copyfile(source / MANIFEST, draft / MANIFEST)
        open_folder(draft).verify()
    return open_folder(root / model)


def remove(model: str) -> Path:
    """Delete a model from the user's store and return its folder. Raises ModelError, OutputError."""
    target = store_root() / model
    if (builtin_root() / model).is_dir():
        raise ModelError(model, "ships with edge and cannot be removed")
    if os.sep in model or not (target / MANIFEST).exists():
        raise ModelError(model, f"is not in the store {store_root()}")
    renamed = target.with_name(f".{model}.{secrets.token_hex(4)}.old")
    try:
        target.rename(renamed)  # atomic, even if deleting is interrupted
        shutil.rmtree(renamed)
    except OSError as error:
        raise OutputError(target, f"cannot be removed: {error.strerror}") from error
    return target
