"""`manifest.json`: what the files of a model folder are, what goes in and out, and how good it is.

The manifest names every file of its folder with its SHA-256, and carries a digest of itself: the SHA-256 of
its own bytes with the 64 digits of the digest as zeros. Any byte that changed is noticed; who wrote them is
not proved by that.
"""

from __future__ import annotations

import hashlib
import re
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from edge.models.frontend import FrontEnd

SCHEMA = 1

Name = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$")]
"""Of a file in the folder itself: no separators, nothing hidden, nothing above."""

Identifier = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")]
Sha256 = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$")]
Axis = Annotated[int, Meta(ge=1)] | Annotated[str, Meta(min_length=1, max_length=64)]
"""A size, or a name where any size will do."""

ElementType = Literal["float32", "float16", "float64", "int64", "int32", "int16", "int8", "uint8", "bool"]

ZEROS = b"0" * 64
_DIGEST = re.compile(rb'"digest": ?"([0-9a-f]{64})"')


class Tensor(Struct, frozen=True, forbid_unknown_fields=True):
    """One input or output of a network."""

    name: str
    dtype: ElementType
    shape: tuple[Axis, ...]


class Network(Struct, frozen=True, forbid_unknown_fields=True):
    """One file that a runtime runs; which runtime, its suffix says."""

    file: Name
    inputs: tuple[Tensor, ...]
    """In the order in which they are passed to a session."""
    outputs: tuple[Tensor, ...]
    """In the order in which a session returns them."""
    quantization: str = "none"
    target: Literal["x86", "arm"] | None = None
    """Kind of processor, for files that fit one only (.nb)."""
    runtime_version: str | None = None
    """Version of the runtime, for files that fit one only (.nb)."""


class Manifest(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """A model folder in data."""

    schema: int
    id: Identifier
    version: str
    task: str
    """What the model does: the class that runs it asks for this."""
    networks: dict[str, Network]
    """By their role in the model."""
    labels: tuple[str, ...] = ()
    """Order of the confidences."""
    front_end: FrontEnd | None = None
    parameters: dict[str, bool | int | float | str] = {}
    """What else the class that runs the model must know; it says what it expects."""
    quantization: str = "none"
    """In words, for people."""
    licence: str
    source: str
    """Where the weights and the data come from, or the command that makes them."""
    accuracy: dict[str, Any] = {}
    """What was measured, before quantization and after."""
    files: dict[Name, Sha256]
    """Every file of the folder but this one."""
    digest: Sha256


class _Head(Struct):
    schema: int


class ManifestError(ValueError):
    """The bytes are no manifest that this version reads, or not those that were written."""


def decode(content: bytes) -> Manifest:
    """The manifest in `content`. Raises ManifestError saying what is wrong with it."""
    try:
        schema = msgspec.json.decode(content, type=_Head).schema
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ManifestError(f"is damaged or no manifest: {error}") from error
    if schema != SCHEMA:
        raise ManifestError(f"has schema {schema}; this version reads {SCHEMA}")
    digests = _DIGEST.findall(content)
    if len(digests) != 1 or digest(content, digests[0]) != digests[0]:
        raise ManifestError("is damaged: its digest differs from its content")
    try:
        manifest = msgspec.json.decode(content, type=Manifest)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ManifestError(f"does not fit the schema: {error}") from error
    if unknown := {network.file for network in manifest.networks.values()} - manifest.files.keys():
        raise ManifestError(f"has no SHA-256 for {', '.join(sorted(unknown))}")
    return manifest


def encode(manifest: Manifest) -> bytes:
    """`manifest` as JSON for people, with its digest filled in."""
    blank = msgspec.structs.replace(manifest, digest=ZEROS.decode())
    content = msgspec.json.format(msgspec.json.encode(blank), indent=2) + b"\n"
    return content.replace(ZEROS, digest(content, ZEROS))


def digest(content: bytes, digits: bytes) -> bytes:
    """SHA-256, in hexadecimal, of `content` with its own 64 `digits` as zeros."""
    return hashlib.sha256(content.replace(digits, ZEROS)).hexdigest().encode()
