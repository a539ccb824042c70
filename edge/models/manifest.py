"""Schema of `manifest.json`: the files of a model folder, inputs and outputs, front end, and accuracy.

The manifest lists every file of its folder with its SHA-256, and a digest of itself: the SHA-256 of its own
bytes with the 64 digits of the digest as zeros. This detects any change, but does not prove who wrote the
files.
"""

from __future__ import annotations

import hashlib
import re
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from edge.decoding import prepared
from edge.models.frontend import FrontEnd

SCHEMA = 1
"""Version of the schema."""

Name = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$")]
"""Name of a file directly in the folder: no separators, not hidden."""

Identifier = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")]
"""Id of a model."""
Sha256 = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$")]
"""A hash in hexadecimal."""
Axis = Annotated[int, Meta(ge=1)] | Annotated[str, Meta(min_length=1, max_length=64)]
"""A fixed size, or a name for any size."""

ElementType = Literal["float32", "float16", "float64", "int64", "int32", "int16", "int8", "uint8", "bool"]

"""Element type of a tensor."""

ZEROS = b"0" * 64
"""Placeholder of the manifest's own digest."""
_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""Errors of msgspec for bytes that are no JSON, or are nested without end."""
_DIGEST = re.compile(rb'"digest": ?"([0-9a-f]{64})"')


class Tensor(Struct, frozen=True, forbid_unknown_fields=True):
    """An input or output of a network."""

    name: str
    """Name in the graph."""
    dtype: ElementType
    """Element type."""
    shape: tuple[Axis, ...]
    """Size of each axis, or a name for a free one."""


class Network(Struct, frozen=True, forbid_unknown_fields=True):
    """A network file; its suffix determines the runtime."""

    file: Name
    """Name of the file."""
    inputs: tuple[Tensor, ...]
    """In the order in which they are passed to a session."""
    outputs: tuple[Tensor, ...]
    """In the order in which a session returns them."""
    quantization: str = "none"
    """Description of the quantization."""
    target: Literal["x86", "arm"] | None = None
    """Processor architecture of files that fit only one (.nb)."""
    runtime_version: str | None = None
    """Runtime version of files that fit only one (.nb)."""


class Manifest(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """Contents of a model folder."""

    schema: int
    """Version of the schema."""
    id: Identifier
    """Id of the model, unique in a store."""
    version: str
    """Version of the model."""
    task: str
    """Task of the model, which its class checks."""
    networks: dict[str, Network]
    """Networks by their role in the model."""
    labels: tuple[str, ...] = ()
    """Names of the confidences, in order."""
    front_end: FrontEnd | None = None
    """Conversion of the input; None if the class defines it."""
    parameters: dict[str, Any] = {}
    """Further parameters of the model's class, which checks their types."""
    quantization: str = "none"
    """Description of the quantization."""
    licence: str
    """License of the weights."""
    source: str
    """Origin of the weights and data, or the command that produces them."""
    accuracy: dict[str, Any] = {}
    """Measured accuracy, before and after quantization."""
    files: dict[Name, Sha256]
    """SHA-256 of every file of the folder except the manifest."""
    digest: Sha256
    """Digest of the manifest itself."""


class _Head(Struct):
    schema: int


class ManifestError(ValueError):
    """The bytes are not a manifest that this version can read, or they have been changed."""


def decode(content: bytes) -> Manifest:
    """Parse a manifest. Raises ManifestError with the reason if it is invalid."""
    try:
        schema = msgspec.json.decode(content, type=prepared(_Head)).schema
    except _UNREADABLE as error:
        raise ManifestError(f"is damaged or not a manifest: {error}") from error
    if schema != SCHEMA:
        raise ManifestError(f"has schema {schema}; this version reads {SCHEMA}")
    digests = _DIGEST.findall(content)
    if len(digests) != 1 or digest(content, digests[0]) != digests[0]:
        raise ManifestError("is damaged: its digest differs from its content")
    try:
        manifest = msgspec.json.decode(content, type=prepared(Manifest))
    except _UNREADABLE as error:
        raise ManifestError(f"does not fit the schema: {error}") from error
    if unknown := {network.file for network in manifest.networks.values()} - manifest.files.keys():
        raise ManifestError(f"has no SHA-256 for {', '.join(sorted(unknown))}")
    return manifest


def encode(manifest: Manifest) -> bytes:
    """Format a manifest as indented JSON, with its digest."""
    blank = msgspec.structs.replace(manifest, digest=ZEROS.decode())
    content = msgspec.json.format(msgspec.json.encode(blank), indent=2) + b"\n"
    return content.replace(ZEROS, digest(content, ZEROS))


def digest(content: bytes, digits: bytes) -> bytes:
    """Return the SHA-256 in hexadecimal of `content` with its own 64 `digits` as zeros."""
    return hashlib.sha256(content.replace(digits, ZEROS)).hexdigest().encode()
