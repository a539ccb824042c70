"""The arrows of docs/architecture.md: who may import whom, no circles, no files that only forward."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from tests.layout import ALLOWED

ROOT = Path(__file__).parents[1]

MAX_LINES = 300


def sources(*folders: str) -> list[Path]:
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def module_name(path: Path) -> str:
    base = ROOT / "kernels" if "edge_kernels" in path.parts else ROOT
    parts = path.relative_to(base).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def is_module(name: str) -> bool:
    base = ROOT / "kernels" if name.startswith("edge_kernels") else ROOT
    path = base.joinpath(*name.split("."))
    return path.with_suffix(".py").exists() or path.is_dir()


@cache
def imports(path: Path) -> frozenset[str]:
    """Modules that a file imports, in functions and for type checkers too."""
    found = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            inner = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= {name for name in inner if is_module(name)} or {node.module}
    return frozenset(found)


def room(module: str) -> str:
    return module.split(".")[1] if "." in module else ""


def edge_rooms() -> list[Path]:
    """Files of `edge` below the command line and the public namespace, which know everything."""
    return [path for path in sources("edge") if room(module_name(path)) not in ("", "cli")]


def test_every_room_has_a_place() -> None:
    assert {room(module_name(path)) for path in edge_rooms()} <= ALLOWED.keys()


@pytest.mark.parametrize("path", edge_rooms(), ids=module_name)
def test_arrows_point_down(path: Path) -> None:
    here = room(module_name(path))
    for name in imports(path):
        if name.startswith("edge."):
            assert room(name) in {here, *ALLOWED[here]}, f"{module_name(path)} imports {name}"
    if ".media.read." in module_name(path):
        assert not any(name.startswith("edge.media.write") for name in imports(path))


def test_packages_point_one_way() -> None:
    allowed = {
        "edge": {"edge", "edge_kernels"},
        "kernels/edge_kernels": {"edge_kernels"},
        "tools": {"tools", "edge", "edge_kernels"},
    }
    ours = {"edge", "edge_kernels", "tools", "tests"}
    for folder, names in allowed.items():
        for path in sources(folder):
            tops = {name.split(".")[0] for name in imports(path)} & ours
            assert tops <= names, f"{path.relative_to(ROOT)} imports {tops - names}"


def test_there_is_no_circle() -> None:
    """Between modules, of imports wherever they stand."""
    modules = {module_name(path): path for path in sources("edge", "tools", "kernels/edge_kernels")}
    below = {
        name: {target for target in imports(path) if target in modules and target != name}
        for name, path in modules.items()
    }
    done: set[str] = set()

    def visit(name: str, way: tuple[str, ...]) -> None:
        assert name not in way, f"circle: {' -> '.join([*way[way.index(name) :], name])}"
        if name in done:
            return
        for target in sorted(below[name]):
            visit(target, (*way, name))
        done.add(name)

    for name in sorted(modules):
        visit(name, ())


def test_no_file_is_too_long_to_read() -> None:
    long = {
        str(path.relative_to(ROOT)): lines
        for path in sources("edge", "tools", "kernels")
        if (lines := path.read_text(encoding="utf-8").count("\n")) > MAX_LINES
    }
    assert not long


def test_no_file_only_forwards() -> None:
    """But for the namespaces, which are tables of names."""
    for path in sources("edge", "tools", "kernels/edge_kernels"):
        if path.name in ("__init__.py", "__main__.py"):
            continue
        own = [
            node for node in tree(path).body if not isinstance(node, (ast.Import, ast.ImportFrom, ast.Expr))
        ]
        assert own, f"{path.relative_to(ROOT)} only forwards"


def test_tests_share_makers_and_not_each_other() -> None:
    for path in sources("tests"):
        for name in imports(path):
            assert not re.search(r"^tests\..*\btest_", name), f"{path.relative_to(ROOT)} imports {name}"
