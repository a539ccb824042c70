"""Marks on recordings that are written by hand: every word, every silence, what goes and why."""

# ruff: noqa: RUF001 - the marks of Chinese are meant

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.errors import UsageError
from edge.evidence.transcript import Transcript
from edge.quickcut.marks import Item, Kind, mark
from edge.quickcut.options import Level, MarkOptions
from edge.text.clock import clock
from edge.text.scripts import joined
from edge.vocabulary import Caption, Span
from tests.makers import talk_from_script, words_of
from tests.quickcut.strategies import recordings

SPEECH, BLANK, SOUND, FILLER, REPEAT = Kind.SPEECH, Kind.BLANK, Kind.SOUND, Kind.FILLER, Kind.REPEAT

NEAR = 1e-6


def said(items: Iterable[Item]) -> list[tuple[str, str]]:
    return [(item.kind.value, item.text) for item in items]


def going(items: Iterable[Item]) -> list[tuple[str, str]]:
    return said(item for item in items if item.remove)


def covers(item: Item, start: float, end: float) -> bool:
    return item.start <= start + NEAR and end <= item.end + NEAR


def assert_sound(items: Sequence[Item], found: Transcript) -> None:
    """What holds of marks on any recording."""
    assert all(item.start < item.end for item in items)
    assert all(one.end <= other.start + NEAR for one, other in pairwise(items))
    assert not items or (items[0].start >= 0 and items[-1].end <= found.duration_s + NEAR)
    spoken = [item for item in items if item.kind not in (BLANK, SOUND)]
    texts: dict[int, list[str]] = {}
    for word in words_of(found):
        (at,) = (n for n, item in enumerate(spoken) if covers(item, word.start, word.end))
        texts.setdefault(at, []).append(word.text)
    for at, item in enumerate(spoken):
        assert item.text == joined(texts.get(at, ()))
        assert item.text or item.kind is FILLER
    for span in found.filled_pauses:
        (item,) = (item for item in spoken if covers(item, span.start, span.end))
        assert item.kind is REPEAT or (item.kind is FILLER and not item.text)
    heard = [*found.sounds, *found.music, *(Span(item.start, item.end) for item in spoken)]
    for item in items:
        assert bool(item.reason) == (item.kind is not SPEECH)
        assert (item.score is not None) == (item.kind is REPEAT)
        assert not (item.remove and item.kind is SPEECH)
        assert not item.text or item.kind not in (BLANK, SOUND)
        if item.kind is BLANK:
            assert all(Span(item.start, item.end).overlap(span) < NEAR for span in heard)


def silences(found: Transcript, items: Iterable[Item]) -> list[tuple[int, int]]:
    """Where nothing is said, sounds or plays, in hundredths of a second, by asking each of them."""
    heard = np.zeros(round(found.duration_s * 100) + 2, np.int8)
    spans = [*found.sounds, *found.music, *found.filled_pauses]
    spans += [Span(word.start, word.end) for word in words_of(found)]
    spans += [Span(item.start, item.end) for item in items if item.kind is SOUND]  # with their margins
    for span in spans:
        heard[1 + round(span.start * 100) : 1 + round(span.end * 100)] = 1
    heard[[0, -1]] = 1
    edges = np.diff(heard).nonzero()[0].tolist()
    return list(zip(edges[::2], edges[1::2], strict=True))


def test_silences_of_a_second_are_blanks_wherever_they_are() -> None:
    found = talk_from_script("[1.2] We start. [1.1] Here we [2.5] go. [0.9] On and on. [3.0]")
    items = mark(found)
    assert_sound(items, found)
    assert said(items) == [
        ("blank", ""), ("speech", "We start."), ("blank", ""), ("speech", "Here we"), ("blank", ""),
        ("speech", "go."), ("speech", "On and on."), ("blank", ""),
    ]  # fmt: skip
    blanks = [item for item in items if item.kind is BLANK]
    assert (blanks[0].start, blanks[-1].end) == (0, found.duration_s)
    assert [one.end - one.start for one in blanks] == pytest.approx([1.2, 1.1, 2.5, 3.0])
    assert blanks[2].reason == "silence of 2.5 s"
    assert all(one.remove for one in blanks)


def test_the_length_of_a_blank_is_a_setting() -> None:
    found = talk_from_script("We start. [0.5] Here we [2.0] go.")
    assert [item.kind for item in mark(found, MarkOptions(min_silence_s=0.4))].count(BLANK) == 2
    assert [item.kind for item in mark(found, MarkOptions(min_silence_s=2.1))] == [SPEECH, SPEECH, SPEECH]
    for wrong in (0, -1, float("nan")):
        with pytest.raises(UsageError, match="blank"):
            MarkOptions(min_silence_s=wrong)


def test_where_something_sounds_or_music_plays_there_is_no_blank() -> None:
    script = "We start. [4.0] Here we go."
    (blank,) = (item for item in mark(talk_from_script(script)) if item.kind is BLANK)
    assert (blank.start, blank.end) == pytest.approx((0.62, 4.62))
    for sounds, music in (([Span(1.5, 3.8)], []), ([], [Span(1.5, 3.8)]), ([], [Span(0, 9)])):
        found = talk_from_script(script, sounds=sounds, music=music)
        assert BLANK not in {item.kind for item in mark(found)}
    found = talk_from_script(script, sounds=[Span(2.0, 2.4)])
    blanks = [(item.start, item.end) for item in mark(found) if item.kind is BLANK]
    assert np.allclose(blanks, [(0.62, 1.8), (2.6, 4.62)])
    (sound,) = (item for item in mark(found) if item.kind is SOUND)
    assert [sound.start, sound.end] == pytest.approx([1.8, 2.6])
    assert (sound.remove, sound.reason) == (False, "sound without words")
    items = mark(talk_from_script(script, music=[Span(2, 3)]))
    assert [item.reason for item in items if item.kind is SOUND] == ["music"]


def test_sound_beside_words_belongs_to_them() -> None:
    breath = talk_from_script("We start. [0.4] Here we go. [3.0]", sounds=[Span(0.7, 0.95), Span(1.97, 2.2)])
    assert SOUND not in {item.kind for item in mark(breath)}
    assert mark(breath)[-1].start == pytest.approx(2.2)


def test_a_recording_in_which_nothing_is_said_is_one_blank() -> None:
    found = talk_from_script("[5.0]")
    (item,) = mark(found)
    assert (item.start, item.end, item.kind, item.remove) == (0, 5, BLANK, True)
    (music,) = mark(talk_from_script("[5.0]", music=[Span(0, 5)]))
    assert (music.start, music.end, music.kind, music.remove) == (0, 5, SOUND, False)


def test_the_picture_may_be_longer_than_the_sound() -> None:
    found = talk_from_script("We start.")
    assert mark(found, duration_s=9.0)[-1].end == 9.0


@pytest.mark.parametrize("before", ["", "[0.05]", "[0.3]"])
@pytest.mark.parametrize("after", ["", "[0.05]", "[0.3]"])
def test_hesitations_part_a_sentence(before: str, after: str) -> None:
    found = talk_from_script(f"Here we {before} ~ {after} go now.")
    items = mark(found)
    assert_sound(items, found)
    assert said(items) == [("speech", "Here we"), ("filler", ""), ("speech", "go now.")]
    assert items[1].reason == "a filled pause that no word covers"
    assert [items[1].start, items[1].end] == [found.filled_pauses[0].start, found.filled_pauses[0].end]


def test_hesitations_stand_at_either_end_and_in_a_row() -> None:
    found = talk_from_script("~ We start. ~ [0.3] ~ Here we go. ~")
    items = mark(found)
    assert_sound(items, found)
    assert said(items) == [
        ("filler", ""), ("speech", "We start."), ("filler", ""), ("filler", ""), ("speech", "Here we go."),
        ("filler", ""),
    ]  # fmt: skip


@pytest.mark.parametrize("fillers", [True, False])
@pytest.mark.parametrize("take", ["The lens ~ gathers um the light.", "The lens gathers um the ~ light."])
def test_what_is_hesitated_inside_a_take_goes_with_it(take: str, fillers: bool) -> None:
    found = talk_from_script(f"Good morning. [0.4] {take} [0.4] The lens gathers the light.")
    items = mark(found, MarkOptions(fillers=fillers))
    assert_sound(items, found)
    assert going(items) == [("repeat", "The lens gathers um the light.")]
    (gone,) = (item for item in items if item.remove)
    assert all(covers(gone, span.start, span.end) for span in found.filled_pauses)


def test_fillers_part_a_sentence_and_say_which_they_are() -> None:
    found = talk_from_script("Here we um go, you know, on.")
    light, medium = (mark(found, MarkOptions(level=level)) for level in (Level.LIGHT, Level.MEDIUM))
    assert said(light) == [("speech", "Here we"), ("filler", "um"), ("speech", "go, you know, on.")]
    assert going(medium) == [("filler", "um"), ("filler", "you know,")]
    assert [item.reason for item in medium if item.remove] == ["the filler 'um'", "the filler 'youknow'"]
    assert_sound(light, found)
    assert_sound(medium, found)
    extra = mark(found, MarkOptions(extra_fillers=("Go",)))
    assert going(extra) == [("filler", "um"), ("filler", "go,")]


def test_the_last_take_stays_and_the_others_say_where_it_is() -> None:
    script = "Hi there. [0.5] {0}. [0.5] {0}! [0.5] {0}. [0.5] That was all of it."
    found = talk_from_script(script.format("The lens gathers the light"))
    items = mark(found)
    assert_sound(items, found)
    assert [item.kind for item in items] == [SPEECH, REPEAT, REPEAT, SPEECH, SPEECH]
    last = items[3]
    for item in items[1:3]:
        assert item.remove
        assert item.reason == f"repeated at {clock(last.start)}: The lens gathers the light."
        assert item.score == pytest.approx(1)


def test_the_score_tells_how_alike_takes_are() -> None:
    found = talk_from_script("We gather light with lenses. [0.5] We gather lights with a lens.")
    (take,) = (item for item in mark(found) if item.kind is REPEAT)
    assert take.score is not None
    assert 0.75 <= take.score < 0.99


def test_two_takes_may_be_written_as_one_sentence() -> None:
    found = talk_from_script(
        "the lens gathers the light [0.4] the lens gathers the light. [0.5] That was all."
    )
    assert len(found.sentences) == 2
    items = mark(found)
    assert_sound(items, found)
    assert going(items) == [("repeat", "the lens gathers the light")]
    assert items[0].remove
    assert items[1].text == "the lens gathers the light."


def test_one_take_may_be_written_as_two_sentences() -> None:
    two, one = (
        "The lens gathers light. [0.4] A sensor counts it.",
        "The lens gathers light [0.4] a sensor counts it.",
    )
    for first, again in ((two, one), (one, two)):
        found = talk_from_script(f"Hello everybody. [0.6] {first} [0.5] {again}")
        items = mark(found)
        assert_sound(items, found)
        gone = [re.sub(r"[. ]|\[.*?\]", "", text).lower() for _, text in going(items)]
        assert "".join(gone) == "thelensgatherslightasensorcountsit"
        assert all(item.end <= found.duration_s / 2 + 1 for item in items if item.remove)


def test_chinese_is_put_together_without_spaces() -> None:
    found = talk_from_script(
        "嗯，我们今天从这里开始。[1.5]额度不够。[0.5]额度够了，那个，走吧。", language="zh"
    )
    items = mark(found)
    assert_sound(items, found)
    assert said(items) == [
        ("filler", "嗯，"), ("speech", "我们今天从这里开始。"), ("blank", ""), ("speech", "额度不够。"),
        ("speech", "额度够了，那个，走吧。"),
    ]  # fmt: skip
    medium = mark(found, MarkOptions(level=Level.MEDIUM))
    assert going(medium) == [("filler", "嗯，"), ("blank", ""), ("filler", "那个，")]
    takes = talk_from_script("我们今天从这里开始讲。[0.5]我们今天就从这里开始讲。", language="zh")
    assert going(mark(takes)) == [("repeat", "我们今天从这里开始讲。")]


def test_a_sentence_without_times_of_its_words_is_one_item() -> None:
    found = talk_from_script("We start. [2.0] Um.")
    bare = tuple(Caption(one.start, one.end, one.text) for one in found.sentences)
    items = mark(replace(found, sentences=bare))
    assert said(items) == [("speech", "We start."), ("blank", ""), ("filler", "Um.")]


EVERYTHING = (
    "[1.5] Hi there um all. [1.2] The lens gathers light. [0.5] The lens gathers light. ~ That is it. [2.0]"
)


def test_off_removes_nothing_and_marks_no_filler_words() -> None:
    items = mark(talk_from_script(EVERYTHING), MarkOptions(level=Level.OFF))
    assert going(items) == []
    assert ("speech", "Hi there um all.") in said(items)


@pytest.mark.parametrize("kind", [BLANK, FILLER, REPEAT])
def test_a_kind_that_is_switched_off_is_shown_but_stays(kind: Kind) -> None:
    found = talk_from_script(EVERYTHING)
    every = mark(found)
    assert {item.kind for item in every if item.remove} == {BLANK, FILLER, REPEAT}
    without: dict[str, Any] = {f"{kind.value}s": False}
    kept = mark(found, MarkOptions(**without))
    assert said(kept) == said(every)
    assert {item.kind for item in kept if item.remove} == {BLANK, FILLER, REPEAT} - {kind}


# --- whatever is said -----------------------------------------------------------------------------------

choices = st.builds(
    MarkOptions,
    level=st.sampled_from(Level),
    blanks=st.booleans(),
    fillers=st.booleans(),
    repeats=st.booleans(),
    min_silence_s=st.sampled_from([0.345, 0.995, 2.005]),
)


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(recordings(), choices)
def test_whatever_is_said_every_word_and_every_silence_is_in_one_item(
    found: Transcript, options: MarkOptions
) -> None:
    items = mark(found, options)
    assert_sound(items, found)
    blanks = [(round(100 * item.start), round(100 * item.end)) for item in items if item.kind is BLANK]
    long = [(a, b) for a, b in silences(found, items) if b - a >= 100 * options.min_silence_s]
    assert blanks == long
    kinds = {
        BLANK: options.blanks,
        FILLER: options.fillers,
        REPEAT: options.repeats,
        SPEECH: False,
        SOUND: False,
    }
    for item in items:
        assert item.remove == (kinds[item.kind] and options.level is not Level.OFF)


@settings(max_examples=60, deadline=None)
@given(recordings())
def test_a_switch_changes_what_goes_and_nothing_else(found: Transcript) -> None:
    every = mark(found, MarkOptions(level=Level.MEDIUM))
    for switched in ({"blanks": False}, {"fillers": False}, {"repeats": False}):
        options: dict[str, Any] = {"level": Level.MEDIUM, **switched}
        items = mark(found, MarkOptions(**options))
        assert said(items) == said(every)
        assert {(item.start, item.end) for item in items if item.remove} <= {
            (item.start, item.end) for item in every if item.remove
        }
