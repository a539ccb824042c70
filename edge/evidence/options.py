"""Settings of evidence, with their defaults."""

from __future__ import annotations

from dataclasses import dataclass, field

from edge.errors import UsageError


@dataclass(frozen=True, slots=True)
class SpeechOptions:
    """Settings of speech detection and chunking."""

    onset: float = 0.5
    """Confidence of speaking at which a speech segment begins."""
    release: float = 0.3
    """Confidence of speaking below which it ends."""
    merge_gap_s: float = 1.8
    """Speech segments closer than this are merged, in seconds: what lies between may be a filled pause."""
    min_speech_s: float = 0.2
    """Minimum length of a speech segment in seconds; shorter ones are dropped."""
    padding_s: float = 0.4
    """Minimum of seconds before and after each segment that are recognized with it; segments are widened to
    multiples of 0.2 s."""
    min_chunk_s: float = 8.0
    """Minimum length of a chunk in seconds, after which it is cut at the best pause."""
    max_chunk_s: float = 20.0
    """Maximum length of a chunk in seconds."""
    include_singing: bool = False
    """Also transcribe sung words."""

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
    """Settings for dropping unreliable words."""

    logprob_threshold: float = -0.8
    """Text with a lower mean log-probability is dropped: recognizers write it for noise."""
    retry_gap_s: float = 0.8
    """Audible speech without words is recognized again from this length on, in seconds."""
    max_repetitions: int = 5
    """Words repeated this often in a row come from a decoder in a loop; one repetition is kept."""


@dataclass(frozen=True, slots=True)
class TranscriptOptions:
    """Settings of transcription."""

    speech: SpeechOptions = field(default_factory=SpeechOptions)
    """Speech detection and chunking."""
    recognition: RecognitionOptions = field(default_factory=RecognitionOptions)
    """Dropping unreliable words."""
    sentence_pause_s: float = 0.8
    """Minimum pause that ends a sentence, whatever its punctuation, in seconds."""

    def __post_init__(self) -> None:
        if not self.sentence_pause_s > 0:
            raise UsageError(f"a sentence pause must be longer than 0 s, got {self.sentence_pause_s}")


@dataclass(frozen=True, slots=True)
class ExcerptOptions:
    """Which excerpts are taken."""

    section_s: float = 60.0
    """Seconds of a section; a recording has at least one."""
    frames: int = 5
    """Frames of a section."""
    min_frames: int = 10
    """Frames of a recording at least: a short one has more to a section."""
    audio_s: float = 10.0
    """Seconds of audio from the middle of a section."""

    def __post_init__(self) -> None:
        numbers = self.frames, self.min_frames
        if not (self.section_s >= 1 and self.audio_s >= 1 and all(1 <= n <= 1000 for n in numbers)):
            raise UsageError("excerpts need section_s and audio_s >= 1, and 1 to 1000 frames")


@dataclass(frozen=True, slots=True)
class MotionOptions:
    """Settings of motion and transitions."""

    pixels: int = 14_400
    """Pixels of the gray frames that are compared, about: 160 by 90."""
    fast: bool = False
    """Skip frames that no other one refers to: half the time, but a cut may be found some frames late."""
    cut: float = 0.2
    """Part of a frame, 0 to 1, that motion must leave unexplained in excess of its neighbors for a cut."""
    flash_s: float = 0.4
    """Seconds within which what was there before a change is there again if it was a flash or a passer-by."""
    plain: float = 0.02
    """Standard deviation, of full scale, below which a frame is of one color, and so the middle of a fade."""
    blend_error: float = 0.22
    """Distance of the middle of a dissolve from the mean of its ends at most, by the distance of the ends."""

    def __post_init__(self) -> None:
        if not (1024 <= self.pixels <= 1 << 20 and 0 <= self.flash_s <= 1):
            raise UsageError("motion needs 1024 to 1048576 pixels and a flash_s of 0 to 1")
        if not all(0 < limit < 1 for limit in (self.cut, self.plain, self.blend_error)):
            raise UsageError("motion needs cut, plain and blend_error between 0 and 1")
