"""Captions written as files: what a player shows is the text that was given, when it was said."""

# ruff: noqa: RUF001 - other scripts are what is tested

from __future__ import annotations

import html
import json
import random
import re
import time
import unicodedata
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import av
import pysubs2
import pytest
from av.subtitles.subtitle import AssSubtitle
from hypothesis import example, given, settings
from hypothesis import strategies as st

from edge.captions.files import write_captions
from edge.errors import OutputError, UsageError
from edge.text.grid import on_grid
from edge.text.lines import LINE_COLUMNS, display_lines, plain_lines
from edge.vocabulary import Caption, Word

Cue = tuple[int, int, str]
"""Start and end in milliseconds, and what is shown."""

SUFFIXES = [".ass", ".srt", ".vtt"]
"""Of the formats that players show."""
HOSTILE = [
    *(r"{\an8}top", "{text}", r"{\p1}m 0 0", "{Y:i}x", "{", "}", r"\{x}", r"C:\new\Nothing\here", "tail\\"),
    *("<i>it</i>", "<script>alert(1)</script>", "a < b > c", "<3", "</ b>", "<!-- x -->", "<font size=9>"),
    *("&amp;", "&lt;i&gt;", "&#60;", "R&D", "a --> b", "00:00:01,000 --> 00:00:02,000", "line\n\n\nline"),
    *("from 00:00:01.000 to 00:00:02.000", "42", "text\n42", "1\n\n2\n00:00:01,000 --> 00:00:02,000\nx"),
    *("one\r\ntwo\rthree\vfour\ffive\x85six\u2028seven\u2029eight", "nul\0bell\a\x1a\x1b\x7f\x9f\ufffe"),
    *(
        "\ud800 lone \udfff",
        "\ud83d\ude00",
        "\u202bשלום\u202c {עולם}",
        "\u2067مرحبا\u2069!",
        "a\u200bb\u200d",
    ),
    *("e\u0301\u0301\u0301", "👩‍👩‍👧‍👦 👍🏽", "\ufeffbom", "tab\there", "NOTE not a note", "STYLE", "WEBVTT"),
    *("[Events]", "Dialogue: 0,0:00:00.00,0:00:01.00,Default,,0,0,0,,x", "[V4+ Styles]", "a, b, c", ";;"),
]
TEXTS = st.lists(st.sampled_from([*HOSTILE, " ", "\n", "中文，", "word "]) | st.text(max_size=6), max_size=6)


def player(path: Path) -> list[Cue]:
    """What FFmpeg decodes and libass then shows of it."""
    cues = []
    with av.open(str(path)) as container:
        for packet in container.demux(container.streams.subtitles[0]):
            for shown in packet.decode():
                assert isinstance(shown, AssSubtitle)
                text = shown.ass.decode().split(",", 8)[8]
                assert packet.pts is not None
                assert packet.duration is not None
                tick = packet.time_base * 1000
                cues.append(
                    (int(packet.pts * tick), int((packet.pts + packet.duration) * tick), libass(text))
                )
    return cues


def libass(text: str) -> str:
    shown, at = "", 0
    last = text.rfind("}")
    while at < len(text):
        if text[at] == "{" and at < last:
            at = text.index("}", at) + 1
            continue
        if text[at] == "\\" and text[at + 1 : at + 2] in {"N", "n", "h", "{", "}"}:
            at += 1
            shown += {"N": "\n", "n": " ", "h": "\xa0"}.get(text[at], text[at])
        else:
            shown += text[at]
        at += 1
    return shown


def plain_parser(path: Path) -> list[Cue]:
    """The formats as their documents have them, read line by line."""
    text = path.read_bytes().decode()
    if path.suffix == ".ass":
        events = text.split("[Events]\nFormat: ")[1].split("\n")[1:-1]
        fields = [event.removeprefix("Dialogue: ").split(",", 9) for event in events]
        return [(clock(f[1]), clock(f[2]), libass(f[9])) for f in fields]
    if path.suffix == ".vtt":
        header, _, text = text.partition("\n\n")
        assert header == "WEBVTT"
    cues = []
    for number, block in enumerate(text.split("\n\n")[:-1], start=1):
        head, times, *lines = block.split("\n")
        assert head == str(number)
        start, end = times.split(" --> ")
        shown = "\n".join(lines)
        if path.suffix == ".vtt":
            assert not re.search("<|>|&(?!amp;|lt;|gt;)", shown)
            shown = html.unescape(shown)
        cues.append((clock(start), clock(end), shown))
    return cues


def clock(stamp: str) -> int:
    hours, minutes, seconds = stamp.replace(",", ".").split(":")
    return int(hours) * 3_600_000 + int(minutes) * 60_000 + round(float(seconds) * 1000)


def visible(text: str) -> str:
    """The text without what nobody sees, full-width braces as the plain ones they stand for."""
    return text.replace("\u2060", "").translate(str.maketrans("｛｝", "{}"))


def written(captions: list[Caption], suffix: str, folder: Path) -> Path:
    path = folder / f"captions{suffix}"
    write_captions(captions, path, force=True)
    return path


def expected(captions: list[Caption], per_second: int) -> list[Cue]:
    shown = [caption for caption in captions if plain_lines(caption.text)]
    ms = 1000 // per_second
    return [
        (a * ms, b * ms, visible("\n".join(display_lines(c.text)))) for a, b, c in on_grid(shown, per_second)
    ]


@pytest.mark.slow
@pytest.mark.parametrize("suffix", SUFFIXES)
@given(st.lists(TEXTS.map("".join), max_size=4))
@example(["".join(HOSTILE)])
@example(HOSTILE)
@settings(deadline=None)
def test_players_and_parsers_show_any_text_as_it_was_given(suffix: str, texts: list[str]) -> None:
    captions = [Caption(2.0 * i, 2.0 * i + 1.5, text) for i, text in enumerate(texts)]
    want = expected(captions, 100)
    with TemporaryDirectory() as folder:
        path = written(captions, suffix, Path(folder))
        assert [(a, b, visible(text)) for a, b, text in plain_parser(path)] == want
        if want:
            assert [(a, b, visible(text)) for a, b, text in player(path)] == want
        events = pysubs2.load(str(path), format_=suffix[1:])
    assert [(event.start, event.end) for event in events] == [(a, b) for a, b, _ in want]
    if suffix == ".srt":
        assert [visible(event.plaintext) for event in events] == [text for *_, text in want]
    assert set(events.styles) == {"Default"}


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize(
    "text", ["Hello, world.", "It's 50% - isn't it?", "你好，世界。", "שלום", "a/b #1 * 2 = [c] (d)"]
)
def test_harmless_text_is_written_byte_for_byte(suffix: str, text: str, tmp_path: Path) -> None:
    path = written([Caption(0.0, 1.0, text)], suffix, tmp_path)
    assert re.search(rf"(\n|,){re.escape(text)}\n", path.read_bytes().decode())


@given(TEXTS.map("".join))
def test_plain_text_loses_nothing_but_controls_and_white_space(text: str) -> None:
    paired = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    kept = [c for c in paired if unicodedata.category(c) != "Cc" and c != "\ufffe" and not c.isspace()]
    shown = [c for line in plain_lines(text) for c in line if not c.isspace()]
    assert shown == [c for c in kept if not ("\ufdd0" <= c <= "\ufdef" or c == "\uffff")]


WORDS = st.text(alphabet="abcdefgh", min_size=1, max_size=50)
CHINESE = st.text(alphabet="中文字幕，。！？」「", min_size=1, max_size=60)


@given(st.lists(WORDS | CHINESE, min_size=1, max_size=40).map(" ".join))
def test_lines_are_narrow_and_lose_only_spaces(text: str) -> None:
    lines = display_lines(text)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    for line in lines:
        assert width(line) <= LINE_COLUMNS or not re.search(
            "[^「] [^，。！？」]|[a-h中文字幕][中文字幕「]", line
        )
    assert not any(line[0] in "，。！？」" for line in lines[1:])
    assert not any(line[-1] == "「" for line in lines[:-1])


def width(line: str) -> int:
    return sum(1 + (unicodedata.east_asian_width(c) in "WF") for c in line)


@given(st.lists(st.text(alphabet="abcdefgh", min_size=1, max_size=12), min_size=1, max_size=30).map(" ".join))
def test_lines_are_as_few_and_as_even_as_the_words_allow(text: str) -> None:
    lines = display_lines(text)
    words = text.split()

    def fewest(limit: int) -> int:
        count, room = 1, limit
        for word in words:
            if room < len(word) + (room < limit):
                count, room = count + 1, limit
            room -= len(word) + (room < limit)
        return count

    assert len(lines) == fewest(LINE_COLUMNS)
    longest = max(map(len, lines))
    assert longest <= LINE_COLUMNS
    assert longest == max(map(len, words)) or len(lines) < fewest(longest - 1)


def test_a_sentence_takes_two_even_lines() -> None:
    assert display_lines("We moved to the little house by the sea in spring") == [
        "We moved to the little",
        "house by the sea in spring",
    ]
    assert display_lines("我们在春天搬到了海边的那座小房子里，从那以后就一直住在这里。") == [
        "我们在春天搬到了海边的那座小房",
        "子里，从那以后就一直住在这里。",
    ]


@pytest.mark.slow
@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("unit", ["x", "x ", "中", "{", "<b", "&", "\\N", "\u0301", "\n", "<\xa0", "1:1.1"])
def test_a_megabyte_of_anything_takes_seconds(suffix: str, unit: str, tmp_path: Path) -> None:
    text = unit * (1_000_000 // len(unit.encode()))
    began = time.perf_counter()
    path = written([Caption(0.0, 1.0, text), Caption(1.0, 2.0, "end")], suffix, tmp_path)
    assert time.perf_counter() - began < 20
    assert plain_parser(path)[-1] == (1000, 2000, "end")
    assert len(plain_parser(path)) == (1 if text.isspace() else 2)


TIMES = st.floats(0, 30_000) | st.integers(0, 60_000).map(lambda n: n / 2000) | st.floats(0, 0.1)


@pytest.mark.slow
@pytest.mark.parametrize("suffix", SUFFIXES)
@given(times=st.lists(TIMES, min_size=2, max_size=30, unique=True))
@settings(deadline=None)
def test_rounding_keeps_captions_apart_and_touching(suffix: str, times: list[float]) -> None:
    times.sort()
    captions = [Caption(a, b, f"caption {i}") for i, (a, b) in enumerate(pairwise(times))]
    with TemporaryDirectory() as folder:
        path = written(random.Random(1).sample(captions, len(captions)), suffix, Path(folder))
        cues = plain_parser(path)
    tick = 10 if suffix == ".ass" else 1
    assert [text for *_, text in cues] == [caption.text for caption in captions]
    assert all(start < end for start, end, _ in cues)
    assert all(before[1] == after[0] for before, after in pairwise(cues))
    for (start, end, _), caption in zip(cues, captions, strict=True):
        if caption.end - caption.start > tick / 1000 * len(captions):
            assert abs(end - caption.end * 1000) <= tick / 2 + 1e-6
        assert start >= 0
        assert start - caption.start * 1000 <= tick * len(captions)


@given(st.lists(st.tuples(st.floats(-1, 5), st.floats(0.0001, 3)), max_size=30))
def test_only_captions_that_overlapped_overlap(pairs: list[tuple[float, float]]) -> None:
    captions = [Caption(start, start + length, "x") for start, length in pairs]
    placed = on_grid(captions, 100)
    assert [start for start, *_ in placed] == sorted(start for start, *_ in placed)
    for start, end, caption in placed:
        assert 0 <= start < end
        for other_start, other_end, other in placed:
            if caption.end <= other.start:
                assert end <= other_start, (other_end, other)


def test_nothing_is_shown_before_zero_and_empty_captions_are_left_out(tmp_path: Path) -> None:
    captions = [Caption(-2.0, -1.0, "gone"), Caption(-0.5, 0.5, "kept"), Caption(1.0, 2.0, " \n\u3000\0")]
    for suffix in SUFFIXES:
        assert plain_parser(written(captions, suffix, tmp_path)) == [(0, 500, "kept")]
        assert plain_parser(written([], suffix, tmp_path)) == []


def test_what_cannot_be_written_is_an_error_that_leaves_no_file(tmp_path: Path) -> None:
    fine = [Caption(0.0, 1.0, "a")]
    with pytest.raises(UsageError, match=r"\.srt, \.vtt, \.ass"):
        write_captions(fine, tmp_path / "captions.xyz")
    for times in ((1.0, 1.0), (float("nan"), 1.0), (0.0, float("inf"))):
        with pytest.raises(UsageError, match="start < end"):
            write_captions([Caption(*times, "a")], tmp_path / "a.srt")
    with pytest.raises(UsageError, match="10 hours"):
        write_captions([Caption(35_999.0, 36_000.0, "late")], tmp_path / "a.ass")
    write_captions([Caption(35_999.0, 36_000.0, "late")], tmp_path / "late.SRT")
    with pytest.raises(OutputError, match="exists"):
        write_captions(fine, tmp_path / "late.SRT")
    assert [path.name for path in tmp_path.iterdir()] == ["late.SRT"]


def test_tables_lyrics_and_plain_text_hold_every_caption_in_order(tmp_path: Path) -> None:
    words = (Word(61.0, 61.5, "two"), Word(61.5, 62.25, "lines"))
    captions = [Caption(61.0, 62.25, "two\nlines", words), Caption(0.5, 1.0, "first"), Caption(70, 71, " ")]
    text = {}
    for suffix in (".lrc", ".txt", ".tsv", ".json"):
        write_captions(captions, tmp_path / f"a{suffix}")
        text[suffix] = (tmp_path / f"a{suffix}").read_text(encoding="utf-8")
    assert text[".txt"] == "first\ntwo lines\n"
    assert text[".tsv"] == "start\tend\ttext\n500\t1000\tfirst\n61000\t62250\ttwo lines\n"
    assert text[".lrc"] == "[00:00.50]first\n[01:01.00]two lines\n"
    document = json.loads(text[".json"])
    assert [one["start"] for one in document["captions"]] == [61.0, 0.5]
    assert document["captions"][0]["words"][1] == {"start": 61.5, "end": 62.25, "text": "lines"}
