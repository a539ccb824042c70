"""Clips that are muted or played faster: on the timeline, in captions, and in files of editors."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from xml.etree import ElementTree

import opentimelineio as otio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.errors import UsageError
from edge.timeline.export import write_timeline
from edge.timeline.placing import place
from edge.timeline.timeline import Clip, Timeline
from edge.vocabulary import Caption, Word
from tests.timeline.makers import Frames, opened, valid_fcpxml

RATE = Fraction(30000, 1001)
MEDIA = Path("/nowhere/a talk 访谈.mp4")
SPEEDS = st.sampled_from([Fraction(1), Fraction(5, 2), Fraction(4), Fraction(16)])


def frames(count: int) -> Fraction:
    return count / RATE


TIMELINE = (
    Timeline.of([Clip(MEDIA, frames(12), frames(250))])
    .changed(MEDIA, [(frames(72), frames(132))], speed=4)
    .changed(MEDIA, [(frames(132), frames(152))], muted=True)
)
RECORD = [(0, 60), (60, 75), (75, 95), (95, 193)]
SOURCE = [12, 72, 132, 152]


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(1, 20), SPEEDS), max_size=5), st.integers(0, 99))
def test_times_go_to_the_recording_and_back(spans: list[tuple[int, int, Fraction]], at: int) -> None:
    timeline = Timeline.of([Clip(MEDIA, Fraction(0), Fraction(60))])
    for start, length, speed in spans:
        timeline = timeline.changed(MEDIA, [(start, start + length)], speed=speed)
    assert timeline == Timeline(timeline.clips)
    assert timeline.to_source(0)[1] == 0
    assert timeline.clips[-1].trim_out == 60
    assert timeline.length == sum((clip.trim_out - clip.trim_in) / clip.speed for clip in timeline.clips)
    time = timeline.length * at / 100
    source = timeline.to_source(time)[1]
    assert timeline.clips[timeline.clip_at(time)].time_of(source) == time
    halves = timeline.split(time)
    assert halves.length == timeline.length
    assert halves.merged() == timeline
    rest = timeline.cut([(0, time)])
    assert (rest.clips[0].trim_in, rest.length) == (source, timeline.length - time)
    assert timeline.without({MEDIA: [(0, source)]}) == rest
    (caption,) = place({MEDIA: [Caption(float(source), 60.0, "on")]}, timeline)
    assert (caption.start, caption.end) == pytest.approx((float(time), float(timeline.length)))


def test_words_in_muted_clips_are_not_in_captions() -> None:
    said = ["one", "two", "three", "four", "five", "six"]
    caption = Caption(0.0, 5.8, " ".join(said), tuple(Word(n, n + 0.8, text) for n, text in enumerate(said)))
    timeline = Timeline.of([Clip(MEDIA, Fraction(0), Fraction(6))])

    def shown(*spans: tuple[float, float]) -> list[tuple[str, float, float]]:
        muted = timeline.changed(MEDIA, spans, muted=True)
        return [(one.text, one.start, one.end) for one in place({MEDIA: [caption]}, muted)]

    assert shown((2, 3.9)) == [("one two five six", 0.0, 5.8)]
    assert shown((0, 1.3)) == [("two three four five six", 1.3, 5.8)]
    assert shown((4.7, 6)) == [("one two three four five", 0.0, 4.7)]
    assert shown((0, 6)) == []
    plain = place(
        {MEDIA: [Caption(1, 2, "bare"), Caption(4, 5, "gone")]},
        timeline.changed(MEDIA, [(1.7, 5)], muted=True),
    )
    assert plain == [Caption(1.0, 1.7, "bare")]


def test_speeds_are_above_zero() -> None:
    for speed in (0, -1):
        with pytest.raises(UsageError, match="speed above 0"):
            TIMELINE.changed(MEDIA, [(1, 2)], speed=speed)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("ways")
    captions = [Caption(float(frames(80)), float(frames(90)), "here")]
    for suffix in (".otio", ".edl", ".fcpxml", ".xml", ".kdenlive", ".mlt"):
        write_timeline(TIMELINE, folder / f"a{suffix}", rate=RATE, captions=captions)
    return folder


@pytest.mark.parametrize("suffix", [".otio", ".edl", ".xml", ".kdenlive", ".mlt", ".fcpxml"])
def test_all_clips_are_at_their_frames(folder: Path, suffix: str) -> None:
    counted_at_speed = suffix in {".xml", ".kdenlive", ".mlt"}
    first = [start // 4 if n == 1 and counted_at_speed else start for n, start in enumerate(SOURCE)]
    want: list[Frames] = [
        (start, start + end - begins, begins, end) for start, (begins, end) in zip(first, RECORD, strict=True)
    ]
    tracks = opened(folder / f"a{suffix}", RATE)
    for number, track in enumerate(tracks):
        is_silent = suffix == ".edl" and number > 0  # an event of the video alone
        assert track == [clip for n, clip in enumerate(want) if not (is_silent and n == 2)]


@pytest.mark.parametrize("suffix", [".otio", ".edl"])
def test_libraries_read_the_speed(folder: Path, suffix: str) -> None:
    options = {"rate": float(RATE)} if suffix == ".edl" else {}
    timeline = otio.adapters.read_from_file(str(folder / f"a{suffix}"), **options)
    for track in timeline.tracks:
        speeds = [[effect.time_scalar for effect in clip.effects] for clip in track.find_clips()]
        assert speeds[0] == []
        assert speeds[1] == pytest.approx([4], rel=1e-3)
        if suffix == ".otio":
            assert [clip.enabled for clip in track] == [True, True, track.kind == "Video", True]


def test_final_cut_maps_times_and_takes_the_volume_away(folder: Path) -> None:
    clips = list(next(valid_fcpxml(folder / "a.fcpxml").iter("spine")))
    assert [[child.tag for child in clip] for clip in clips] == [
        [], ["timeMap"], ["adjust-volume", "caption"], []
    ]  # fmt: skip
    points = [
        [Fraction(point.get(key, "").removesuffix("s")) * RATE for key in ("time", "value")]
        for point in clips[1].iter("timept")
    ]
    assert points == [[72, 72], [87, 132]]
    assert Fraction(clips[1].get("start", "").removesuffix("s")) * RATE == 72


def test_xml_and_projects_say_speed_and_mute(folder: Path) -> None:
    root = ElementTree.parse(folder / "a.xml").getroot()
    speeds = [
        [one.findtext("value") for one in clip.iter("parameter") if one.findtext("parameterid") == "speed"]
        for clip in root.iter("clipitem")
    ]
    assert speeds == [[], ["400"], [], []] * 3
    assert [clip.findtext("enabled") for clip in root.iter("clipitem")] == [
        *["TRUE"] * 4, *["TRUE", "TRUE", "FALSE", "TRUE"] * 2
    ]  # fmt: skip
    for suffix, kind in ((".mlt", "shotcut:filter"), (".kdenlive", "kdenlive_id")):
        root = ElementTree.parse(folder / f"a{suffix}").getroot()
        (faster,) = (
            one for one in root.iter("producer") if one.findtext("property[@name='warp_speed']") == "4"
        )
        assert faster.findtext("property[@name='warp_resource']") == str(MEDIA)
        users = [entry for entry in root.iter("entry") if entry.get("producer") == faster.get("id")]
        assert len(users) == (1 if suffix == ".mlt" else 2)
        muted = [entry for entry in root.iter("entry") if entry.find("filter") is not None]
        assert [(entry.get("in"), entry.get("out")) for entry in muted] == [("132", "151")]
        assert muted[0].findtext("filter/property[@name='gain']") == "0"
        assert muted[0].find(f"filter/property[@name='{kind}']") is not None
