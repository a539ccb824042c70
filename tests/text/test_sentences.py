"""Words become sentences, and sentences captions that can be read; no word is lost or changed."""

from __future__ import annotations

import unicodedata
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.captions.layout import split_sentence
from edge.captions.options import LayoutOptions
from edge.errors import UsageError
from edge.evidence.options import TranscriptOptions
from edge.text.scripts import ends_clause, ends_sentence, is_ideographic, joined
from edge.text.sentences import sentences
from edge.vocabulary import Caption, Word

RULES = LayoutOptions()
PAUSE_S = TranscriptOptions().sentence_pause_s


def spoken(text: str, *, each_s: float = 0.3, pauses: dict[int, float] | None = None) -> list[Word]:
    """The words of a text one after another, with pauses before some."""
    words, at = list[Word](), 0.0
    for number, token in enumerate(text.split()):
        at += (pauses or {}).get(number, 0.0)
        words.append(Word(at, at + each_s, token))
        at += each_s
    return words


def texts(text: str, **given: dict[int, float]) -> list[str]:
    return [one.text for one in sentences(spoken(text, **given), PAUSE_S)]  # type: ignore[arg-type]


def columns(text: str) -> int:
    shown = [one for one in text if unicodedata.category(one) not in ("Mn", "Me", "Cf")]
    return len(shown) + sum(unicodedata.east_asian_width(one) in "WF" for one in shown)


@pytest.mark.parametrize(
    "word",
    [
        "done.", "done!", "done?", "what?!", "done...", "done\u2026", 'done."', "done.\u201d", "(done.)",
        "done.'",
        "3.14.", "42.", "I.", "\u3002", "\u597d\u3002", "\u597d\uff01", "\u597d\uff1f", "\u597d\u3002\u300d",
        "\u3067\u3059\u3002", "\u597d\u2026\u2026", "\u0939\u0948\u0964", "\u0646\u0639\u0645\u061f",
    ],
)  # fmt: skip
def test_a_sentence_ends_at(word: str) -> None:
    assert ends_sentence(word)


@pytest.mark.parametrize(
    "word",
    [
        "done", "done,", "Mr.", "Mrs.", "(Dr.", "e.g.", "U.S.", "p.m.", "J.", '"J.', "3.14", "3.14,", "1,204",
        "example.org", "\u597d\uff0c", "\u597d\u3001", "don't", "'tis", "", "-", "done;",
    ],
)  # fmt: skip
def test_a_sentence_goes_on_after(word: str) -> None:
    assert not ends_sentence(word)


@pytest.mark.parametrize("word", ["so,", "so;", "so:", "\u597d\uff0c", "\u597d\u3001", "well\u2014", "so,'"])
def test_a_clause_ends_at(word: str) -> None:
    assert ends_clause(word)
    assert not ends_clause("so")


def test_sentences_end_at_their_marks() -> None:
    text = "Mr. Smith paid 3.14 dollars... It was 5 p.m. in the U.S. then."
    assert texts(f"{text} \u201cReally?\u201d J. asked. So did I.") == [
        "Mr. Smith paid 3.14 dollars...",
        "It was 5 p.m. in the U.S. then.",
        "\u201cReally?\u201d",
        "J. asked.",
        "So did I.",
    ]


def test_a_long_pause_ends_a_sentence_and_a_short_one_does_not() -> None:
    assert texts("one two three four", pauses={1: 0.79, 3: 0.81}) == ["one two three", "four"]


def test_sentences_come_as_soon_as_they_are_over() -> None:
    words = iter(spoken("One two. Three four."))
    first = next(sentences(words, PAUSE_S))
    assert first.text == "One two."
    assert [word.text for word in words] == ["Three", "four."]


def test_chinese_and_japanese_are_joined_without_spaces() -> None:
    assert texts("\u4f60 \u597d \uff0c \u6211 \u662f \u3002 \u3067 \u3059 \u3002") == [
        "\u4f60\u597d\uff0c\u6211\u662f\u3002",
        "\u3067\u3059\u3002",
    ]
    assert (
        joined(["\u6211", "\u7528", "Python", "3", "\u5199", "\u3002"])
        == "\u6211\u7528 Python 3 \u5199\u3002"
    )
    assert joined(["\u597d", "\u300d", "yes"]) == "\u597d\u300d yes"
    assert joined([]) == ""
    assert is_ideographic("a\u4f60")
    assert not is_ideographic("\ud55c\uad6d\uc5b4")  # Korean has spaces


def test_a_long_sentence_is_parted_where_a_clause_ends() -> None:
    text = (
        "When the band was getting ready at the back of the old hall by the river, "
        "everybody who had come in out of the rain was glad to sit down and to listen."
    )
    parts = split_sentence(next(sentences(spoken(text, each_s=0.2), PAUSE_S)), RULES)
    assert [part.text for part in parts] == [
        "When the band was getting ready at the back of the old hall by the river,",
        "everybody who had come in out of the rain was glad to sit down and to listen.",
    ]


def test_the_end_of_a_clause_counts_for_more_than_halves_of_equal_width() -> None:
    text = (
        "When the band was getting ready in the hall, everybody who had come in "
        "out of the rain was glad to sit down there."
    )
    (whole,) = sentences(spoken(text, each_s=0.2), PAUSE_S)
    assert [part.text for part in split_sentence(whole, RULES)] == [
        "When the band was getting ready in the hall,",
        "everybody who had come in out of the rain was glad to sit down there.",
    ]


def test_a_sentence_that_takes_long_is_parted_though_it_is_short() -> None:
    words = spoken("one two three four", each_s=3.0)
    parts = split_sentence(Caption(0, 12, "one two three four", tuple(words)), RULES)
    assert [part.text for part in parts] == ["one two", "three four"]


def test_a_word_that_is_too_much_by_itself_is_left_whole() -> None:
    long = "x" * 200
    parts = split_sentence(next(sentences(spoken(f"a {long} b"), PAUSE_S)), RULES)
    assert [part.text for part in parts] == ["a", long, "b"]
    (slow,) = split_sentence(next(sentences([Word(0, 30, "aaah")], PAUSE_S)), RULES)
    assert (slow.start, slow.end, slow.text) == (0, 30, "aaah")


def test_words_that_take_no_room_are_parted_by_time_alone() -> None:
    words = spoken("\u0301 \u0301 \u0301", each_s=4.0)
    parts = split_sentence(next(sentences(words, PAUSE_S)), RULES)
    assert [(part.start, part.end) for part in parts] == [(0, 4), (4, 8), (8, 12)]


def test_a_caption_without_words_stays_as_it_is() -> None:
    whole = Caption(0, 60, "x " * 100)
    assert split_sentence(whole, RULES) == [whole]


@pytest.mark.parametrize("wrong", [{"columns": 9}, {"max_caption_s": 0}, {"max_caption_s": -1}])
def test_settings_that_make_no_sense_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(UsageError, match="captions need"):
        LayoutOptions(**wrong)  # type: ignore[arg-type]


WORDS = st.lists(
    st.tuples(
        st.floats(0, 2),
        st.floats(0.01, 4),
        st.one_of(
            st.sampled_from(["a", "well,", "done.", "\u4f60", "\u597d\u3002", "Mr.", "I", "\u0301", "..."]),
            st.text(st.characters(exclude_categories=["Z", "C"]), min_size=1, max_size=30),
        ),
    ),
    max_size=40,
)
SETTINGS = st.builds(
    LayoutOptions,
    columns=st.integers(10, 90),
    min_caption_s=st.just(0.0),
    max_caption_s=st.floats(0.5, 9),
)


@settings(max_examples=150, deadline=None)
@given(WORDS, SETTINGS)
def test_every_word_is_shown_once_in_captions_that_can_be_read(
    parts: list[tuple[float, float, str]], rules: LayoutOptions
) -> None:
    words, at = list[Word](), 0.0
    for pause, seconds, text in parts:
        words.append(Word(at + pause, at + pause + seconds, text))
        at += pause + seconds
    whole = list(sentences(words, PAUSE_S))
    assert [word for one in whole for word in one.words] == words
    for one in whole:
        inside = list(one.words)
        assert all(b.start - a.end < PAUSE_S for a, b in pairwise(inside))
        assert not any(ends_sentence(word.text) for word in inside[:-1])
        shown = split_sentence(one, rules)
        assert [word for part in shown for word in part.words] == inside
        for part in shown:
            assert (part.start, part.end) == (part.words[0].start, part.words[-1].end)
            assert part.text == joined(word.text for word in part.words)
            assert part.text.replace(" ", "") == "".join(word.text for word in part.words)
            if len(part.words) > 1:
                assert columns(part.text) <= rules.columns
                assert part.end - part.start <= rules.max_caption_s
