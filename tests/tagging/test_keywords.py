"""Keywords are the tags that a text is about, not those that it happens to contain."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.networks.text_encoder import TextEncoder
from edge.tagging.keywords import keywords, named_tags, singular
from edge.tagging.library import TagLibrary

NAMES = (
    "oil", "car", "engine", "wrench", "can", "back", "dog", "Hot Dog", "box", "glass", "Café", "live music",
    "bread", "flour", "star",
)  # fmt: skip

OIL_CHANGE = (
    "Today I change the oil. You can go back under the car, take the wrench and let the old oil run out.",
    "Put in new oil. Your engine will thank you.",
)


@pytest.fixture(scope="module")
def encoder() -> Iterator[TextEncoder]:
    with TextEncoder() as opened:
        yield opened


@pytest.fixture(scope="module")
def library(encoder: TextEncoder) -> TagLibrary:
    return TagLibrary.of(NAMES, encoder)


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ("A hot dog, two DOGS!", {"Hot Dog": 1, "dog": 1}),
        ("boxes of glass and glasses; the back-box", {"box": 2, "glass": 2, "back": 1}),
        ("live\nmusic in the cafe\u0301", {"live music": 1, "Café": 1}),
        ("dogma, carpet, oils_car", {"oil": 1, "car": 1}),
        ("", {}),
        ("\u732b\u3068\u72ac \U0001f600", {}),
    ],
)
def test_what_a_line_names(library: TagLibrary, line: str, named: dict[str, int]) -> None:
    assert dict(named_tags([line], library)) == named
    assert dict(named_tags([line, line], library)) == {name: 2 * count for name, count in named.items()}


def test_what_a_talk_is_about_comes_before_what_it_contains(library: TagLibrary) -> None:
    named = named_tags(OIL_CHANGE, library)
    assert named == {"oil": 3, "can": 1, "back": 1, "car": 1, "wrench": 1, "engine": 1}
    chosen = keywords(named, library, None, 3)
    assert chosen[0] == "oil"
    assert {*chosen} <= {"oil", "engine", "car", "wrench"}
    assert keywords(named, library, None, 1) == ["oil"]


def test_a_word_said_once_needs_something_that_it_fits(library: TagLibrary, encoder: TextEncoder) -> None:
    assert keywords({"star": 1}, library, None, 3) == []
    assert keywords({"star": 2}, library, None, 3) == ["star"]
    kitchen = encoder.encode(["baking in a kitchen"])[0]
    assert keywords({"star": 1, "bread": 1}, library, kitchen, 3) == ["bread"]
    assert keywords({}, library, kitchen, 3) == []


@given(counts=st.dictionaries(st.sampled_from(NAMES), st.integers(1, 50)), count=st.integers(1, 6))
def test_keywords_are_some_of_what_is_named(library: TagLibrary, counts: dict[str, int], count: int) -> None:
    chosen = keywords(counts, library, None, count)
    assert len(chosen) == len({*chosen}) <= count
    assert {*chosen} <= counts.keys()
    assert chosen == keywords(dict(reversed(counts.items())), library, None, count)


@pytest.mark.parametrize(
    ("plural", "word"),
    [("ladies", "lady"), ("watches", "watch"), ("boxes", "box"), ("gas", "gas"), ("cares", "care")],
)
def test_plurals(plural: str, word: str) -> None:
    assert singular(plural) == word
