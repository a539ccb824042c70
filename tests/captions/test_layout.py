"""Captions on screen: long enough to read where there is a pause, never over the next one."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.captions.layout import LAST_WORD_S, lay_out
from edge.captions.options import LAYOUTS, LayoutOptions
from edge.errors import UsageError
from edge.text.lines import columns, display_lines
from edge.text.sentences import sentences
from edge.vocabulary import Caption, Word

RULES = LayoutOptions()
NEAR = 1e-6


def laid(*parts: tuple[float, float, str], rules: LayoutOptions = RULES) -> list[Caption]:
    """Captions of words that are given with the pause before them and their length."""
    words, at = list[Word](), 0.0
    for pause, seconds, text in parts:
        words.append(Word(at + pause, at + pause + seconds, text))
        at += pause + seconds
    return list(lay_out(sentences(words, 0.8), rules))


def test_a_short_caption_stays_where_a_pause_follows() -> None:
    first, second = laid((1.0, 0.2, "Yes."), (3.0, 0.5, "We"), (0.0, 0.6, "do."))
    assert [first.start, first.end] == pytest.approx([1.0, 1.0 + 5 / 6])
    assert second.end == pytest.approx(second.start + 1.1)
    (fast,) = laid((0.0, 0.5, "Incomprehensibilities,"), (0.0, 0.5, "unquestionably."))
    assert fast.end == pytest.approx(columns(fast.text) / 17)


def test_a_caption_is_gone_two_frames_before_the_next() -> None:
    text = "Nobody in the hall had ever seen so many boats at once."
    first, second = laid(*((0.0, 0.35, word) for word in text.split()), (0.0, 2.5, "Wonderful."))
    assert second.start - first.end == pytest.approx(1 / 12)
    assert first.words[-1].end == first.end  # words stay inside
    early, later = laid((0.0, 2.0, "Wonderful."), (0.3, 2.0, "Marvellous."))
    assert later.start - early.end == pytest.approx(1 / 12)  # a gap of 0.3 s would flicker
    early, later = laid((0.0, 2.0, "Wonderful."), (1.0, 2.0, "Marvellous."))
    assert early.end == 2.0


def test_captions_too_fast_to_read_become_one() -> None:
    (both,) = laid((0.0, 0.2, "Yes."), (0.0, 0.3, "I"), (0.0, 1.2, "do."), (3.0, 0.1, "x"))[:1]
    assert both.text == "Yes. I do."
    apart = laid((0.0, 2.0, "Yes."), (0.3, 2.0, "Indeed."))
    assert [one.text for one in apart] == ["Yes.", "Indeed."]


def test_the_last_caption_ends_with_the_recording() -> None:
    words = sentences([Word(0.0, 0.2, "Yes.")], 0.8)
    assert lay_out(words, duration_s=0.5)[0].end == pytest.approx(0.5)


def test_broadcasters_differ() -> None:
    text = [
        (0.0, 0.2, word)
        for word in ["We", "moved", "to", "the", "little", "house", "by", "the", "sea", "in", "spring."]
    ]
    times = {name: laid(*text, rules=rules)[0].end for name, rules in LAYOUTS.items()}
    assert times["netflix"] < times["default"] < times["bbc"]


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("A line of forty columns, of which 37 fit", "A line of forty columns,\nof which 37 fit"),
        ("A line of thirty-seven columns, no one", "A line of thirty-seven\ncolumns, no one"),
        ("A line of thirty-seven columns, no on", "A line of thirty-seven columns, no on"),
    ],
)
def test_lines_of_the_bbc_have_37_columns(text: str, lines: str) -> None:
    spoken = [(0.0, 0.3, word) for word in text.split()]
    for name, shown in {"bbc": lines, "netflix": text}.items():
        (one,) = laid(*spoken, rules=LAYOUTS[name])
        assert one.text == shown
        assert len(one.words) == len(spoken)


@pytest.mark.parametrize(
    "wrong",
    [
        {"line_columns": 43},
        {"line_columns": 9},
        {"min_caption_s": 8.0},
        {"min_caption_s": -1.0},
        {"max_speed": 0.0},
        {"gap_s": -0.1},
    ],
)
def test_times_that_make_no_sense_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(UsageError, match="captions need"):
        LayoutOptions(**wrong)  # type: ignore[arg-type]


PARTS = st.lists(
    st.tuples(
        st.sampled_from([0.0, 0.0, 0.02, 0.3, 0.7, 1.2, 4.0]),
        st.floats(0.01, 1.5),
        st.sampled_from(["a", "well,", "done.", "\u597d\u3002", "I", "remarkable", "Unquestionably."]),
    ),
    min_size=1,
    max_size=40,
)


@settings(max_examples=200, deadline=None)
@given(PARTS, st.sampled_from(list(LAYOUTS.values())))
def test_whatever_is_said_captions_keep_their_distance(
    parts: list[tuple[float, float, str]], rules: LayoutOptions
) -> None:
    captions = laid(*parts, rules=rules)
    assert [word.text for one in captions for word in one.words] == [text for _, _, text in parts]
    for one in captions:
        assert one.start == one.words[0].start < one.end
        assert all(a.end <= b.start + NEAR for a, b in pairwise(one.words))
        assert all(word.start < word.end <= one.end + NEAR for word in one.words)
        assert one.end - one.start <= rules.max_caption_s + NEAR or len(one.words) == 1
        lines = display_lines(one.text, rules.line_columns)
        assert len(lines) <= rules.lines or len(one.words) == 1
        assert all(columns(line) <= rules.line_columns for line in lines)
    for one, after in pairwise(captions):
        assert one.end <= after.start
        apart = after.start - one.end >= rules.gap_s - NEAR
        assert apart or one.end <= one.words[-1].start + LAST_WORD_S + NEAR
        wanted = max(rules.min_caption_s, columns(one.text) / rules.max_speed)
        long_enough = one.end - one.start >= min(wanted, rules.max_caption_s) - NEAR
        assert long_enough or one.end >= after.start - rules.gap_s - NEAR
