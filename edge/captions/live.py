"""Captions while somebody speaks: what is being said, again and again, until it is said."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from edge.evidence.speech.chunks import SpeechSettings, chunks
from edge.evidence.speech.recognition import refuse_other_rates, said
from edge.evidence.speech.recognizers import Recognizer, open_recognizer
from edge.evidence.transcript import Settings
from edge.networks.segmenter import Segmenter
from edge.text.sentences import sentences
from edge.vocabulary import Caption

Floats = NDArray[np.float32]

SHORTEST_S, LONGEST_S = 4.0, 10.0
"""Chunks are short: what goes on is recognised anew each time, up to twice the longest."""


def _settings() -> Settings:
    return Settings(speech=SpeechSettings(shortest_s=SHORTEST_S, longest_s=LONGEST_S))


@dataclass(frozen=True)
class LiveSettings:
    """How captions follow a speaker."""

    every_s: float = 1.0
    """Seconds from one look at what is being said to the next: the labels cost 5 s of sound each time."""
    settings: Settings = field(default_factory=_settings)


@dataclass(frozen=True)
class Heard:
    """What was said since the last final one."""

    sentences: list[Caption]
    """Seconds from the first sample."""
    final: bool
    """It stays; what is not final is replaced by what comes next."""


def listen(
    blocks: Iterable[Floats],
    settings: LiveSettings | None = None,
    *,
    recognizer: Recognizer | None = None,
    segmenter: Segmenter | None = None,
) -> Iterator[Heard]:
    """Write down what is said in blocks float32[n] at 16 kHz as they arrive, from a microphone say.

    Never ends by itself while blocks come; holds half a minute of sound at most. Raises
    ModelError, and UsageError for a recogniser that takes another rate.
    """
    settings = settings or LiveSettings()
    recognizer, segmenter = recognizer or open_recognizer(), segmenter or Segmenter()
    refuse_other_rates(segmenter, recognizer)
    speech = settings.settings.speech
    for chunk in chunks(blocks, segmenter, speech, hear_s=settings.every_s, live=True):
        # What goes on is not searched for sentences that were skipped: the next look comes soon.
        chosen = settings.settings if chunk.final else replace(settings.settings, missed_s=float("inf"))
        words = said(chunk, recognizer, chosen).words
        found = list(sentences(words, chosen.captions))
        if found or chunk.final:
            yield Heard(found, chunk.final)
