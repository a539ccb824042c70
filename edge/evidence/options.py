"""Every choice between audio and a transcript, with its default."""

from __future__ import annotations

from dataclasses import dataclass, field

from edge.errors import UsageError


@dataclass(frozen=True)
class SpeechOptions:
    """What counts as speech, and how it is cut into chunks."""

    onset: float = 0.5
    """Confidence of speaking that begins a stretch of speech."""
    release: float = 0.3
    """... and below which it ends."""
    merge_gap_s: float = 1.0
    """Stretches closer than this are recognized together."""
    min_speech_s: float = 0.2
    """Shorter stretches are no speech."""
    padding_s: float = 0.5
    """Seconds before and after a stretch that are recognized with it: the labels are 0.1 s coarse."""
    min_chunk_s: float = 8.0
    """Chunks are cut at the best pause after this many seconds ..."""
    max_chunk_s: float = 20.0
    """... and before this many."""
    include_singing: bool = False
    """Words that are sung count too."""

    def __post_init__(self) -> None:
        if not 0 < self.release <= self.onset < 1:
            raise UsageError("speech needs 0 < release <= onset < 1")
        if (
            min(self.merge_gap_s, self.min_speech_s, self.padding_s) < 0
            or not 1 <= self.min_chunk_s < self.max_chunk_s
        ):
            raise UsageError("speech needs lengths that are not negative, and 1 <= min_chunk_s < max_chunk_s")


@dataclass(frozen=True, slots=True)
class RecognitionOptions:
    """Which words of a recognizer are believed."""

    logprob_threshold: float = -0.8
    """Text with a lower mean log-probability is dropped: what recognizers write for noise."""
    retry_gap_s: float = 0.8
    """Audible speech of this length without a word is recognized once more, in seconds."""
    max_repetitions: int = 5
    """Words repeated this often in a row are a decoder that loops; one repetition is kept."""


@dataclass(frozen=True, slots=True)
class TranscriptOptions:
    """Every choice between audio and a transcript."""

    speech: SpeechOptions = field(default_factory=SpeechOptions)
    """What counts as speech, and how it is cut into chunks."""
    recognition: RecognitionOptions = field(default_factory=RecognitionOptions)
    """Which words are believed."""
    sentence_pause_s: float = 0.8
    """A pause of this length ends a sentence, whatever the punctuation says, in seconds."""

    def __post_init__(self) -> None:
        if not self.sentence_pause_s > 0:
            raise UsageError(f"a sentence pause must be longer than 0 s, got {self.sentence_pause_s}")
