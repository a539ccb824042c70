"""Sampled instruments in stereo at 48 kHz: FluidSynth with FluidR3, dry, one instrument at a time.

FluidSynth and FluidR3 (MIT) come from the system's packages: `apt install fluidsynth fluid-soundfont-gm`.
"""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
from mido import Message, MidiFile, MidiTrack

from edge.arrays import Floats
from edge.music.templates import RATE_HZ
from tools.sound.soundfont import DRUM_CHANNEL, soundfonts
from tools.templates.playing import Hit

TICKS_PER_S = 4800
"""A tempo of 120 with 2400 ticks a beat: 10 samples a tick."""

BEND_CENTS = 200
"""Reach of the pitch wheel to each side, by default."""

ONE_SHOT_S = 3.0
"""Longest drum."""


def perform(
    hits: Sequence[Hit], program: int, samples: int, *, cents: float = 0.0, stops: Sequence[int] = ()
) -> Floats:
    """Render the notes of an instrument, float32[2, samples]: all that sounds ends at each of `stops`.

    With `cents` there are two, detuned, left and right.
    """
    if not cents:
        return _render([_Player(0, program, 0.0, 64)], hits, samples, stops)
    sides = [_Player(0, program, -cents, 12), _Player(1, program, cents, 116)]
    return _render(sides, hits, samples, stops)


@cache
def drum(kit: int, key: int, force: int) -> Floats:
    """One drum of a kit of the soundfont, float32[2, n], struck with a force of 1 to 127."""
    hit = [Hit(0, RATE_HZ * (ONE_SHOT_S - 0.2), key, force / 127)]
    sound = _render([_Player(DRUM_CHANNEL, kit, 0.0, 64)], hit, round(ONE_SHOT_S * RATE_HZ))
    audible = np.flatnonzero(np.abs(sound).max(axis=0) > 1e-4 * np.abs(sound).max())
    return sound[:, audible[0] if len(audible) else 0 : audible[-1] + 1 if len(audible) else 1]


class _Player:
    """A channel of the synthesizer."""

    def __init__(self, channel: int, program: int, cents: float, pan: int) -> None:
        self.channel, self.program, self.cents, self.pan = channel, program, cents, pan

    def setup(self) -> list[Message]:
        """Messages before the first note."""
        wheel = round(8191 * self.cents / BEND_CENTS)
        return [
            Message("program_change", channel=self.channel, program=self.program),
            Message("control_change", channel=self.channel, control=7, value=100),
            Message("control_change", channel=self.channel, control=10, value=self.pan),
            Message("pitchwheel", channel=self.channel, pitch=wheel),
        ]


def _render(
    players: Sequence[_Player], hits: Sequence[Hit], samples: int, stops: Sequence[int] = ()
) -> Floats:
    """Render what all players play together. Raises RuntimeError without FluidSynth or FluidR3."""
    found = [font for font in soundfonts() if font.name.startswith("FluidR3")]
    if not found:
        raise RuntimeError("templates need FluidSynth and FluidR3: apt install fluidsynth fluid-soundfont-gm")
    with tempfile.TemporaryDirectory() as folder:
        score, out = Path(folder) / "score.mid", Path(folder) / "out.raw"
        _write(players, hits, (*stops, samples), score)
        command = ["fluidsynth", "-ni", "-q", "-r", str(RATE_HZ), "-g", "0.4", "-R", "0", "-C", "0"]
        command += [
            "-o",
            "synth.dynamic-sample-loading=1",
            "-o",
            "synth.polyphony=512",
            "-O",
            "float",
            "-T",
            "raw",
        ]
        done = subprocess.run(
            [*command, "-F", str(out), str(found[0]), str(score)], capture_output=True, check=False, text=True
        )
        if done.returncode or not out.is_file():
            raise RuntimeError(f"fluidsynth: {done.stderr.strip() or 'no output'}")
        stereo = np.fromfile(out, np.float32).reshape(-1, 2).T[:, :samples]
    return np.pad(stereo, ((0, 0), (0, samples - stereo.shape[1])))


def _write(players: Sequence[_Player], hits: Sequence[Hit], stops: Sequence[int], file: Path) -> None:
    """Write a MIDI file in which all players play the same notes, up to the last of `stops`."""
    timed: list[tuple[int, int, Message]] = []
    for player in players:
        timed += [(0, 0, message) for message in player.setup()]
        for hit in hits:
            key, velocity = (
                int(np.clip(round(hit.pitch), 0, 127)),
                int(np.clip(round(127 * hit.force), 1, 127)),
            )
            start, end = _ticks(hit.start), max(_ticks(hit.start + hit.length), _ticks(hit.start) + 1)
            timed.append((start, 2, Message("note_on", channel=player.channel, note=key, velocity=velocity)))
            timed.append((end, 1, Message("note_off", channel=player.channel, note=key)))
        silence = Message("control_change", channel=player.channel, control=120, value=0)
        timed += [(_ticks(stop), 0, silence) for stop in stops]
    track, now = MidiTrack(), 0
    for tick, _, message in sorted(timed, key=lambda event: event[:2]):
        track.append(message.copy(time=tick - now))
        now = tick
    score = MidiFile(ticks_per_beat=TICKS_PER_S // 2)
    score.tracks.append(track)
    score.save(file)


def _ticks(samples: float) -> int:
    return round(samples * TICKS_PER_S / RATE_HZ)
