"""A model folder's `manifest.json`: what the files are, what goes in and out, and how good it is."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from edge.errors import ModelError
from edge.models.frontend import FrontEnd

SCHEMA = 1
MAX_FILE_BYTES = 256 * 2**20
"""No model for a pocket is larger; a bigger file is refused before it is read."""


@dataclass(frozen=True)
class Manifest:
    """The parts of a manifest that the runtime acts on; the rest is for people and `tools`."""

    folder: Path
    id: str
    version: str
    task: str
    labels: tuple[str, ...]
    """Order of the network's confidences."""
    front_end: FrontEnd
    stride: int
    """Mel frames per output frame."""
    context: int
    """Output frames to each side of a frame that can change its output."""
    networks: dict[str, str]
    """Role of a network -> its file name."""
    hashes: dict[str, str]
    """File name -> SHA-256."""

    def read(self, role: str) -> bytes:
        """The bytes of a network's file, once their hash is what the manifest says; else ModelError."""
        name = self.networks[role]
        file = self.folder / name
        try:
            if file.stat().st_size > MAX_FILE_BYTES:
                raise ModelError(file, f"is larger than {MAX_FILE_BYTES >> 20} MiB")
            content = file.read_bytes()
        except OSError as error:
            raise ModelError(file, f"cannot be read ({error.strerror}); install the package again") from error
        if hashlib.sha256(content).hexdigest() != self.hashes.get(name):
            raise ModelError(file, "is damaged: its SHA-256 differs from the manifest; install it again")
        return content


def load_manifest(folder: Path) -> Manifest:
    """Read and check `folder/manifest.json`. Raises ModelError naming what is wrong."""
    try:
        data: dict[str, Any] = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        if data["schema"] != SCHEMA:
            raise ModelError(folder, f"has manifest schema {data['schema']}; this version reads {SCHEMA}")
        return Manifest(
            folder=folder,
            id=data["id"],
            version=data["version"],
            task=data["task"],
            labels=tuple(data["labels"]),
            front_end=FrontEnd(**data["front_end"]),
            stride=int(data["stride"]),
            context=int(data["context"]),
            networks={role: network["file"] for role, network in data["networks"].items()},
            hashes=dict(data["files"]),
        )
    except OSError as error:
        raise ModelError(folder, f"holds no readable manifest.json ({error.strerror})") from error
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ModelError(folder, f"has a damaged manifest.json: {type(error).__name__} {error}") from error


def builtin_folder(model_id: str) -> Path:
    """Where a model that ships with the package lies: inside a wheel, or in a checkout beside `edge`."""
    package = Path(__file__).parent
    for root in (package / "builtin", package.parent.parent / "models_quantized"):
        if (root / model_id).is_dir():
            return root / model_id
    raise ModelError(package / "builtin" / model_id, "no such model; install the package again")
