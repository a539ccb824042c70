"""What the towers are given of a track and of a video."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from edge.arrays import Floats
from edge.evidence.excerpts import Excerpts, light_features
from edge.evidence.motion.track import MotionTrack
from edge.matching.analysis import TrackAnalysis
from edge.networks.match_towers import TrackFeatures, VideoFeatures
from edge.networks.text_encoder import TextEncoder
from edge.vocabulary import Label

REFERENCE_BPM = 110.0
"""Tempo that counts as 0."""


def track_features(analysis: TrackAnalysis, path: Path | None, texts: TextEncoder) -> TrackFeatures:
    """Return what the track tower is given; the name of the file at `path` may say what it is like."""
    named = [] if path is None else name_words(path.stem)
    return TrackFeatures(sound_features(analysis), mean_vector([*named, *analysis.words], texts))


def sound_features(analysis: TrackAnalysis) -> Floats:
    """Return cepstra, the tagger's vector and tags, and ten numbers, float32[n].

    The numbers: logarithm of the tempo, its clearness, whether there is a pulse, loudness, range and rise of
    the level, whether the key is minor and how sure that is, shares of singing and of speech. The segmenter's
    windows are left out: with them, towers know the music of their training better, and other music less.
    """
    rhythm, key, sound = analysis.rhythm, analysis.key, analysis.sound
    levels = np.maximum(rhythm.levels_db, -60)
    spread = np.percentile(levels, [10, 90]) if len(levels) else np.zeros(2)
    half = len(levels) // 2
    rise = levels[half:].mean() - levels[:half].mean() if half else 0.0
    sure = 0.0 if key is None else key.confidence
    numbers = [
        np.log2(rhythm.tempo / REFERENCE_BPM) if rhythm.tempo else 0.0,
        rhythm.strength,
        float(rhythm.tempo > 0),
        (max(analysis.loudness_lufs, -50.0) + 20) / 10,
        (spread[1] - spread[0]) / 10,
        rise / 10,
        sure if key is not None and key.mode == "minor" else -sure,
        sure,
        analysis.share(Label.SINGING),
        analysis.share(Label.SPEAKING),
    ]
    parts = (sound.timbre, sound.vector, sound.tags, np.array(numbers))
    return np.concatenate(parts).astype(np.float32)


def video_features(
    excerpts: Excerpts | None,
    motion: MotionTrack | None,
    words: Sequence[str],
    names: Floats,
    texts: TextEncoder,
) -> VideoFeatures:
    """Return what the video tower is given.

    `names` are text vectors of the image encoder's labels, float32[labels, text]; `words` are tags, title and
    keywords.
    """
    image = light = None
    if excerpts is not None and len(excerpts.classes):
        pooled = excerpts.classes.mean(axis=0)
        image, light = pooled @ names, light_features(excerpts.light.mean(axis=0), pooled)
    moves = motion is not None and len(motion.times_s) > 1
    return VideoFeatures(
        image=image,
        light=light,
        motion=motion_features(motion) if motion is not None and moves else None,
        words=mean_vector(words, texts),
    )


def motion_features(motion: MotionTrack) -> Floats:
    """Return how much moves and how often shots change, float32[6].

    Logarithms of mean speed, of its 90th percentile, of mean saliency, and of cuts a minute; deviation of the
    brightness, and its mean.
    """
    cuts = sum(one.kind == "cut" for one in motion.transitions) / max(motion.end_s / 60, 1 / 12)
    numbers = [
        np.log1p(10 * motion.speed.mean()),
        np.log1p(10 * np.percentile(motion.speed, 90)),
        np.log1p(10 * motion.saliency.mean()),
        np.log1p(cuts) / 2,
        motion.brightness.std() * 4,
        motion.brightness.mean(),
    ]
    return np.array(numbers, np.float32)


def name_words(name: str) -> list[str]:
    """Return the words of a file name as one text: without numbers and marks; none if nothing is left.

    >>> name_words("03 - Summer_Beach (final)")
    ['Summer Beach final']
    """
    spaced = "".join(letter if letter.isalpha() else " " for letter in name)
    text = " ".join(word for word in spaced.split() if len(word) > 1 or not word.isascii())
    return [text] if text else []


def mean_vector(given: Iterable[str], texts: TextEncoder) -> Floats | None:
    """Return the mean text vector, float32[text] of norm 1, of texts that the encoder knows; None without."""
    known = [text for text in given if texts.knows(text)]
    if not known:
        return None
    mean = texts.encode(known).mean(axis=0)
    return np.asarray(mean / max(float(np.linalg.norm(mean)), 1e-9), np.float32)
