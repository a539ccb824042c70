"""Parts on sampled instruments: the notes and bends that FluidSynth is told, and what it plays."""

from __future__ import annotations

from pathlib import Path

import mido
import numpy as np
import pytest

from tools.sound import soundfont
from tools.sound.codec import overdriven
from tools.sound.midifile import read_midi
from tools.sound.signals import rms_dbfs
from tools.sound.soundfont import BEND_RANGE, Part, perform, soundfonts
from tools.sound.synth import Note

NOTES = (Note(0.5, 1.0, 69, 0.8), Note(1.75, 0.5, 72, 0.5))


def test_the_score_holds_the_notes_and_the_bends(tmp_path: Path) -> None:
    bend = np.interp(np.arange(250) / 100, [0.5, 1.5], [0, 6])
    soundfont._write([Part(64, NOTES, bend), Part(None, NOTES[:1])], tmp_path / "score.mid")
    tracks = read_midi((tmp_path / "score.mid").read_bytes())
    played = tracks[0].notes
    assert [note.key for note in played] == [69, 72]
    times = [time for note in played for time in (note.start_s, note.end_s)]
    assert times == pytest.approx([0.5, 1.5, 1.75, 2.25])
    score = mido.MidiFile(tmp_path / "score.mid")
    assert {m.channel for m in score.tracks[1] if m.type == "note_on"} == {soundfont.DRUM_CHANNEL}
    wheel = [m.pitch for m in score.tracks[0] if m.type == "pitchwheel"]
    assert wheel == sorted(wheel)
    assert wheel[-1] == pytest.approx(8192 * 6 / BEND_RANGE, abs=1)


def test_there_are_15_channels_beside_the_drums(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="15 channels"):
        soundfont._write([Part(0, NOTES)] * 16, tmp_path / "score.mid")


@pytest.mark.skipif(not soundfonts(), reason="no FluidSynth, or no soundfont in /usr/share/sounds")
def test_a_bent_note_sounds_at_its_pitch() -> None:
    flat = perform([Part(73, NOTES[:1])], soundfonts()[0], 2.0)
    bent = perform([Part(73, NOTES[:1], np.full(200, 12.0))], soundfonts()[0], 2.0)
    assert len(flat) == 32_000
    assert rms_dbfs(flat[:6_000]) < -60 < -40 < rms_dbfs(flat[10_000:20_000])
    for x, pitch_hz in ((flat, 440.0), (bent, 880.0)):
        spectrum = np.abs(np.fft.rfft(x[10_000:20_000] * np.hanning(10_000)))
        assert np.argmax(spectrum) * 1.6 == pytest.approx(pitch_hz, rel=0.02)


def test_overdrive_clips_and_keeps_the_level() -> None:
    tone = np.sin(np.arange(16_000) * 0.2).astype(np.float32) * np.float32(0.1)
    clipped = overdriven(tone, drive_db=18, hard=True)
    assert np.abs(clipped).max() < 0.06
    assert rms_dbfs(overdriven(tone, drive_db=0, hard=False)) == pytest.approx(rms_dbfs(tone), abs=0.5)
