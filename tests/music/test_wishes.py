"""Wishes become options."""

from __future__ import annotations

import pytest

from edge.errors import UsageError
from edge.music.options import MusicOptions
from edge.music.wishes import overridden, parse_wishes


def test_wishes_add_up() -> None:
    words = [
        "denser",
        "denser",
        "softer",
        "style=house",
        "melody=harp",
        "new-melody=2,3",
        "keep=1",
        "tempo=96",
    ]
    wishes = parse_wishes(words, MusicOptions(denser=-1), 4, "x")
    assert wishes.options == MusicOptions(
        denser=1, stronger=-1, style="house", instruments={"melody": "harp"}, tempo=96
    )
    assert (wishes.new_melody, wishes.keep) == ([2, 3], [1])
    assert parse_wishes(["new-melody"], MusicOptions(), 3, "x").new_melody == [1, 2, 3]
    assert parse_wishes(["style=any"], wishes.options, 4, "x").options.style is None


def test_dislike_brings_another_template_and_other_notes() -> None:
    once = parse_wishes(["dislike"], MusicOptions(template="a", seed=4), 4, "a").options
    twice = parse_wishes(["dislike"], once, 4, "b").options
    assert (twice.template, twice.seed, twice.avoid) == (None, 6, ("a", "b"))


def test_options_that_are_given_count_too() -> None:
    before = MusicOptions(style="pop", denser=1, instruments={"melody": "harp"})
    asked = MusicOptions(sound="mute", instruments={"decoration": "bell"})
    assert overridden(before, asked) == MusicOptions(
        style="pop", denser=1, sound="mute", instruments={"melody": "harp", "decoration": "bell"}
    )


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["densr"], "did you mean denser"), (["keep=one"], "sections are numbers"),
        (["tempo=fast"], "number"), (["undo", "denser"], "stands alone"), (["tempo=900"], "40 to 240"),
    ],
)  # fmt: skip
def test_other_words_are_refused(words: list[str], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        parse_wishes(words, MusicOptions(), 4, "x")
