"""The composer's training: pieces from files, a loss that falls, a folder that foretells as well."""

from __future__ import annotations

import zipfile
from pathlib import Path

import mido
import numpy as np
import pytest
import torch

from edge.errors import InputError
from edge.music import words
from edge.music.words import Bar, Note, chord_of
from edge.networks.composer import Composer
from tools.train.music import export
from tools.train.music.corpus import Piece, read_pop909
from tools.train.music.judging import measured
from tools.train.music.learning import Lessons, Plan, judged, train
from tools.train.music.network import Composer as Architecture
from tools.train.music.ngrams import Ngrams
from tools.train.music.pipeline import is_held_out

SCALE = (60, 62, 64, 65, 67, 69, 71, 72)


def piece(name: str, offset: int) -> Piece:
    """Eight bars in which a scale goes up, a note a beat."""
    bars = tuple(
        Bar(
            (chord_of(0, "maj"),) * 4, words.density_of(4), 2, number % 4, 3 - number % 4,
            notes=tuple(Note(4 * beat, 4, SCALE[(4 * number + beat + offset) % 8], 4) for beat in range(4)),
        )
        for number in range(8)
    )  # fmt: skip
    return Piece(name, bars)


PIECES = [piece(f"pop909/00{number}", number) for number in range(6)]


def test_what_was_learned_foretells_better_and_is_exported_as_it_is(tmp_path: Path) -> None:
    torch.manual_seed(0)
    network = Architecture(size=32, depth=1, heads=2)
    before = judged(network, Lessons(PIECES[4:]))["word"]
    plan = Plan(steps=60, batch=4, length=64, rate=5e-3, warm=5, save_every=30)
    learned = train(Lessons(PIECES[:4]), Lessons(PIECES[4:]), tmp_path / "run", plan, network)
    after = judged(learned, Lessons(PIECES[4:]))
    assert after["word"] < 0.5 * before
    again = train(Lessons(PIECES[:4]), Lessons(PIECES[4:]), tmp_path / "run", plan, Architecture(32, 1, 2))
    assert judged(again, Lessons(PIECES[4:])) == after  # goes on from the checkpoint, which is the last one
    folder = export.write(tmp_path / "model", learned, export.graphs(learned, tmp_path), quantized=True)
    with Composer(folder) as composer:
        assert measured(composer, PIECES[4:])["word"] == pytest.approx(after["word"], abs=0.02)


def test_ngrams_know_what_they_have_seen() -> None:
    ngrams = Ngrams(PIECES[:4])
    assert ngrams.loss(PIECES[4:]) < 0.7 * Ngrams(PIECES[:1]).loss([piece("other", 3), *PIECES[4:]])


@pytest.mark.parametrize(
    ("name", "held"), [("pop909/829", False), ("pop909/830", True), ("pop909/001", False)]
)
def test_held_out_songs_are_never_learned(name: str, held: bool) -> None:
    assert is_held_out(name) == held


def pack(path: Path, key: str, chord: str, pitches: list[int]) -> Path:
    """A pack of one song as POP909 has it: 16 bars at 120 beats per minute, a note a beat."""
    song, melody = mido.MidiFile(ticks_per_beat=480), mido.MidiTrack()
    melody.append(mido.MetaMessage("track_name", name="MELODY"))
    melody.append(mido.MetaMessage("set_tempo", tempo=500_000))
    for number in range(64):
        pitch = pitches[number % len(pitches)]
        melody.append(mido.Message("note_on", note=pitch, velocity=80, time=0))
        melody.append(mido.Message("note_off", note=pitch, velocity=0, time=480))
    song.tracks.append(melody)
    song.save(path.with_suffix(".mid"))
    beats = "\n".join(f"{number / 2} 0.0 {float(number % 4 == 0)}" for number in range(65))
    with zipfile.ZipFile(path, "w") as file:
        file.write(path.with_suffix(".mid"), "POP909/001/001.mid")
        file.writestr("POP909/001/beat_midi.txt", beats)
        file.writestr("POP909/001/key_audio.txt", f"0.0\t32.0\t{key}\n")
        file.writestr("POP909/001/chord_midi.txt", f"0.0\t32.0\t{chord}\n")
    return path


def test_songs_are_transposed_to_c_and_a_minor(tmp_path: Path) -> None:
    (major,) = read_pop909(pack(tmp_path / "a.zip", "D:maj", "D:maj", [62, 66, 69, 74]))
    assert {bar.chords for bar in major.bars} == {(chord_of(0, "maj"),) * 4}
    assert [note.pitch for note in major.bars[0].notes] == [60, 64, 67, 72]
    assert [note.step for note in major.bars[0].notes] == [0, 4, 8, 12]
    (minor,) = read_pop909(pack(tmp_path / "b.zip", "E:min", "E:min7", [64, 67, 71]))
    assert {bar.chords for bar in minor.bars} == {(chord_of(9, "min"),) * 4}
    assert minor.bars[0].minor
    assert [note.pitch % 12 for note in minor.bars[0].notes][:3] == [9, 0, 4]
    with pytest.raises(InputError):
        read_pop909(tmp_path / "none.zip")


def test_crops_begin_with_a_bar() -> None:
    given, beside = Lessons(PIECES).batch(Plan(steps=1, batch=8, length=32), 1)
    assert given.shape == (8, 32, len(words.FIELDS))
    assert beside.shape == (8, 32, len(words.CONDITIONS))
    first = given[:, 0].numpy()
    np.testing.assert_array_equal(first[:, :2], np.tile([words.METRIC, words.BAR], (8, 1)))
