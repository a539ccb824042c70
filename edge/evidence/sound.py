"""One pass over the audio of a recording: its labels, and what is said in it."""

from __future__ import annotations

from dataclasses import dataclass

from edge.cache import Cache, key
from edge.evidence.collect import Collector, collect
from edge.evidence.labels import LabelCollector, LabelTrack
from edge.evidence.options import TranscriptOptions
from edge.evidence.speech.cached import CachedRecognizer
from edge.evidence.speech.recognizer import Recognizer
from edge.evidence.stored import recall, remember
from edge.evidence.transcript import Transcript
from edge.evidence.transcription import StoredTranscript, TranscriptCollector, transcript_key
from edge.media import Recording
from edge.networks.segmenter import Segmenter
from edge.vocabulary import Progress


@dataclass(frozen=True, slots=True, eq=False)
class SoundEvidence:
    """What one pass over the audio gives."""

    labels: LabelTrack
    """Labels of the audio alone."""
    transcript: Transcript | None
    """What is said; None without a recognizer."""
    notes: tuple[str, ...]
    """Problems found in the file, one line each."""


@dataclass(frozen=True, slots=True, eq=False)
class _StoredLabels:
    labels: LabelTrack
    notes: tuple[str, ...]


def collect_sound(
    recording: Recording,
    segmenter: Segmenter,
    recognizer: Recognizer | None = None,
    *,
    segment_s: float = 3.0,
    step_s: float = 1.0,
    options: TranscriptOptions | None = None,
    cache: Cache | None = None,
    progress: Progress | None = None,
) -> SoundEvidence:
    """Decode the audio of a recording once; return its labels, and with a recognizer its transcript.

    They are those of `collect_labels` and `collect_transcript`. What a `cache` holds is not computed again,
    and of an interrupted pass no speech is recognized twice. Raises the errors of `collect`,
    `LabelCollector` and `TranscriptCollector`.
    """
    options = options or TranscriptOptions()
    entries = ("", "")
    if cache is not None:
        digest, audio = cache.digest_of(recording), tuple(one.index for one in recording.require_audio())
        model = segmenter.folder.manifest.digest
        entries = (
            key("labels", digest, audio, model, segment_s, step_s),
            transcript_key(cache, recording, recognizer, model, options) if recognizer else "",
        )
    known = recall(cache, entries[0], _StoredLabels)
    said = recall(cache, entries[1], StoredTranscript) if recognizer else None
    if known is not None and (said is not None or recognizer is None):
        return SoundEvidence(known.labels, said.transcript if said else None, known.notes)
    labels = LabelCollector(segmenter, segment_s=segment_s, step_s=step_s)
    collectors: list[Collector] = [labels]
    speech = None
    if recognizer is not None and said is None:
        cached = recognizer if cache is None else CachedRecognizer(recognizer, cache)
        speech = TranscriptCollector(labels, cached, options)
        collectors.append(speech)
    notes = tuple(collect(recording, collectors, progress=progress).notes())
    remember(cache, entries[0], _StoredLabels(labels.result, notes))
    if speech is not None:
        said = StoredTranscript(speech.result, notes)
        remember(cache, entries[1], said)
    return SoundEvidence(labels.result, said.transcript if said else None, notes)
