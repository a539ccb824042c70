"""Talks composed of a pack's speech, with what an editor would take out of them: blanks, fillers, repeats.

Each is a row of sentences over a little noise. What is put between them is known to the sample: silences,
real hesitations, and first takes of a sentence that is said again.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edge.errors import InputError
from edge.evidence.speech.alignment import FILLED_PAUSES, Aligner
from edge.evidence.speech.level import sounding, speech_level
from edge.quickcut.marks import Kind
from edge.vocabulary import Label, Span
from tools.evaluate.pack import RATE_HZ, read_pack, samples
from tools.evaluate.recognition import FOREIGN

Floats = NDArray[np.float32]

PAUSE_S = 0.4
"""Recordings are parted into sentences at silences of this length."""

NOISE = 10 ** (-65 / 20)
"""Level of the room that all is said in."""

READ = ("read", "read_transcribed")
"""Subclasses of sentences that are read out."""

PHRASE_S = (1.5, 8.0)
"""Lengths of what is taken for a sentence: speech without a pause."""


@dataclass
class Talk:
    """A composed talk: float32[n] at `RATE_HZ`, and what is to be found in it, in order."""

    pieces: list[Floats] = field(default_factory=list)
    truth: list[tuple[Kind, Span]] = field(default_factory=list)

    @property
    def seconds(self) -> float:
        """Length so far."""
        return sum(map(len, self.pieces)) / RATE_HZ

    def add(self, piece: Floats, kind: Kind | None = None) -> None:
        """Append sound, and say what it is if it is to be found."""
        start = self.seconds
        self.pieces.append(piece)
        if kind is not None:
            self.truth.append((kind, Span(start, self.seconds)))

    def sound(self, rng: np.random.Generator) -> Floats:
        """All of it, in the room."""
        whole = np.concatenate(self.pieces)
        return np.asarray(whole + rng.normal(0, NOISE, len(whole)), np.float32)


def talks(data: Path, count: int, *, seed: int = 0, sentences: int = 14, noisy: bool = False) -> list[Talk]:
    """`count` talks of a pack's sentences, each used once before any comes again. Raises InputError.

    In `noisy` ones every blank has something in it: a sound of the pack, or a faint second voice.
    """
    rng = np.random.default_rng(seed)
    sounds = [entry.path for entry in read_pack(data) if entry.label is Label.OTHER] if noisy else []
    pool = [phrase for path in read_sentences(data) for phrase in phrases(samples(path))]
    fillers = read_filled_pauses(data)
    if len(pool) < 2:
        raise InputError(data, "holds too little read speech to compose talks of")
    order: list[int] = []
    made = []
    for _ in range(count):
        while len(order) < sentences:
            order += [int(one) for one in rng.permutation(len(pool))]
        chosen, order = order[:sentences], order[sentences:]
        voices = [pool[one] for one in order if one not in chosen][:4]
        between = (
            [_excerpt(samples(sounds[one]), rng) for one in rng.integers(len(sounds), size=4)]
            if noisy
            else []
        )
        made.append(compose([pool[one] for one in dict.fromkeys(chosen)], fillers, rng, between, voices))
    return made


def compose(
    sentences: Sequence[Floats],
    fillers: Sequence[Floats],
    rng: np.random.Generator,
    sounds: Sequence[Floats] = (),
    voices: Sequence[Floats] = (),
) -> Talk:
    """One talk: before a sentence may come a blank, a hesitation, or a first take of it.

    With `sounds`, a blank has one of them in its middle, or one of the `voices`, much softer than the talk.
    """
    talk = Talk()
    talk.add(silence(rng.uniform(0.1, 0.2)))
    for sentence in sentences:
        what = rng.choice(["nothing", "blank", "filler", "repeat"], p=[0.4, 0.2, 0.2, 0.2])
        if what == "blank":
            talk.add(silence(rng.uniform(1.5, 5.0)), Kind.BLANK)
            if sounds:
                other, level = _other(sounds, voices, rng)
                talk.add(loud_as(other, level), Kind.SOUND)
                talk.add(silence(rng.uniform(1.5, 3.0)), Kind.BLANK)
        elif what == "filler" and fillers:
            talk.add(silence(rng.uniform(0.15, 0.4)))
            talk.add(loud_as(fillers[int(rng.integers(len(fillers)))], 0.06), Kind.FILLER)
            talk.add(silence(rng.uniform(0.1, 0.35)))
        elif what == "repeat":
            talk.add(silence(rng.uniform(0.3, 0.7)))
            talk.add(another_take(sentence, rng), Kind.REPEAT)
            talk.add(silence(rng.uniform(0.3, 0.8)))
        else:
            talk.add(silence(rng.uniform(0.25, 0.7)))
        talk.add(loud_as(sentence, 0.08))
    talk.add(silence(rng.uniform(0.1, 0.2)))
    return talk


def _other(
    sounds: Sequence[Floats], voices: Sequence[Floats], rng: np.random.Generator
) -> tuple[Floats, float]:
    """A sound up to as loud as the talk, or a voice 20 to 32 dB below it; and its root mean square."""
    if voices and rng.random() < 0.4:
        return voices[int(rng.integers(len(voices)))], 0.08 * 10 ** (-rng.uniform(20, 32) / 20)
    return sounds[int(rng.integers(len(sounds)))], 0.08 * 10 ** (-rng.uniform(0, 25) / 20)


def _excerpt(sound: Floats, rng: np.random.Generator) -> Floats:
    """Up to 5 s of a sound from where it begins, without the silence around it."""
    loud = np.flatnonzero(np.abs(sound) > 0.05 * np.abs(sound).max())
    sound = sound[loud[0] : loud[-1] + 1]
    return faded(sound[: round(rng.uniform(1.5, 5.0) * RATE_HZ)])


def another_take(sentence: Floats, rng: np.random.Generator) -> Floats:
    """The sentence said a little faster or slower, louder or softer, and perhaps broken off near its end."""
    speed = rng.uniform(0.94, 1.06)
    at = np.arange(0, len(sentence) - 1, speed)
    take = np.interp(at, np.arange(len(sentence)), sentence)
    if rng.random() < 0.4:
        take = take[: int(len(take) * rng.uniform(0.82, 0.95))]
        take[-800:] *= np.linspace(1, 0, 800)
    return loud_as(np.asarray(take, np.float32), 0.08 * rng.uniform(0.7, 1.4))


def read_sentences(data: Path) -> list[Path]:
    """Recordings of English sentences that are read out, without hesitations in them, in file order.

    Raises InputError if there is no manifest.
    """
    return [
        data / row["path"]
        for row in _rows(data)
        if row.get("subclass") in READ and not _hesitates(row) and not _is_foreign(row)
    ]


def read_filled_pauses(data: Path) -> list[Floats]:
    """Real hesitations: "uh" and "um" of a pack's transcripts, found by laying those onto the audio."""
    rows = [row for row in _rows(data) if _hesitates(row)]
    aligner = Aligner()
    found = []
    for row in rows:
        sound = samples(data / row["path"])
        for word in aligner.align(sound, row["transcript"]).words:
            if word.text.lower() in FILLED_PAUSES and 0.2 <= word.end - word.start <= 1.0:
                found.append(faded(sound[round(word.start * RATE_HZ) : round(word.end * RATE_HZ)]))
    return found


def silence(seconds: float) -> Floats:
    """Nothing."""
    return np.zeros(round(seconds * RATE_HZ), np.float32)


def phrases(sound: Floats) -> list[Floats]:
    """The stretches between pauses that are as long as a sentence."""
    loud = sounding(speech_level(sound, RATE_HZ), pause_s=PAUSE_S)
    found = [span for span in loud if PHRASE_S[0] <= span.seconds <= PHRASE_S[1]]
    return [faded(sound[round(span.start * RATE_HZ) : round(span.end * RATE_HZ)]) for span in found]


def faded(sound: Floats, ramp_s: float = 0.01) -> Floats:
    """With short fades, so that joins do not click."""
    ramp = np.linspace(0, 1, round(ramp_s * RATE_HZ), dtype=np.float32)
    sound = sound.copy()
    sound[: len(ramp)] *= ramp[: len(sound)]
    sound[-len(ramp) :] *= ramp[::-1][-len(sound) :]
    return sound


def loud_as(sound: Floats, level: float) -> Floats:
    """Scaled to a root mean square of `level`."""
    return np.asarray(sound * (level / max(1e-6, float(np.sqrt(np.square(sound).mean())))), np.float32)


def _hesitates(row: dict[str, str]) -> bool:
    return not set(FILLED_PAUSES).isdisjoint(row.get("transcript", "").lower().split())


def _is_foreign(row: dict[str, str]) -> bool:
    language = re.search(r"\blang=(\w+)", row.get("note") or "")
    return Path(row["path"]).name.startswith(FOREIGN) or (language is not None and language[1] != "en")


def _rows(data: Path) -> list[dict[str, str]]:
    manifest = data / "manifest.csv"
    if not manifest.is_file():
        raise InputError(data, "holds no manifest.csv; pass --data DIR or set EDGE_DATA")
    with manifest.open(newline="", encoding="utf-8") as file:
        return [row for row in csv.DictReader(file) if row.get("class") == "speech"]
