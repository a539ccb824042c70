"""The README's example is the code itself."""

from __future__ import annotations

import re
from pathlib import Path

KERNELS = Path(__file__).parents[2] / "kernels"


def test_the_steps_show_what_is_in_the_files() -> None:
    blocks = re.findall(r"```(?:c|python)\n(.*?)```", (KERNELS / "README.md").read_text(), re.S)
    assert len(blocks) == 3
    for block, file in zip(blocks, ("edge_kernels.h", "native/audio.py", "audio.py"), strict=True):
        assert block in (KERNELS / "edge_kernels" / file).read_text()


def test_the_table_names_what_there_is() -> None:
    for name in re.findall(r"`([\w/]+\.\w+)`", (KERNELS / "README.md").read_text()):
        folders = (KERNELS, KERNELS / "edge_kernels", KERNELS.parent / "tests" / "kernels")
        assert any((folder / name).exists() for folder in folders), name
