"""The card of a templates folder."""

from __future__ import annotations

from collections.abc import Sequence

from edge.music.templates import BAR_MINUTE, RATE_HZ, TemplateEntry

SHIPPED = """# templates

Loops of chords and base (drums and bass) in {styles} styles, over which melodies are composed. Not a network:
the manifest describes the templates in `parameters`, and each has two files, Opus in Ogg, 48 kHz stereo.

- **Parts**: intro (4 bars), verse (8), chorus (8), break (4), fill (1), ending (2). The bars of a part are
  followed by its ring, in which its last notes fade, so parts can follow each other in any order: add
  the ring of one to the start of the next. The manifest has the chord of each beat, in C major or A minor;
  `key` says how many semitones higher it is played.
- **Made by**: `python -m tools.templates render`, about ten minutes on a CPU core. Chords, rhythms and drum
  patterns are data of this repository. Instruments are those of FluidR3, played one by one by FluidSynth
  without its reverb, or synthesizers and drums by formulas; each is filtered, saturated, panned and put in a
  short room. Timing and strength of notes vary as a seeded generator draws them.
- **Loudness**: chords and base together have {lufs:g} LUFS (BS.1770) in the chorus, before coding.

{table}

## Limitations

- All are in 4/4, without changes of tempo. No part has a melody, and none is sung.
- Sampled guitars and strings of a General MIDI soundfont are recognizable as such where they play alone.
- Reverb is short: a mix adds its own.
- How well people like them was not measured.

## Licenses

FluidR3 GM is licensed under MIT, copyright 2000-2002, 2008 Frank Wen. Patterns and audio are licensed under
Apache-2.0.
"""

OWN = """# templates

Loops of chords and base, added by `python -m tools.templates add`.

{table}
"""


def card(entries: Sequence[TemplateEntry], *, shipped: bool) -> str:
    """The card of a folder with these templates."""
    styles = len({entry.style for entry in entries})
    return (SHIPPED if shipped else OWN).format(styles=styles, table=table(entries), lufs=-20)


def table(entries: Sequence[TemplateEntry]) -> str:
    """A row for each template."""
    head = "| id | style | tempo | mode | key | swing | energy | moods | seconds |\n" + "| --- " * 9 + "|\n"
    rows = (" | ".join(_cells(entry)) for entry in entries)
    return head + "\n".join(f"| {row} |" for row in rows)


def _cells(entry: TemplateEntry) -> tuple[str, ...]:
    tempo, seconds = BAR_MINUTE / entry.bar_samples, entry.samples / RATE_HZ
    mode = "minor" if entry.minor else "major"
    numbers = f"{entry.swing:g}", f"{entry.energy:g}"
    moods = ", ".join(entry.moods)
    return entry.id, entry.style, f"{tempo:.4g}", mode, f"{entry.key:+d}", *numbers, moods, f"{seconds:.0f}"
