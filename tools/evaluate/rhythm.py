"""Rhythm and key: are tempo, beats, bars and key those of music that is known, and is all else without beats?

Beside librosa where it is installed. The tracks of the package immich-memories-music are left out unless
`EDGE_WHEELS` names a folder with its wheel, or with it unpacked.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.arrays import Floats
from edge.evidence.chroma import ChromaStream
from edge.evidence.collect import audio_blocks
from edge.evidence.key import PROFILES, Key, KeyCollector
from edge.evidence.rhythm.collect import RhythmCollector
from edge.evidence.rhythm.onsets import OnsetStream
from edge.music.templates import open_templates
from edge.networks.composer import Composer
from edge.vocabulary import Label
from tools.evaluate.pack import RATE_HZ, read_pack, samples
from tools.evaluate.rhythm_tracks import Track, composed, first, looped, packaged, rendered, speeds
from tools.progress import each

SAME_TEMPO = 0.04
"""Share by which a tempo may be off."""

OCTAVES = (1, 2, 3, 1 / 2, 1 / 3)
"""Factors of a tempo that is right but for its octave."""

SAME_BEAT_S = 0.07
"""Seconds by which a beat may be off, as in MIREX."""

SHORTEST_S = 3.0
"""Length of recordings without music that are examined."""

KRUMHANSL = np.array([
    [6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88],
    [6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17],
])  # fmt: skip
"""Profiles of Krumhansl and Kessler, in major and minor."""


@dataclass(frozen=True)
class Sizes:
    """How much is measured."""

    templates: int = 20
    """Templates that are looped."""
    composed: int = 20
    """Compositions over templates."""
    pieces: int = 20
    """Rendered pieces of the evaluation pack's POP909."""

    @classmethod
    def quick(cls) -> Sizes:
        """Small enough for a test."""
        return cls(templates=2, composed=1, pieces=1)


@dataclass(frozen=True)
class Found:
    """What an analysis found in a recording."""

    tempo: float
    beats_s: NDArray[np.float64]
    bars_s: NDArray[np.float64] | None
    tonic: int
    minor: bool
    strength: float = 0.0


@dataclass
class Scores:
    """Scores of tracks."""

    seconds: float = 0.0
    """Length of the tracks."""
    spent_s: float = 0.0
    """Processor time that the analysis took."""
    columns: dict[str, list[float]] = field(default_factory=dict)
    """Scores by name."""

    def add(self, track: Track, found: Found, spent_s: float) -> None:
        """Judge what was found in a track."""
        self.seconds += len(track.samples) / RATE_HZ
        self.spent_s += spent_s
        ratio = found.tempo / track.tempo
        key = key_score(track, found)
        row = {
            "tempo": float(abs(ratio - 1) <= SAME_TEMPO),
            "tempo_octaves": float(any(abs(ratio / one - 1) <= SAME_TEMPO for one in OCTAVES)),
            "key": float(key == 1),
            "key_weighted": key,
        }
        if track.beats_s is not None:
            row["beats"] = f_measure(found.beats_s, track.beats_s)
        if track.bars_s is not None and found.bars_s is not None:
            row["downbeats"] = f_measure(found.bars_s, track.bars_s)
        for name, value in row.items():
            self.columns.setdefault(name, []).append(value)

    def summary(self) -> dict[str, float]:
        """Return the means, and `seconds_per_minute` of processor time."""
        means = {name: float(np.mean(values)) for name, values in self.columns.items()}
        return {**means, "seconds_per_minute": 60 * self.spent_s / max(self.seconds, 1e-9)}


def evaluate(data: Path, *, sizes: Sizes | None = None, seed: int = 90_000) -> dict[str, Any]:
    """Analyze known music, and recordings without music.

    `rows`: for each kind of music and analysis the share of tracks with the right `tempo` (within 4 %) and
    with the right one up to factors of 2 and 3 (`tempo_octaves`), the F measures of `beats` and `downbeats`
    within 70 ms, the share of right keys (`key`), the score of MIREX (`key_weighted`), and
    `seconds_per_minute`. `pulse`: by label the share of the pack's recordings `with_beats`, and their mean
    `strength`. `parts_ms`: processor time of each part for a second of audio.
    """
    sizes = sizes or Sizes()
    analyses: dict[str, Callable[[Floats], Found]] = {"edge": analyzed}
    if find_spec("librosa"):
        analyses["librosa"] = by_librosa
    rows = list[dict[str, Any]]()
    for kind, tracks in _kinds(data, sizes, seed):
        scores, count = {name: Scores() for name in analyses}, 0
        for track in tracks:
            for name, analysis in analyses.items():
                if not count:
                    analysis(track.samples[: 5 * RATE_HZ])
                began = time.process_time()
                found = analysis(track.samples)
                scores[name].add(track, found, time.process_time() - began)
            count += 1
        if count:
            rows += [
                {"music": kind, "by": name, "tracks": count, **one.summary()} for name, one in scores.items()
            ]
    return {"rows": rows, "pulse": pulse(data), "parts_ms": parts()}


def _kinds(data: Path, sizes: Sizes, seed: int) -> Iterator[tuple[str, Iterable[Track]]]:
    templates = open_templates()
    folder = os.environ.get("EDGE_WHEELS")
    yield "package", each(packaged(Path(folder)), "tracks") if folder else []
    yield "templates", (looped(one) for one in each(templates[: sizes.templates], "templates"))
    with Composer() as network:
        drawn = list(speeds(first(templates, sizes.composed), seed))
        yield (
            "composed",
            (
                composed(network, template, speed, seed + number)
                for number, (template, speed) in enumerate(each(drawn, "compositions"))
            ),
        )
    pieces = data / "midi/pop909.zip"
    yield "POP909", rendered(pieces, sizes.pieces, seed) if pieces.is_file() else []


def analyzed(sound: Floats) -> Found:
    """Analyze samples float32[n] at 16 kHz in blocks of a second."""
    key = KeyCollector()
    rhythm = RhythmCollector(key)
    for block in audio_blocks(sound[start : start + RATE_HZ] for start in range(0, len(sound), RATE_HZ)):
        key.accept(block)
        rhythm.accept(block)
    key.finish()
    rhythm.finish()
    track, found = rhythm.result, key.result or Key(0, "major", 0.0)
    return Found(track.tempo, track.beats_s, track.bars_s, found.tonic, found.mode == "minor", track.strength)


def by_librosa(sound: Floats) -> Found:
    """Analyze samples with librosa: its beat tracker, and its chroma with Krumhansl's profiles."""
    import librosa  # noqa: PLC0415 - an extra

    tempo, beats = librosa.beat.beat_track(y=sound, sr=RATE_HZ, units="time")
    chroma = librosa.feature.chroma_cqt(y=sound, sr=RATE_HZ).mean(axis=1)
    fits = [
        [np.corrcoef(np.roll(profile, tonic), chroma)[0, 1] for tonic in range(12)] for profile in KRUMHANSL
    ]
    minor, tonic = np.unravel_index(np.argmax(fits), (len(PROFILES), 12))
    return Found(float(np.ravel(tempo)[0]), beats, None, int(tonic), bool(minor))


def key_score(track: Track, found: Found) -> float:
    """Return MIREX's score: 1 right, 0.5 a fifth off, 0.3 the relative, 0.2 the parallel key.

    A tonic out of tune counts as either of the tones around it.
    """
    above = (found.tonic - track.tonic + 6) % 12 - 6
    nearest = {int(np.floor(above + 0.5)) % 12, int(np.ceil(above - 0.5)) % 12}
    if found.minor == track.minor:
        return 1.0 if 0 in nearest else 0.5 if nearest & {5, 7} else 0.0
    return 0.3 if (3 if track.minor else 9) in nearest else 0.2 if 0 in nearest else 0.0


def f_measure(found: NDArray[np.float64], true: NDArray[np.float64]) -> float:
    """Return the F measure of times; each true one is found once at most, within `SAME_BEAT_S`."""
    if not len(found) or not len(true):
        return 0.0
    nearest = np.abs(found[:, None] - true).argmin(axis=1)
    hits = len({at for one, at in zip(found, nearest, strict=True) if abs(one - true[at]) <= SAME_BEAT_S})
    return 2 * hits / (len(found) + len(true))


def pulse(data: Path) -> dict[str, dict[str, float]]:
    """Return by label the share of a pack's recordings with beats, and the mean strength."""
    found = dict[Label, list[tuple[float, float]]]()
    for entry in each(read_pack(data), "recordings"):
        sound = samples(entry.path)
        if len(sound) >= SHORTEST_S * RATE_HZ:
            one = analyzed(sound)
            found.setdefault(entry.label, []).append((float(len(one.beats_s) > 0), one.strength))
    return {
        label.name.lower(): dict(
            zip(("with_beats", "strength"), np.mean(rows, axis=0).tolist(), strict=True),
            recordings=len(rows),
        )
        for label, rows in found.items()
    }


def parts() -> dict[str, float]:
    """Return the processor time of each part for ten minutes of a looped template, in ms for a second."""
    sound = looped(open_templates()[0]).samples
    sound = np.tile(sound, -(-600 * RATE_HZ // len(sound)))[: 600 * RATE_HZ]
    blocks = list(np.split(sound, 600))
    spent = dict[str, float]()
    for name, stream in (("onsets", OnsetStream()), ("chroma", ChromaStream())):
        began = time.process_time()
        for block in blocks:
            stream.accept(block)
        stream.finish()
        spent[name] = time.process_time() - began
    began = time.process_time()
    analyzed(sound)
    spent["all"] = time.process_time() - began
    spent["tempo, beats, bars, key"] = spent["all"] - spent["onsets"] - spent["chroma"]
    return {name: 1000 * seconds / 600 for name, seconds in spent.items()}


def table(result: dict[str, Any]) -> str:
    """Format the result for people."""
    names = ("tempo", "tempo_octaves", "beats", "downbeats", "key", "key_weighted", "seconds_per_minute")
    lines = [
        f"{'music':12}{'by':9}{'tracks':>7}" + "".join(f"{name.replace('_', ' '):>19}" for name in names)
    ]
    for row in result["rows"]:
        cells = "".join(f"{row[name]:19.3f}" if name in row else f"{'':19}" for name in names)
        lines.append(f"{row['music']:12}{row['by']:9}{row['tracks']:7}{cells}")
    if not any(row["music"] == "package" for row in result["rows"]):
        lines.append("EDGE_WHEELS names no folder with immich-memories-music: its tracks are left out")
    if not any(row["by"] == "librosa" for row in result["rows"]):
        lines.append("librosa is not installed: nothing to compare with")
    lines += [""] + [
        f"{label:10} {row['recordings']:4} recordings: {row['with_beats']:.2f} with beats, "
        f"mean strength {row['strength']:.2f}"
        for label, row in result["pulse"].items()
    ]
    shown = ", ".join(f"{name} {value:.2f}" for name, value in result["parts_ms"].items())
    return "\n".join([*lines, "", f"ms for a second of audio: {shown}"])
