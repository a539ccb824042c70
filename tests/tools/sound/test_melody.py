import os
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from tools.sound.compose import compose
from tools.sound.melody import Arrangement, dress, load, monophonic, pop909_songs
from tools.sound.midifile import read_midi
from tools.sound.patch import Program
from tools.sound.synth import Note

POP909 = Path(os.environ.get("EDGE_DATA", "../shared/data")) / "train/midi/pop909.zip"
needs_pop909 = pytest.mark.skipif(not POP909.exists(), reason=f"no {POP909}; set EDGE_DATA to the data packs")


def midi_file(*tracks: bytes) -> bytes:
    chunks = b"".join(b"MTrk" + len(track).to_bytes(4, "big") + track for track in tracks)
    return b"MThd" + bytes([0, 0, 0, 6, 0, 1, 0, len(tracks), 0, 96]) + chunks


TEMPI = bytes.fromhex("00ff510307a12060ff51030f424000ff2f00")  # 120 bpm, from the second beat 60 bpm
NOTES = bytes.fromhex("00ff03014100903c64603c00003e4060803e0000ff2f00")


def test_notes_have_their_times_by_the_tempo_map() -> None:
    track = read_midi(midi_file(TEMPI, NOTES))[1]
    assert track.name == "A"
    assert [(n.key, n.velocity, n.start_s, n.end_s) for n in track.notes] == [
        (60, 100, 0.0, 0.5),
        (62, 64, 0.5, 1.5),
    ]


@pytest.mark.parametrize("data", [b"", b"RIFF" + bytes(40), midi_file(TEMPI, NOTES[:-6])])
def test_what_is_not_midi_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="MIDI"):
        read_midi(data)


def test_overlapping_notes_become_one_voice() -> None:
    voice = monophonic([Note(0, 2, 60), Note(1, 1, 62), Note(1, 1, 55), Note(2.5, 1, 64)])
    assert [(n.start_s, n.seconds, n.midi) for n in voice] == [(0, 1, 60), (1, 1, 62), (2.5, 1, 64)]


def test_a_cut_moves_notes_and_beats_to_zero() -> None:
    song = Arrangement(
        [Note(0, 2, 60), Note(4, 2, 62)], [Note(3, 4, 50)], 8.0, tuple(map(float, range(8))), 1
    )
    part = song.between(1.0, 5.0)
    assert [(n.start_s, n.seconds) for n in part.melody] == [(0, 1), (3, 1)]
    assert [(n.start_s, n.seconds) for n in part.accompaniment] == [(2, 2)]
    assert (part.seconds, part.beats, part.downbeat) == (4.0, (0.0, 1.0, 2.0, 3.0), 0)


@needs_pop909
def test_a_pop909_song_has_a_melody_a_band_and_beats() -> None:
    names = pop909_songs(POP909)
    assert len(names) == 849
    song = load(POP909, names[0])
    assert song.seconds == pytest.approx(194.9, abs=0.2)
    assert all(a.end_s <= b.start_s + 1e-9 for a, b in pairwise(song.melody))
    assert {n.program for n in song.accompaniment} == {Program.STRINGS, Program.PIANO}
    dressed = dress(song, np.random.default_rng(0))
    assert [(n.start_s, n.midi) for n in dressed.melody] == [(n.start_s, n.midi) for n in song.melody]


@pytest.mark.parametrize("seed", range(6))
def test_a_composed_song_can_be_sung(seed: int) -> None:
    song = compose(np.random.default_rng(seed), 34.0, prelude_bars=3, postlude_bars=3)
    bar_s = 4 * (song.beats[1] - song.beats[0])
    assert song.melody[0].start_s == pytest.approx(3 * bar_s)
    assert song.melody[-1].end_s < song.seconds - 3 * bar_s
    assert all(a.end_s <= b.start_s for a, b in pairwise(song.melody))
    pitches = [n.midi for n in song.melody]
    assert max(pitches) - min(pitches) <= 24
    assert max(abs(a - b) for a, b in pairwise(pitches)) <= 7
    assert max(n.end_s for n in song.notes) <= song.seconds


def test_a_song_too_short_for_its_prelude_is_refused() -> None:
    with pytest.raises(ValueError, match="too few"):
        compose(np.random.default_rng(0), 10.0, prelude_bars=3, postlude_bars=3)
