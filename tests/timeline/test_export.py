"""Timelines written for editing programs, opened again: every clip on its exact frames."""

from __future__ import annotations

import json
import random
import re
import sys
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import unquote, urlparse
from xml.etree import ElementTree

import opentimelineio as otio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.errors import InputError, MissingExtraError, OutputError, UsageError
from edge.media.timecode import Timecode, timecode_of
from edge.timeline.export import TIMELINE_WRITERS, write_timeline
from edge.timeline.export.cut import exact_rate, frame_edits, standard_rate
from edge.timeline.timeline import Clip, Timeline
from edge.vocabulary import Caption
from tests.media.makers import Recipe, make
from tests.timeline.makers import Frames, opened, valid_fcpxml

SUFFIXES = sorted(TIMELINE_WRITERS)
TRACKS = {".fcpxml": 1, ".mlt": 1, ".otio": 2, ".kdenlive": 2, ".edl": 3, ".xml": 3}
FROM_ZERO = {".kdenlive", ".mlt"}
"""Formats whose times in a recording do not begin at its time code."""
RATES = [Fraction(24000, 1001), Fraction(25), Fraction(30000, 1001), Fraction(60000, 1001)]
MEDIA = Path("/nowhere/a talk & 访谈 \"two\" 'x' [1-9].mp4")


def random_timeline(count: int, hours: float, seed: int = 1) -> Timeline:
    """Clips of times off every grid, as recognition gives them."""
    source = random.Random(seed)
    mean = int(hours * 3600 / count * 90_000)
    trims = [(source.randrange(9 * 10**8), source.randrange(mean // 2, mean * 3 // 2)) for _ in range(count)]
    return Timeline.of(
        Clip(MEDIA, Fraction(start, 90_000), Fraction(start + length, 90_000)) for start, length in trims
    )


def exact_frames(timeline: Timeline, rate: Fraction) -> list[Frames]:
    """Where each clip has to be, by integer arithmetic of its own."""

    def frame(seconds: Fraction) -> int:
        doubled = 2 * seconds * rate + 1
        return doubled.numerator // (2 * doubled.denominator)

    frames = []
    for clip in timeline.clips:
        record_in, record_out = frame(clip.in_point), frame(clip.out_point)
        if record_out > record_in:
            start = frame(clip.trim_in)
            frames.append((start, start + record_out - record_in, record_in, record_out))
    return frames


def written(timeline: Timeline, suffix: str, folder: Path, rate: Fraction | None) -> Path:
    path = folder / f"cut{suffix}"
    write_timeline(timeline, path, rate=rate, force=True)
    return path


@pytest.mark.slow
@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_six_hours_come_back_frame_for_frame(suffix: str, rate: Fraction, tmp_path: Path) -> None:
    timeline = random_timeline(900 if suffix in {".edl", ".xml"} else 5000, hours=6)
    tracks = opened(written(timeline, suffix, tmp_path, rate), rate)
    assert len(tracks) == TRACKS[suffix]
    for frames in tracks:
        assert frames == exact_frames(timeline, rate)
        assert frames[0][2] == 0
        assert all(before[3] == after[2] for before, after in pairwise(frames))
        assert all(out - start == record_out - record_in for start, out, record_in, record_out in frames)
        assert abs(frames[-1][3] / rate - timeline.length) <= 1 / rate / 2


SECONDS = st.fractions(0, 100, max_denominator=90_000)
LENGTHS = st.fractions(Fraction(1, 5000), 3, max_denominator=48_000)


@pytest.mark.slow
@given(st.lists(st.tuples(SECONDS, LENGTHS), min_size=1, max_size=20), st.sampled_from(RATES))
@settings(deadline=None, max_examples=50)
def test_any_clips_come_back_frame_for_frame(trims: list[tuple[Fraction, Fraction]], rate: Fraction) -> None:
    timeline = Timeline.of(Clip(MEDIA, start, start + length) for start, length in trims)
    want = exact_frames(timeline, rate)
    assert [
        (e.source_in, e.source_out, e.record_in, e.record_out) for e in frame_edits(timeline, rate)
    ] == want
    with TemporaryDirectory() as folder:
        for suffix in SUFFIXES:
            if want:
                tracks = opened(written(timeline, suffix, Path(folder), rate), rate)
                assert all(frames == want for frames in tracks)
            else:
                with pytest.raises(UsageError, match="shorter than a frame"):
                    written(timeline, suffix, Path(folder), rate)


def test_a_clip_under_half_a_frame_goes_and_its_neighbours_touch() -> None:
    lengths = (Fraction(1), Fraction(1, 100), Fraction(1))
    edits = frame_edits(Timeline.of(Clip(MEDIA, Fraction(5), 5 + length) for length in lengths), RATES[1])
    assert [(edit.record_in, edit.record_out) for edit in edits] == [(0, 25), (25, 50)]


FILM = Recipe(fps=RATES[2], seconds=2.0, layout="mono")
RECIPES = {
    "both": FILM,
    "sound": FILM.but(video=None, layout="stereo"),
    "picture": FILM.but(audio=()),
    "slow": FILM.but(audio=(), fps=Fraction(15)),
    "variable": FILM.but(
        audio=(), fps=Fraction(30), frame_times=tuple(Fraction(n * n % 7 + 33 * n, 1000) for n in range(60))
    ),
}


@pytest.fixture(scope="module")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("recordings é & 'x'")
    return {kind: make(folder / f"{kind}.mp4", recipe) for kind, recipe in RECIPES.items()}


def whole(*media: Path) -> Timeline:
    return Timeline.of(Clip(each, Fraction(1, 2), Fraction(3, 2)) for each in media)


def test_the_rate_is_the_first_pictures(recordings: dict[str, Path], tmp_path: Path) -> None:
    cases = {
        ("both",): RATES[2],
        ("sound",): 25,
        ("sound", "both"): RATES[2],
        ("slow",): 30,
        ("variable",): 30,
    }
    for kinds, rate in cases.items():
        path = written(whole(*(recordings[kind] for kind in kinds)), ".fcpxml", tmp_path, None)
        frame = next(valid_fcpxml(path).iter("format")).get("frameDuration", "")
        assert 1 / Fraction(frame.removesuffix("s")) == rate
    with pytest.raises(InputError, match="nowhere"):
        written(whole(MEDIA), ".otio", tmp_path, None)
    written(whole(MEDIA, recordings["both"]), ".otio", tmp_path, None)


def test_rates_are_exact() -> None:
    assert exact_rate(Fraction("23.976")) == exact_rate(Fraction("23.98")) == RATES[0]
    assert exact_rate(Fraction("29.97")) == RATES[2]
    assert exact_rate(Fraction("59.94")) == RATES[3]
    assert [exact_rate(Fraction(rate)) for rate in (24, 30, 15)] == [24, 30, 15]
    assert standard_rate(Fraction("29.87")) == RATES[2]
    assert standard_rate(Fraction(10)) == 30
    with pytest.raises(UsageError):
        exact_rate(Fraction(0))


def test_tracks_and_references_follow_the_recordings(recordings: dict[str, Path], tmp_path: Path) -> None:
    timeline = whole(*(recordings[kind] for kind in ("both", "sound", "picture")))
    read = otio.adapters.read_from_file(str(written(timeline, ".otio", tmp_path, None)))
    video, audio = read.tracks
    assert (video.kind, audio.kind) == ("Video", "Audio")
    assert [type(item).__name__ for item in video] == ["Clip", "Gap", "Clip"]
    assert [type(item).__name__ for item in audio] == ["Clip", "Clip", "Gap"]
    assert video.duration() == audio.duration()
    reference = video[0].media_reference
    assert Path(unquote(urlparse(reference.target_url).path)) == recordings["both"]
    assert abs(reference.available_range.duration.to_seconds() - 2) < 0.1
    assert not otio.adapters.read_from_file(
        str(written(whole(recordings["sound"]), ".otio", tmp_path, None))
    ).video_tracks()

    root = valid_fcpxml(written(timeline, ".fcpxml", tmp_path, None))
    has = [(asset.get("hasVideo"), asset.get("hasAudio")) for asset in root.iter("asset")]
    assert has == [("1", "1"), (None, "1"), ("1", None)]
    urls = [urlparse(media.get("src", "")) for media in root.iter("media-rep")]
    assert [Path(unquote(url.path)) for url in urls] == [clip.media for clip in timeline.clips]
    assert {url.scheme for url in urls} == {"file"}

    edl = written(timeline, ".edl", tmp_path, None).read_text()
    assert re.findall(r"^\d+  (\w+) +(\S+) +C ", edl, re.M) == [
        ("BOTH", "B"),
        ("SOUND", "AA"),
        ("PICTURE", "V"),
    ]


def test_a_clip_to_the_end_does_not_ask_for_a_frame_that_is_not_there() -> None:
    timeline = Timeline.of(
        [Clip(MEDIA, Fraction(3, 50), Fraction(10)), Clip(MEDIA, Fraction(1), Fraction(2))]
    )
    assert frame_edits(timeline, Fraction(25), {MEDIA: 250})[0].source_out <= 250
    assert frame_edits(timeline, Fraction(25))[0].source_in == 2


def test_edl_is_plain_non_drop_cmx3600(tmp_path: Path) -> None:
    media = [
        Path(f"/x/{name}") for name in ("long interview.mov", "long interview 2.mov", "bl.mp4", "访谈.mp4")
    ]
    clips = [Clip(each, Fraction(60060, 1000), Fraction(61061, 1000)) for each in media]
    lines = written(Timeline.of(clips), ".edl", tmp_path, RATES[2]).read_text().splitlines()
    assert lines[:2] == ["TITLE: cut", "FCM: NON-DROP FRAME"]
    assert lines[3] == "001  LONGINTE AA/V  C        00:01:00:00 00:01:01:00 00:00:00:00 00:00:01:00"
    assert lines[4] == "* FROM CLIP NAME:  long interview.mov"
    assert [line.split()[1] for line in lines[3::3]] == ["LONGINTE", "LONGINT2", "BL2", "MEDIA"]
    written(random_timeline(999, 1), ".edl", tmp_path, RATES[1])
    with pytest.raises(UsageError, match=r"999 events.*1000"):
        written(random_timeline(1000, 1), ".edl", tmp_path, RATES[1])
    with pytest.raises(UsageError, match="timecode"):
        written(random_timeline(9, 1), ".edl", tmp_path, Fraction(100))


@pytest.mark.parametrize(
    ("text", "rate", "start"),
    [
        ("14:09:42;10", RATES[2], 1_527_940),
        ("01:00:00:00", RATES[2], 108_000),
        ("10:59:58;44", RATES[3], (39_598 * 60 + 44) - 4 * (659 - 65)),
        ("10:59:58:44", Fraction(60), 39_598 * 60 + 44),
    ],
)
def test_source_times_begin_at_the_time_code(text: str, rate: Fraction, start: int, tmp_path: Path) -> None:
    media = make(tmp_path / "coded 访谈.mov", FILM.but(timecode=text, fps=rate))
    base, drop = round(rate), ";" in text
    clips = [Clip(media, 15 / rate, 30 / rate), Clip(media, 45 / rate, 60 / rate)]
    for suffix in SUFFIXES:
        path = written(Timeline.of(clips), suffix, tmp_path, None)
        begins = 0 if suffix in FROM_ZERO else start
        want = [(begins + 15, begins + 30, 0, 15), (begins + 45, begins + 60, 15, 30)]
        assert all(frames == want for frames in opened(path, rate)), suffix
    clip = otio.adapters.read_from_file(str(tmp_path / "cut.otio")).tracks[0][0]
    assert clip.media_reference.available_range.start_time.value == start
    root = valid_fcpxml(tmp_path / "cut.fcpxml")
    asset, shown = next(root.iter("asset")), next(root.iter("asset-clip"))
    assert Fraction(asset.get("start", "").removesuffix("s")) * rate == start
    assert (shown.get("tcFormat"), next(root.iter("sequence")).get("tcFormat")) == (
        ("DF", "DF") if drop else ("NDF", "NDF")
    )
    lines = (tmp_path / "cut.edl").read_text().splitlines()
    assert lines[1] == ("FCM: DROP FRAME" if drop else "FCM: NON-DROP FRAME")
    first = timecode_of(lines[3].split()[-4], rate)
    assert first == Timecode(start + 15, rate, drop)
    tree = ElementTree.parse(tmp_path / "cut.xml")
    file = tree.find(".//file")
    assert file is not None
    assert [file.findtext(f"timecode/{name}") for name in ("string", "displayformat", "rate/timebase")] == [
        text, "DF" if drop else "NDF", str(base)
    ]  # fmt: skip
    assert tree.findtext("sequence/timecode/displayformat") == ("DF" if drop else "NDF")


def test_links_and_files_of_xml_and_of_projects(recordings: dict[str, Path], tmp_path: Path) -> None:
    media = [recordings[kind] for kind in ("sound", "both", "picture", "both")]
    timeline = whole(*media)
    root = ElementTree.parse(written(timeline, ".xml", tmp_path, None)).getroot()
    tracks = root.findall(".//track")
    places = {
        clip.get("id"): (kind, number, place)
        for kind in ("video", "audio")
        for number, track in enumerate(root.findall(f".//sequence/media/{kind}/track"), 1)
        for place, clip in enumerate(track.findall("clipitem"), 1)
    }
    assert [len(track.findall("clipitem")) for track in tracks] == [3, 3, 1]
    for clip in root.iter("clipitem"):
        links = {
            link.findtext("linkclipref"): (
                link.findtext("mediatype"),
                int(link.findtext("trackindex", "")),
                int(link.findtext("clipindex", "")),
            )
            for link in clip.findall("link")
        }
        assert clip.get("id") in links
        assert all(places[name] == link for name, link in links.items())
    files = [file for file in root.iter("file") if len(file)]
    paths = [Path(unquote(urlparse(file.findtext("pathurl", "")).path)) for file in files]
    assert sorted(paths) == sorted(set(media))
    assert {file.get("id") for file in files} == {file.get("id") for file in root.iter("file")}

    for suffix in FROM_ZERO:
        root = ElementTree.parse(written(timeline, suffix, tmp_path, None)).getroot()
        assert root.get("LC_NUMERIC") == "C"
        ids = [element.get("id") for element in root.iter() if element.get("id")]
        assert len(ids) == len(set(ids))
        for element in root.iter():
            assert element.get("producer") in {None, *ids}
        resources = {each.findtext("property[@name='resource']", "") for each in root.iter("producer")}
        assert resources == {"black", *map(str, media)}
    groups = json.loads(root_property(tmp_path / "cut.kdenlive", "groups"))
    assert [[leaf["data"] for leaf in group["children"]] for group in groups] == [
        ["0:30", "1:30"], ["0:90", "1:90"]
    ]  # fmt: skip


def root_property(path: Path, name: str) -> str:
    """A property of the document in a project of Kdenlive."""
    root = ElementTree.parse(path)
    return root.findtext(f".//playlist[@id='main_bin']/property[@name='kdenlive:docproperties.{name}']", "")


CAPTIONS = [
    Caption(0.2, 1.0, "one <i>&amp;</i>\0\ud800"),
    Caption(1.0, 2.5, "across\nthe cut ]]> 你好"),
    Caption(2.5, 2.5001, "short"),
    Caption(2.92, 99.0, "past the end"),
    Caption(50.0, 51.0, "after the end"),
    Caption(2.95, 2.98, " "),
]


def test_captions_go_along(tmp_path: Path) -> None:
    timeline = Timeline.of(Clip(MEDIA, Fraction(10), Fraction(10) + Fraction(3, 2)) for _ in range(2))
    for suffix in SUFFIXES:
        write_timeline(timeline, tmp_path / f"a{suffix}", rate=Fraction(25), captions=CAPTIONS, language="zh")
    want = [(5, 25), (25, 63), (63, 64), (73, 75)]

    markers = otio.adapters.read_from_file(str(tmp_path / "a.otio")).tracks.markers
    ranges = [marker.marked_range for marker in markers]
    assert [(r.start_time.value, r.end_time_exclusive().value) for r in ranges] == want
    assert markers[0].name == "one <i>&amp;</i>\ufffd"

    markers = otio.adapters.read_from_file(str(tmp_path / "a.xml")).tracks.markers
    ranges = [marker.marked_range for marker in markers]
    assert [(r.start_time.value, r.end_time_exclusive().value) for r in ranges] == want
    assert markers[1].name == "across the cut ]]> 你好"
    guides = json.loads(root_property(tmp_path / "a.kdenlive", "guides"))
    assert [(guide["pos"], guide["pos"] + guide["duration"]) for guide in guides] == want
    project = otio.adapters.read_from_file(str(tmp_path / "a.kdenlive"))
    assert [marker.name for marker in project.tracks.markers] == [marker.name for marker in markers]
    marks = ElementTree.parse(tmp_path / "a.mlt").findall(".//properties[@name='shotcut:markers']/properties")
    assert [
        tuple(int(mark.findtext(f"property[@name='{key}']", "")) for key in ("start", "end"))
        for mark in marks
    ] == want

    captions = []
    for clip in next(valid_fcpxml(tmp_path / "a.fcpxml").iter("spine")):
        start, offset = (Fraction(clip.get(key, "").removesuffix("s")) for key in ("start", "offset"))
        for caption in clip:
            at = (Fraction(caption.get("offset", "").removesuffix("s")) - start + offset) * 25
            length = Fraction(caption.get("duration", "").removesuffix("s")) * 25
            captions.append((int(at), int(at + length)))
            assert caption.get("role") == "SRT?captionFormat=SRT.zh"
    assert captions == want
    texts = [
        caption.findtext("text/text-style")
        for caption in ElementTree.parse(tmp_path / "a.fcpxml").iter("caption")
    ]
    assert texts[:2] == ["one <i>&amp;</i>\ufffd", "across\nthe cut ]]> 你好"]


def test_what_cannot_be_written_is_an_error_that_leaves_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(UsageError, match=r"\.otio, \.edl, \.fcpxml"):
        written(whole(MEDIA), ".aaf", tmp_path, RATES[1])
    with pytest.raises(UsageError, match="nothing to write"):
        written(Timeline(), ".otio", tmp_path, RATES[1])
    path = tmp_path / "there.otio"
    write_timeline(whole(MEDIA), path, rate=RATES[1])
    with pytest.raises(OutputError, match="exists"):
        write_timeline(whole(MEDIA), path, rate=RATES[1])
    monkeypatch.setitem(sys.modules, "opentimelineio", None)
    with pytest.raises(MissingExtraError, match=r"edgereel\[timelines\]"):
        written(whole(MEDIA), ".otio", tmp_path, RATES[1])
    assert list(tmp_path.iterdir()) == [path]
