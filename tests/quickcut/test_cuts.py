"""Cut lists: what goes, goes; what stays is not touched; and silence is left where there was some."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.errors import UsageError
from edge.evidence.speech.level import SpeechLevel
from edge.evidence.transcript import Transcript
from edge.quickcut.cuts import cut_list, quietest_time
from edge.quickcut.marks import Item, Kind, mark
from edge.quickcut.options import CutOptions, MarkOptions
from edge.spans import intervals, merge, subtract
from edge.vocabulary import Span
from tests.makers import level_of, talk_from_script, words_of
from tests.quickcut.strategies import recordings

NEAR = 1e-6


Cuts = list[tuple[float, float]]


def near(cuts: Cuts, expected: Cuts, within: float = NEAR) -> bool:
    return len(cuts) == len(expected) and np.allclose(cuts, expected, rtol=0, atol=within)


def cuts_of(found: Transcript, options: CutOptions | None = None) -> Cuts:
    return [(cut.start, cut.end) for cut in cut_list(mark(found), found, options)]


def item_at(found: Transcript, time: float) -> Item:
    (item,) = (item for item in mark(found) if item.start <= time < item.end)
    return item


def test_where_nothing_is_to_be_removed_there_is_no_cut() -> None:
    found = talk_from_script("We start here. [0.9] And go on.")
    assert cut_list(mark(found), found) == cut_list([], found) == []
    every = talk_from_script("[2.0] We start um here. [2.0]")
    assert cut_list([replace(item, remove=False) for item in mark(every)], every) == []


def test_of_a_blank_a_pause_stays_at_either_side() -> None:
    found = talk_from_script("We start. [3.0] And go on.")
    assert near(cuts_of(found), [(0.62 + 0.15, 3.62 - 0.15)])
    assert near(cuts_of(found, CutOptions(padding_s=0.4)), [(0.62 + 0.4, 3.62 - 0.4)])
    assert cuts_of(found, CutOptions(padding_s=1.46)) == []
    assert near(cuts_of(found, CutOptions(padding_s=1.46, min_cut_s=0.05)), [(2.08, 2.16)])


def test_at_the_ends_of_the_recording_no_pause_is_needed() -> None:
    found = talk_from_script("[2.0] We start. [2.0]")
    assert near(cuts_of(found), [(0, 1.85), (2.77, found.duration_s)])
    starts, ends = zip(*cuts_of(found), strict=True)
    assert (starts[0], ends[-1]) == (0, found.duration_s)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (0.3, 0.3, (0.15, 0.15)),
        (0.1, 0.3, (0.1, 0.15)),
        (0.3, 0.06, (0.15, 0.06)),
        (0.06, 0.06, (0.06, 0.06)),
    ],
)
def test_of_the_silence_around_a_filler_no_more_than_a_pause_stays(
    before: float, after: float, expected: tuple[float, float]
) -> None:
    found = talk_from_script(f"we go [{before}] um [{after}] on and on")
    (start, end), filler = cuts_of(found)[0], item_at(found, 0.7 + before)
    assert filler.kind is Kind.FILLER
    assert (start, end) == pytest.approx((0.62 + expected[0], filler.end + after - expected[1]))


def test_neighbours_that_only_silence_parts_are_one_cut() -> None:
    found = talk_from_script("we go [0.2] um [0.5] uh [1.5] um [0.2] on")
    assert len([item for item in mark(found) if item.remove]) == 4
    assert near(cuts_of(found), [(0.62 + 0.15, found.duration_s - 0.3 - 0.15)])
    takes = talk_from_script("Hi all. [0.5] The lens gathers light. ~ [0.3] The lens gathers light.")
    assert near(cuts_of(takes), [(0.62 + 0.15, takes.duration_s - 1.26 - 0.15)])


def with_level(found: Transcript, at: float, level: float) -> Transcript:
    """One hundredth of a second that is quieter or louder."""
    values = found.levels[0].values.copy()
    values[round(100 * at)] = level
    return replace(found, levels=(SpeechLevel(0.0, values),))


def test_without_silence_the_cut_is_where_it_is_quietest() -> None:
    found = talk_from_script("we go ~ on we go")
    filler = item_at(found, 0.7)
    assert (filler.kind, filler.start) == (Kind.FILLER, 0.62)
    assert near(cuts_of(found), [(0.62, 1.02)], 0.0051)
    for at, start in ((0.60, 0.605), (0.65, 0.655), (0.70, 0.62)):
        quiet = with_level(found, at, 0.5)
        assert cuts_of(quiet)[0] == pytest.approx((start, 1.02), abs=0.0051)
        assert cuts_of(quiet, CutOptions(search_s=0))[0] == (filler.start, filler.end)


def test_the_quietest_time_is_sought_within_reach_and_only_where_it_is_known() -> None:
    values = np.ones(100, np.float16)
    values[[20, 50, 53]] = 0.25
    known = [SpeechLevel(2.0, values)]
    assert quietest_time(known, 2.51, 0.04) == pytest.approx(2.505)
    assert quietest_time(known, 2.525, 0.04) == pytest.approx(2.535)
    assert quietest_time(known, 2.22, 0.025) == pytest.approx(2.205)
    assert quietest_time(known, 2.22, 0.011) == pytest.approx(2.22, abs=0.0051)
    for nowhere in (1.0, 2.02, 2.99, 9.0):
        assert quietest_time(known, nowhere, 0.04) == nowhere
    assert quietest_time([], 1.0, 0.04) == 1.0
    assert quietest_time(known, 2.5, 0.0) == 2.5
    apart = [SpeechLevel(0.0, np.ones(10, np.float16)), *known]
    assert quietest_time(apart, 2.51, 0.04) == pytest.approx(2.505)


def test_a_short_word_between_two_fillers_is_left_alone() -> None:
    found = talk_from_script("we um I uh go")
    sentence = found.sentences[0]
    word = replace(sentence.words[2], start=0.63 + 0.31, end=0.63 + 0.31 + 0.06)
    rest = sentence.words[3:]
    at = word.end
    moved = [replace(one, start=at + 0.3 * n, end=at + 0.3 * (n + 1)) for n, one in enumerate(rest)]
    words = (sentence.words[0], replace(sentence.words[1], end=word.start), word, *moved)
    levels = level_of([Span(0, 9.0)], found.duration_s)
    levels.values[[91, 92, 99, 100, 101, 102]] = 0.5  # quiet on the word's far sides too
    levels.values[[95, 96, 97]] = 0.1
    short = replace(found, sentences=(replace(sentence, words=words),), levels=(levels,))
    cuts = cut_list(mark(short), short)
    assert len(cuts) == 2
    assert cuts[0].end < cuts[1].start
    kept = Span(word.start, word.end)
    assert sum(cut.overlap(kept) for cut in cuts) <= kept.seconds / 2 + NEAR


def test_sounds_without_words_stay() -> None:
    script = "We start. [4.0] And go on."
    laugh = Span(2.0, 2.6)
    laughing = talk_from_script(script, sounds=[laugh])
    assert near(cuts_of(laughing), [(0.77, 1.65), (2.95, 4.47)])
    click = talk_from_script(script, sounds=[Span(2.0, 2.05)])
    assert near(cuts_of(click), [(0.77, 1.65), (2.4, 4.47)])
    asked = cut_list(mark(laughing, MarkOptions(sounds=True)), laughing)
    assert near([(cut.start, cut.end) for cut in asked], [(0.77, 4.47)])
    music = talk_from_script(script, music=[laugh])
    assert cuts_of(music) == cuts_of(laughing)


def test_what_sounds_beside_a_filler_stays() -> None:
    found = talk_from_script("We go [1.0] um [1.0] on.", sounds=[Span(0.9, 1.3), Span(2.2, 2.5)])
    assert near(cuts_of(found), [(1.3 + 0.15, 2.2 - 0.15)])


def test_a_blank_that_is_to_stay_stays_whatever_goes_beside_it() -> None:
    found = talk_from_script("We go [2.0] um [2.0] on. [0.5] The lens gathers. ~ [1.5] The lens gathers.")
    items = [replace(item, remove=item.remove and item.kind is not Kind.BLANK) for item in mark(found)]
    cuts = cut_list(items, found)
    assert len(cuts) == 2
    for item in items:
        if item.kind is Kind.BLANK:
            assert all(cut.overlap(Span(item.start, item.end)) <= 0.04 for cut in cuts)
        elif item.remove:
            assert (
                sum(cut.overlap(Span(item.start, item.end)) for cut in cuts) >= item.end - item.start - 0.08
            )


def test_lengths_without_sense_are_refused() -> None:
    for name in ("padding_s", "search_s", "min_cut_s", "min_sound_s"):
        for wrong in (-0.1, float("nan")):
            with pytest.raises(UsageError, match="negative"):
                CutOptions(**{name: wrong})


options = st.builds(
    CutOptions,
    padding_s=st.sampled_from([0.0, 0.15, 0.6]),
    search_s=st.sampled_from([0.0, 0.04, 0.2]),
    min_cut_s=st.sampled_from([0.0, 0.1]),
    min_sound_s=st.sampled_from([0.0, 0.2]),
)


def share(item: Item, cuts: Sequence[Span]) -> float:
    """Seconds of an item that are cut."""
    return sum(cut.overlap(Span(item.start, item.end)) for cut in cuts)


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(recordings(), options, st.data())
def test_whatever_goes_the_rest_stays(found: Transcript, options: CutOptions, data: st.DataObject) -> None:
    items = mark(found)
    levels = data.draw(st.lists(st.sampled_from([0.3, 0.6, 1.0]), min_size=7, max_size=7))
    values = found.levels[0].values
    dented = values * np.resize(np.array(levels, np.float16), len(values))
    found = replace(found, levels=(SpeechLevel(0.0, dented),))
    flips = data.draw(st.lists(st.booleans(), min_size=len(items), max_size=len(items)))
    items = [replace(item, remove=flip) for item, flip in zip(items, flips, strict=True)]
    cuts = cut_list(items, found, options)
    assert all(one.end < other.start for one, other in pairwise(cuts))
    assert all(
        cut.start >= 0 and cut.end <= found.duration_s and cut.seconds >= options.min_cut_s for cut in cuts
    )
    # Where nothing silent is between what goes and what stays, the cut may be up to `search_s` off.
    off = options.search_s + NEAR
    for item in items:
        if item.remove:
            missing = item.end - item.start - share(item, cuts)
            whole = item.kind is Kind.BLANK or missing <= 2 * off or share(item, cuts) == 0
            assert whole, item
            if item.kind is not Kind.BLANK and not share(item, cuts):
                assert item.end - item.start < options.min_cut_s + 2 * off
        else:
            assert share(item, cuts) <= 2 * off, item
    for stretch in (Span(*one) for one in merge(intervals(item for item in items if not item.remove))):
        assert sum(cut.overlap(stretch) for cut in cuts) <= stretch.seconds / 2 + NEAR
    kept_words = [
        word for word in words_of(found) if any(not i.remove and covers(i, word.start) for i in items)
    ]
    for word in kept_words:
        for cut in cuts:
            inside = cut.overlap(Span(word.start, word.end))
            assert inside <= off, word
            assert not inside or cut.start < word.start + NEAR or word.end - NEAR < cut.end
    takes = [(a.end, b.start) for a, b in pairwise(items) if a.kind is Kind.REPEAT and b.text]
    marked = merge([*intervals(item for item in items if item.kind is not Kind.BLANK), *takes])
    for sound in [*found.sounds, *found.music]:
        for rest in (Span(*one) for one in subtract((sound.start, sound.end), marked)):
            if rest.seconds >= max(options.min_sound_s, NEAR):
                assert all(cut.overlap(rest) <= off for cut in cuts), rest


def covers(item: Item, time: float) -> bool:
    return item.kind is not Kind.BLANK and item.start - NEAR <= time < item.end - NEAR


@pytest.mark.slow
@settings(max_examples=200, deadline=None)
@given(recordings(), st.sampled_from([0.0, 0.15, 0.6]))
def test_a_pause_stays_beside_what_stays_as_far_as_there_was_one(found: Transcript, pause_s: float) -> None:
    items = mark(found)
    chosen = CutOptions(padding_s=pause_s, search_s=0, min_cut_s=0)
    cuts = cut_list(items, found, chosen)
    stays = sorted((item.start, item.end) for item in items if not item.remove)
    goes = [(item.start, item.end) for item in items if item.remove and item.kind is not Kind.BLANK]
    for cut in cuts:
        before = max((end for _, end in stays if end <= cut.start + NEAR), default=None)
        after = min((start for start, _ in stays if start >= cut.end - NEAR), default=None)
        if before is None or after is None:
            continue
        inside = [(a, b) for a, b in goes if before - NEAR <= a and b <= after + NEAR]
        first = min((a for a, _ in inside), default=after)
        last = max((b for _, b in inside), default=before)
        assert cut.start - before >= min(pause_s, first - before) - NEAR
        assert after - cut.end >= min(pause_s, after - last) - NEAR
