"""Nothing leaves the device, and nothing of other packages stays in HOME."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tools.sound.sample import Truth

OURS = {".cache/edgereel", ".local/share/edgereel"}
"""Folders below HOME that belong to this package."""

COMMANDS = {
    "songs": ["songs", "MEDIA", "-o", "songs", "--plot", "songs.png"],
    "label": ["label", "MEDIA"],
    "caption": ["caption", "MEDIA"],
    "clean": ["clean", "MEDIA", "--dry-run"],
    "listen": ["listen", "MEDIA", "-o", "live", "--save-audio"],
    "models": ["models", "verify"],
    "doctor": ["doctor"],
}


def without_network() -> list[str]:
    """The command that takes the network from a process, where this system lets us."""
    unshare = ["unshare", "--net", "--map-root-user"]
    if shutil.which("unshare") and not subprocess.run([*unshare, "true"], check=False).returncode:
        return unshare
    return []


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_leaves_only_our_own_files_in_home(
    command: str, sample: tuple[Path, Truth], tmp_path: Path
) -> None:
    home, work = tmp_path / "home", tmp_path / "work"
    home.mkdir()
    work.mkdir()
    arguments = [str(sample[0]) if word == "MEDIA" else word for word in COMMANDS[command]]
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("XDG_", "EDGE_", "ORT_"))
    }
    result = subprocess.run(
        [*without_network(), sys.executable, "-m", "edge.cli", *arguments],
        env={**kept, "HOME": str(home), "PYTHONPATH": os.pathsep.join(sys.path)},
        cwd=work, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    left = {path.relative_to(home).as_posix() for path in home.rglob("*") if path.is_file()}
    strange = {name for name in left if not any(name.startswith(f"{ours}/") for ours in OURS)}
    assert not strange
