"""A sound server without hardware: what is played to its null sink can be recorded, as from a microphone."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import pytest

SINK = "stage"


@dataclass(frozen=True)
class Stage:
    """A running server; processes with its environment record from it as the device "pulse"."""

    environment: dict[str, str]
    server: subprocess.Popen[bytes]

    def play(self, path: Path) -> subprocess.Popen[bytes]:
        """Begin to play a WAV file."""
        return subprocess.Popen(["paplay", f"--device={SINK}", str(path)], env=self.environment)


@contextmanager
def open_stage(folder: Path) -> Iterator[Stage]:
    """Start a server of its own; skip the test where there is none, or PortAudio cannot reach it."""
    if not all(map(shutil.which, ("pulseaudio", "pactl", "paplay"))):
        pytest.skip("needs pulseaudio and pulseaudio-utils")
    if find_spec("sounddevice") is None:
        pytest.skip("needs the extra live")
    runtime = folder / "run"
    runtime.mkdir(mode=0o700)
    (folder / ".asoundrc").write_text("pcm.!default { type pulse }\nctl.!default { type pulse }\n")
    private = {"HOME": folder, "XDG_RUNTIME_DIR": runtime, "PULSE_RUNTIME_PATH": runtime / "pulse"}
    environment = os.environ | {name: str(path) for name, path in private.items()}
    modules = ("module-native-protocol-unix", f"module-null-sink sink_name={SINK}")
    server = subprocess.Popen(
        ["pulseaudio", "-n", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no",
         *(word for module in modules for word in ("-L", module))],
        env=environment, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        command = ["pactl", "set-default-source", f"{SINK}.monitor"]
        for _ in range(100):
            if (
                subprocess.run(command, env=environment, stderr=subprocess.DEVNULL, check=False).returncode
                == 0
            ):
                break
            time.sleep(0.1)
        else:
            pytest.skip("pulseaudio does not start here")
        yield Stage(environment, server)
    finally:
        server.terminate()
        server.wait()
