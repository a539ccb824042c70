"""Operations on the timeline against plain lists of frames; captions on it against arithmetic by hand."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.errors import UsageError
from edge.text.scripts import joined
from edge.timeline.placing import place
from edge.timeline.timeline import Clip, Timeline
from edge.vocabulary import Caption, Word

FRAME = Fraction(1001, 24000)
A, B = Path("/media/a.mp4"), Path("/media/b.mp4")

Frames = list[tuple[Path, int]]


def clip(media: Path, first: int, stop: int) -> Clip:
    return Clip(media, first * FRAME, stop * FRAME)


def frames(timeline: Timeline) -> Frames:
    """What is shown, frame by frame; all cuts are on frames, and clips follow each other."""
    assert Timeline(timeline.clips) == timeline
    shown = []
    for each in timeline.clips:
        first, stop = each.trim_in / FRAME, each.trim_out / FRAME
        assert first.denominator == stop.denominator == 1
        shown += [(each.media, number) for number in range(int(first), int(stop))]
    return shown


clips = st.builds(
    lambda media, first, count: clip(media, first, first + count),
    st.sampled_from([A, B]),
    st.integers(0, 40),
    st.integers(1, 12),
)
timelines = st.lists(clips, max_size=8).map(Timeline.of)
spans = st.lists(
    st.tuples(st.integers(0, 100), st.integers(0, 15)).map(lambda s: (s[0] * FRAME, (s[0] + s[1]) * FRAME)),
    max_size=5,
)


def test_clips_are_laid_from_zero_without_gaps_and_the_sum_is_exact() -> None:
    timeline = Timeline.of(Clip(A, Fraction(0), FRAME) for _ in range(1000))
    assert timeline.length == Fraction(1001, 24)
    assert all(a.out_point == b.in_point for a, b in pairwise(timeline.clips))
    with pytest.raises(UsageError, match=r"Timeline\.of"):
        Timeline((clip(A, 0, 1), clip(A, 1, 2)))


def test_times_of_other_kinds_are_taken_exactly() -> None:
    timeline = Timeline.of([Clip(A, 0, 10)])  # type: ignore[arg-type]
    assert timeline.split(0.1).clips[1].trim_in == Fraction(0.1) != Fraction(1, 10)
    single = timeline.split(np.float32(0.1))  # type: ignore[arg-type]
    assert single.clips[1].trim_in == Fraction(float(np.float32(0.1)))
    for wrong in (float("nan"), float("inf"), "1"):
        with pytest.raises(UsageError, match="finite number"):
            timeline.split(wrong)  # type: ignore[arg-type]


@given(timelines, st.integers(0, 100))
def test_a_split_shows_the_same_and_merging_undoes_it(timeline: Timeline, at: int) -> None:
    if at > len(frames(timeline)):
        with pytest.raises(UsageError, match="outside"):
            timeline.split(at * FRAME)
        return
    split = timeline.split(at * FRAME)
    assert frames(split) == frames(timeline)
    assert split.merged() == timeline.merged()
    if 0 < at < len(frames(timeline)):
        assert at * FRAME in {each.in_point for each in split.clips}
    assert split.split(at * FRAME) is split


@given(timelines, st.integers(0, 99), st.fractions(0, 1, max_denominator=9))
def test_a_time_is_found_in_its_recording(timeline: Timeline, at: int, part: Fraction) -> None:
    shown = frames(timeline)
    if at < len(shown) and part < 1:
        media, number = shown[at]
        assert timeline.to_source((at + part) * FRAME) == (media, (number + part) * FRAME)
    else:
        with pytest.raises(UsageError, match="outside"):
            timeline.to_source(timeline.length + at)


@given(timelines, st.integers(-1, 8), st.integers(-1, 9), clips)
def test_moving_deleting_trimming_and_inserting_are_what_lists_do(
    timeline: Timeline, index: int, to: int, new: Clip
) -> None:
    def moved(parts: list[Clip]) -> None:
        parts.insert(to, parts.pop(index))

    def check(there: bool, change: Callable[[], Timeline], model: Callable[[list[Clip]], None]) -> None:
        if not there:
            with pytest.raises(UsageError, match="no index"):
                change()
            return
        parts = list(timeline.clips)
        model(parts)
        assert change() == Timeline.of(parts)
        assert frames(change()) == [frame for part in parts for frame in frames(Timeline.of([part]))]

    count = len(timeline.clips)
    there = 0 <= index < count
    check(there and 0 <= to < count, lambda: timeline.move(index, to), moved)
    check(there, lambda: timeline.delete(index), lambda parts: parts.__delitem__(index))
    check(
        there,
        lambda: timeline.trim(index, new.trim_in, new.trim_out),
        lambda parts: parts.__setitem__(index, replace(new, media=parts[index].media)),
    )
    check(0 <= to <= count, lambda: timeline.insert(new, to), lambda parts: parts.insert(to, new))
    check(True, lambda: timeline.insert(new), lambda parts: parts.append(new))


def test_a_clip_cannot_be_trimmed_to_nothing() -> None:
    timeline = Timeline.of([clip(A, 0, 9)])
    for trim_in, trim_out in ((3, 3), (4, 3), (-1, 3)):
        with pytest.raises(UsageError, match="trim_in < trim_out"):
            timeline.trim(0, trim_in, trim_out)


@given(timelines, spans)
def test_a_cut_removes_just_what_it_names(
    timeline: Timeline, removed: Sequence[tuple[Fraction, Fraction]]
) -> None:
    cut = timeline.cut(removed)
    left = [
        frame
        for at, frame in enumerate(frames(timeline))
        if not any(start <= at * FRAME < end for start, end in removed)
    ]
    assert frames(cut) == left
    assert cut.merged() == cut
    assert timeline.cut(reversed(removed)) == cut


@given(timelines, spans)
def test_what_is_removed_of_a_recording_goes_wherever_it_is_shown(
    timeline: Timeline, removed: Sequence[tuple[Fraction, Fraction]]
) -> None:
    left = [
        (media, number)
        for media, number in frames(timeline)
        if media != A or not any(start <= number * FRAME < end for start, end in removed)
    ]
    assert frames(timeline.without({A: removed})) == left


@given(timelines, spans, st.lists(st.integers(0, 100), max_size=4))
def test_a_cut_does_not_depend_on_where_clips_were_split(
    timeline: Timeline, removed: Sequence[tuple[Fraction, Fraction]], at: Sequence[int]
) -> None:
    split = timeline
    for each in at:
        split = split.split(min(each * FRAME, timeline.length))
    assert split.cut(removed) == timeline.cut(removed)


def test_a_stretch_that_ends_before_it_starts_is_refused() -> None:
    with pytest.raises(UsageError, match="start <= end"):
        Timeline.of([clip(A, 0, 9)]).cut([(2, 1)])


def sentence(*words: tuple[float, float, str], text: str | None = None) -> Caption:
    made = tuple(Word(*word) for word in words)
    text = joined(word.text for word in made) if text is None else text
    return Caption(made[0].start, made[-1].end, text, made)


UM = sentence(
    (1, 1.4, "So"), (1.5, 2, "um,"), (2, 2.5, "hello"), (2.6, 3, "there."), text="So  um, hello there."
)


def test_a_sentence_stays_one_caption_when_its_filler_is_cut_out() -> None:
    cut = Timeline.of([Clip(A, Fraction(1, 2), Fraction(5))]).without({A: [(1.5, 2.0)]})
    assert len(cut.clips) == 2
    words = ((0.5, 0.9, "So"), (1.0, 1.5, "hello"), (1.6, 2.0, "there."))
    expected = sentence(*words, text="So hello there.")
    [shown] = place({A: [UM]}, cut)
    assert (shown.start, shown.end, shown.text) == (expected.start, expected.end, expected.text)
    assert [word.text for word in shown.words] == ["So", "hello", "there."]
    assert [w.start for w in shown.words] == pytest.approx([0.5, 1.0, 1.6], abs=1e-15)


def test_a_word_stays_if_half_of_it_is_heard_and_then_the_text_is_not_touched() -> None:
    whole = Timeline.of([Clip(A, Fraction(0), Fraction(5))])
    half, less = whole.cut([(1.2, 1.4)]), whole.cut([(1.125, 1.4)])
    [shown] = place({A: [UM]}, half)
    assert (shown.text, shown.words[0].end) == (UM.text, 1.2)
    [shown] = place({A: [UM]}, less)
    assert (shown.text, shown.start) == ("um, hello there.", 1.0)


def test_a_caption_without_words_keeps_its_text_and_one_without_its_words_goes() -> None:
    bare = Caption(1.0, 3.0, " as  written ")
    timeline = Timeline.of([Clip(A, Fraction(5, 2), Fraction(4)), Clip(B, Fraction(0), Fraction(9))])
    assert place({A: [bare]}, timeline) == [Caption(0.0, 0.5, " as  written ")]
    pause = Timeline.of([Clip(A, Fraction(3, 2) - Fraction(1, 20), Fraction(3, 2))])
    assert place({A: [UM]}, pause) == []


def test_a_recording_that_goes_back_or_is_parted_shows_a_sentence_twice() -> None:
    one, two = Clip(A, Fraction(0), Fraction(2)), Clip(A, Fraction(2), Fraction(4))
    texts = [c.text for c in place({A: [UM]}, Timeline.of([two, one]))]
    assert texts == ["hello there.", "So um,"]
    parted = Timeline.of([one, Clip(B, Fraction(0), Fraction(1)), two])
    assert [c.text for c in place({A: [UM], B: []}, parted)] == ["So um,", "hello there."]
    assert [c.text for c in place({A: [UM]}, Timeline.of([one, two, one, two]))] == [UM.text] * 2


@st.composite
def transcripts(draw: st.DrawFn) -> list[Caption]:
    """Disjoint captions, some edges on frames, some between; texts not always what `joined` gives."""
    on_frame = st.integers(0, 55).map(lambda n: float(n * FRAME))
    edges = sorted(draw(st.sets(on_frame | st.floats(0, 2.25, width=32) | st.floats(0, 2.3), max_size=24)))
    words = [Word(a, b, f"w{at}") for at, (a, b) in enumerate(zip(edges[::2], edges[1::2], strict=False))]
    captions = []
    while words:
        count = draw(st.integers(1, 4))
        text = draw(st.sampled_from([" ", "  "])).join(word.text for word in words[:count])
        kept = tuple(words[:count]) if draw(st.booleans()) else ()
        captions.append(Caption(words[0].start, words[:count][-1].end, text, kept))
        words = words[count:]
    return captions


def by_hand(captions: Sequence[Caption], media: Path, timeline: Timeline) -> list[Caption]:
    """Each caption and word in each clip as exact pieces, put together where clips go on; no speed at all."""

    def pieces(item: Caption | Word) -> list[tuple[int, Fraction, Fraction]]:
        found = []
        for at, each in enumerate(timeline.merged().clips):
            start, end = max(each.trim_in, Fraction(item.start)), min(each.trim_out, Fraction(item.end))
            if each.media == media and start < end:
                shift = each.in_point - each.trim_in
                found.append((at, start + shift, end + shift))
        return found

    def goes_on(at: int) -> bool:
        one, two = timeline.merged().clips[at - 1 : at + 1]
        return one.media == two.media and one.trim_out <= two.trim_in

    def put_together(item: Caption | Word) -> list[tuple[list[int], Fraction, Fraction]]:
        whole: list[tuple[list[int], Fraction, Fraction]] = []
        for at, start, end in pieces(item):
            if whole and whole[-1][0][-1] == at - 1 and goes_on(at):
                whole[-1] = [*whole[-1][0], at], whole[-1][1], end
            else:
                whole.append(([at], start, end))
        return whole

    placed = []
    for caption in captions:
        for where, start, end in put_together(caption):
            words = [
                Word(float(a), float(b), word.text)
                for word in caption.words
                for inside, a, b in put_together(word)
                if set(inside) <= set(where) and 2 * (b - a) >= Fraction(word.end) - Fraction(word.start)
            ]
            words = [word for word in words if word.start < word.end]
            if float(start) < float(end) and bool(words) == bool(caption.words):
                whole = len(words) == len(caption.words)
                text = caption.text if whole else joined(word.text for word in words)
                placed.append(Caption(float(start), float(end), text, tuple(words)))
    return sorted(placed, key=lambda one: (one.start, one.end))


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(timelines, transcripts(), transcripts(), st.integers(0, 100))
def test_captions_are_where_arithmetic_by_hand_puts_them(
    timeline: Timeline, said: list[Caption], other: list[Caption], at: int
) -> None:
    placed = place({A: said, B: other}, timeline)
    hand = sorted(by_hand(said, A, timeline) + by_hand(other, B, timeline), key=lambda c: (c.start, c.end))
    assert placed == hand
    assert all(a.end <= b.start for a, b in pairwise(placed))
    for caption in placed:
        times = [each for word in caption.words for each in (word.start, word.end)]
        assert times == sorted(times)
        assert 0 <= caption.start <= min(times, default=0.0) or not times
        assert max(times, default=0.0) <= caption.end <= float(timeline.length)
    assert place({A: said, B: other}, timeline.split(min(at * FRAME, timeline.length))) == placed


@pytest.mark.slow
@settings(deadline=None)
@given(timelines, transcripts(), transcripts())
def test_captions_that_overlap_are_all_found(
    timeline: Timeline, said: list[Caption], other: list[Caption]
) -> None:
    def key(caption: Caption) -> tuple[float, float, str, list[tuple[float, float]]]:
        return caption.start, caption.end, caption.text, [(word.start, word.end) for word in caption.words]

    long = [Caption(0.0, 2.0, "long"), Caption(1.0, 1.1, "short")]
    both = [*other, *long, *said]
    placed = place({A: both}, timeline)
    assert sorted(placed, key=key) == sorted(by_hand(both, A, timeline), key=key)
    assert [(c.start, c.end) for c in placed] == sorted((c.start, c.end) for c in placed)


def test_what_is_too_short_for_its_place_is_left_out() -> None:
    tiny = Caption(0.0, 1.0, "a b", (Word(1e-20, 2e-20, "a"), Word(0.5, 1.0, "b")))
    timeline = Timeline.of([Clip(B, Fraction(0), Fraction(1)), Clip(A, Fraction(0), Fraction(1))])
    assert [word.text for caption in place({A: [tiny]}, timeline) for word in caption.words] == ["b"]
    assert place({A: [Caption(1e-20, 2e-20, "a")]}, timeline) == []


def test_nothing_drifts_over_hours_of_clips() -> None:
    count = 3600
    timeline = Timeline.of(clip(A, 48 * n, 48 * n + 47) for n in range(count))
    said = [Caption(float(48 * n * FRAME), float((48 * n + 40) * FRAME), str(n)) for n in range(count)]
    placed = place({A: said}, timeline)
    assert len(placed) == count
    off = [Fraction(c.start) - each.in_point for c, each in zip(placed, timeline.clips, strict=True)]
    assert max(abs(each) for each in off) < Fraction(1, 10**12)


def lines_run(work: Callable[[], object]) -> int:
    """How many lines of Python `work` runs: the same on every machine, however busy."""
    count = 0

    def trace(frame: FrameType, event: str, argument: object) -> Any:
        nonlocal count
        count += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        work()
    finally:
        sys.settrace(before)
    return count


def test_four_times_the_clips_and_captions_are_four_times_the_work() -> None:
    def work(clips: int) -> int:
        timeline = Timeline.of(clip(A, 96 * n, 96 * n + 70) for n in range(clips))
        said = [Caption(n * 2.0, n * 2 + 1.7, f"{n}") for n in range(2 * clips)]
        return lines_run(lambda: place({A: said}, timeline))

    assert work(800) < 4.5 * work(200)
