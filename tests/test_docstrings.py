"""Every public name says what it is, its examples run, and it uses the terms of docs/glossary.md."""

from __future__ import annotations

import ast
import doctest
import re
from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

NATIVE = ROOT / "kernels" / "edge_kernels" / "native"
"""Kernels: documented by the header, `edge_kernels.h`."""

NEEDS = {"tools.compile_kernels": "llvmlite", "edge_kernels.jit": "numba", "edge.songs.plot": "matplotlib"}
"""Modules, with those below them, whose examples need an extra."""

AVOIDED = {
    r"\bpictures?\b": "video frame, image or video stream",
    r"\brecognis": "recogniz...",
    r"\b(hear|hears|heard|ears?)\b": "recognize, audible, or nothing",
    r"\b(listen|listens|listening|told)\b": "read, decode, given",
    r"\breading head\b": "random access",
    r"\bstretch(es)?\b": "span, range or segment",
    r"\bshel(f|ves)\b": "index",
    r"\bthe source (counts|says)\b": "the published method",
    r"\bours\b": "an extension, or this project's",
    r"\bhesitation": "filled pause",
    r"\b(is|are) no [a-z]+,? but\b": "expected X, found Y",
    r"\b(neighbour|colour|centre[ds]?\b|normalis|optimis|favourite|behaviour)": "the American spelling",
}
"""What must not come back, and what the field says instead."""

ALLOWED = {
    r"\bstretch(es)?\b": {"edge/models/frontend.py"},
    r"\bpictures?\b": {"edge/media/bitstream/h264.py"},
}
"""Files in which a term is right: an image may be stretched to fit, and PPS is a picture parameter set."""


def modules(*folders: str) -> list[Path]:
    return [
        path
        for folder in folders
        for path in sorted((ROOT / folder).rglob("*.py"))
        if NATIVE not in path.parents and path.name != "__main__.py"
    ]


def documented(body: list[ast.stmt], index: int) -> bool:
    """Whether the statement after an assignment is a string."""
    following = body[index + 1] if index + 1 < len(body) else None
    return isinstance(following, ast.Expr) and isinstance(getattr(following.value, "value", None), str)


def has_fields(node: ast.ClassDef) -> bool:
    """Whether a class is a dataclass, a Struct or a NamedTuple."""
    names = {ast.unparse(item).partition("(")[0] for item in (*node.decorator_list, *node.bases)}
    return bool(names & {"dataclass", "Struct", "msgspec.Struct", "NamedTuple"})


def undocumented(tree: ast.Module | ast.ClassDef, *, fields: bool) -> Iterator[str]:
    """Yield the public names in a module or class, itself included, that have no docstring."""
    if not ast.get_docstring(tree):
        yield getattr(tree, "name", "the module")
    for index, node in enumerate(tree.body):
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield from undocumented(node, fields=fields)
        elif isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            if not ast.get_docstring(node):
                yield node.name
        elif (
            fields and isinstance(tree, ast.ClassDef) and has_fields(tree) and isinstance(node, ast.AnnAssign)
        ):
            name = ast.unparse(node.target)
            if not name.startswith("_") and not documented(tree.body, index):
                yield f"{tree.name}.{name}"


@pytest.mark.parametrize("folder", ["edge", "kernels/edge_kernels", "tools"])
def test_every_public_name_has_a_docstring(folder: str) -> None:
    fields = folder != "tools"
    missing = [
        f"{path.relative_to(ROOT)}: {name}"
        for path in modules(folder)
        for name in undocumented(ast.parse(path.read_text(encoding="utf-8")), fields=fields)
    ]
    assert not missing


NOT_IMPERATIVE = {"the", "a", "an", "what", "whether", "where", "how", "which", "why", "when", "of", "this"}


def not_imperative(tree: ast.Module) -> Iterator[str]:
    """Yield the functions, properties aside, whose docstring does not begin with what they do."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and (text := ast.get_docstring(node)):
            is_property = any("property" in ast.unparse(item) for item in node.decorator_list)
            if not is_property and text.split()[0].lower() in NOT_IMPERATIVE:
                yield node.name


def test_docstrings_of_functions_begin_with_what_they_do() -> None:
    found = [
        f"{path.relative_to(ROOT)}: {name}"
        for path in modules("edge", "kernels/edge_kernels")
        for name in not_imperative(ast.parse(path.read_text(encoding="utf-8")))
    ]
    assert not found
    assert list(not_imperative(ast.parse('def f():\n    """The size."""'))) == ["f"]


def test_a_missing_docstring_is_noticed() -> None:
    code = (
        '"""M."""\n@dataclass\nclass A:\n    """A."""\n    x: int\n    """X."""\n    y: int\n'
        "    def f(self): pass\n    def _g(self): pass\nclass B: pass\ndef h(): pass\n"
    )
    assert list(undocumented(ast.parse(code), fields=True)) == ["A.y", "f", "B", "h"]


def prose(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the docstrings and messages of a file: its strings of several words; and its comments."""
    content = path.read_text(encoding="utf-8")
    for node in ast.walk(ast.parse(content)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value:
            yield node.lineno, node.value
    for number, line in enumerate(content.split("\n"), 1):
        if comment := re.search(r"(^|\s)# (?!noqa|type:)(.*)", line):
            yield number, comment[2]


def avoided(text: str) -> list[str]:
    return [pattern for pattern in AVOIDED if re.search(pattern, re.sub(r"`[^`]*`", "", text), re.IGNORECASE)]


def test_prose_uses_the_terms_of_the_glossary() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{number}: {pattern} (write: {AVOIDED[pattern]})"
        for path in modules("edge", "kernels/edge_kernels")
        for number, text in prose(path)
        for pattern in avoided(text)
        if path.relative_to(ROOT).as_posix() not in ALLOWED.get(pattern, set())
    ]
    assert not found


def test_an_avoided_term_is_noticed() -> None:
    assert avoided("Words heard in a stretch of speech") == [
        r"\b(hear|hears|heard|ears?)\b", r"\bstretch(es)?\b",
    ]  # fmt: skip
    assert not avoided("Return the video frame; `picture` is a tag")


def with_examples() -> Iterator[str]:
    """Yield the modules that have examples."""
    for folder, base in (("edge", ROOT), ("kernels/edge_kernels", ROOT / "kernels"), ("tools", ROOT)):
        for path in modules(folder):
            if ">>> " in path.read_text(encoding="utf-8"):
                yield ".".join(path.relative_to(base).with_suffix("").parts).removesuffix(".__init__")


@pytest.mark.parametrize("name", list(with_examples()))
def test_the_examples_in_docstrings_run(name: str) -> None:
    for prefix, extra in NEEDS.items():
        if f"{name}.".startswith(f"{prefix}.") and find_spec(extra) is None:
            pytest.skip(f"needs {extra}")
    results = doctest.testmod(import_module(name))
    assert results.attempted
    assert not results.failed
