"""Write model folders: files, their hashes, a manifest, all or nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from edge.files import whole_folder
from edge.models.folder import MANIFEST, ModelFolder, open_folder
from edge.models.limits import Limits
from edge.models.manifest import SCHEMA, ZEROS, Manifest, encode


def write_folder(
    path: Path,
    files: Mapping[str, bytes | Path],
    *,
    force: bool = False,
    limits: Limits | None = None,
    **fields: Any,
) -> ModelFolder:
    """Make the model folder `path` from the contents of its `files`, or from files with those contents.

    `fields` are those of `Manifest`, but for the schema, the hashes and the digest. Returns the folder as the
    runtime reads it back. Raises OutputError if it exists and `force` is false, or cannot be written;
    ModelError if the runtime would refuse it.
    """
    with whole_folder(path, force=force) as draft:
        hashes = {name: _place(content, draft / name) for name, content in files.items()}
        manifest = Manifest(schema=SCHEMA, files=hashes, digest=ZEROS.decode(), **fields)
        (draft / MANIFEST).write_bytes(encode(manifest))
        open_folder(draft, limits).verify()
    return open_folder(path, limits)


def rewrite(
    folder: ModelFolder,
    files: Mapping[str, bytes | Path] | None = None,
    *,
    without: Collection[str] = (),
    path: Path | None = None,
    force: bool = True,
    **fields: Any,
) -> ModelFolder:
    """The same model folder, or a copy at `path`, with other `fields` and other, more or fewer files.

    Raises as `write_folder`.
    """
    kept = {name: folder.read(name) for name in folder.manifest.files if name not in without}
    known = {
        name: getattr(folder.manifest, name)
        for name in Manifest.__struct_fields__
        if name not in ("schema", "files", "digest")
    }
    contents = kept | dict(files or {})
    target = path or folder.path
    return write_folder(target, contents, force=force, limits=folder.limits, **known | fields)


def _place(content: bytes | Path, file: Path) -> str:
    """Write a file and return its SHA-256."""
    held = content if isinstance(content, bytes) else content.read_bytes()
    file.write_bytes(held)
    return hashlib.sha256(held).hexdigest()
