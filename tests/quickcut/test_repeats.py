"""Repeated takes against the same measures in float64, and on sentences as people say them."""

# ruff: noqa: RUF001 - the marks of Chinese are meant

from __future__ import annotations

import random
import unicodedata
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from edge.errors import UsageError
from edge.quickcut.options import RepeatOptions
from edge.quickcut.repeats import LETTERS, Repeat, find_repeats, pair_scores
from edge.text.scripts import is_ideographic
from tests.kernels.twins import levenshtein, similarity

AS_SOURCE = RepeatOptions(weights=(1, 1, 1), letters="ideographic")

READ = """
The lamp on the landing had burned all night and nobody would admit to having lit it.
My uncle kept three geese, two goats, and a parrot that could swear in Dutch.
Rain fell so hard on the slates that we had to shout across the kitchen table.
She folded the letter twice, slid it under the clock, and never spoke of it again.
At the corner of the market an old man sold chestnuts from a dented iron pan.
We crossed the river before dawn, when the ferryman was still half asleep.
The colonel disliked music, children, and every kind of soup except his own.
Nothing in the house was so well polished as the brass handle of the pantry door.
By four o'clock the fog had swallowed the church tower and most of the orchard.
He counted his coins with great care and then gave all of them to the boy.
It is a curious fact that the smallest rooms in a palace are often the warmest.
The horses knew the road better than any of the passengers who quarrelled behind them.
I asked for the key, and was told that there had never been a lock.
Her garden was planted entirely with things that other people had thrown away.
Winter came early that year and stayed, like a guest who has lost his hat.
Seven ships left the harbour in the spring, and by autumn only one was spoken of.
The doctor laughed, which frightened his patient more than the illness did.
Under the floor we found a box of buttons, a child's shoe, and a map of nowhere.
There are people who cannot see a bell without wishing to ring it.
The judge had a habit of drawing little boats in the margin while witnesses wept.
Bread was dear, candles were dearer, and good advice could be had for nothing.
On Sundays the whole village walked to the mill and back for no reason at all.
A clever thief would have taken the paintings; this one had taken the frames.
The schoolmaster owned one coat, and in it he looked like a furled umbrella.
Before the bridge was built, a traveller might wait three days for low water.
It was my sister who noticed that the portrait had changed its mind and smiled.
You may trust a quiet dog, a loud river, and a cook who eats her own pudding.
The train was late, the waiting room was cold, and the only book there was a hymnal.
Whoever carved these initials in the oak has been dead for two hundred years.
In the end they agreed to sell the piano and to keep the argument.
""".strip().splitlines()

CHINESE = [
    "今天天气很好我们去公园散步", "他把钥匙放在桌子上就走了", "这家餐馆的面条非常便宜",
    "明年春天她打算搬到南方去", "图书馆每天早上九点开门", "请把窗户关上外面在下雨",
    "老师让学生们把课文读一遍", "火车晚点了两个小时才到站", "弟弟喜欢在河边钓鱼和画画",
    "医生说他需要多休息几天",
]  # fmt: skip


def plain(text: str) -> str:
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKC", text).casefold()))


def long_levenshtein(a: str, b: str) -> int:
    """The table of Wagner and Fischer, a row at a time."""
    codes = np.array([ord(one) for one in b])
    steps = np.arange(len(b) + 1)
    row = steps.copy()
    for i, x in enumerate(a, 1):
        reached = np.concatenate([[i], np.minimum(row[1:] + 1, row[:-1] + (codes != ord(x)))])
        row = np.minimum.accumulate(reached - steps) + steps
    return int(row[-1])


def twin_score(a: str, b: str, options: RepeatOptions) -> float:
    """Of two plain texts, by the definition of the three measures."""
    longer = max(len(a), len(b))
    if not longer:
        return 0.0
    distance = levenshtein(a, b) if longer < 200 else long_levenshtein(a, b)
    overlap, presence, frequency = similarity(a, b)
    measures = (overlap, 1 - distance / longer, frequency if options.frequency else presence)
    total = sum(weight * value for weight, value in zip(options.weights, measures, strict=True))
    return total / sum(options.weights)


def twin_scores(texts: Sequence[str], options: RepeatOptions) -> NDArray[np.float64]:
    rows = np.zeros((len(texts), options.window))
    for i in range(len(texts)):
        for k in range(min(options.window, len(texts) - i - 1)):
            rows[i, k] = twin_score(texts[i], texts[i + k + 1], options)
    return rows


def twin_fits(text: str, options: RepeatOptions) -> bool:
    length = sum(1 if is_ideographic(one) else 1 / LETTERS for one in text)
    wanted = str.isalpha if options.letters == "any" else is_ideographic
    return length > options.min_length - 1e-9 and any(map(wanted, text))


def twin_false_start(a: str, b: str) -> float:
    return 1 - levenshtein(a, b[: len(a)]) / len(a) if 0 < len(a) <= len(b) else 0.0


def twin_repeats(texts: Sequence[str], options: RepeatOptions) -> tuple[list[Repeat], float]:
    """Repeats by walking from each sentence to those it is like; and how near the closest call was."""
    texts = [plain(text) for text in texts]
    fit = [twin_fits(text, options) for text in texts]
    scores = twin_scores(texts, options)
    for i in range(len(texts) - 1):
        scores[i, 0] = max(scores[i, 0], twin_false_start(texts[i], texts[i + 1]))
    closest = np.abs(scores - options.threshold).min(initial=1)
    later: dict[int, dict[int, float]] = {i: {} for i in range(len(texts))}
    for i, k in np.argwhere(scores >= options.threshold).tolist():
        if fit[i] and fit[i + k + 1]:
            later[i][i + k + 1] = scores[i, k]
    found = []
    for i, like in later.items():
        reached, todo = {i}, [i]
        while todo:
            new = set(later[todo.pop()]) - reached
            reached |= new
            todo += new
        if like:
            found.append(Repeat(i, max(reached), max(like.values())))
    return found, float(closest)


alphabets = st.sampled_from(["ab", "abcdefgh ,.", "今天我们去", "a😀👩‍👩‍👧é", "今天 we go to 北京 5"])
texts = alphabets.flatmap(lambda letters: st.text(letters, max_size=24))
choices = st.builds(
    RepeatOptions,
    window=st.integers(1, 6),
    min_length=st.integers(1, 6),
    weights=st.sampled_from([(0.2, 0.6, 0.2), (1.0, 1.0, 1.0), (0.0, 0.0, 2.0), (1.0, 0.0, 0.0)]),
    threshold=st.sampled_from([0.3, 0.61, 0.77, 1.0]),
    frequency=st.booleans(),
    letters=st.sampled_from(["any", "ideographic"]),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(texts, max_size=12), choices)
def test_scores_are_those_of_the_three_measures(some: list[str], options: RepeatOptions) -> None:
    scores = pair_scores(some, options)
    assert scores.dtype == np.float32
    np.testing.assert_allclose(scores, twin_scores(some, options), atol=1e-6)
    assert ((scores >= 0) & (scores <= 1 + 1e-6)).all()


@settings(max_examples=150, deadline=None)
@given(st.data(), choices)
def test_repeats_are_what_a_walk_from_take_to_take_finds(data: st.DataObject, options: RepeatOptions) -> None:
    pool = data.draw(st.lists(texts, min_size=1, max_size=4))
    some = data.draw(st.lists(st.sampled_from(pool) | texts, max_size=12))
    expected, closest = twin_repeats(some, options)
    assume(closest > 1e-4 or options.threshold == 1.0)
    found = find_repeats(some, options)
    assert [(one.sentence, one.kept) for one in found] == [(one.sentence, one.kept) for one in expected]
    assert [one.score for one in found] == pytest.approx([one.score for one in expected], abs=1e-5)


def test_emptiness_divides_nothing() -> None:
    with np.errstate(all="raise"):
        assert not pair_scores(["", "", "a", "", "b", ""], RepeatOptions()).any()
        assert pair_scores([], RepeatOptions()).shape == (0, 4)
        for some in ([], [""], ["", ""], ["", "we begin right here", ""], ["...", "?!", "—"], ["😀" * 9] * 3):
            assert find_repeats(some) == []
            assert find_repeats(some, AS_SOURCE) == []


def test_texts_of_thousands_of_characters_are_compared_as_short_ones_are() -> None:
    dice = random.Random(5)
    one = "".join(dice.choices("abcdefghijklmnop 今天我们去北京", k=5000))
    other = "".join(letter for letter in one if dice.random() > 0.1)
    third = "".join(dice.choices("abcdefghijklmnop", k=5000))
    options = RepeatOptions(frequency=True)
    scores = pair_scores([one, other, third, ""], options)
    np.testing.assert_allclose(scores, twin_scores([one, other, third, ""], options), atol=1e-6)
    assert [(found.sentence, found.kept) for found in find_repeats([one, other, third], options)] == [(0, 1)]


@pytest.mark.parametrize("take", ["We begin right here today.", "我们今天从这里开始"])
@pytest.mark.parametrize("apart", range(1, 8))
def test_a_sentence_is_compared_with_the_four_before_and_after_it(take: str, apart: int) -> None:
    others = CHINESE if is_ideographic(take) else READ
    said = [*others[:3], take, *others[3 : 2 + apart], take, *others[6 + apart :]]
    found = find_repeats(said)
    assert [(one.sentence, one.kept) for one in found] == ([(3, 3 + apart)] if apart <= 4 else [])
    assert all(one.score == pytest.approx(1) for one in found)
    assert bool(find_repeats(said, RepeatOptions(window=apart)))


def test_through_a_chain_of_takes_the_last_is_kept() -> None:
    takes = [
        "The lens gathers light from a wide field.",
        "The lens gathers the light from the wide field.",
        "The lenses gather the light from the wider fields.",
        "These big lenses gather more light from much wider fields.",
    ]
    assert not find_repeats([takes[0], takes[3]])
    chain = find_repeats([READ[0], *takes, READ[1]])
    assert [(one.sentence, one.kept) for one in chain] == [(1, 4), (2, 4), (3, 4)]
    apart = [takes[0], *READ[:3], takes[1], *READ[3:6], takes[2], *READ[6:9], takes[3]]
    assert [(one.sentence, one.kept) for one in find_repeats(apart)] == [(0, 12), (4, 12), (8, 12)]


def test_a_score_is_of_the_take_that_is_most_like_it() -> None:
    first, second = "the light comes from the left side", "the light came from a left side"
    (one,) = find_repeats([first, second])
    (best,) = (found for found in find_repeats([first, second, first]) if found.sentence == 0)
    assert one.score < 0.95
    assert best.score == pytest.approx(1)
    assert best.kept == 2


def test_marks_case_and_width_do_not_matter() -> None:
    (found,) = find_repeats(["WE GO TO the ﬁeld, now", "we go -- to ｔｈｅ field now!"])
    assert found.score == pytest.approx(1)


@pytest.mark.parametrize(
    ("start", "whole"),
    [
        ("In this video we are", "In this video we are going to look at three kinds of cameras."),
        ("So in this vide", "So in this video you will see how a lens works, and why."),
        ("今天我们来看", "今天我们来看一看这三种照相机有什么不同。"),
    ],
)
def test_a_false_start_goes_when_the_sentence_begins_again_at_once(start: str, whole: str) -> None:
    (found,) = find_repeats([start, whole])
    assert (found.sentence, found.kept) == (0, 1)
    assert not find_repeats([whole, start])
    assert not find_repeats([start, (READ + CHINESE)[0], whole])


@pytest.mark.parametrize(
    "said", ["Yes.", "No, no.", "Thank you!", "Okay then", "好的好", "是", "对，对", "ok 好"]
)
def test_short_sentences_are_said_again_for_good_reasons(said: str) -> None:
    assert not find_repeats([said, said, said])
    assert find_repeats([said, said], RepeatOptions(min_length=1))


def test_the_settings_of_the_source_ask_for_chinese_and_weigh_alike() -> None:
    takes = [
        "我们今天从这里开始讲",
        "我们今天就从这里开始",
        "We begin right here today.",
        "We begin right here.",
    ]
    (found,) = find_repeats(takes, AS_SOURCE)
    a, b = takes[0], takes[1]
    overlap, presence, _ = similarity(a, b)
    order = 1 - levenshtein(a, b) / 10
    assert (found.sentence, found.kept) == (0, 1)
    assert found.score == pytest.approx((overlap + order + presence) / 3)
    assert len(find_repeats(takes)) == 2
    by_frequency = RepeatOptions(weights=(0, 0, 1), frequency=True)
    (often,) = find_repeats(["看看我们", "看我们我"], by_frequency)
    (there,) = find_repeats(["看看我们", "看我们我"], RepeatOptions(weights=(0, 0, 1)))
    assert often.score == pytest.approx(5 / 6)
    assert there.score == pytest.approx(1)


def test_text_that_is_read_repeats_nothing() -> None:
    assert len(READ) == 30
    assert find_repeats(READ) == []
    assert pair_scores([plain(text) for text in READ], RepeatOptions()).max() < 0.6
    assert find_repeats(CHINESE) == find_repeats(CHINESE, AS_SOURCE) == []
    for seed in range(5):
        shuffled = random.Random(seed).sample(READ, len(READ))
        assert find_repeats(shuffled, RepeatOptions(window=29)) == []


def test_thousands_of_sentences_at_once() -> None:
    dice = random.Random(11)
    words = sorted({word for text in READ for word in text.rstrip(".").split()})
    said = [" ".join(dice.choices(words, k=dice.randrange(6, 14))) for _ in range(10_000)]
    planted = dict[int, int]()
    for at in range(5, 9_990, 50):
        apart = dice.randrange(1, 5)
        said[at + apart] = said[at] + " again" * (at % 4 == 0)
        planted[at] = at + apart
    assert {one.sentence: one.kept for one in find_repeats(said)} == planted


@pytest.mark.parametrize(
    "wrong",
    [
        {"window": 0}, {"min_length": 0}, {"threshold": 0}, {"threshold": 1.01}, {"letters": "latin"},
        {"weights": (0, 0, 0)}, {"weights": (1, -0.1, 1)},
    ],
)  # fmt: skip
def test_settings_without_sense_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match=r"repeats|letters"):
        RepeatOptions(**wrong)
