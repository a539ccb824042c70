"""The progress line, as it is seen on a terminal."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from pathlib import Path

import numpy as np
import pytest

from edge.media import decode_audio
from tools.sound.sample import Truth
from tools.sound.wave import write_wav

pytestmark = pytest.mark.slow


def on_terminal(*words: object) -> tuple[int, str, str]:
    """Exit code and stdout of a command, and what a terminal of 150 columns got on its stderr."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 150, 0, 0))
    command = [sys.executable, "-m", "edge.cli", *map(str, words)]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path), "TERM": "xterm"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=theirs, env=environment) as process:
        os.close(theirs)
        shown = b""
        while part := read(ours):
            shown += part
        out = process.stdout.read().decode() if process.stdout else ""
    os.close(ours)
    return process.returncode, out, shown.decode()


def read(terminal: int) -> bytes:
    """What came next; nothing once the other side is closed."""
    try:
        return os.read(terminal, 65_536)
    except OSError:
        return b""


def screen(shown: str) -> list[str]:
    """The lines that are left on the screen."""
    lines, column = [""], 0
    for part in re.split(r"(\r|\n|\x1b\[[0-9;]*[A-Za-z])", shown):
        if part == "\r":
            column = 0
        elif part == "\n":
            lines.append("")
        elif part.startswith("\x1b"):
            raise AssertionError(f"unknown control sequence {part!r}")
        else:
            line = lines[-1].ljust(column)
            lines[-1] = line[:column] + part + line[column + len(part) :]
            column += len(part)
    return [line.rstrip() for line in lines]


STAGE = r"{} +(\d+)% [^\r]* \d\d:\d\d, (?:\d\d:\d\d|\?) left"


def test_finding_shows_stage_percent_speed_and_time_left(sample: tuple[Path, Truth], tmp_path: Path) -> None:
    evening = tmp_path / "evening.wav"
    heard = np.concatenate([block.samples for block in decode_audio(sample[0])])
    write_wav(evening, np.tile(heard, 15), 16_000)
    code, out, shown = on_terminal("songs", evening)
    assert code == 0, shown
    assert "evening.wav: 15 songs" in out
    assert "loading the segmenter ..." in shown
    percents = [int(found) for found in re.findall(STAGE.format("evening.wav: finding songs"), shown)]
    assert len(percents) > 3
    assert percents == sorted(percents)
    assert re.search(r"left, \d+x", shown)
    assert not "".join(screen(shown))
    assert on_terminal("songs", evening, "--quiet")[2] == ""


def test_cutting_and_an_error_leave_no_residue(sample: tuple[Path, Truth], tmp_path: Path) -> None:
    code, out, shown = on_terminal("songs", sample[0], "-o", tmp_path / "clips", "--plot", tmp_path / "p.png")
    assert code == 0, shown
    assert "sample-01.mp4" in out
    assert re.search(STAGE.format("cutting 1 song"), shown)
    assert "drawing ..." in shown
    assert not "".join(screen(shown))
    (tmp_path / "text.wav").write_text("no sound")
    code, out, shown = on_terminal("label", tmp_path / "text.wav", sample[0])
    assert code == 3
    assert [line for line in screen(shown) if line] == [
        f"edge: {tmp_path / 'text.wav'}: is not media, or its header or index is missing"
    ]
