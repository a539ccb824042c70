"""A model folder, opened: nothing of it reaches a runtime before its bytes are those the manifest names."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import msgspec

from edge.errors import ModelError
from edge.models.limits import MIB, Limits
from edge.models.manifest import Manifest, ManifestError, Network, decode
from edge.models.packages import weights_of

MANIFEST = "manifest.json"

FrontEndT = TypeVar("FrontEndT")
ParametersT = TypeVar("ParametersT", bound=msgspec.Struct)


@dataclass(frozen=True)
class ModelFolder:
    """A folder whose manifest, and every file that is not a network, have been checked.

    Networks are checked when their bytes are read for a session.
    """

    path: Path
    manifest: Manifest
    limits: Limits
    weights: Path | None = None
    """Where the files are that do not lie in `path`, see `edge.models.packages`."""

    def file(self, name: str) -> Path:
        """Where a file of the model is."""
        here = self.path / name
        return here if self.weights is None or here.exists() else self.weights / name

    def network(self, role: str) -> Network:
        """What the manifest says of the network in this role. Raises ModelError if there is none."""
        try:
            return self.manifest.networks[role]
        except KeyError:
            roles = ", ".join(self.manifest.networks)
            raise ModelError(self.path, f"has no network {role!r}, but {roles}") from None

    def description(
        self, task: str, front_end: type[FrontEndT], parameters: type[ParametersT]
    ) -> tuple[FrontEndT, ParametersT]:
        """The front end and the parameters of a model for `task`, in the types that its class works with.

        Raises ModelError if it is for something else, or its manifest does not say what the class must know.
        """
        manifest = self.manifest
        if manifest.task != task:
            raise ModelError(self.path, f"expected a {task} model, found {manifest.task}")
        if not isinstance(manifest.front_end, front_end):
            kinds = f"{type(manifest.front_end).__name__}, not {front_end.__name__}"
            raise ModelError(self.path, f"does not describe a {task}: its front end is {kinds}")
        try:
            return manifest.front_end, msgspec.convert(manifest.parameters, parameters)
        except msgspec.ValidationError as error:
            raise ModelError(self.path, f"does not describe a {task}: {error}") from error

    def read(self, name: str) -> bytes:
        """The bytes of a file that the manifest names, once their hash is right; else ModelError."""
        file = self.file(name)
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
    folder = ModelFolder(path, manifest, limits, weights_of(path))
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
