"""Chapters: they begin where the topic changes, are long enough, and a description of a video takes them."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import pysubs2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.captions.chapters import ChapterOptions, find_chapters
from edge.errors import UsageError
from edge.evidence.transcript import Transcript
from edge.text.chapters import write_chapter_list
from edge.text.lines import columns
from edge.vocabulary import Caption, Chapter

TOPICS = [
    (
        "Welcome to the workshop where we bake bread. Flour and water make the dough. Knead the dough "
        "for ten minutes. Yeast makes the dough rise. Salt keeps the yeast slow. Let the dough rest in "
        "a bowl. The oven must be hot before the bread goes in. Steam in the oven gives the bread a "
        "crust. A dark crust tastes best. Cut the bread when it is cold. Rye flour makes heavy bread. "
        "Bake the rye dough longer in the oven."
    ),
    (
        "Our telescope looks at distant galaxies. Each galaxy holds a hundred billion stars. The mirror "
        "of the telescope collects light. Light from a galaxy is old. Stars form in clouds of gas. Gas "
        "falls into the center of the galaxy. Astronomers measure the color of stars. Red stars are "
        "cool. A telescope in orbit sees more light. The mirror must be cold. Galaxies collide and "
        "their stars mix. Gas lights up as stars form."
    ),
    (
        "Bicycles need regular repair. Check the chain of the bicycle first. A dry chain wears the "
        "gears. Oil the chain and wipe it. Brakes wear too. Replace the brake pads early. The tire "
        "pressure matters on gravel. A flat tire is easy to repair. Take the wheel off the bicycle. "
        "Find the hole in the tire. Glue a patch on it. Tighten the brake cable and test the brakes on "
        "the bicycle. Adjust the gears last."
    ),
]


def talk(gap_s: float = 0.3, sentence_s: float = 8.0) -> Transcript:
    """Three topics, one after another without a longer pause."""
    said = [f"{text}." for topic in TOPICS for text in topic.rstrip(".").split(". ")]
    step = sentence_s + gap_s
    spoken = tuple(Caption(1.0 + n * step, 1.0 + n * step + sentence_s, text) for n, text in enumerate(said))
    return Transcript(spoken[-1].end + 2.0, "en", spoken, (), (), (), ())


def test_chapters_begin_where_the_topic_changes_and_cover_the_recording() -> None:
    found = find_chapters(talk())
    assert [one.title for one in found] == [
        "Welcome to the workshop where we bake...",
        "Our telescope looks at distant galaxies",
        "Bicycles need regular repair",
    ]
    assert found[0].start == 0
    assert found[-1].end == talk().duration_s
    assert all(before.end == after.start for before, after in pairwise(found))


def test_a_long_pause_makes_a_chapter_of_what_follows() -> None:
    said = [
        Caption(10.0 * n + 20 * (n >= 12), 10.0 * n + 20 * (n >= 12) + 9, f"About trees {n}.")
        for n in range(24)
    ]
    found = find_chapters(Transcript(270.0, "en", tuple(said), (), (), (), ()))
    assert [one.start for one in found] == [0, 140]


@given(
    texts=st.lists(
        st.sampled_from(["tree", "sea", "bread", "stars", "oil", "the", "面包", "um"]),
        min_size=0,
        max_size=60,
    ),
    pauses=st.lists(st.floats(0, 90), min_size=60, max_size=60),
    least=st.floats(5, 200),
)
@settings(deadline=None)
def test_chapters_are_never_shorter_than_asked_for(
    texts: list[str], pauses: list[float], least: float
) -> None:
    at, said = 0.0, []
    for text, pause in zip(texts, pauses, strict=False):
        at += pause
        said.append(Caption(at, at + 3.0, f"{text} {text}."))
        at += 3.0
    transcript = Transcript(at, "en", tuple(said), (), (), (), ())
    found = find_chapters(transcript, ChapterOptions(min_chapter_s=least))
    assert bool(found) == bool(said)
    if found:
        assert (found[0].start, found[-1].end) == (0.0, at)
        assert {one.start for one in found[1:]} <= {one.start for one in said}
        assert len(found) == 1 or all(one.end - one.start >= least - 1e-9 for one in found)
        assert all(0 < columns(one.title) <= 40 for one in found)


def test_files_say_when_chapters_begin(tmp_path: Path) -> None:
    found = [Chapter(0.0, 61.9, "One"), Chapter(61.9, 4000.0, "Two & <3>"), Chapter(4000.0, 5000.0, "Three")]
    assert write_chapter_list(found, tmp_path / "a.txt") == ""
    assert (tmp_path / "a.txt").read_text(encoding="utf-8") == "0:00 One\n1:01 Two & <3>\n1:06:40 Three\n"
    assert "no fewer than 3 chapters" in write_chapter_list(found[:2], tmp_path / "b.txt")
    write_chapter_list(found, tmp_path / "a.json")
    document = json.loads((tmp_path / "a.json").read_text(encoding="utf-8"))
    assert document["chapters"][1] == {"start": 61.9, "end": 4000.0, "title": "Two & <3>"}
    write_chapter_list(found, tmp_path / "a.vtt")
    assert next((one.start, one.end) for one in pysubs2.load(str(tmp_path / "a.vtt"))) == (0, 61_900)
    with pytest.raises(UsageError, match=r"\.txt, \.ffmeta, \.cue, \.json, \.vtt"):
        write_chapter_list(found, tmp_path / "a.srt")
