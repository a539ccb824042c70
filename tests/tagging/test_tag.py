"""Tagging with the models that ship: any modality may be missing, and the library may be any."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from matplotlib.image import imsave

from edge.cache import Cache
from edge.errors import InputError, UsageError
from edge.evidence.options import ExcerptOptions
from edge.evidence.transcript import Transcript
from edge.networks.tag_towers import MODALITIES, VideoInput
from edge.tagging.explain import explain_tags, frame_similarities
from edge.tagging.library import TagLibrary
from edge.tagging.networks import TagNetworks
from edge.tagging.options import TagOptions
from edge.tagging.tag import Tag, tag
from edge.vocabulary import Caption
from tests.media.makers import Recipe, make
from tests.networks.text_makers import paint, reader_folder
from tools.sound.wave import write_wav

NAMES = ("guitar", "kitten", "cooking", "motorcycle", "wedding", "snow", "talking", "music", "rain", "city")


@pytest.fixture(scope="module")
def networks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TagNetworks]:
    with TagNetworks("images", cache=Cache(tmp_path_factory.mktemp("cache"))) as opened:
        yield opened


@pytest.fixture(scope="module")
def library(networks: TagNetworks) -> TagLibrary:
    return TagLibrary.of(NAMES, networks)


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make(tmp_path_factory.mktemp("video") / "video.mp4", Recipe(seconds=2))


def test_the_title_decides_where_the_video_shows_nothing(
    networks: TagNetworks, library: TagLibrary, video: Path
) -> None:
    for title in ("My kitten", "playing the guitar", "Snow in the city"):
        result = tag(video, library=library, title=title, networks=networks)
        assert any(one.name in title for one in result.tags[:2])
        assert result.title == title
        assert result.gate["text"] > 0.2
        assert sum(result.gate.values()) == pytest.approx(1, abs=1e-5)
        similarities = [one.similarity for one in result]
        assert similarities == sorted(similarities, reverse=True)


def test_without_a_title_that_of_the_file_is_used(
    networks: TagNetworks, library: TagLibrary, tmp_path: Path
) -> None:
    file = make(tmp_path / "video.mp4", Recipe(seconds=1, metadata={"title": "A motorcycle"}))
    assert tag(file, library=library, networks=networks).title == "A motorcycle"
    assert tag(file, library=library, title="", networks=networks).gate["text"] == 0


@pytest.mark.parametrize(
    ("title", "readable"),
    [
        ("word " * 2000, True),
        ("café 弹", True),
        ("x" * 10_000, False),
        ("\U0001f600\U0001f3b8", False),
        ("弹吉他的人", False),
        ("  \n\t ", False),
    ],
)
def test_any_title_is_taken(
    networks: TagNetworks, library: TagLibrary, video: Path, title: str, readable: bool
) -> None:
    result = tag(video, library=library, title=title, networks=networks)
    assert len(result) == 5
    assert all(np.isfinite(one.similarity) for one in result)
    assert bool(result.gate["text"]) == readable
    assert bool(result.notes) == bool(title.strip() and not readable)


def spoken(*sentences: tuple[float, str]) -> Transcript:
    """Sentences of one second with their starts."""
    said = tuple(Caption(start, start + 1, text, ()) for start, text in sentences)
    return Transcript(2.0, "en", said, (), (), (), ())


def test_what_is_said_counts_like_a_title(networks: TagNetworks, library: TagLibrary, video: Path) -> None:
    transcript = spoken((0.0, "I tune the guitar."), (1.0, "A guitar makes music, what a day."))
    result = tag(video, library=library, transcript=transcript, networks=networks)
    assert result.keywords == ("guitar", "music")
    assert {one.name for one in result.tags[:2]} == {"guitar", "music"}
    assert result.gate["text"] > 0.2
    assert result.to_dict()["keywords"] == ["guitar", "music"]
    with_title = tag(video, library=library, title="Snow", transcript=transcript, networks=networks)
    assert {"snow", "guitar"} <= {one.name for one in with_title.tags[:4]}
    nothing = tag(video, library=library, transcript=spoken((0.0, "Hm, yes.")), networks=networks)
    assert (nothing.keywords, nothing.gate["text"]) == ((), 0)


def test_a_section_has_the_words_that_are_said_in_it(
    networks: TagNetworks, library: TagLibrary, video: Path
) -> None:
    options = TagOptions(count=1, timeline=True, excerpts=ExcerptOptions(section_s=1, audio_s=1))
    transcript = spoken((0.2, "A kitten and a kitten."), (1.2, "Snow on snow."))
    result = tag(video, library=library, transcript=transcript, options=options, networks=networks)
    assert [part.tags[0].name for part in result.timeline] == ["kitten", "snow"]


def test_what_can_be_read_counts_like_a_title(networks: TagNetworks, tmp_path: Path) -> None:
    image = np.zeros((240, 320, 3), np.uint8)
    for row in (20, 60, 100):
        paint(image, "rgb", 40, row)
    paint(image, "g", 40, 140)
    imsave(tmp_path / "image.png", image)
    library = TagLibrary.of(("rgb", "g", *NAMES), networks)
    folder = reader_folder(tmp_path / "reader")
    with TagNetworks("images", reader=folder.path, cache=Cache(tmp_path / "cache")) as reading:
        result = tag(tmp_path / "image.png", library=library, networks=reading)
    assert result.excerpts.lines == (("rgb",) * 3,)  # one frame; a single letter is not taken for text
    assert result.keywords == ("rgb",)
    assert result.gate["text"] > 0
    assert result.tags[0].name == "rgb"
    without = tag(tmp_path / "image.png", library=library, networks=networks)
    assert (without.keywords, {*without.excerpts.lines}) == ((), {()})


def test_each_modality_may_be_missing(networks: TagNetworks, library: TagLibrary, tmp_path: Path) -> None:
    write_wav(tmp_path / "audio.wav", np.zeros(16000, np.float32), 16000)
    silent = make(tmp_path / "silent.mp4", Recipe(seconds=1, audio=()))
    audio = tag(tmp_path / "audio.wav", library=library, networks=networks)
    image = tag(silent, library=library, networks=networks)
    assert {name for name, weight in audio.gate.items() if weight} == {"audio"}
    assert {name for name, weight in image.gate.items() if weight} == {"image"}
    assert len(audio) == len(image) == 5


def test_one_frame_is_enough(networks: TagNetworks, library: TagLibrary, tmp_path: Path) -> None:
    file = make(tmp_path / "frame.mp4", Recipe(seconds=0.04, audio=()))
    assert len(tag(file, library=library, networks=networks)) == 5


def test_evidence_is_handed_in(networks: TagNetworks, library: TagLibrary, video: Path) -> None:
    first = tag(video, library=library, networks=networks)
    again = tag(video, library=library, excerpts=first.excerpts, networks=networks)
    assert again.tags == first.tags
    assert again.excerpts is first.excerpts
    other = replace(first.excerpts, classes=first.excerpts.classes[:, :10])
    with pytest.raises(UsageError, match="another image encoder"):
        tag(video, library=library, excerpts=other, networks=networks)


def test_sections_have_tags_of_their_own(networks: TagNetworks, library: TagLibrary, video: Path) -> None:
    options = TagOptions(count=3, timeline=True, excerpts=ExcerptOptions(section_s=1, audio_s=1))
    result = tag(video, library=library, options=options, networks=networks)
    assert [round(part.span.start, 1) for part in result.timeline] == [0, 1]
    assert all(len(part.tags) == 3 for part in result.timeline)
    assert "timeline" in result.to_dict()


def test_a_similarity_can_be_asked_for(networks: TagNetworks, library: TagLibrary, video: Path) -> None:
    nothing = tag(video, library=library, options=TagOptions(min_similarity=1), networks=networks)
    assert len(nothing) == 0
    assert nothing.hashtags == ""
    with pytest.raises(UsageError):
        TagOptions(count=0)


def test_a_library_of_another_space_is_refused(networks: TagNetworks, video: Path) -> None:
    library = TagLibrary.of(NAMES, networks.texts)
    with pytest.raises(UsageError, match="space"):
        tag(video, library=library, networks=networks)


def test_an_empty_library_is_refused(networks: TagNetworks, video: Path, tmp_path: Path) -> None:
    (tmp_path / "tags.txt").write_text("# nothing\n\n")
    with pytest.raises(InputError, match="no tags"):
        tag(video, library=tmp_path / "tags.txt", networks=networks)


def test_hashtags_have_letters_and_digits_only() -> None:
    assert Tag("rock 'n' roll", 0.5).hashtag == "#rocknroll"
    assert Tag("café au lait", 0.5).hashtag == "#caféaulait"
    assert Tag("x", 0.25).distance == 0.75


def test_the_names_of_classes_are_placed_once(networks: TagNetworks, tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    with TagNetworks("images", cache=cache) as first:
        names = first.names
    with TagNetworks("images", cache=cache) as second:
        np.testing.assert_array_equal(second.names, names)
        assert "texts" in second.__dict__
    assert names.shape == (len(networks.encoder.labels), networks.size)


def test_the_drawing_shows_the_nearest_frames(
    networks: TagNetworks, library: TagLibrary, video: Path, tmp_path: Path
) -> None:
    result = tag(video, library=library, title="snow \U0001f600", networks=networks)
    near = frame_similarities(result, networks)
    assert near.shape == (5, len(result.excerpts.times_s))
    explain_tags(result, tmp_path / "why.png", networks=networks)
    assert (tmp_path / "why.png").read_bytes().startswith(b"\x89PNG")
    write_wav(tmp_path / "audio.wav", np.zeros(16000, np.float32), 16000)
    audio = tag(tmp_path / "audio.wav", library=library, networks=networks)
    explain_tags(audio, tmp_path / "audio.svg", networks=networks)
    assert (tmp_path / "audio.svg").exists()


def test_the_towers_weigh_only_what_is_there(networks: TagNetworks) -> None:
    towers, rng = networks.towers, np.random.default_rng(0)
    title = networks.texts.encode(["a guitar"])[0]
    place, gate = towers.video(VideoInput(text=title))
    assert np.linalg.norm(place) == pytest.approx(1, abs=1e-5)
    assert gate.tolist() == pytest.approx([0, 0, 1, 0], abs=1e-6)
    image = networks.names[rng.integers(len(networks.names))]
    light = np.array([0.5, 0.2, 0.3, 0.5], np.float32)
    _, both = towers.video(VideoInput(image=image, light=light, text=title))
    assert both[MODALITIES.index("image")] > 0
    assert both[MODALITIES.index("audio")] == 0
    places = networks.encode(["dog", "puppy", "guitar"])
    assert np.linalg.norm(places, axis=1) == pytest.approx(np.ones(3), abs=1e-5)
    assert places[0] @ places[1] > places[0] @ places[2] + 0.2
