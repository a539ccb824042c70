"""What the page of a recording draws and plays, as plain data. Times are seconds of the recording."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.analysis.report.images import frame_strip
from edge.analysis.result import Analysis
from edge.evidence.labels import LabelTrack
from edge.evidence.segments import LabelResult
from edge.matching.match import MatchedTrack
from edge.music.compose import Composition
from edge.schema import seconds, share
from edge.vocabulary import LABELS

FLOOR_DB = -80.0
"""Level that is drawn as silence, in dBFS."""


def page_data(analysis: Analysis) -> dict[str, Any]:
    """Return what the timeline draws, from levels and labels to the frames of its strip."""
    songs, clean, motion = analysis.songs, analysis.clean, analysis.motion
    labels = None if songs is None else songs.labels
    return {
        "duration": seconds(analysis.duration_s),
        "levels": _levels(labels) if labels else "",
        "levelSeconds": labels.frame_s if labels else 0.1,
        "labels": [*map(str, LABELS)],
        "segments": [
            (seconds(one.start), seconds(one.end), LABELS.index(one.label), share(one.confidence[one.label]))
            for one in LabelResult(analysis.recording, labels).merged
        ]
        if labels
        else [],
        "songs": [(seconds(song.start), seconds(song.end)) for song in songs or ()],
        "captions": [(seconds(one.start), seconds(one.end)) for one in analysis.captions or ()],
        "removed": [(seconds(cut.start), seconds(cut.end)) for cut in clean.cuts] if clean else [],
        "cuts": [seconds(one.start) for one in motion.transitions] if motion else [],
        "beats": [seconds(time) for time in _beats(analysis)],
        "faces": [*_faces(analysis)],
        "frames": [(seconds(time_s), image) for time_s, image in frame_strip(analysis.recording)],
    }


def _levels(labels: LabelTrack) -> str:
    """Return the level of each frame of the labels, 0 to 255, in base64."""
    heights = np.clip(1 - labels.levels_db / FLOOR_DB, 0, 1)
    return base64.b64encode(np.round(255 * heights).astype(np.uint8).tobytes()).decode()


def _beats(analysis: Analysis) -> NDArray[np.float64]:
    """Return the beats of the music that was composed, or of the best track, where they are in the video."""
    if analysis.music is not None:
        return _composed(analysis.music)
    if analysis.tracks is not None and analysis.tracks.tracks:
        return _arranged(analysis.tracks.tracks[0])
    return np.zeros(0)


def _composed(music: Composition) -> NDArray[np.float64]:
    beats = np.arange(0, music.plan.end_s, 60 / music.plan.tempo)
    return music.choice.warp.origin(beats)


def _arranged(track: MatchedTrack) -> NDArray[np.float64]:
    times, at = [np.zeros(0)], 0.0
    beats_s = track.analysis.rhythm.beats_s
    for part in track.arrangement.parts:
        times.append(beats_s[(beats_s >= part.start) & (beats_s < part.end)] - part.start + at)
        at += part.seconds
    return np.concatenate(times)


def _faces(analysis: Analysis) -> Iterator[tuple[float, float, float]]:
    """Yield when faces are on screen: start, end, and how likely one of them makes the sound."""
    for burst in analysis.faces.bursts if analysis.faces else ():
        if burst.faces:
            best = max(face.performing for face in burst.faces)
            yield seconds(burst.times_s[0]), seconds(burst.times_s[-1]), share(best)
