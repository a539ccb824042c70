"""Karaoke: every word is highlighted when it begins, and the text stays what was given."""

# ruff: noqa: RUF001 - other scripts are what is tested

from __future__ import annotations

import re
from pathlib import Path
from tempfile import TemporaryDirectory

import av
import pysubs2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.captions.files import write_captions
from edge.errors import UsageError
from edge.text.grid import on_grid
from edge.text.lines import display_lines
from edge.text.scripts import joined
from edge.vocabulary import Caption, Word

SPOKEN = [
    Word(1.0, 1.4, "We"),
    Word(1.4, 1.75, "moved"),
    Word(2.6, 2.9, "to"),
    Word(2.9, 3.0, "the"),
    Word(3.0, 3.3333, "little"),
    Word(3.3333, 3.7, "house"),
    Word(3.7, 4.0, "by"),
    Word(4.0, 4.2, "the"),
    Word(4.2, 4.5, "sea."),
]
SENTENCE = Caption(1.0, 5.0, joined(word.text for word in SPOKEN), tuple(SPOKEN))
HOSTILE = [
    *(r"{\an8}top", "{a", "}", "tail\\", r"\N", "<i>it</i>", "&amp;", "42", "00:00:01.000", "<00:01.00>x"),
    *("-->", "你", "好，", "שלום", "word", "a\u0301", "C:\\new"),
]


def text_of(path: Path, captions: list[Caption]) -> str:
    write_captions(captions, path, karaoke=True, force=True)
    return path.read_text(encoding="utf-8")


def test_each_format_says_when_words_begin_in_its_own_way(tmp_path: Path) -> None:
    ass = text_of(tmp_path / "a.ass", [SENTENCE]).splitlines()[-1]
    assert ass.endswith(
        r",{\k40}We {\k120}moved {\k30}to {\k10}the {\k33}little {\k37}house {\k30}by {\k20}the {\k80}sea."
    )
    vtt = text_of(tmp_path / "a.vtt", [SENTENCE])
    assert "\nWe <00:00:01.400>moved <00:00:02.600>to <00:00:02.900>the <00:00:03.000>little " in vtt
    lrc = text_of(tmp_path / "a.lrc", [SENTENCE])
    assert lrc.startswith("[00:01.00]<00:01.00>We <00:01.40>moved <00:02.60>to <00:02.90>the <00:03.00>litt")


def test_two_lines_stay_two_and_a_late_first_word_waits(tmp_path: Path) -> None:
    long = Caption(0.5, 9.0, f"{SENTENCE.text} {SENTENCE.text}", (*SPOKEN, *later(SPOKEN, 4.0)))
    ass = text_of(tmp_path / "a.ass", [long]).splitlines()[-1].split(",", 9)[9]
    assert ass.startswith(r"{\k50}{\k40}We ")
    first, second = ass.split(r"\N")
    assert [untagged(first), untagged(second)] == display_lines(long.text)
    assert second.startswith(r"{\k")


def later(words: list[Word], by: float) -> list[Word]:
    return [Word(word.start + by, word.end + by, word.text) for word in words]


def untagged(text: str) -> str:
    return re.sub(r"\{\\k\d+\}|<[\d:.]+>", "", text)


def test_words_that_are_not_known_or_spell_another_text_are_no_reason_to_fail(tmp_path: Path) -> None:
    plain = Caption(0.0, 1.0, "no words {at} all")
    other = Caption(1.0, 2.0, "another text", (Word(1.0, 2.0, "words"),))
    for suffix in (".ass", ".vtt", ".lrc"):
        write_captions([plain, other], tmp_path / f"plain{suffix}")
        expected = (tmp_path / f"plain{suffix}").read_text(encoding="utf-8")
        assert text_of(tmp_path / f"a{suffix}", [plain, other]) == expected


@pytest.mark.parametrize("suffix", [".srt", ".txt", ".tsv"])
def test_a_format_without_times_of_words_is_refused(tmp_path: Path, suffix: str) -> None:
    with pytest.raises(UsageError, match=r"no times of words; use \.vtt, \.ass, \.lrc, \.json"):
        write_captions([SENTENCE], tmp_path / f"a{suffix}", karaoke=True)
    assert not list(tmp_path.iterdir())


TIMES = st.lists(st.floats(0.0, 30.0), min_size=2, max_size=14)


@pytest.mark.slow
@given(times=TIMES, texts=st.lists(st.sampled_from(HOSTILE), min_size=13, max_size=13), lead=st.floats(0, 1))
@settings(deadline=None)
def test_times_add_up_and_any_text_is_shown_as_without_them(
    times: list[float], texts: list[str], lead: float
) -> None:
    times = sorted(times)
    words = tuple(Word(a, b, text) for a, b, text in zip(times, times[1:], texts, strict=False))
    caption = Caption(times[0] - lead, times[-1] + 0.5, joined(word.text for word in words), words)
    with TemporaryDirectory() as folder:
        for suffix in (".ass", ".vtt"):
            sung, plain = Path(folder, f"sung{suffix}"), Path(folder, f"plain{suffix}")
            write_captions([caption], sung, karaoke=True)
            write_captions([caption], plain)
            assert shown(sung) == shown(plain)
            ((start, end, _),) = on_grid([caption], 100 if suffix == ".ass" else 1000)
            (event,) = pysubs2.load(str(sung), format_=suffix[1:])
            tick = 10 if suffix == ".ass" else 1
            assert (event.start, event.end) == (start * tick, end * tick)
            raw = sung.read_text(encoding="utf-8")
            if suffix == ".ass":
                assert sum(map(int, re.findall(r"\{\\k(\d+)\}", raw))) == end - start
            else:
                stamps = [stamp(found) for found in re.findall(r"<([\d:.]{12})>", raw)]
                assert stamps == sorted(set(stamps))
                assert all(start < one < end for one in stamps)


def stamp(text: str) -> int:
    hours, minutes, seconds = text.split(":")
    return int(hours) * 3_600_000 + int(minutes) * 60_000 + round(float(seconds) * 1000)


def shown(path: Path) -> list[str]:
    """What FFmpeg decodes of it, without tags of time and invisible joiners."""
    with av.open(str(path)) as container:
        texts = [
            piece.ass.decode().split(",", 8)[8]  # type: ignore[union-attr]
            for packet in container.demux(container.streams.subtitles[0])
            for piece in packet.decode()
        ]
    return [re.sub(r"\{\\k\d+\}", "", text).replace("\u2060", "") for text in texts]
