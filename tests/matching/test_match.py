"""Videos and the music of a folder: what is taken into account, and by what tracks are ordered."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from shutil import copytree

import msgspec
import numpy as np
import pytest
from matplotlib.image import imread, imsave

from edge import schema
from edge.errors import InputError, OutputError, UsageError
from edge.evidence.excerpts import collect_excerpts
from edge.evidence.motion.collect import collect_motion
from edge.evidence.options import MotionOptions
from edge.evidence.transcript import Transcript
from edge.matching.explain import explain_match
from edge.matching.index import MusicIndex, index_music
from edge.matching.match import RHYTHM, match_music
from edge.matching.networks import MatchNetworks
from edge.matching.options import MatchOptions
from edge.media import open_recording
from edge.models.store import builtin_root
from edge.networks.match_towers import MatchTowers
from edge.vocabulary import Caption
from tests.media.makers import Recipe, make
from tests.music.makers import film
from tools.convert.folder import rewrite
from tools.sound.speech import speak

from .makers import band, write

RATE_HZ = 16_000

TRACKS = {"dark forest": 70, "summer beach": 96, "party": 120, "sport": 150}
"""Names of tracks without vocals, and their tempos."""


@pytest.fixture(scope="module")
def networks() -> Iterator[MatchNetworks]:
    with MatchNetworks("images", tagger="music") as opened:
        yield opened


@pytest.fixture(scope="module")
def index(networks: MatchNetworks, tmp_path_factory: pytest.TempPathFactory) -> MusicIndex:
    folder = tmp_path_factory.mktemp("music")
    for name, tempo in TRACKS.items():
        write(folder / f"{name}.wav", band(12, tempo, rate_hz=RATE_HZ), RATE_HZ)
    song, said = 0.2 * band(14, rate_hz=RATE_HZ), speak("Snow is falling on the river", voice="en-us")
    song[5 * RATE_HZ : 5 * RATE_HZ + len(said)] += said
    write(folder / "song.wav", song, RATE_HZ)
    (folder / "noise.mp3").write_bytes(b"noise" * 1000)
    return index_music(folder, networks, store=folder / ".music.sqlite")


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight seconds with a cut every second, as a track of 120 beats a minute has them."""
    return film(tmp_path_factory.mktemp("film") / "film.mp4", [(1.0, 0.3 + 0.1 * n) for n in range(8)])


def test_tracks_are_ordered_by_similarity_and_rhythm(
    video: Path, index: MusicIndex, networks: MatchNetworks
) -> None:
    shares = list[float]()
    result = match_music(
        video,
        index,
        tags=["a party"],
        networks=networks,
        progress=shares.append,
        options=MatchOptions(count=3),
    )
    assert len(result) == 3
    place = networks.towers.video(result.features)
    assert np.linalg.norm(place) == pytest.approx(1, abs=1e-4)
    known = {one.path: index.places[row] @ place for row, one in enumerate(index.tracks)}
    for track in result:
        assert track.similarity == pytest.approx(known[track.path], abs=1e-2)
        assert track.score == track.similarity + RHYTHM * track.arrangement.fit
        assert track.reasons.keys() == {"image", "motion", "words"}
        assert track.analysis.rhythm.duration_s == pytest.approx(12, abs=2)
    whole = match_music(video, index, tags=["a party"], networks=networks, motion=result.motion)
    assert len(whole) == len(index) == len(TRACKS) + 1
    scores = [track.score for track in whole]
    assert scores == sorted(scores, reverse=True)
    assert [track.path for track in result] == [track.path for track in whole][:3]
    on_beat = {track.path.stem: track.arrangement.cuts_on_beat or 0.0 for track in whole}
    assert on_beat["party"] == 1
    assert shares == sorted(shares)
    assert shares[-1] == pytest.approx(1)


def test_words_move_the_place_of_a_video_toward_tracks_of_that_name(
    video: Path, index: MusicIndex, networks: MatchNetworks
) -> None:
    """By words alone, a track is the more similar to what it is called."""

    def reason(name: str, **given: object) -> dict[str, float]:
        result = match_music(video, index, networks=networks, **{"title": "", **given})  # type: ignore[arg-type]
        return {track.path.stem: track.reasons["words"] for track in result}[name]  # type: ignore[return-value]

    said = Transcript(8.0, "en", (Caption(0, 1, "We are at the beach in summer.", ()),), (), (), (), ())
    away = reason("summer beach", tags=["dark forest"])
    for given in ({"tags": ["summer", "beach"]}, {"title": "Summer beach"}, {"transcript": said}):
        assert reason("summer beach", **given) > away + 0.02  # type: ignore[operator]


def test_the_document_is_what_the_contract_says(
    video: Path, index: MusicIndex, networks: MatchNetworks
) -> None:
    result = match_music(video, index, title="Beach", networks=networks)
    assert "file" not in result.to_dict()
    assert result.to_dict("out.mp4")["file"] == "out.mp4"
    for document in (result.to_dict(), result.to_dict("out.mp4")):
        read = msgspec.convert(document, schema.Match, strict=True)
        assert schema.to_dict(read) == document
        assert document["indexed"] == len(index)
        assert [Path(track["file"]).stem for track in document["tracks"]] == [t.path.stem for t in result]
        assert document["skipped"] == ["noise.mp3: is not media, or its header or index is missing"]
        assert all("words" in track["reasons"] for track in document["tracks"])
        for track in document["tracks"]:
            assert track["key"]
            assert 0 <= track["rhythm"] <= 1
            assert 0 <= track["start"] < track["seconds"]
    assert len(repr(result)) < 300


def test_evidence_that_is_handed_in_is_not_computed_again(
    index: MusicIndex, networks: MatchNetworks, tmp_path: Path
) -> None:
    """What is no longer there cannot be decoded."""
    path = make(tmp_path / "video.mp4", Recipe(seconds=2, metadata={"title": "A party"}))
    recording = open_recording(path)
    expected = match_music(recording, index, networks=networks).to_dict()
    excerpts = collect_excerpts(recording, networks.excerpts)
    motion, _ = collect_motion(recording, MotionOptions(fast=True))
    path.unlink()
    found = match_music(recording, index, excerpts=excerpts, motion=motion, networks=networks)
    assert found.to_dict() == expected
    assert found.motion is motion


def test_tracks_with_vocals_are_left_out(
    video: Path, index: MusicIndex, networks: MatchNetworks, tmp_path: Path
) -> None:
    options = MatchOptions(count=20, no_vocals=True)
    result = match_music(video, index, networks=networks, options=options)
    assert {track.path.stem for track in result} == set(TRACKS)
    (tmp_path / "song.wav").write_bytes((index.folder / "song.wav").read_bytes())
    sung = index_music(tmp_path, networks, store=index.store)
    with pytest.raises(InputError, match="has no music without vocals among 1 tracks"):
        match_music(video, sung, networks=networks, options=options)


def test_an_index_of_another_space_is_refused(video: Path, index: MusicIndex, tmp_path: Path) -> None:
    copytree(builtin_root() / "matching", tmp_path / "towers")
    with MatchTowers(tmp_path / "towers") as towers:
        rewrite(towers.folder, version="2")
    with (
        MatchNetworks("images", tagger="music", towers=tmp_path / "towers") as others,
        pytest.raises(UsageError, match="made with other networks"),
    ):
        match_music(video, index, networks=others)


def test_any_part_of_a_video_may_be_missing(
    index: MusicIndex, networks: MatchNetworks, tmp_path: Path
) -> None:
    silent = make(tmp_path / "silent.mp4", Recipe(seconds=1, audio=()))
    titled = make(tmp_path / "titled.m4a", Recipe(seconds=3, video=None, metadata={"title": "Beach"}))
    imsave(tmp_path / "image.png", np.full((64, 64, 3), 0.5))
    cases = {silent: {"image", "motion"}, titled: {"words"}, tmp_path / "image.png": {"image"}}
    for path, known in cases.items():
        result = match_music(path, index, networks=networks)
        assert len(result) == 5, path
        assert result.tracks[0].reasons.keys() == known, path
        assert np.isfinite([track.score for track in result]).all()
        assert (result.motion is None) == (path == titled)
        assert explain_match(result, tmp_path / f"{path.stem} why.png").stat().st_size > 0
    with pytest.raises(InputError, match="has nothing to match"):
        match_music(titled, index, title="", networks=networks)
    with pytest.raises(InputError, match="nothing to match"):
        match_music(titled, index, title="🎸🎸", networks=networks)


@pytest.mark.parametrize(
    "given",
    [
        {"count": 0}, {"sound": "loud"}, {"own_level_lu": 50.0}, {"fade_s": -1.0}, {"loudness_lufs": 0.0},
        {"peak_dbtp": 1.0}, {"fade_s": float("nan")}, {"loudness_lufs": float("nan")},
        {"own_level_lu": float("nan")},
    ],
)  # fmt: skip
def test_options_are_checked(given: dict[str, object]) -> None:
    with pytest.raises(UsageError):
        MatchOptions(**given)  # type: ignore[arg-type]


def test_reasons_are_drawn(video: Path, index: MusicIndex, networks: MatchNetworks, tmp_path: Path) -> None:
    result = match_music(video, index, tags=["party"], networks=networks)
    drawn = imread(explain_match(result, tmp_path / "why.png"))
    assert drawn.shape[1] == 1320
    assert drawn.std() > 0.01
    with pytest.raises(OutputError, match="already exists"):
        explain_match(result, tmp_path / "why.png")
    explain_match(result, tmp_path / "why.png", force=True)
    with pytest.raises(UsageError):
        explain_match(result, tmp_path / "why.txt")


def test_a_video_is_no_track_for_itself(networks: MatchNetworks, tmp_path: Path) -> None:
    sound = np.repeat(band(8, rate_hz=RATE_HZ), 3)
    video = film(tmp_path / "with music.mp4", [(2.0, 0.4)] * 4, sound=sound)
    alone = index_music(tmp_path, networks, store=tmp_path / ".music.sqlite")
    with pytest.raises(InputError, match="has no music but that of the video itself among 1 tracks"):
        match_music(video, alone, networks=networks)
    write(tmp_path / "other.wav", band(12, rate_hz=RATE_HZ), RATE_HZ)
    both = index_music(tmp_path, networks, store=tmp_path / ".music.sqlite")
    assert [track.path.name for track in match_music(video, both, networks=networks)] == ["other.wav"]
