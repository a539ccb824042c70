"""Short videos of the biggest moment with each of several tracks, to choose one of them."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from fractions import Fraction
from os import PathLike
from pathlib import Path

from edge.errors import InputError, UsageError
from edge.evidence.labels import LabelTrack, collect_labels
from edge.evidence.motion.collect import collect_motion
from edge.evidence.motion.track import MotionTrack
from edge.evidence.options import MotionOptions
from edge.evidence.rhythm.collect import collect_rhythm
from edge.evidence.rhythm.track import RhythmTrack
from edge.matching.add import AddedMusic, add_music, check_added_music, length_of
from edge.matching.arrange import arrange
from edge.matching.moments import moments
from edge.matching.options import MatchOptions
from edge.media.read.recording import MediaSource, Recording, open_recording
from edge.media.write.concat import MediaRange, concat
from edge.networks.segmenter import Segmenter
from edge.vocabulary import Progress, part_of

PREVIEW_S = 15.0
"""Length of a preview in seconds; shorter videos are shown whole."""

LEAD = 0.5
"""Part of a preview that is before the biggest moment."""

LONGEST_NAME = 80
"""Characters of a track's name in that of a preview, at most."""


def preview_music(
    media: MediaSource,
    tracks: Sequence[MediaSource],
    folder: str | PathLike[str],
    *,
    options: MatchOptions | None = None,
    rhythms: Sequence[RhythmTrack] | None = None,
    motion: MotionTrack | None = None,
    segmenter: Segmenter | None = None,
    force: bool = False,
    progress: Progress | None = None,
) -> tuple[AddedMusic, ...]:
    """Write about 15 s around the biggest moment of a video with each track, as `1 TRACK.mp4` and so on.

    The music is the one that the whole video would have there; loudness is that of the preview. `rhythms` of
    the tracks and `motion` are computed if they are not handed in. Raises UsageError, InputError,
    NoAudioError, OutputError, ModelError; previews that were complete before an error stay.
    """
    recording, options = open_recording(media), options or MatchOptions()
    opened = [open_recording(track) for track in tracks]
    if not opened or (rhythms is not None and len(rhythms) != len(opened)):
        raise UsageError("previews need tracks, and a rhythm for each of them or none")
    if recording.info.video is None:
        raise InputError(recording.path, "has no video stream to preview")
    paths = [
        Path(folder) / f"{number} {track.path.stem[:LONGEST_NAME].strip()}.mp4"
        for number, track in enumerate(opened, 1)
    ]
    for track, path in zip(opened, paths, strict=True):
        track.require_audio()
        check_added_music(path, force=force)
    if motion is None:
        shown = part_of(progress, 0.0, 0.3)
        motion, _ = collect_motion(recording, MotionOptions(fast=True), progress=shown)
    length_s = length_of(recording, with_video=True)
    added = list[AddedMusic]()
    with tempfile.TemporaryDirectory() as temporary:
        part, start_s = _excerpt(recording, motion, length_s, Path(temporary))
        part_s, labels = length_of(part, with_video=True), _labels(part, options, segmenter)
        for number, (track, path) in enumerate(zip(opened, paths, strict=True)):
            rhythm = rhythms[number] if rhythms is not None else collect_rhythm(track)
            whole = arrange(rhythm, motion, length_s)
            music = whole.between(start_s, min(start_s + part_s, length_s))
            share = part_of(progress, *(0.3 + 0.7 * (number + done) / len(opened) for done in (0, 1)))
            added.append(
                add_music(
                    part, track, path,
                    arrangement=music, options=options, rhythm=rhythm, labels=labels, force=force,
                    progress=share,
                )
            )  # fmt: skip
    return tuple(added)


def _excerpt(
    recording: Recording, motion: MotionTrack, length_s: float, folder: Path
) -> tuple[Recording, float]:
    """Cut what is previewed to a file of `folder`; return it, and its start in seconds."""
    if length_s <= PREVIEW_S:
        return recording, 0.0
    biggest_s = moments(motion, length_s).biggest_s or 0.0
    start_s = min(max(0.0, biggest_s - LEAD * PREVIEW_S), length_s - PREVIEW_S)
    range_ = MediaRange(recording, Fraction(start_s), Fraction(start_s + PREVIEW_S))
    done = concat([range_], folder / "part.mp4")
    return open_recording(done.path), float(done.ranges[0].start)


def _labels(part: Recording, options: MatchOptions, segmenter: Segmenter | None) -> LabelTrack | None:
    """Label the audio of a preview once, if music is softer under speech."""
    if options.sound != "duck" or not part.audio:
        return None
    if segmenter is not None:
        return collect_labels(part, segmenter)[0]
    with Segmenter() as opened:
        return collect_labels(part, opened)[0]
