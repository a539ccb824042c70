"""Transcribe a recording and lay out the transcript as captions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from edge import schema
from edge.cache import Cache
from edge.captions.layout import lay_out
from edge.captions.options import CaptionOptions
from edge.evidence.speech.recognizer import Recognizer
from edge.evidence.speech.recognizers import open_recognizer
from edge.evidence.transcript import Transcript
from edge.evidence.transcription import collect_transcript
from edge.media import Recording, open_recording
from edge.media.read.recording import MediaSource
from edge.networks.segmenter import Segmenter
from edge.text.clock import clock
from edge.vocabulary import Caption, Progress


@dataclass(frozen=True, slots=True)
class CaptionResult:
    """The captions of a recording and its transcript. Iterates over the captions."""

    recording: Recording
    """The transcribed recording."""
    captions: tuple[Caption, ...]
    """In order, with word timestamps."""
    transcript: Transcript
    """Transcript of the recording; other systems can reuse it."""
    notes: tuple[str, ...] = ()
    """Problems found in the file, one line each."""

    def __iter__(self) -> Iterator[Caption]:
        return iter(self.captions)

    def __len__(self) -> int:
        return len(self.captions)

    def __repr__(self) -> str:
        return f"CaptionResult({self.recording.path.name}, {len(self)} captions, {self.language})"

    @property
    def language(self) -> str:
        """Language of most words (BCP 47); "und" if there is no speech."""
        return self.transcript.language

    @property
    def duration_s(self) -> float:
        """Length of the audio in seconds."""
        return self.transcript.duration_s

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON document of `edge caption`."""
        return schema.to_dict(
            schema.Captions(
                media=self.recording.describe(self.duration_s, self.notes),
                language=self.language,
                captions=tuple(caption_document(caption) for caption in self.captions),
            )
        )

    def _repr_html_(self) -> str:
        """Return a table of the captions for notebooks."""
        from edge.text.html import table  # noqa: PLC0415 - notebooks only

        rows = [(clock(caption.start), clock(caption.end), caption.text) for caption in self.captions]
        return table(("start", "end", "text"), rows, caption=self.recording.path.name)


def transcribe(
    media: MediaSource,
    options: CaptionOptions | None = None,
    *,
    transcript: Transcript | None = None,
    recognizer: Recognizer | None = None,
    segmenter: Segmenter | None = None,
    cache: Cache | None = None,
    progress: Progress | None = None,
) -> CaptionResult:
    """Transcribe the speech of a recording, video or audio, in any container that FFmpeg reads.

    `media` is a path or a `Recording`. The audio is decoded once and never held in memory as a whole. With a
    `transcript` of the same recording nothing is decoded; with `recognizer` and `segmenter` no models are
    loaded. With a `cache` the same content is transcribed only once, whatever the file's name.

    Raises InputError if the file cannot be read, NoAudioError if there is no audio, ModelError if a model is
    missing or damaged, MissingExtraError if the recognizer needs an extra.
    """
    options, recording = options or CaptionOptions(), open_recording(media)
    notes: tuple[str, ...] = ()
    if transcript is None:
        transcript, notes = collect_transcript(
            recording,
            recognizer or open_recognizer(),
            segmenter=segmenter,
            options=options.transcript,
            cache=cache,
            progress=progress,
        )
    captions = lay_out(transcript.sentences, options.layout, duration_s=recording.duration_s)
    return CaptionResult(recording, captions, transcript, notes)


def caption_document(caption: Caption) -> schema.Caption:
    """Return a caption in the form of JSON documents."""
    words = tuple(
        schema.Word(schema.seconds(word.start), schema.seconds(word.end), word.text) for word in caption.words
    )
    return schema.Caption(schema.seconds(caption.start), schema.seconds(caption.end), caption.text, words)
