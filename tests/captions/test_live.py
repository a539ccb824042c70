"""Captions while somebody speaks: provisional ones that are replaced, final ones that stay."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from edge.captions.live import LiveCaptions, live_captions
from edge.captions.options import LiveOptions
from edge.errors import UsageError
from edge.evidence.speech.recognizer import RecognitionResult, Recognizer
from edge.media import decode_audio
from edge.networks.segmenter import Segmenter
from edge.vocabulary import Label, Span, Word
from tools.sound.sample import Truth

Floats = NDArray[np.float32]


class Clock(Recognizer):
    """Hears a word in every half second."""

    identity = ("clock", "1", None)

    def __init__(self, rate_hz: int = 16_000) -> None:
        self.rate_hz = rate_hz
        self.longest_s = 0.0

    def recognize(self, samples: Floats) -> RecognitionResult:
        seconds = len(samples) / self.rate_hz
        self.longest_s = max(self.longest_s, seconds)
        words = [Word(at / 2, at / 2 + 0.4, f"w{at}") for at in range(int(2 * seconds))]
        return RecognitionResult(tuple(words), "en", -0.1)


def heard(recording: Path, segmenter: Segmenter, block_s: float) -> tuple[list[LiveCaptions], Clock]:
    def blocks() -> Iterator[Floats]:
        for block in decode_audio(recording, block_s=block_s):
            yield block.samples

    clock = Clock()
    return list(live_captions(blocks(), recognizer=clock, segmenter=segmenter)), clock


def test_final_captions_cover_the_talk_and_are_in_order(
    sample: tuple[Path, Truth], segmenter: Segmenter
) -> None:
    found, clock = heard(sample[0], segmenter, 0.25)
    final = [sentence for one in found if one.final for sentence in one.sentences]
    assert all(before.end <= after.start for before, after in pairwise(final))
    for span, label in sample[1].sections:
        if label is Label.SPEAKING:
            covered = sum(span.overlap(Span(one.start, one.end)) for one in final)
            assert covered > 0.6 * span.seconds
    assert clock.longest_s <= 2 * LiveOptions().transcript.speech.max_chunk_s + 5


def test_what_is_said_comes_while_it_is_said_and_grows_until_it_is_final(
    sample: tuple[Path, Truth], segmenter: Segmenter
) -> None:
    found, _ = heard(sample[0], segmenter, 0.25)
    assert not found[0].final
    provisional = [one for one in found if not one.final]
    assert len(provisional) > 15
    for before, after in pairwise(found):
        if not before.final and not after.final:
            same = before.sentences[0].start == after.sentences[0].start
            assert not same or after.sentences[-1].end >= before.sentences[-1].end


def test_silence_says_nothing(segmenter: Segmenter) -> None:
    still = (np.zeros(4000, np.float32) for _ in range(80))
    assert list(live_captions(still, recognizer=Clock(), segmenter=segmenter)) == []


def test_a_recognizer_of_another_rate_is_refused(segmenter: Segmenter) -> None:
    with pytest.raises(UsageError, match="takes 8000 Hz, the labels 16000 Hz"):
        live_captions([], recognizer=Clock(8000), segmenter=segmenter)
