"""Turn a label track into songs: labels, runs, preludes and postludes, boundaries."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from edge_kernels.labels import change_point
from numpy.typing import NDArray

from edge.arrays import Floats
from edge.evidence.labels import LabelTrack
from edge.songs import rules
from edge.songs.options import SongOptions
from edge.songs.song import Song

Classify = Callable[[NDArray[np.float16]], Floats]
"""Function from features float16[batch, segments, features] to confidences float32[batch, segments, 4]."""


@dataclass(frozen=True, slots=True)
class _Draft:
    """Intermediate result: segment ranges of the singing and of the whole song, and the times of both."""

    run: range
    whole: range
    singing: tuple[float, float]
    outer: tuple[float, float]


def detect_songs(track: LabelTrack, classify: Classify, options: SongOptions) -> list[Song]:
    """Find the songs of a recording in order, disjoint and inside it, by the rules of `edge.songs.rules`.

    `classify` labels the windows that boundary refinement slides; it is called at most once.
    """
    labels = rules.best(track.segments)
    length = track.segment_s
    sung = _sung_runs(track, labels, options)
    extended = rules.with_music(sung, labels, options.edge_is_other)
    runs, wholes = ([range(*row) for row in rows.tolist()] for rows in (sung, extended))
    drafts = []
    for run, whole, singing in zip(runs, wholes, _refine(track, runs, classify, options), strict=True):
        outer = (
            whole.start * length if whole.start < run.start else singing[0],
            min(whole.stop * length, track.duration_s) if whole.stop > run.stop else singing[1],
        )
        drafts.append(_Draft(run, whole, singing, outer))
    if options.refine_on_frames:
        drafts = [_exact(track, labels, draft) for draft in drafts]
    return _finish(track, labels, drafts)


def _sung_runs(track: LabelTrack, labels: rules.Ints, options: SongOptions) -> rules.Runs:
    """Return the runs of singing, joined over interludes, rests and short gaps."""
    quiet = rules.quiet_share(
        track.levels_db, track.frames, round(track.segment_s / track.frame_s), options.rest_below_db
    )
    weights = rules.gap_weights(track.segments, quiet, track.segment_s, options)
    runs = rules.bridge(rules.singing_runs(labels, 1), weights, rules.SHORT_GAP)
    return rules.bridge(rules.sung_enough(runs, labels, options.min_run), weights)


def _refine(
    track: LabelTrack, runs: list[range], classify: Classify, options: SongOptions
) -> list[tuple[float, float]]:
    """Return start and end of each run's singing, moved to a joint inside an uncertain end segment."""
    pairs: list[NDArray[np.float16]] = []
    asked: dict[tuple[int, bool], slice] = {}
    for run in runs:
        for segment, start in ((run.start, True), (run.stop - 1, False)):
            joints = _joints(track, segment)
            if joints and rules.uncertain(track.segments[segment], options):
                asked[segment, start] = slice(len(pairs), len(pairs) + len(joints))
                pairs += [
                    np.stack([track.windows[segment - 1, j], track.windows[segment, j]]) for j in joints
                ]
    confidences = classify(np.stack(pairs)) if pairs else np.zeros((0, 2, 4), np.float32)

    def moved(segment: int, start: bool) -> float | None:
        rows = asked.get((segment, start), slice(0, 0))
        joint = rules.refined_joint(confidences[rows, 0], confidences[rows, 1], start=start)
        return None if joint is None else segment * track.segment_s + (joint + 1) * track.step_s

    edges = []
    for run in runs:
        whole = run.start * track.segment_s, min(run.stop * track.segment_s, track.duration_s)
        first, last = moved(run.start, True), moved(run.stop - 1, False)
        refined = whole[0] if first is None else first, whole[1] if last is None else last
        edges.append(refined if refined[0] < refined[1] else whole)  # both ends of a single segment may cross
    return edges


def _joints(track: LabelTrack, segment: int) -> range:
    """Return the indices of the steps strictly inside a segment; the first segment has none."""
    if segment == 0:
        return range(0)
    inside = min(track.segment_s, track.duration_s - segment * track.segment_s)
    return range(1, max(1, int(np.ceil(inside / track.step_s - 1e-9))))


def _exact(track: LabelTrack, labels: rules.Ints, draft: _Draft) -> _Draft:
    """Move the edges of the singing, then those of the whole, to the likeliest frame within a segment."""
    frames = track.frames
    singing = frames[:, rules.SINGING]
    song = singing + frames[:, rules.MUSIC]
    starts = _change(track, singing, draft.singing[0], start=True)
    ends = _change(track, singing, draft.singing[1], start=False)
    middle = (draft.singing[0] + draft.singing[1]) / 2
    inner = (min(starts, middle), max(ends, middle))
    # Music that was judged not to belong to the song must not come back through its frames.
    excluded_before = draft.whole.start == draft.run.start > 0 and labels[draft.run.start - 1] == rules.MUSIC
    excluded_after = (
        draft.whole.stop == draft.run.stop < len(labels) and labels[draft.run.stop] == rules.MUSIC
    )
    outer_start = inner[0] if excluded_before else _change(track, song, draft.outer[0], start=True)
    outer_end = inner[1] if excluded_after else _change(track, song, draft.outer[1], start=False)
    return _Draft(draft.run, draft.whole, inner, (min(outer_start, inner[0]), max(outer_end, inner[1])))


def _change(track: LabelTrack, inside: Floats, at: float, *, start: bool) -> float:
    """Return the likeliest time of the change within one segment of `at`; the recording's ends stay."""
    centre, reach = round(at / track.frame_s), round(track.segment_s / track.frame_s)
    low, high = max(0, centre - reach), min(len(inside), centre + reach)
    frames = inside[low:high]
    cut = change_point(frames) if start else len(frames) - change_point(frames[::-1])
    return min((low + cut) * track.frame_s, track.duration_s)


def _finish(track: LabelTrack, labels: rules.Ints, drafts: list[_Draft]) -> list[Song]:
    """Return songs in order: where two overlap the earlier keeps its end; empty ones are dropped."""
    songs: list[Song] = []
    for draft in drafts:
        start = max(draft.outer[0], songs[-1].end if songs else 0.0)
        end = min(draft.outer[1], track.duration_s)
        if end - start < track.frame_s:
            continue
        sung = [i for i in draft.run if labels[i] == rules.SINGING]
        songs.append(
            Song(
                start=start,
                end=end,
                prelude=min(max(0.0, draft.singing[0] - start), end - start),
                postlude=min(max(0.0, end - max(draft.singing[1], start)), end - start),
                confidence=float(track.segments[sung, rules.SINGING].mean()),
            )
        )
    return songs
