"""The sample recording of `make demo`: a minute of a concert evening, with its truth, out of nothing.

    python -m tools.sound.sample OUT.mp4 [--seed N]

A host talks, talks over music, the audience murmurs; a song with prelude, sung verse and postlude;
applause; the host again. Nothing is read from disk: espeak-ng speaks, WORLD sings, numpy plays.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from edge.vocabulary import Label, Span
from tools.sound.compose import compose
from tools.sound.crowd import applause, crowd_noise, murmur, room
from tools.sound.picture import write_video
from tools.sound.signals import RATE_HZ, Samples, add_at, at_dbfs, fade, silence
from tools.sound.speech import speak
from tools.sound.synth import render
from tools.sound.voice import sing

SPEECH_DBFS, UNDER_DBFS, SUNG_DBFS, BAND_DBFS, NOISE_DBFS = -20.0, -33.0, -20.0, -23.0, -62.0
"""RMS levels: speech, music under speech, singing, its accompaniment, the hall's own noise."""
PEAK = 0.9
AUDIBLE = 0.003
"""The song ends where its ring falls below -50 dBFS."""
PRELUDE_BARS, POSTLUDE_BARS, SONG_S, RING_S = 3, 3, 34.0, 1.5
HOSTS, SINGERS = ("en-gb-x-rp", "en-us", "en+m3", "en+f2"), ("en+f2", "en+m3", "en+f4", "en-us+m2")

WELCOME = (
    "Good evening, everybody, and welcome to the river hall. We have a full house tonight, "
    "and I am very glad that you could all come in spite of the rain. "
    "There will be some old songs, and one that nobody has heard before."
)
OVER_MUSIC = (
    "While the band is getting ready, let me remind you that there is tea at the back, "
    "and that the second half begins at nine. Please switch off your phones."
)
LYRICS = (
    "Morning light is on the water, and the hills are far away. "
    "Carry me home, carry me home, where the river meets the bay. "
    "All the lanterns on the shoreline burn the whole night long for me."
)
GOODBYE = (
    "Thank you so much. That was the new song, and I hope you liked it as much as we do. "
    "We will take a short break now, and then there is more."
)


@dataclass(frozen=True)
class Truth:
    """What the sample holds."""

    sections: tuple[tuple[Span, Label], ...]
    """In order and without gaps, from zero to the end."""
    song: Span
    """From the first note of the prelude to the end of the postlude."""

    @property
    def seconds(self) -> float:
        """Length of the recording."""
        return self.sections[-1][0].end


@dataclass(frozen=True)
class _Song:
    samples: Samples
    sung: Span
    """Within the song; before it is prelude, after it postlude."""


def render_sample(path: Path, *, seed: int = 0) -> Truth:
    """Write the sample video (about 75 s, in about 10 s) and say what it holds.

    The same seed gives the same recording. Raises OutputError if `path` cannot be written.
    """
    stereo, truth = render_sound(np.random.default_rng(seed))
    write_video(path, stereo, truth.sections)
    return truth


def render_sound(rng: np.random.Generator) -> tuple[Samples, Truth]:
    """The sample's sound, stereo [2, n] at `RATE_HZ`, and its truth."""
    host = str(rng.choice(HOSTS))
    song = _song(rng)
    under = compose(rng, 8.5)
    music = at_dbfs(render(under.notes, rng, seconds=8.5), UNDER_DBFS)
    talk_over = fade(music, 0.3, 0.6)
    add_at(talk_over, _talk(OVER_MUSIC, host, 8.0), 0.3)
    crowd = at_dbfs(murmur(rng, 5.0), -27)
    add_at(crowd, at_dbfs(applause(rng, 3.5), -25), 1.5)
    clapping = applause(rng, 6.5) + at_dbfs(crowd_noise(rng, 6.5), -34)

    parts: list[tuple[Samples, Label]] = [
        (_talk(WELCOME, host, 10.0), Label.SPEAKING),
        (talk_over, Label.SPEAKING),
        (crowd, Label.OTHER),
        (song.samples[: round(song.sung.start * RATE_HZ)], Label.MUSIC),
        (
            song.samples[round(song.sung.start * RATE_HZ) : round(song.sung.end * RATE_HZ)],
            Label.SINGING,
        ),
        (song.samples[round(song.sung.end * RATE_HZ) :], Label.MUSIC),
        (clapping, Label.OTHER),
        (_talk(GOODBYE, host, 8.5), Label.SPEAKING),
    ]
    edges = np.cumsum([0, *(len(part) for part, _ in parts)]) / RATE_HZ
    spans = [Span(float(a), float(b)) for a, b in pairwise(edges)]
    truth = Truth(
        tuple((span, label) for span, (_, label) in zip(spans, parts, strict=True)),
        Span(spans[3].start, spans[5].end),
    )
    return _hall(np.concatenate([part for part, _ in parts]), rng), truth


def _song(rng: np.random.Generator) -> _Song:
    notes = compose(rng, SONG_S, prelude_bars=PRELUDE_BARS, postlude_bars=POSTLUDE_BARS)
    band = at_dbfs(render(notes.accompaniment, rng, seconds=SONG_S + RING_S), BAND_DBFS)
    sung = sing(speak(LYRICS, voice=str(rng.choice(SINGERS)), rate=150), notes.melody, rng)
    mix = fade(band, 0.005, 0.05)
    add_at(mix, at_dbfs(sung.samples, SUNG_DBFS), 0.0)
    mix = fade(mix[: np.flatnonzero(np.abs(mix) > AUDIBLE)[-1]], 0.005, 0.05)
    return _Song(mix, Span(sung.spans[0][0], sung.spans[-1][1]))


def _talk(text: str, voice: str, seconds: float) -> Samples:
    """The text in exactly that time: spoken faster or slower, then 0.2 s of silence."""
    rate = 165
    for _ in range(2):  # espeak's length is not quite inverse to its rate
        said = speak(text, voice=voice, rate=rate)
        loud = np.flatnonzero(np.abs(said) > 0.01)
        said = said[loud[0] : loud[-1]]
        rate = round(np.clip(rate * len(said) / RATE_HZ / (seconds - 0.2), 90, 300))
    out = silence(seconds)
    add_at(out, at_dbfs(fade(said), SPEECH_DBFS), 0.0)
    return out


def _hall(x: Samples, rng: np.random.Generator) -> Samples:
    """Both channels of `x` in a small hall: the same direct sound, reflections and noise of their own."""
    channels = []
    for _ in range(2):
        noise = at_dbfs(rng.standard_normal(len(x)).astype(np.float32), NOISE_DBFS)
        channels.append(room(rng, x, rt60_s=0.5, wet_db=-12.0) + noise)
    stereo: Samples = np.stack(channels)
    return stereo * np.float32(min(1.0, PEAK / float(np.max(np.abs(stereo)))))


def main() -> None:
    """Write the sample and print its truth."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.sound.sample", description="Write the sample video."
    )
    parser.add_argument("out", type=Path, metavar="OUT.mp4")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    truth = render_sample(arguments.out, seed=arguments.seed)
    for span, label in truth.sections:
        print(f"{span.start:7.2f} {span.end:7.2f}  {label}")
    print(f"{truth.song.start:7.2f} {truth.song.end:7.2f}  the song, prelude to postlude")


if __name__ == "__main__":
    main()
