"""Songs from evidence: whatever was heard, the spans are sound; and known evidence gives known songs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from edge.arrays import Floats
from edge.evidence.labels import LabelTrack
from edge.songs.detection import detect_songs
from edge.songs.options import SongOptions
from edge.songs.song import Song

ORDER = "STM-"


def evidence(
    text: str, *, sure: float = 0.97, duration_s: float | None = None, frames: str = "", quiet: str = ""
) -> LabelTrack:
    """LabelTrack with segments of 3 s labelled by letters, and frames that agree unless given per second.

    All is at -20 dBFS, but segments with a dot in `quiet` are at -60.
    """
    segments = np.full((len(text), 4), (1 - sure) / 3, np.float32)
    for row, letter in zip(segments, text, strict=True):
        row[ORDER.index(letter)] = sure
    per_second = frames or "".join(letter * 3 for letter in text)
    index = [ORDER.index(letter) for letter in per_second for _ in range(10)]
    seconds = len(text) * 3.0 if duration_s is None else duration_s
    rows = np.full((len(index), 4), 0.02, np.float32)
    rows[np.arange(len(index)), index] = 0.94
    windows = np.zeros((len(text), 3, 4), np.float16)
    frames_in_all = int(np.ceil(seconds * 10))
    levels = np.repeat([-60 if mark == "." else -20 for mark in quiet or text], 30).astype(np.float32)
    rows, levels = rows[:frames_in_all], levels[:frames_in_all]
    return LabelTrack(seconds, 0.1, rows, levels, 3.0, segments, 1.0, windows)


def undecided(features: NDArray[np.float16]) -> Floats:
    return np.full((*features.shape[:2], 4), 0.25, np.float32)


def spans(found: list[Song]) -> list[tuple[float, float]]:
    return [(round(song.start, 3), round(song.end, 3)) for song in found]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("TT-SSS-TT", [(9, 18)]),
        ("T-MSSSMM-", [(6, 24)]),
        ("TTMSSSMTT", [(9, 18)]),
        ("-S-", []),
        ("SS-----SS", [(0, 6), (21, 27)]),
        ("MSSM", [(0, 12)]),
    ],
)
def test_songs_of_clear_evidence(text: str, expected: list[tuple[float, float]]) -> None:
    assert spans(detect_songs(evidence(text), undecided, SongOptions.as_published())) == expected
    assert spans(detect_songs(evidence(text), undecided, SongOptions())) == expected


@pytest.mark.parametrize(
    ("text", "quiet", "expected"),
    [
        ("-SMSS-S-", "########", [(3, 15)]),  # a single segment belongs over music, not over applause
        ("-SMMSS-", "#######", [(3, 18)]),
        ("-SMMMSS-", "########", [(15, 21)]),  # but not over more than half of the longest gap
        ("-SSMMMSS-", "#########", [(3, 24)]),
        ("--SS--SS--", "####..####", [(6, 24)]),  # a rest
        ("--SS--SS--", "##########", [(6, 12), (18, 24)]),  # applause
    ],
)
def test_what_lies_between_runs_decides_whether_they_are_one_song(
    text: str, quiet: str, expected: list[tuple[float, float]]
) -> None:
    assert spans(detect_songs(evidence(text, quiet=quiet), undecided, SongOptions())) == expected


def test_prelude_and_postlude_are_the_music_around_the_singing() -> None:
    (song,) = detect_songs(evidence("-MMSSSM-"), undecided, SongOptions())
    assert (song.prelude, song.postlude) == pytest.approx((6, 3))


def test_exact_boundaries_follow_the_frames() -> None:
    heard = evidence("T-SSS-T", frames="TTT----SSSSSSSSS--TTT")
    (song,) = detect_songs(heard, undecided, SongOptions())
    assert (song.start, song.end) == pytest.approx((7, 16))


def test_music_that_is_no_prelude_does_not_come_back_through_its_frames() -> None:
    heard = evidence("TMSSSMT", frames="TTTMMMSSSSSSSSSMMMTTT")
    (song,) = detect_songs(heard, undecided, SongOptions())
    assert (song.start, song.end) == pytest.approx((6, 15))


def test_an_uncertain_start_is_refined_in_one_batch() -> None:
    heard = evidence("T-SSS-T")
    heard.segments[2] = [0.5, 0.3, 0.1, 0.1]
    calls = []

    def classify(features: NDArray[np.float16]) -> Floats:
        calls.append(features.shape)
        former, latter = [0.1, 0.7, 0.1, 0.1], [0.7, 0.1, 0.1, 0.1]
        return np.array([[former, former], [former, latter]], np.float32)

    (song,) = detect_songs(heard, classify, SongOptions.as_published())
    assert calls == [(2, 2, 4)]
    assert (song.start, song.end) == (8.0, 15.0)


def test_refinement_never_inverts_a_song_of_one_segment() -> None:
    heard = evidence("TSTTT")
    heard.segments[1] = [0.4, 0.3, 0.0, 0.3]
    outside, inside = [0.1, 0.7, 0.1, 0.1], [0.7, 0.1, 0.1, 0.1]

    def classify(features: NDArray[np.float16]) -> Floats:
        start = [[outside, outside], [outside, inside]]  # the song starts at 5 s ...
        end = [[inside, outside], [outside, outside]]  # ... and ends at 4 s
        return np.array(start + end, np.float32)

    settings = SongOptions(min_run=1, refine_on_frames=False)
    assert spans(detect_songs(heard, classify, settings)) == [(3, 6)]


@st.composite
def anything_heard(draw: Any) -> LabelTrack:
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    segment_s = draw(st.sampled_from([0.5, 1.0, 3.0, 5.0, 10.0]))
    duration_s = draw(st.floats(0.05, 200.0))
    sharpness = draw(st.floats(0.1, 6.0))
    frames = int(np.ceil(duration_s / 0.1 - 1e-9)) or 1
    segments = int(np.ceil(duration_s / segment_s - 1e-9)) or 1

    def confidences(rows: int) -> Floats:
        powers = np.exp(sharpness * rng.standard_normal((rows, 4)) + [sharpness, 0, 0, 0])
        return np.asarray(powers / powers.sum(axis=1, keepdims=True), np.float32)

    windows = rng.standard_normal((segments, max(1, int(np.ceil(segment_s))), 4)).astype(np.float16)
    levels = rng.uniform(-80, 0, frames).astype(np.float32)
    rows = confidences(frames), levels, segment_s, confidences(segments)
    return LabelTrack(duration_s, 0.1, *rows, 1.0, windows)


def seeded(features: NDArray[np.float16]) -> Floats:
    powers = np.exp(features.astype(np.float32))
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True), np.float32)


@settings(max_examples=300, deadline=None)
@given(anything_heard(), st.booleans(), st.integers(1, 3), st.sampled_from([0.0, 6.0, 30.0]))
def test_songs_are_ordered_disjoint_and_inside_the_recording(
    heard: LabelTrack, exact: bool, min_run: int, max_interlude_s: float
) -> None:
    chosen = SongOptions(
        min_run=min_run,
        refine_on_frames=exact,
        max_interlude_s=max_interlude_s,
        speech_margin=2.0,
        other_margin=2.0,
    )
    found = detect_songs(heard, seeded, chosen)
    edges = [edge for song in found for edge in (song.start, song.end)]
    assert edges == sorted(edges)
    assert all(0 <= edge <= heard.duration_s for edge in edges)
    for song in found:
        assert song.start < song.end
        assert song.prelude >= 0
        assert song.postlude >= 0
        assert song.prelude + song.postlude <= song.end - song.start + 1e-6
        assert 0 <= song.confidence <= 1
