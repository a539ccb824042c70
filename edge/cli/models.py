"""`edge models [list | verify | add PATH | remove ID]`.

The models that ship with edge, those in your store (the folder in EDGE_MODELS), and those of extras,
installed or not.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from edge import schema
from edge.cli.parsing import add_common
from edge.cli.show import print_json
from edge.errors import InputError, MissingRuntimeError, ModelError
from edge.models import store
from edge.models.folder import MANIFEST, ModelFolder, open_folder
from edge.models.limits import MIB
from edge.models.session import Session


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION")
    actions.add_parser("list", help="the models there are, in the order in which they are searched")
    verify = actions.add_parser("verify", help="check every byte of models, and load their networks")
    verify.add_argument("models", nargs="*", metavar="ID", help="which ones (default: all)")
    adding = actions.add_parser("add", help="check a model folder and copy it into the store")
    adding.add_argument("path", type=Path, metavar="PATH", help="a folder with a manifest.json")
    adding.add_argument("-f", "--force", action="store_true", help="replace a model with the same id")
    removing = actions.add_parser("remove", help="delete a model from the store")
    removing.add_argument("model", metavar="ID")
    for action in actions.choices.values():
        add_common(action)


def run(options: argparse.Namespace) -> None:
    """Run the action: list, verify, add or remove."""
    actions: dict[str, Callable[[argparse.Namespace], None]] = {
        "list": _list,
        "verify": _verify,
        "add": _add,
        "remove": _remove,
    }
    actions[options.action or "list"](options)


def _list(options: argparse.Namespace) -> None:
    rows, damaged = [], []
    for path in store.installed():
        try:
            rows.append(describe(open_folder(path)))
        except ModelError as error:
            damaged.append(str(error))
    missing = {model: package.install for model, package in store.not_installed().items()}
    if options.json:
        print_json(
            {
                "schema": schema.VERSION,
                "store": str(store.store_root()),
                "models": rows,
                "not_installed": [{"id": model, "install": install} for model, install in missing.items()],
                "damaged": damaged,
            }
        )
        return
    print(f"{'id':<24}{'version':<10}{'task':<18}{'size':>7}     where")
    for row in rows:
        print(
            f"{row['id']:<24}{row['version']:<10}{row['task']:<18}{row['megabytes']:7.1f} MB  {row['where']}"
        )
    for model, install in missing.items():
        print(f"{model:<24}not installed: {install}")
    for line in damaged:
        print(f"edge: {line}", file=sys.stderr)


def _verify(options: argparse.Namespace) -> None:
    """Check every byte, and load every network whose runtime is installed."""
    paths = [store.locate(model) for model in options.models] or list(store.installed())
    rows = [_verified(path) for path in paths]
    if options.json:
        print_json({"schema": schema.VERSION, "models": rows})
    else:
        for row in rows:
            print(f"{row['id']:<24}{'ok ' if row['works'] else 'NOT'}  {row['detail']}")
    if broken := [row["id"] for row in rows if not row["works"]]:
        raise ModelError(broken[0], f"does not verify ({len(broken)} of {len(rows)} models); add it again")


def _verified(path: Path) -> dict[str, Any]:
    try:
        folder = open_folder(path)
        folder.verify()
        loaded = [f"{role} on {runtime}" for role, runtime in try_networks(folder).items()]
        detail = ", ".join(loaded) or f"{len(folder.manifest.files)} files, no networks"
        return {"id": folder.manifest.id, "works": True, "detail": detail}
    except ModelError as error:
        return {"id": path.name, "works": False, "detail": str(error)}


def _add(options: argparse.Namespace) -> None:
    source = options.path
    if not (source / MANIFEST).exists():
        raise InputError(source, f"is not a model folder: it has no {MANIFEST}")
    try_networks(open_folder(source))
    folder = store.add(source, force=options.force)
    _say(options, f"added {folder.manifest.id} {folder.manifest.version}: {folder.path}", describe(folder))


def _remove(options: argparse.Namespace) -> None:
    path = store.remove(options.model)
    _say(options, f"removed {options.model}: {path}", {"id": options.model, "path": str(path)})


def try_networks(folder: ModelFolder) -> dict[str, str]:
    """Load each network; return by role its runtime, or what to install. Raises ModelError."""
    loaded = {}
    for role in folder.manifest.networks:
        try:
            with Session(folder, role) as session:
                loaded[role] = session.runtime
        except MissingRuntimeError as error:
            loaded[role] = f"no runtime here ({error.needs})"
    return loaded


def describe(folder: ModelFolder) -> dict[str, Any]:
    """Return the properties of a model as plain data."""
    manifest = folder.manifest
    size = sum(folder.file(name).stat().st_size for name in manifest.files)
    builtin = folder.path.parent == store.builtin_root()
    return {
        "id": manifest.id,
        "version": manifest.version,
        "task": manifest.task,
        "megabytes": round(size / MIB, 2),
        "quantization": manifest.quantization,
        "licence": manifest.licence,
        "where": "ships with edge" if builtin else str(folder.weights or folder.path),
    }


def _say(options: argparse.Namespace, line: str, document: dict[str, Any]) -> None:
    if options.json:
        print_json({"schema": schema.VERSION, **document})
    else:
        print(line)
