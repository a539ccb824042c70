"""Long recordings composed from a pack's files, with the songs' true times.

Each is a script of events at the sample level: talk, talk over music, other sounds and applause, and one to
three songs with preludes and postludes. The truth follows the rule that the product states: music before or
after the singing belongs to the song unless somebody speaks on its far side.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from edge.vocabulary import Label, Span
from tools.evaluate.pack import RATE_HZ, Entry, samples
from tools.sound.crowd import applause

Floats = NDArray[np.float32]

FADE_S = 0.05
"""Cross-fade between events."""


@dataclass
class Recording:
    """A composed recording: float32[n] at `RATE_HZ` and its songs in order."""

    songs: list[Span] = field(default_factory=list)
    events: list[tuple[str, Span]] = field(default_factory=list)
    """What was put where, for people who look at errors."""
    pieces: list[Floats] = field(default_factory=list)

    @property
    def seconds(self) -> float:
        """Length so far."""
        return sum(map(len, self.pieces)) / RATE_HZ

    @property
    def sound(self) -> Floats:
        """All of it, scaled to a peak of 0.9."""
        whole = np.concatenate(self.pieces)
        return np.asarray(whole * (0.9 / max(0.9, float(np.abs(whole).max()))), np.float32)

    def add(self, what: str, piece: Floats) -> Span:
        """Append an event, with short fades so that joins do not click; returns where it lies."""
        ramp = np.linspace(0, 1, int(FADE_S * RATE_HZ), dtype=np.float32)
        piece = piece.copy()
        piece[: len(ramp)] *= ramp
        piece[-len(ramp) :] *= ramp[::-1]
        start = self.seconds
        self.pieces.append(piece)
        span = Span(start, self.seconds)
        self.events.append((what, span))
        return span


class Pack:
    """The sounds of a pack by label and group, from which recordings are composed."""

    def __init__(self, entries: list[Entry], rng: np.random.Generator) -> None:
        self.rng = rng
        self._groups: dict[Label, dict[str, list[Entry]]] = defaultdict(lambda: defaultdict(list))
        for entry in sorted(entries, key=lambda e: (e.group, e.start_s, e.path.name)):
            self._groups[entry.label][entry.group].append(entry)

    def draw(self, label: Label, seconds: float, *, accompanied: bool | None = None) -> tuple[Floats, str]:
        """About `seconds` of one group's sound at -20 dBFS, its files one after the other, and the group."""
        groups = {
            name: pool
            for name, pool in self._groups[label].items()
            if accompanied is None or ("accompanied" in pool[0].subclass) is accompanied
        }
        lengths = {name: sum(len(trimmed(e)) for e in pool) / RATE_HZ for name, pool in groups.items()}
        long = [name for name in groups if lengths[name] >= min(seconds, max(lengths.values()))]
        name = long[int(self.rng.integers(len(long)))]
        return self._from_group(groups[name], seconds), name

    def _from_group(self, pool: list[Entry], seconds: float) -> Floats:
        """Files of a group in order from a random one on, until there is enough."""
        first = int(self.rng.integers(len(pool)))
        pieces: list[Floats] = []
        for entry in pool[first:] + pool[:first]:
            pieces.append(trimmed(entry))
            if sum(map(len, pieces)) >= seconds * RATE_HZ:
                break
        whole = np.concatenate(pieces)
        spare = len(whole) - int(seconds * RATE_HZ)
        start = int(self.rng.integers(0, spare)) if spare > 0 and len(pieces) == 1 else 0
        return levelled(whole[start : start + int(seconds * RATE_HZ)])


def trimmed(entry: Entry) -> Floats:
    """A file without the silence at its ends (40 dB under its loudest 10 ms), so that truth is exact."""
    sound = samples(entry.path)
    hop = RATE_HZ // 100
    energy = (sound[: len(sound) // hop * hop].reshape(-1, hop) ** 2).mean(axis=1)
    loud = np.flatnonzero(energy > energy.max() * 1e-4)
    return sound[loud[0] * hop : (loud[-1] + 1) * hop] if len(loud) else sound


def levelled(sound: Floats, dbfs: float = -20.0) -> Floats:
    """Scaled to an RMS level."""
    rms = float(np.sqrt((sound**2).mean())) + 1e-9
    return np.asarray(sound * np.float32(10 ** (dbfs / 20) / rms), np.float32)


def compose(entries: list[Entry], seed: int) -> Recording:
    """One recording of about two to five minutes; the same pack and seed give the same recording."""
    pack = Pack(entries, np.random.default_rng(seed))
    rng = pack.rng
    recording = Recording()
    _talk(pack, recording)
    for _ in range(int(rng.integers(1, 4))):
        before = _interlude(pack, recording)
        _song(pack, recording, before)
    if rng.random() < 0.7:
        _talk(pack, recording)
    return recording


def gain_db(rng: np.random.Generator, low: float, high: float) -> np.float32:
    """A random factor between two levels in dB."""
    return np.float32(10 ** (rng.uniform(low, high) / 20))


def _talk(pack: Pack, recording: Recording) -> None:
    """Somebody speaks; half of the time with music behind for a while."""
    rng = pack.rng
    said, _ = pack.draw(Label.SPEAKING, rng.uniform(6, 20))
    recording.add("talk", said)
    if rng.random() < 0.5:
        said, _ = pack.draw(Label.SPEAKING, rng.uniform(6, 15))
        bed, _ = pack.draw(Label.MUSIC, len(said) / RATE_HZ)
        bed = np.resize(bed, len(said))
        recording.add("talk over music", said + bed * gain_db(rng, -18, -6))


def _interlude(pack: Pack, recording: Recording) -> Label:
    """What comes before a song: talk, other sounds, or applause. Returns its label."""
    rng = pack.rng
    draw = rng.random()
    if draw < 0.35 and recording.events[-1][0] != "applause":
        _talk(pack, recording)
        return Label.SPEAKING
    if draw < 0.7:
        noise, _ = pack.draw(Label.OTHER, rng.uniform(4, 10))
        recording.add("other", noise * gain_db(rng, -12, 0))
    else:
        recording.add("applause", applause(rng, rng.uniform(4, 10)) * gain_db(rng, -3, 6))
    return Label.OTHER


def _song(pack: Pack, recording: Recording, before: Label) -> None:
    """Prelude, singing, postlude and what follows: applause, other sounds or talk."""
    rng = pack.rng
    sung, bed_ratio = _sung(pack)
    prelude = rng.uniform(4, 12) if rng.random() < 0.7 else 0.0
    postlude = rng.uniform(4, 12) if rng.random() < 0.7 else 0.0
    first = int(prelude * RATE_HZ)
    last = first + len(sung)
    total = last + int(postlude * RATE_HZ)
    bed, _ = pack.draw(Label.MUSIC, total / RATE_HZ)
    bed = np.resize(bed, total)
    if bed_ratio is not None:
        sound = bed * bed_ratio
        sound[first:last] += sung
    else:  # a real song brings its own band: other music only before and after it
        sound = bed.copy()
        sound[first:last] = sung
    start = recording.seconds
    recording.add("song", sound)
    after = Label.SPEAKING if rng.random() < 0.3 else Label.OTHER
    if after is Label.OTHER:
        if rng.random() < 0.5:
            recording.add("applause", applause(rng, rng.uniform(4, 10)) * gain_db(rng, -3, 6))
        else:
            noise, _ = pack.draw(Label.OTHER, rng.uniform(4, 10))
            recording.add("other", noise * gain_db(rng, -12, 0))
    else:
        said, _ = pack.draw(Label.SPEAKING, rng.uniform(6, 15))
        recording.add("talk", said)
    singing = Span(start + first / RATE_HZ, start + last / RATE_HZ)
    recording.songs.append(
        Span(
            start if before is Label.OTHER else singing.start,
            start + total / RATE_HZ if after is Label.OTHER else singing.end,
        )
    )


def _sung(pack: Pack) -> tuple[Floats, np.float32 | None]:
    """10 to 45 s of singing, and the level of the band to put under it (None: it has its own)."""
    rng = pack.rng
    accompanied = rng.random() < 0.35
    sung, _ = pack.draw(Label.SINGING, rng.uniform(10, 45), accompanied=accompanied)
    return sung, None if accompanied else gain_db(rng, -9, 0)
