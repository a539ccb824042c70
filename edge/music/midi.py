"""Write the notes of a score as a standard MIDI file: a track for each voice, and one for the chords."""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

from edge.errors import require
from edge.files import whole_file
from edge.music import rules
from edge.music.mix import NONE, Score
from edge.music.perform import FIGURES, LOWEST, VOICES, accompaniment
from edge.music.soundfonts import parse_preset
from edge.music.words import NO_CHORD, STEPS, STRENGTHS, Note

if TYPE_CHECKING:
    import mido

TICKS = 480
"""Ticks of a beat."""

PROGRAMS = {
    "nylon string": 24, "steel string": 25, "harp": 46, "electric piano": 4, "bell": 14, "marimba": 12,
    "soft lead": 80, "bright lead": 81, "flute": 73, "pad": 88, "strings": 48, "synth pluck": 45,
}  # fmt: skip
"""General MIDI programs of instruments, from 0."""


def write_midi(score: Score, destination: str | PathLike[str], *, force: bool = False) -> Path:
    """Write a score as a file of type 1, in its key and on the grid; return its path.

    Raises MissingExtraError without mido, OutputError. No partial file is left behind.
    """
    require("mido", "MIDI files", "music")
    import mido  # noqa: PLC0415 - an extra

    path = Path(destination)
    file = mido.MidiFile(type=1, ticks_per_beat=TICKS)
    file.tracks.append(_conductor(score))
    file.tracks.append(_track("chords", _chords(score), score, None, 15))
    for channel, voice in enumerate(VOICES):
        if score.instruments[voice] != NONE:
            file.tracks.append(_track(voice, _notes(score, voice), score, score.instruments[voice], channel))
    with whole_file(path, force=force) as draft:
        file.save(str(draft))
    return path


def _conductor(score: Score) -> mido.MidiTrack:
    import mido  # noqa: PLC0415

    track = mido.MidiTrack()
    track.append(mido.MetaMessage("set_tempo", tempo=round(60e6 / score.plan.tempo)))
    track.append(mido.MetaMessage("time_signature", numerator=4, denominator=4))
    at = 0
    for section in score.plan.sections:
        tick = section.first * 4 * TICKS
        track.append(mido.MetaMessage("marker", text=section.bars[0].part, time=tick - at))
        at = tick
    return track


def _notes(score: Score, voice: str) -> list[tuple[int, Note]]:
    """Return the notes of a voice with the sixteenth of the piece at which each begins."""
    figure = FIGURES[score.seed % len(FIGURES)]
    number = VOICES.index(voice)
    return [
        (index * STEPS + note.step, note)
        for index, bar in enumerate(score.bars)
        for note in (accompaniment(bar, figure) if voice == "instrument" else bar.notes)
        if voice == "instrument" or note.voice == number
    ]


def _chords(score: Score) -> list[tuple[int, Note]]:
    result = list[tuple[int, Note]]()
    for index, bar in enumerate(score.bars):
        begins = [beat for beat in range(4) if beat == 0 or bar.chords[beat] != bar.chords[beat - 1]]
        for beat, following in zip(begins, [*begins[1:], 4], strict=True):
            if bar.chords[beat] != NO_CHORD:
                for tone in sorted(rules.chord_tones(bar.chords[beat])):
                    note = Note(4 * beat, 4 * (following - beat), LOWEST + (tone - LOWEST) % 12, 4)
                    result.append((index * STEPS + note.step, note))
    return result


def _program(instrument: str) -> int:
    preset = parse_preset(instrument)
    return PROGRAMS[instrument] if preset is None else preset.number


def _track(
    name: str, notes: list[tuple[int, Note]], score: Score, instrument: str | None, channel: int
) -> mido.MidiTrack:
    import mido  # noqa: PLC0415

    track = mido.MidiTrack()
    track.append(mido.MetaMessage("track_name", name=name))
    program = _program(instrument) if instrument else 48
    track.append(mido.Message("program_change", channel=channel, program=program))
    events = list[tuple[int, int, int, int]]()  # tick, 0 for off and 1 for on, pitch, velocity
    for start, note in notes:
        pitch = note.pitch + score.template.key
        begin, end = (step * TICKS // 4 for step in (start, start + note.duration))
        events.append((begin, 1, pitch, round(30 + 90 * (note.strength + 0.5) / STRENGTHS)))
        events.append((end, 0, pitch, 0))
    at = 0
    for tick, on, pitch, velocity in sorted(events):
        kind = "note_on" if on else "note_off"
        track.append(mido.Message(kind, channel=channel, note=pitch, velocity=velocity, time=tick - at))
        at = tick
    return track
