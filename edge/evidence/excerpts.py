"""What excerpts of a recording show and sound like: a few frames and seconds of each minute, by seeking.

The cost depends on the number of excerpts, not on what lies between them. Frame sampling: the recording is
split into sections of about a minute, each into parts of equal length; a frame near the middle of each part
counts, a keyframe if the part has one.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from edge_kernels.images import Rgb
from edge_kernels.mel import Mel, mfcc
from numpy.typing import NDArray

from edge.arrays import Floats
from edge.errors import InputError
from edge.evidence.face_track import analyzed_size
from edge.evidence.labels import label_samples
from edge.evidence.options import ExcerptOptions
from edge.media import Recording, frames_at
from edge.media.read.audio import decode_spans
from edge.media.read.frames import cheap_times
from edge.networks.faces import FaceDetector
from edge.networks.image_encoder import ImageEncoder
from edge.networks.segmenter import Segmenter
from edge.networks.text_reader import TextReader
from edge.vocabulary import Progress

LONGEST = 480
"""Pixels of the longer side of frames; larger ones are shrunk while they are decoded."""

READABLE = 640
"""The same where text is read in them."""

MIN_LETTERS, MIN_READ = 2, 0.85
"""Lines of fewer letters, or less confidence, are mostly edges and textures that are no text."""

SMALLEST_FACE = 16
"""The smallest face that counts is this part of the frame's height."""

LIGHT = ("brightness", "contrast", "saturation")
"""Columns of `Excerpts.light`."""

FACES = ("faces", "side")
"""Columns of `Excerpts.faces`."""

MIN_AUDIO_S = 0.2
"""Seconds of audio below which nothing can be said about it."""


@dataclass(frozen=True, slots=True, eq=False)
class Excerpts:
    """The p sections of a recording, and n frames of them."""

    edges_s: NDArray[np.float64]
    """float64[p + 1]: where sections begin and end, in seconds."""
    times_s: NDArray[np.float64]
    """float64[n]: times of the frames in seconds; empty without video."""
    sections: NDArray[np.int64]
    """int64[n]: index of the section of each frame."""
    classes: Floats
    """float32[n, labels]: probabilities of the image encoder's labels."""
    light: Floats
    """float32[n, 3]: brightness, its standard deviation and saturation, 0 to 1."""
    faces: Floats
    """float32[n, 2]: number of faces; side of the largest as a share of the frame's height."""
    lines: tuple[tuple[str, ...], ...]
    """n: the lines of text in each frame; empty without a text reader."""
    audio: Floats
    """float32[p, features] of `audio_features`; rows of NaN where there is no audio."""
    notes: tuple[str, ...]
    """What could not be decoded, one line each."""

    def __repr__(self) -> str:
        return f"Excerpts({len(self.audio)} sections, {len(self.times_s)} frames)"


@dataclass(frozen=True, slots=True)
class ExcerptNetworks:
    """Networks that examine excerpts; whoever opened them closes them."""

    encoder: ImageEncoder
    """Says what a frame shows."""
    detector: FaceDetector
    """Finds faces in it."""
    segmenter: Segmenter
    """Tells speech, singing, music and other sounds apart."""
    reader: TextReader | None = None
    """Reads text in a frame; None to ignore it."""

    @property
    def identity(self) -> tuple[str, ...]:
        """Return what changes with any network."""
        networks = (self.encoder, self.detector, self.segmenter, self.reader)
        return tuple(network.folder.manifest.digest for network in networks if network)


def collect_excerpts(
    recording: Recording,
    networks: ExcerptNetworks,
    options: ExcerptOptions | None = None,
    *,
    progress: Progress | None = None,
) -> Excerpts:
    """Decode the excerpts of a recording and return what they show and sound like.

    Video or audio that is not there is left out; if it cannot be decoded, the notes say so. Raises InputError
    if neither can be decoded.
    """
    options = options or ExcerptOptions()
    notes: list[str] = []
    count = max(1, round(recording.duration_s / options.section_s))
    edges = np.linspace(0, max(recording.duration_s, 1e-3), count + 1)
    frames = max(options.frames, -(-options.min_frames // count)) if recording.duration_s > 0 else 1
    parts = count * frames
    seen = []
    longest = LONGEST if networks.reader is None else READABLE
    for number, frame in enumerate(_ahead(_frames(recording, edges[-1], parts, longest, notes)), 1):
        seen.append(_look(frame, networks))
        if progress:
            progress(0.8 * number / parts)
    audio = []
    for row in _listen(recording, edges, networks, options.audio_s, notes):
        audio.append(row)
        if progress:
            progress(0.8 + 0.2 * len(audio) / count)
    if not seen and all(row is None for row in audio):
        raise InputError(recording.path, "has no video and no audio that can be decoded")
    rows = _Rows(*map(list, zip(*seen, strict=True))) if seen else _Rows([], [], [], [], [])
    silent = np.full(audio_size(networks.segmenter), np.nan, np.float32)
    return Excerpts(
        edges_s=edges,
        times_s=np.array(rows.times_s, np.float64),
        sections=np.arange(len(seen)) // frames,
        classes=np.array(rows.classes, np.float32).reshape(len(seen), len(networks.encoder.labels)),
        light=np.array(rows.light, np.float32).reshape(len(seen), len(LIGHT)),
        faces=np.array(rows.faces, np.float32).reshape(len(seen), len(FACES)),
        lines=tuple(rows.lines),
        audio=np.stack([silent if row is None else row for row in audio]),
        notes=tuple(notes),
    )


def audio_features(samples: Floats, segmenter: Segmenter) -> Floats:
    """Return mean and deviation of 13 MFCC, and the mean of the segmenter's windows, as one float32[n].

    `samples` are float32[n] at the segmenter's rate, at least `MIN_AUDIO_S` long.
    """
    cepstra = Mel(mfcc(segmenter.rate_hz))(samples)
    windows = label_samples([samples], segmenter).windows.astype(np.float32)
    parts = cepstra.mean(axis=0), cepstra.std(axis=0), windows[:, 0].mean(axis=0)
    return np.asarray(np.concatenate(parts), np.float32)


def audio_size(segmenter: Segmenter) -> int:
    """Return the length of `audio_features`."""
    return 2 * Mel(mfcc(segmenter.rate_hz)).width + segmenter.features


_Seen = tuple[float, Floats, Floats, Floats, tuple[str, ...]]
"""Time, probabilities of classes, light, faces and lines of text of a frame."""


class _Rows(NamedTuple):
    """What is known of all frames, by column."""

    times_s: list[float]
    classes: list[Floats]
    light: list[Floats]
    faces: list[Floats]
    lines: list[tuple[str, ...]]


def _frames(
    recording: Recording, end_s: float, parts: int, longest: int, notes: list[str]
) -> Iterator[tuple[float, Rgb]]:
    """Yield the middle frames of all parts; fewer if the video is broken, none if there is none."""
    video = recording.info.video
    if video is None:
        return
    edges = np.linspace(0, end_s, parts + 1).tolist()
    try:
        times = cheap_times(recording, list(pairwise(edges)))
        decoded = frames_at(recording, times, size=analyzed_size(video, longest))
        for time_s, frame in zip(times, decoded, strict=False):
            yield time_s, frame.rgb
    except InputError as error:
        notes.append(str(error))


def _ahead(frames: Iterator[tuple[float, Rgb]]) -> Iterator[tuple[float, Rgb]]:
    """Yield the frames, each decoded while the one before it is examined."""
    with ThreadPoolExecutor(1) as decoder:
        upcoming = decoder.submit(next, frames, None)
        while (frame := upcoming.result()) is not None:
            upcoming = decoder.submit(next, frames, None)
            yield frame


def _look(frame: tuple[float, Rgb], networks: ExcerptNetworks) -> _Seen:
    time_s, rgb = frame
    height = rgb.shape[0]
    found = networks.detector.detect(rgb, max(SMALLEST_FACE, height // SMALLEST_FACE))
    faces = np.array([len(found), found.sides.max(initial=0) / height], np.float32)
    return time_s, networks.encoder.classify([rgb])[0], light(rgb), faces, tuple(_read(rgb, networks.reader))


def _read(rgb: Rgb, reader: TextReader | None) -> Iterator[str]:
    for line in reader.read(rgb) if reader else ():
        if line.confidence >= MIN_READ and sum(map(str.isalpha, line.text)) >= MIN_LETTERS:
            yield line.text


def light(rgb: Rgb) -> Floats:
    """Return brightness, its standard deviation, and saturation of an image, float32[3], 0 to 1."""
    sampled = rgb[::4, ::4].astype(np.float32) / 255
    brightest = sampled.max(axis=2)
    return np.array([brightest.mean(), brightest.std(), (brightest - sampled.min(axis=2)).mean()], np.float32)


def light_features(light: Floats, classes: Floats) -> Floats:
    """Return light, and how sure the encoder is: 1 - entropy / its maximum. float32[4]."""
    chances = np.maximum(classes, 1e-9)
    entropy = -(chances * np.log(chances)).sum() / np.log(len(chances))
    return np.array([*light, 1 - entropy], np.float32)


def _listen(
    recording: Recording,
    edges: NDArray[np.float64],
    networks: ExcerptNetworks,
    audio_s: float,
    notes: list[str],
) -> Iterator[Floats | None]:
    """Yield the audio features of the middle of each section; None without audio there."""
    segmenter = networks.segmenter
    starts = [max(0.0, float(start + stop - audio_s) / 2) for start, stop in pairwise(edges)]
    spans, left = [(start, start + audio_s) for start in starts], len(starts)
    try:
        if recording.audio:
            for samples in decode_spans(recording, spans, rate_hz=segmenter.rate_hz):
                left -= 1
                enough = len(samples) >= MIN_AUDIO_S * segmenter.rate_hz
                yield audio_features(samples, segmenter) if enough else None
    except InputError as error:
        notes.append(str(error))
    yield from [None] * left
