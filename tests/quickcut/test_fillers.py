"""Fillers among words: which are found, and which words only look like one."""

# ruff: noqa: RUF001 - the marks of Chinese are meant

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.quickcut.fillers import APART_S, find_fillers
from edge.quickcut.languages import LANGUAGES
from edge.quickcut.options import Level
from edge.text.scripts import is_ideographic
from edge.vocabulary import Word

OFF, LIGHT, MEDIUM = Level.OFF, Level.LIGHT, Level.MEDIUM


def spoken(text: str) -> list[Word]:
    """Words of 0.2 s without a pause; "|" is one. Of Chinese each character is a word."""
    words: list[Word] = []
    at = 0.0
    for piece in re.findall(r"\||[\u3000-\u9fff][^\w\s|]*|[^\s|\u3000-\u9fff]+", text):
        if piece == "|":
            at += 2 * APART_S
            continue
        words.append(Word(at, at + 0.2, piece))
        at += 0.25
    return words


def names(
    text: str | Sequence[Word], language: str = "en", level: Level = LIGHT, extra: tuple[str, ...] = ()
) -> list[str]:
    words = spoken(text) if isinstance(text, str) else text
    return [filler.name for filler in find_fillers(words, language, level, extra)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Um, we start here.", ["um"]),
        ("So we uh start Er hmm... here", ["uh", "er", "hmm"]),
        ("UM! we start", ["um"]),
        ("Mm-hmm. Yes", ["mmhmm"]),
        ("mm hmm yes", ["mmhmm"]),
        ("the umbrella erred, humming", []),
        ("", []),
    ],
)
def test_sounds_of_english_go_wherever_they_stand(text: str, found: list[str]) -> None:
    assert names(text) == names(text, level=MEDIUM) == names(text, "en-GB") == found
    assert names(text, level=OFF) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("It was, you know, hard", ["youknow"]),
        ("It was | you know | hard", ["youknow"]),
        ("You know, it was hard", ["youknow"]),
        ("It was hard, you know.", ["youknow"]),
        ("Do you know him", []),
        ("Do you know, he left", []),
        ("It was, you know him", []),
        ("I was, like, tired", ["like"]),
        ("I like | tea", []),
        ("I mean, kind of, yes", ["imean", "kindof"]),
        ("a kind of tea", []),
        ("We walked. Actually, we ran", ["actually"]),
    ],
)
def test_phrases_go_where_pauses_or_marks_set_them_off(text: str, found: list[str]) -> None:
    assert names(text, level=MEDIUM) == found
    assert names(text, level=LIGHT) == []


@pytest.mark.parametrize(
    ("text", "light", "medium"),
    [
        ("嗯，我们开始吧。", ["嗯"], ["嗯"]),
        ("额度不够", [], []),
        ("他的额度", [], []),
        ("我说，额，不行", ["额"], ["额"]),
        ("我说 | 呃 | 不行", ["呃"], ["呃"]),
        ("好啊。", [], []),
        ("那个，我们走", [], ["那个"]),
        ("那个人来了", [], []),
        ("对，就是说，我们走", [], ["就是说"]),
        ("嗯嗯，好", ["嗯嗯"], ["嗯嗯"]),
        ("这是，怎么说呢，很难", [], ["怎么说呢"]),
    ],
)
def test_chinese_fillers_must_be_set_off(text: str, light: list[str], medium: list[str]) -> None:
    assert names(text, "zh") == light
    assert names(text, "zh-Hans", MEDIUM) == medium
    assert names(text, "zh", OFF) == []


def test_a_filler_of_several_words_has_their_range() -> None:
    words = spoken("Well, you know, then mm hmm")
    (phrase, hum) = find_fillers(words, "en", MEDIUM)
    assert (phrase.first, phrase.stop) == (1, 3)
    assert (hum.first, hum.stop) == (4, 6)
    chinese = spoken("我说，就是说，好")
    (found,) = find_fillers(chinese, "zh", MEDIUM)
    assert (found.first, found.stop) == (2, 5)
    whole = [Word(0, 0.2, "我说，"), Word(0.2, 0.5, "就是说，"), Word(0.5, 0.7, "好")]
    assert names(whole, "zh", MEDIUM) == ["就是说"]


def test_letters_that_are_spelled_out_are_no_filler() -> None:
    assert names("vitamins E R and A H") == []
    assert names("the U. M. campus") == []
    assert names("el plan E H", "es") == []
    assert names("l i k e", level=MEDIUM) == []


def test_um_is_a_word_in_german() -> None:
    text = "Es geht um | ähm | um Geld"
    assert names(text, "de") == ["ähm"]
    assert names(text, "de-AT", MEDIUM) == ["ähm"]
    assert names(text, "en") == ["um", "um"]


@pytest.mark.parametrize(
    ("extra", "text", "found"),
    [
        ("Okay", "okay, then OKAY go", ["okay", "okay"]),
        ("STRAẞE", "die straße hier", ["strasse"]),
        ("café", "the Cafe\u0301 here, the café", ["café", "café"]),
        ("at the end of the day", "but at the end of the day we won", ["attheendoftheday"]),
        ("  So, ", "So we so to speak", ["so", "so"]),
        ("对对", "对对，好。不对对吗", ["对对"]),
        ("...", "well ... then", []),
        ("", "well then", []),
        ("don't", "I don’t know, don't", ["dont", "dont"]),
    ],
)
def test_words_of_the_user_count_in_every_language(extra: str, text: str, found: list[str]) -> None:
    for language in ("zh", "xx", "und", ""):
        assert names(text, language, LIGHT, (extra,)) == found
    assert names(text, "xx", OFF, (extra,)) == []


def test_the_longest_filler_that_fits_is_found() -> None:
    assert names("a b c d", "xx", extra=("a", "a b", "a b c", "c d")) == ["abc"]
    # 就是说 is not set off, 就是 is.
    words = [Word(0, 0.2, "就"), Word(0.2, 0.4, "是"), Word(0.6, 0.8, "说"), Word(0.8, 1.0, "话")]
    assert names(words, "zh", MEDIUM) == ["就是"]


def test_a_language_without_a_list_has_no_fillers() -> None:
    assert names("um, uh, you know, 嗯，", "xx", MEDIUM) == []
    assert names("um, uh", "", MEDIUM) == []
    assert names("um, uh", "und", MEDIUM) == []


def test_words_without_letters_are_passed_over() -> None:
    words = [Word(0, 0.1, ""), Word(0.1, 0.2, "um"), Word(0.2, 0.3, "—"), Word(0.3, 0.4, "um")]
    assert [(one.first, one.stop) for one in find_fillers(words, "en", LIGHT)] == [(1, 2), (3, 4)]
    assert names([Word(0, 0.1, "")]) == names([]) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_filler_on_the_lists_is_found_when_it_is_all_that_is_said(language: str) -> None:
    listed = LANGUAGES[language]
    for name in (*listed.sounds, *listed.phrases):
        level = LIGHT if name in listed.sounds else MEDIUM
        pieces = list(name) if is_ideographic(name) else name.split()
        words = [Word(n / 5, n / 5 + 0.2, piece) for n, piece in enumerate(pieces)]
        for said in (words, [Word(0, 1, name.title() + ".")]):
            (found,) = find_fillers(said, language, level)
            assert (found.first, found.stop) == (0, len(said)), name


def test_no_list_says_a_thing_twice() -> None:
    for language, listed in LANGUAGES.items():
        every = [unicodedata.normalize("NFKC", name) for name in (*listed.sounds, *listed.phrases)]
        assert len(set(every)) == len(every), language
        assert all(name == name.casefold() for name in every), language


texts = st.lists(
    st.sampled_from(
        ["um", "you", "know,", "like", "mm", "hmm.", "", "—", "E", "r", "那", "个", "嗯，", "tea"]
    ),
    max_size=12,
)


@given(texts, st.lists(st.sampled_from([0.0, 0.05, 0.3]), min_size=12, max_size=12))
def test_fillers_are_ordered_ranges_that_spell_their_names(said: list[str], pauses: list[float]) -> None:
    words, at = [], 0.0
    for text, pause in zip(said, pauses, strict=False):
        words.append(Word(at, at + 0.2, text))
        at += 0.2 + pause
    for language in ("en", "zh"):
        light, medium = (list(find_fillers(words, language, level)) for level in (LIGHT, MEDIUM))
        for fillers in (light, medium):
            ends = [0, *(edge for one in fillers for edge in (one.first, one.stop)), len(words)]
            assert ends == sorted(ends)
            for one in fillers:
                letters = "".join(word.text for word in words[one.first : one.stop])
                assert "".join(filter(str.isalnum, letters)).lower() == one.name
        covered = {at for one in medium for at in range(one.first, one.stop)}
        assert covered >= {at for one in light for at in range(one.first, one.stop)}
