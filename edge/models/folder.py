"""Open model folders: no file reaches a runtime before its hash has been compared with the manifest."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import msgspec

from edge.decoding import prepared
from edge.errors import ModelError
from edge.models.limits import MIB, Limits
from edge.models.manifest import Manifest, ManifestError, Network, decode
from edge.models.packages import weights_of

MANIFEST = "manifest.json"
"""File name of the manifest."""

FrontEndT = TypeVar("FrontEndT")
ParametersT = TypeVar("ParametersT", bound=msgspec.Struct)


@dataclass(frozen=True, slots=True)
class ModelFolder:
    """A model folder. Its manifest, and all files except networks, have been checked.

    Networks are checked when they are read for a session.
    """

    path: Path
    """Path of the folder."""
    manifest: Manifest
    """Its manifest."""
    limits: Limits
    """Maximum sizes that were applied."""
    weights: Path | None = None
    """Folder of the files that are not in `path`, see `edge.models.packages`."""

    def file(self, name: str) -> Path:
        """Return the path of a file of the model."""
        here = self.path / name
        return here if self.weights is None or here.exists() else self.weights / name

    def network(self, role: str) -> Network:
        """Return the manifest's entry of the network in this role. Raises ModelError if there is none."""
        try:
            return self.manifest.networks[role]
        except KeyError:
            roles = ", ".join(self.manifest.networks)
            raise ModelError(self.path, f"has no network {role!r}, only {roles}") from None

    def description(
        self, task: str, front_end: type[FrontEndT], parameters: type[ParametersT]
    ) -> tuple[FrontEndT, ParametersT]:
        """Return the front end and the parameters of a model for `task`, in the types that its class expects.

        Raises ModelError for a model with another task or front end, or with missing or invalid parameters.
        """
        manifest = self.manifest
        if manifest.task != task:
            raise ModelError(self.path, f"expected a {task} model, found {manifest.task}")
        if not isinstance(manifest.front_end, front_end):
            kinds = f"{type(manifest.front_end).__name__}, not {front_end.__name__}"
            raise ModelError(self.path, f"does not describe a {task}: its front end is {kinds}")
        try:
            return manifest.front_end, msgspec.convert(manifest.parameters, prepared(parameters))
        except msgspec.ValidationError as error:
            raise ModelError(self.path, f"does not describe a {task}: {error}") from error

    def read(self, name: str) -> bytes:
        """Read a file that the manifest lists. Raises ModelError unless its hash matches."""
        file = self.file(name)
        if name not in self.manifest.files:
            raise ModelError(file, "is not named by the manifest")
        content = _read(file, self.limits.file_bytes)
        if hashlib.sha256(content).hexdigest() != self.manifest.files[name]:
            raise ModelError(file, "is damaged: its SHA-256 differs from the manifest; install it again")
        return content

    def verify(self) -> None:
        """Check all files, networks too, and that the folder has no others. Raises ModelError."""
        for name in self.manifest.files:
            self.read(name)
        if strays := {file.name for file in self.path.iterdir()} - {MANIFEST, *self.manifest.files}:
            raise ModelError(
                self.path, f"holds files that the manifest does not name: {', '.join(sorted(strays))}"
            )


def open_folder(path: Path, limits: Limits | None = None) -> ModelFolder:
    """Read `path/manifest.json` and check all files except networks. Raises ModelError."""
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
    """Read a regular file of at most `limit` bytes. Raises ModelError."""
    try:
        if file.is_symlink() or not file.is_file():
            raise ModelError(file, "is missing, or not a regular file; install the model again")
        with file.open("rb") as stream:
            content = stream.read(limit + 1)
    except OSError as error:
        raise ModelError(file, f"cannot be read ({error.strerror}); install the model again") from error
    if len(content) > limit:
        raise ModelError(file, f"is larger than {limit / MIB:g} MiB")
    return content
