"""A model folder, opened: nothing of it reaches a runtime before its bytes are those the manifest names."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from edge.errors import ModelError
from edge.models.limits import MIB, Limits
from edge.models.manifest import Manifest, ManifestError, Network, decode

MANIFEST = "manifest.json"


@dataclass(frozen=True)
class ModelFolder:
    """A folder whose manifest, and every file that is not a network, have been checked.

    Networks are checked when their bytes are read for a session.
    """

    path: Path
    manifest: Manifest
    limits: Limits

    def network(self, role: str) -> Network:
        """What the manifest says of the network in this role. Raises ModelError if there is none."""
        try:
            return self.manifest.networks[role]
        except KeyError:
            roles = ", ".join(self.manifest.networks)
            raise ModelError(self.path, f"has no network {role!r}, but {roles}") from None

    def read(self, name: str) -> bytes:
        """The bytes of a file that the manifest names, once their hash is right; else ModelError."""
        file = self.path / name
        if name not in self.manifest.files:
            raise ModelError(file, "is not named by the manifest")
        content = _read(file, self.limits.file_bytes)
        if hashlib.sha256(content).hexdigest() != self.manifest.files[name]:
            raise ModelError(file, "is damaged: its SHA-256 differs from the manifest; install it again")
        return content

    def verify(self) -> None:
        """Check every file, networks too, and that the folder holds nothing else. Raises ModelError."""
        for name in self.manifest.files:
            self.read(name)
        if strays := {file.name for file in self.path.iterdir()} - {MANIFEST, *self.manifest.files}:
            raise ModelError(self.path, f"holds what the manifest does not name: {', '.join(sorted(strays))}")


def open_folder(path: Path, limits: Limits | None = None) -> ModelFolder:
    """Read `path/manifest.json` and check the files that sessions will not. Raises ModelError."""
    limits = limits or Limits()
    try:
        manifest = decode(_read(path / MANIFEST, limits.manifest_bytes))
    except ManifestError as error:
        raise ModelError(path / MANIFEST, str(error)) from error
    if len(manifest.files) > limits.files:
        raise ModelError(path, f"names {len(manifest.files)} files; the limit is {limits.files}")
    folder = ModelFolder(path, manifest, limits)
    networks = {network.file for network in manifest.networks.values()}
    for name in manifest.files.keys() - networks:
        folder.read(name)
    return folder


def _read(file: Path, limit: int) -> bytes:
    """All bytes of a plain file of at most `limit` bytes, else ModelError."""
    try:
        if file.is_symlink() or not file.is_file():
            raise ModelError(file, "is missing, or no plain file; install the model again")
        with file.open("rb") as stream:
            content = stream.read(limit + 1)
    except OSError as error:
        raise ModelError(file, f"cannot be read ({error.strerror}); install the model again") from error
    if len(content) > limit:
        raise ModelError(file, f"is larger than {limit / MIB:g} MiB")
    return content
