"""Threads that decode into a type that nobody has decoded into before."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import edge

AT_ONCE = """
import sys, threading
import msgspec
from edge.decoding import prepared

sys.setswitchinterval(1e-7)
CLASSES = '''
from __future__ import annotations
class Inner(msgspec.Struct):
    x: int
    y: dict[str, list[int]] | None
class Outer(msgspec.Struct):
    one: Inner
    many: list[Inner]
    name: str
'''
CONTENT = b'{"one": {"x": 1, "y": null}, "many": [{"x": 2, "y": {"a": [1]}}], "name": "b"}'
for _ in range(100):
    scope = {"msgspec": msgspec, "__name__": "__main__"}
    exec(CLASSES, scope)
    globals().update(scope)
    start, found = threading.Barrier(6), []
    def decode():
        start.wait()
        found.append(msgspec.json.decode(CONTENT, type=prepared(Outer)).many[0].x)
    threads = [threading.Thread(target=decode) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [2] * 6
"""


def test_threads_decode_into_a_new_type_at_once() -> None:
    subprocess.run([sys.executable, "-c", AT_ONCE], check=True, timeout=60)


def test_everything_is_decoded_into_a_prepared_type() -> None:
    bare = re.compile(r"(?:(?:json|msgpack)\.decode|msgspec\.convert)\((?![^\n]*prepared\()")
    for path in Path(edge.__file__).parent.rglob("*.py"):
        assert not bare.search(path.read_text(encoding="utf-8")), path
