"""A library of held-out music, and films that are composed for its tracks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import numpy as np

from edge.arrays import Floats
from edge.evidence.motion.track import MotionTrack, Transition
from edge.evidence.rhythm.track import RhythmTrack
from edge.matching.analysis import TrackAnalysis
from edge.matching.arrange import arrange
from edge.matching.features import sound_features
from edge.networks.image_encoder import ImageEncoder
from edge.networks.match_towers import VideoFeatures
from edge.networks.music_tagger import MusicTagger
from edge.networks.segmenter import Segmenter
from edge.networks.text_encoder import TextEncoder
from tools.progress import each
from tools.train.matching import pictures
from tools.train.matching.corpus import Source, analysis_of, pack_music, packed, rendered
from tools.train.matching.knowledge import Character, fits, read_scenes
from tools.train.matching.samples import Studio, Words, track_name

FIRST_SEED = 1000
"""Of renditions; those below are trained with."""

FILM_S = 20.0
"""Length of a film; shorter tracks are looped."""

BEATS = (2, 3, 4, 4, 6, 8)
"""Beats from one cut to the next."""

JITTER_S = 0.04
"""Deviation of cuts from beats."""

LIKE = 0.08
"""Difference of fit by which a scene is e times as likely for a track."""


@dataclass(frozen=True)
class Library:
    """n tracks."""

    names: tuple[str, ...]
    kinds: tuple[str, ...]
    """n: rendition, package, game or pack."""
    characters: tuple[Character, ...]
    analyses: tuple[TrackAnalysis, ...]
    sound: Floats
    """float32[n, features]."""
    words: tuple[list[str], ...]
    """n: what each is called, which is drawn; empty for a name that says nothing."""


@dataclass(frozen=True)
class Film:
    """A film that was composed for a track."""

    track: int
    features: VideoFeatures
    motion: MotionTrack
    """With its cuts."""


def library(data: Path, run: Path, memories: Path | None, seeds: int, seed: int) -> Library:
    """Return the library: renditions, tracks of the package, music of games and of the pack."""
    kinds: list[tuple[str, Sequence[Source]]] = [
        ("rendition", rendered(run / "renders", range(FIRST_SEED, FIRST_SEED + seeds))),
        ("package", [] if memories is None else packed(memories, held_out=True)),
        ("game", _games(data)),
        ("pack", pack_music(data)),
    ]
    rng, scenes = np.random.default_rng(seed), read_scenes(held_out=True)
    rows = [(kind, source) for kind, sources in kinds for source in sources]
    analyses = _analyses([source for _, source in rows], run / "library")
    pairs = zip(rows, analyses, strict=True)
    kept = [(kind, source, one) for (kind, source), one in pairs if one is not None]
    words = []
    for _, source, _ in kept:
        fit = fits([scene.character for scene in scenes], [source.character])[:, 0]
        scene = scenes[int(np.argmax(fit + 0.2 * rng.random(len(fit))))]
        words.append(track_name(source.character, scene, rng))
    return Library(
        names=tuple(source.name for _, source, _ in kept),
        kinds=tuple(kind for kind, _, _ in kept),
        characters=tuple(source.character for _, source, _ in kept),
        analyses=tuple(one for _, _, one in kept),
        sound=np.stack([sound_features(one) for _, _, one in kept]),
        words=tuple(words),
    )


def films(data: Path, music: Library, texts: TextEncoder, run: Path, seed: int) -> list[Film]:
    """Compose a film for each track whose character is known, of a held-out scene that fits it."""
    rng, scenes = np.random.default_rng([seed, 1]), read_scenes(held_out=True)
    with ImageEncoder() as encoder:
        names = texts.encode([label.split(",")[0] for label in encoder.labels])
        shown = pictures.shown_in([scene.keywords for scene in scenes], names, texts)
        seen = pictures.collect(data, encoder, run / "eval")
    studio = Studio(seen, names, shown, Words(texts.encode, {}))
    made = []
    for row, character in enumerate(music.characters):
        if character == Character():
            continue
        fit = fits([scene.character for scene in scenes], [character])[:, 0] / LIKE
        shares = np.exp(fit - fit.max())
        number = int(rng.choice(len(scenes), p=shares / shares.sum()))
        features = studio.video(scenes[number], number, rng)
        made.append(Film(row, features, cut_to(music.analyses[row].rhythm, rng)))
    return made


def cut_to(rhythm: RhythmTrack, rng: np.random.Generator) -> MotionTrack:
    """Return the motion of a film with cuts near beats of a track, from one of its bars on."""
    starts = rhythm.bars_s[rhythm.bars_s < max(0.0, rhythm.duration_s - FILM_S)]
    start = float(rng.choice(starts)) if len(starts) else 0.0
    beats, cuts, at = rhythm.beats_s[rhythm.beats_s > start + 0.5], [], 0
    while len(beats) and (at := at + int(rng.choice(BEATS))) < len(beats):
        cut = float(beats[at] - start + JITTER_S * rng.normal())
        if cut >= min(FILM_S, rhythm.duration_s) - 0.5:
            break
        cuts.append(cut)
    if not len(beats):
        cuts = np.cumsum(rng.uniform(1.5, 5, 6)).tolist()
    times = np.arange(0, FILM_S, 0.04)
    flat = np.full(len(times), 0.2, np.float32)
    cuts = [cut for cut in cuts if 0.3 < cut < FILM_S - 0.3]
    transitions = tuple(Transition("cut", cut, cut, 1.0) for cut in cuts)
    return MotionTrack(times, FILM_S, flat, flat, flat, transitions)


def rhythm_fits(film: Film, music: Library) -> Floats:
    """Return how well the cuts of a film fit each track, float32[n]."""
    return np.array([arrange(one.rhythm, film.motion, FILM_S).fit for one in music.analyses], np.float32)


def _games(data: Path) -> list[Source]:
    """Return the held-out games of the training pack beside the evaluation pack, if it is there."""
    pack = data.parent / "train"
    return pack_music(pack, held_out=True) if (pack / "manifest.csv").is_file() else []


def _analyses(sources: Sequence[Source], kept: Path) -> Iterator[TrackAnalysis | None]:
    """Yield the analysis of each source, kept in a folder; None for what is too short."""
    kept.mkdir(parents=True, exist_ok=True)
    with Segmenter() as segmenter, MusicTagger() as tagger:
        for source in each(sources, "tracks"):
            file = kept / f"{sha256(source.name.encode()).hexdigest()[:24]}.bin"
            if not file.exists():
                samples = source.read()
                enough = len(samples) >= 3 * segmenter.rate_hz
                found = analysis_of([samples], segmenter, tagger).to_bytes() if enough else b""
                file.write_bytes(found)
            content = file.read_bytes()
            yield TrackAnalysis.from_bytes(content) if content else None
