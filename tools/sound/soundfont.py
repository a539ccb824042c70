"""Sampled instruments: parts rendered by FluidSynth from a General MIDI soundfont.

The synthesizer of `synth` draws timbres that nobody has heard; these are real instruments, with the bends and
vibrato that let a guitar or a saxophone pass for a voice. FluidSynth and FluidR3 (MIT) come from the system's
packages: `apt install fluidsynth fluid-soundfont-gm`.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from mido import Message, MetaMessage, MidiFile, MidiTrack
from numpy.typing import NDArray

from tools.sound.signals import RATE_HZ, Samples
from tools.sound.synth import Note

FOLDERS = (Path("/usr/share/sounds/sf2"), Path("/usr/share/sounds/sf3"))
"""Where Debian installs soundfonts."""

DRUM_CHANNEL = 9
BEND_RANGE = 12
"""Semitones that the pitch wheel reaches to each side."""
TICKS_PER_S = 960
"""A tempo of 120 with 480 ticks a beat: a tick is about a millisecond."""
BEND_EVERY_S = 0.01


@dataclass(frozen=True)
class Part:
    """What one instrument plays; `program` is General MIDI's, from 0, or None for drums."""

    program: int | None
    notes: Sequence[Note]
    bend: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    """Semitones added to the pitch, one value every 10 ms."""
    volume: int = 100
    """0 to 127."""


def soundfonts() -> list[Path]:
    """Installed General MIDI soundfonts, links left out. Empty if there are none or no FluidSynth."""
    if shutil.which("fluidsynth") is None:
        return []
    found = (file for folder in FOLDERS if folder.is_dir() for file in sorted(folder.iterdir()))
    return [file for file in found if not file.is_symlink()]


def perform(parts: Sequence[Part], soundfont: Path, seconds: float) -> Samples:
    """Mono samples of exactly `seconds`, as loud as the soundfont makes them.

    Raises ValueError for more than 15 pitched parts, RuntimeError if FluidSynth fails.
    """
    with tempfile.TemporaryDirectory() as folder:
        score, out = Path(folder) / "score.mid", Path(folder) / "out.raw"
        _write(parts, score)
        command = ["fluidsynth", "-ni", "-q", "-r", str(RATE_HZ), "-g", "0.5", "-O", "float", "-T", "raw"]
        done = subprocess.run(
            [*command, "-F", str(out), str(soundfont), str(score)],
            capture_output=True,
            check=False,
            text=True,
        )
        if done.returncode or not out.is_file():
            raise RuntimeError(f"fluidsynth: {done.stderr.strip() or 'no output'}")
        stereo = np.fromfile(out, np.float32).reshape(-1, 2)
    mono = stereo.mean(axis=1)[: round(seconds * RATE_HZ)]
    return np.pad(mono, (0, round(seconds * RATE_HZ) - len(mono)))


def _write(parts: Sequence[Part], file: Path) -> None:
    """A MIDI file of the parts, each on a channel of its own."""
    if sum(part.program is not None for part in parts) > 15:
        raise ValueError("General MIDI has 15 channels beside the drums")
    score = MidiFile(ticks_per_beat=TICKS_PER_S // 2)
    free = iter(channel for channel in range(16) if channel != DRUM_CHANNEL)
    for part in parts:
        channel = DRUM_CHANNEL if part.program is None else next(free)
        score.tracks.append(_track(part, channel))
    score.save(file)


def _track(part: Part, channel: int) -> MidiTrack:
    """The events of one part in order, with the ticks since the one before."""
    events = [(0.0, 0, message) for message in _setup(part, channel)]
    for i in np.flatnonzero(np.diff(part.bend, prepend=0.0)):
        value = int(np.clip(part.bend[i] / BEND_RANGE * 8192, -8192, 8191))
        events.append((i * BEND_EVERY_S, 1, Message("pitchwheel", channel=channel, pitch=value)))
    for note in part.notes:
        key = int(np.clip(round(note.midi), 0, 127))
        velocity = int(np.clip(round(127 * note.velocity), 1, 127))
        on = Message("note_on", channel=channel, note=key, velocity=velocity)
        events.append((max(0.0, note.start_s), 3, on))
        events.append((max(0.0, note.end_s), 2, Message("note_off", channel=channel, note=key)))
    track, now = MidiTrack(), 0
    for seconds, _, message in sorted(events, key=lambda event: event[:2]):
        tick = round(seconds * TICKS_PER_S)
        track.append(message.copy(time=tick - now))
        now = tick
    track.append(MetaMessage("end_of_track"))
    return track


def _setup(part: Part, channel: int) -> list[Message]:
    """Program, volume and the range of the pitch wheel (registered parameter 0)."""
    controls = ((7, part.volume), (101, 0), (100, 0), (6, BEND_RANGE), (38, 0))
    messages = [Message("control_change", channel=channel, control=c, value=v) for c, v in controls]
    if part.program is not None:
        messages.insert(0, Message("program_change", channel=channel, program=part.program))
    return messages
