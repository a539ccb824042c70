"""What the audio of a recording tells: its songs, captions and cuts, from one decode."""

from __future__ import annotations

from dataclasses import dataclass, replace

from edge.analysis.job import Job
from edge.captions.transcribe import CaptionResult, transcribe
from edge.errors import MissingExtraError, ModelError
from edge.evidence.fused import LabelEvidence, correct_labels
from edge.evidence.sound import SoundEvidence, collect_sound
from edge.evidence.speech.recognizer import Recognizer
from edge.evidence.transcript import Transcript
from edge.quickcut.clean import CleanPlan, plan_clean
from edge.songs.find import SongSearchResult, find_songs
from edge.vocabulary import Progress, part_of


@dataclass
class SoundResults:
    """Results that need the audio; None for what is not wanted, or was left out."""

    transcript: Transcript | None = None
    """What is said."""
    songs: SongSearchResult | None = None
    """Its songs."""
    captions: CaptionResult | None = None
    """Its captions."""
    clean: CleanPlan | None = None
    """What would be removed."""
    notes: tuple[str, ...] = ()
    """Problems found in the file, one line each."""


def analyze_sound(job: Job, progress: Progress) -> SoundResults:
    """Decode the audio once, and the frames that can change a label. Raises as `analyze`."""
    options, recording, found = job.options, job.recording, SoundResults()
    if not options.wants("songs", "captions", "clean"):
        return found
    with job.part("songs", "captions", "clean"):
        recording.require_audio()
        sound = collect_sound(
            recording,
            job.networks.segmenter,
            _recognizer(job),
            segment_s=options.songs.segment_s,
            step_s=options.songs.refine_step_s,
            options=options.captions.transcript,
            cache=job.cache,
            progress=part_of(progress, 0.0, 0.6),
        )
        found.transcript, found.notes = sound.transcript, sound.notes
        if sound.transcript is not None and options.wants("captions"):
            found.captions = transcribe(recording, options.captions, transcript=sound.transcript)
        if sound.transcript is not None and options.wants("clean"):
            found.clean = plan_clean(recording, options.clean, transcript=sound.transcript)
        if options.wants("songs"):
            found.songs = _songs(job, sound, part_of(progress, 0.6, 1.0))
            found.notes = found.songs.notes
    for result in (found.captions, found.clean, found.songs):
        job.found(result)
    return found


def _recognizer(job: Job) -> Recognizer | None:
    """Return the recognizer if speech is wanted and one is installed."""
    if not job.options.wants("captions", "clean"):
        return None
    try:
        return job.networks.recognizer
    except (MissingExtraError, ModelError) as error:
        job.leave_out(str(error), "captions", "clean")
        return None


def _songs(job: Job, sound: SoundEvidence, progress: Progress | None) -> SongSearchResult:
    """Return the songs by the labels of the audio, corrected by the faces."""
    segmenter, faces, options = job.networks.segmenter, job.networks.faces, job.options.songs
    evidence = job.remembered(
        LabelEvidence,
        (segmenter.folder.manifest.digest, faces.identity, options.segment_s, options.refine_step_s),
        lambda: correct_labels(
            job.recording, sound.labels, networks=faces, notes=sound.notes, progress=progress
        ),
    )
    songs = find_songs(job.recording, options, labels=evidence.labels, segmenter=segmenter)
    return replace(songs, evidence=evidence, notes=evidence.notes)
