"""Add a track to a video: arranged, softer under speech, at a loudness that can be published as it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path

import numpy as np

from edge.errors import InputError, UsageError
from edge.evidence.ducking import spoken
from edge.evidence.labels import LabelTrack, collect_labels
from edge.evidence.motion.collect import collect_motion
from edge.evidence.motion.track import MotionTrack
from edge.evidence.options import MotionOptions
from edge.evidence.rhythm.collect import collect_rhythm
from edge.evidence.rhythm.track import RhythmTrack
from edge.files import refuse_existing
from edge.matching.arrange import Arrangement, arrange
from edge.matching.bed import CLICK, RATE_HZ, Bed
from edge.matching.moments import nearest
from edge.matching.options import MatchOptions
from edge.media.read.recording import MediaSource, Recording, open_recording
from edge.media.read.stretch import stretched_audio
from edge.media.write.containers import target_for
from edge.media.write.retime import left_out, retime
from edge.media.write.sound import write_audio
from edge.media.write.soundtrack import OwnSound, Soundtrack, counted
from edge.networks.segmenter import Segmenter
from edge.vocabulary import Progress, part_of

FADE_IN_S = 0.05
"""Seconds in which music fades in that does not begin with a beat."""

ON_BEAT_S = 0.03
"""Seconds up to which music begins with a beat."""

OWN_END_S = 0.1
"""Music that ends with its track up to this many seconds does not fade out."""

TOO_SHORT_S = 0.1
"""An arrangement may be shorter than the video by this."""

SPEECH_LOUDER_DB = 36.0
"""Speech is made louder by no more than this: that of a camera across a room is often so soft."""

FAR_LU = 0.5
"""A loudness that differs from what is asked for by more is worth a note."""


@dataclass(frozen=True, slots=True)
class AddedMusic:
    """A file that was written."""

    path: Path
    """The file."""
    arrangement: Arrangement
    """The parts of the track in it."""
    loudness_lufs: float
    """Its integrated loudness after ITU-R BS.1770; -inf for silence."""
    peak_dbtp: float
    """Its true peak before encoding."""
    own_sound: bool
    """Whether the video's own sound is in it."""
    notes: tuple[str, ...] = ()
    """What of the video is not in it, and what is not as asked for, one line each."""


def check_added_music(destination: str | PathLike[str], *, force: bool = False) -> None:
    """Check before the work that `add_music` can write a file. Raises UsageError (suffix), OutputError."""
    target_for(Path(destination))
    refuse_existing(Path(destination), force)


def add_music(
    media: MediaSource,
    track: MediaSource,
    destination: str | PathLike[str],
    *,
    arrangement: Arrangement | None = None,
    options: MatchOptions | None = None,
    rhythm: RhythmTrack | None = None,
    motion: MotionTrack | None = None,
    labels: LabelTrack | None = None,
    segmenter: Segmenter | None = None,
    force: bool = False,
    progress: Progress | None = None,
) -> AddedMusic:
    """Write a video with a track under it, as long as the video; its packets are copied.

    The suffix of `destination` selects the format; one of audio gives the audio alone. The video's own sound
    is kept, with the music softer under speech, and loudness and true peak are, as the options say. What is
    not handed in of `arrangement`, `rhythm` of the track, and `motion` and `labels` of the video is computed.

    Raises UsageError (suffix, an arrangement that is too short), InputError (unreadable, nothing to follow),
    NoAudioError (a track without audio), OutputError, ModelError. No partial file is left behind.
    """
    path, options = Path(destination), options or MatchOptions()
    check_added_music(path, force=force)
    recording, music = open_recording(media), open_recording(track)
    music.require_audio()
    with_video = bool(target_for(path).video)
    length_s = length_of(recording, with_video=with_video)
    first, middle, last = (part_of(progress, *share) for share in ((0.0, 0.3), (0.3, 0.6), (0.6, 1.0)))
    if arrangement is None:
        if motion is None and recording.info.video is not None:
            seen = part_of(first, 0.0, 0.5)
            motion, _ = collect_motion(recording, MotionOptions(fast=True), progress=seen)
        if rhythm is None:
            rhythm = collect_rhythm(music, progress=part_of(first, 0.5, 1.0))
        arrangement = arrange(rhythm, motion, length_s)
    elif arrangement.length_s < length_s - TOO_SHORT_S:
        raise UsageError(f"the arrangement has {arrangement.length_s:.2f} of {length_s:.2f} s")
    samples = round(length_s * RATE_HZ)
    bed = _bed(music, arrangement, rhythm, options, samples)
    own = _own(recording, length_s, options, labels, segmenter)
    with Soundtrack(bed, samples, own, progress=middle) as audio:
        mastered = audio.mastered(options.loudness_lufs, options.peak_dbtp)
        if with_video:
            retime(recording, path, lambda time: time, mastered, RATE_HZ, force=force, progress=last)
        else:
            write_audio(path, counted(mastered, samples, last), RATE_HZ, force=force)
        loudness, peak = mastered.meter.integrated_lufs, mastered.meter.true_peak_dbtp
        notes = (*(left_out(recording) if with_video else ()), *_unlike(loudness, options))
        return AddedMusic(path, arrangement, loudness, peak, audio.has_own_sound, notes)


def length_of(recording: Recording, *, with_video: bool) -> float:
    """Return the length of the result: that of the video, or of audio without one. Raises InputError."""
    index = recording.frame_index
    if with_video and recording.info.video is None:
        raise InputError(recording.path, "has no video stream; choose a destination for audio")
    if index is None or not len(index.shown):
        length = recording.end(video=False)
    else:
        length = index.seconds(index.end) - recording.info.origin
    if length <= 0:
        raise InputError(recording.path, "has no length: nothing to add music to")
    return float(length)


def _bed(
    track: Recording,
    arrangement: Arrangement,
    rhythm: RhythmTrack | None,
    options: MatchOptions,
    samples: int,
) -> Bed:
    """Return the music, faded where it does not begin or end by itself."""
    first, last = arrangement.parts[0].start, arrangement.parts[-1].end
    track_s = rhythm.duration_s if rhythm is not None else track.duration_s
    beats = rhythm.beats_s if rhythm is not None else np.zeros(0)
    on_beat = rhythm is None or abs(float(nearest(np.array([first]), beats)[0]) - first) <= ON_BEAT_S
    fade_in = 0.0 if first == 0 else CLICK / RATE_HZ if on_beat else FADE_IN_S
    fade_out = CLICK / RATE_HZ
    if last < track_s - OWN_END_S:
        fade_out = max(fade_out, min(options.fade_s, samples / RATE_HZ / 3))
    return Bed(track, arrangement.parts, samples, fade_in_s=fade_in, fade_out_s=fade_out)


def _own(
    recording: Recording,
    length_s: float,
    options: MatchOptions,
    labels: LabelTrack | None,
    segmenter: Segmenter | None,
) -> OwnSound | None:
    """Return the video's own sound, and where somebody speaks in it, as the options say."""
    if options.sound == "mute" or not recording.audio:
        return None

    def speech() -> Sequence[tuple[float, float]]:
        return spoken(labels if labels is not None else _labels(recording, segmenter))

    times = (0.0, length_s)
    return OwnSound(
        lambda: stretched_audio(recording, times, times, RATE_HZ),
        speech if options.sound == "duck" else None,
        options.own_level_lu,
        SPEECH_LOUDER_DB,
    )


def _labels(recording: Recording, segmenter: Segmenter | None) -> LabelTrack:
    if segmenter is not None:
        return collect_labels(recording, segmenter)[0]
    with Segmenter() as opened:
        return collect_labels(recording, opened)[0]


def _unlike(loudness_lufs: float, options: MatchOptions) -> tuple[str, ...]:
    """Return what of the loudness is not as asked for."""
    if loudness_lufs == -np.inf:
        return ("the result is silent, or too short for its loudness to be measured",)
    if abs(loudness_lufs - options.loudness_lufs) <= FAR_LU:
        return ()
    return (f"its loudness is {loudness_lufs:.1f} LUFS: its peaks leave no more",)
