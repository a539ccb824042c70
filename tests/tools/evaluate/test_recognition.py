"""How words are counted: numbers, spellings, fillers, edits."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.errors import InputError
from edge.text.numbers import spelled
from tools.evaluate import recognition
from tools.evaluate.recognition import words


@pytest.mark.parametrize(
    ("digits", "text"),
    [
        ("0", "zero"), ("7", "seven"), ("19", "nineteen"), ("40", "forty"), ("42", "forty two"),
        ("300", "three hundred"),
        ("911", "nine hundred eleven"), ("1860", "one thousand eight hundred sixty"),
        ("120000", "one hundred twenty thousand"), ("007", "zero zero seven"),
        ("1234567", "one two three four five six seven"),
    ],
)  # fmt: skip
def test_numbers_are_spelled(digits: str, text: str) -> None:
    assert spelled(digits) == text


def test_only_words_are_compared() -> None:
    assert words("\u201cMr. O\u2019Neil said: \u2018It's 2,500!\u2019\u201d") == [
        "mister", "o'neil", "said", "it's", "two", "thousand", "five", "hundred",
    ]  # fmt: skip
    assert words("uh so [adif] <NOISE> caf\u00e9 um") == ["so", "cafe"]
    assert words("416-01", by_digits=True) == ["four", "one", "six", "zero", "one"]


def test_the_better_reading_of_numbers_counts() -> None:
    digits = words("nine one one")
    assert recognition.least_edits(digits, "911.") == (0, 0, 0)
    assert recognition.least_edits(words("nine hundred eleven"), "911") == (0, 0, 0)


def test_edits_are_counted_by_kind() -> None:
    truth = ["the", "dog", "ran", "home", "today"]
    assert recognition.edits(truth, truth) == (0, 0, 0)
    assert recognition.edits(truth, ["the", "cat", "ran", "home", "today"]) == (1, 0, 0)
    assert recognition.edits(truth, ["the", "big", "dog", "ran", "home", "today"]) == (0, 1, 0)
    assert recognition.edits(truth, ["dog", "ran", "today"]) == (0, 0, 2)
    assert recognition.edits([], ["a"]) == (0, 1, 0)


def test_foreign_speech_is_left_out_and_doubtful_transcripts_are_marked(eval_pack: Path) -> None:
    found = {utterance.path.name: utterance for utterance in recognition.read_utterances(eval_pack)}
    assert len(found) == 36
    assert not any("_ja_" in name for name in found)
    assert found["sb_spk1_snt2.flac"].doubt
    assert not found["austen_0870.flac"].doubt


def test_a_pack_without_speech_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no manifest"):
        recognition.read_utterances(tmp_path)
    (tmp_path / "manifest.csv").write_text("path,class,transcript\na.flac,music,\n")
    with pytest.raises(InputError, match="no transcribed English"):
        recognition.read_utterances(tmp_path)
