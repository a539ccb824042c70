"""The public namespace: complete, the same for paths and recordings, short to look at."""

from __future__ import annotations

import ast
import inspect
import json
import os
import re
import typing
from collections.abc import Callable, Iterator
from dataclasses import is_dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

import edge
from edge import schema
from edge.evidence.labels import LabelTrack
from edge.evidence.speech.recognizer import RecognitionResult
from edge.evidence.transcript import Transcript
from edge.media import AudioBlock, MediaRange
from edge.networks.segmenter import Segmenter
from edge.quickcut.options import CleanOptions, Level, MarkOptions
from edge.songs.find import SongSearchResult
from edge.songs.song import Song
from edge.vocabulary import Span
from tests.conftest import EdgeCommand
from tests.makers import RATE_HZ, talk_from_script
from tests.matching.makers import band, write
from tests.media.makers import Recipe, make
from tools.sound.sample import Truth
from tools.sound.signals import silence
from tools.sound.wave import write_wav

ROOT = Path(__file__).parents[1]

FUNCTIONS = [
    value
    for name in edge.__all__
    if inspect.isfunction(value := getattr(edge, name)) or isinstance(value, type)
]
"""Public functions and classes."""


def test_every_name_is_listed_and_imports() -> None:
    assert dir(edge) == sorted(edge.__all__)
    assert len(edge.__all__) == len(set(edge.__all__))
    for name in edge.__all__:
        assert getattr(edge, name) is not None
    tree = ast.parse((ROOT / "edge" / "__init__.py").read_text(encoding="utf-8"))
    (block,) = (node for node in tree.body if isinstance(node, ast.If))
    typed = {name.asname for node in block.body for name in typing.cast(ast.ImportFrom, node).names}
    assert typed | {"__version__"} == set(edge.__all__)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        edge.nothing  # noqa: B018 - the lookup is the test


def hints_of(function: Callable[..., object]) -> dict[str, Any]:
    """The types of a function as they are at run time; those of an extra are not there."""
    return typing.get_type_hints(function, localns={"Figure": object})


def classes_in(hint: Any) -> Iterator[type]:
    """Classes of `edge` in a type, and in the fields of its options."""
    if isinstance(hint, type) and hint.__module__.startswith("edge."):
        yield hint
        if is_dataclass(hint) and hint.__name__.endswith("Options"):
            for one in typing.get_type_hints(hint).values():
                yield from classes_in(one)
    for part in typing.get_args(hint):
        yield from classes_in(part)


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda one: one.__name__)
def test_what_a_function_takes_and_raises_is_public(function: Callable[..., object]) -> None:
    made = function.__init__ if isinstance(function, type) else function  # type: ignore[misc]
    if inspect.isfunction(made) and not is_dataclass(function):
        taken = {one for hint in hints_of(made).values() for one in classes_in(hint)}
        missing = {one.__name__ for one in taken if getattr(edge, one.__name__, None) is not one}
        assert missing <= {"ModelFolder", "Bench"}  # which a path stands for; a document
    raised = set(re.findall(r"\b[A-Z]\w+Error\b", inspect.getdoc(function) or ""))
    assert raised <= set(edge.__all__)


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four seconds of a test pattern with beeps."""
    return make(tmp_path_factory.mktemp("film") / "film.mp4", Recipe())


def calls(folder: Path, segmenter: Segmenter) -> dict[str, Callable[[Any], object]]:
    """Each public function of a recording, as something that can be compared."""
    transcript = talk_from_script("Good evening everybody. [1.5] Good night.")
    span, numbers = Span(0.5, 1.5), iter(range(10_000))
    library = folder / "tags.txt"
    library.write_text("music\ncity\nsnow\n", encoding="utf-8")
    (folder / "tracks").mkdir()
    track = write(folder / "tracks" / "band.wav", band(8, rate_hz=RATE_HZ), RATE_HZ)
    networks, store = edge.MatchNetworks("images"), folder / "music.sqlite"

    def new(suffix: str = ".mp4") -> Path:
        return folder / f"{next(numbers)}{suffix}"

    return {
        "open_recording": lambda m: edge.open_recording(m).info,
        "decode_audio": lambda m: [block.samples.tobytes() for block in edge.decode_audio(m)],
        "frames_at": lambda m: [frame.rgb.tobytes() for frame in edge.frames_at(m, [0.5, 2.0])],
        "label": lambda m: edge.label(m, segmenter=segmenter).to_dict(),
        "find_songs": lambda m: edge.find_songs(m, segmenter=segmenter).to_dict(),
        "transcribe": lambda m: edge.transcribe(m, transcript=transcript).to_dict(),
        "plan_clean": lambda m: edge.plan_clean(m, transcript=transcript).to_dict(),
        "clean": lambda m: edge.clean(m, new(), transcript=transcript).plan.to_dict(),
        "cut": lambda m: edge.cut(m, span, new()).video_frames,
        "concat": lambda m: edge.concat([MediaRange(m, Fraction(1), Fraction(2))], new()).copied_frames,
        "tag": lambda m: edge.tag(m, library=library).to_dict()["tags"],
        "analyze": lambda m: edge.analyze(m, edge.AnalysisOptions(parts=("songs",))).to_dict(),
        "collect_motion": lambda m: edge.collect_motion(m)[0].to_bytes(),
        "compose_music": lambda m: edge.compose_music(m).to_dict()["sections"],
        "load_music": lambda m: edge.load_music(m, edge.Cache(folder), edge.open_templates()).recording.info,
        "collect_rhythm": lambda m: edge.collect_rhythm(m).levels_db.tobytes(),
        "add_music": lambda m: edge.add_music(m, track, new()).arrangement.parts,
        "preview_music": lambda m: edge.preview_music(m, [track], new(""))[0].arrangement.parts,
        "match_music": lambda m: edge.match_music(
            m, edge.index_music(track.parent, networks, store=store), networks=networks
        ).to_dict(),
        "collect": lambda m: edge.collect(m, [edge.LabelCollector(segmenter)]).decoded_s,
    }


def test_a_recording_is_taken_as_text_path_and_recording(
    film: Path, segmenter: Segmenter, tmp_path: Path
) -> None:
    recording = edge.open_recording(film)
    assert edge.open_recording(recording) is recording
    for name, call in calls(tmp_path, segmenter).items():
        found = [call(media) for media in (str(film), film, recording)]
        assert found[0], name
        assert found[0] == found[1] == found[2], name


def test_functions_that_take_media_are_all_called_above(segmenter: Segmenter, tmp_path: Path) -> None:
    taking = {
        name
        for name in edge.__all__
        if inspect.isfunction(function := getattr(edge, name))
        and edge.Recording in list(classes_in(next(iter(hints_of(function).values()))))
    }
    assert taking == calls(tmp_path, segmenter).keys() - {"concat"}


def test_files_are_named_by_text_and_path(film: Path, segmenter: Segmenter, tmp_path: Path) -> None:
    result = edge.label(film, segmenter=segmenter)
    search = SongSearchResult(result.recording, (Song(0.5, 3, 0, 0, 0.9),), result.labels)
    transcript = talk_from_script("Good evening everybody. [1.5] Good night.")
    captions = edge.transcribe(film, transcript=transcript)
    plan = edge.plan_clean(film, transcript=transcript)
    changes: tuple[tuple[str, Callable[[Path], Any]], ...] = (("text", str), ("path", Path))
    for kind, change in changes:
        folder = tmp_path / kind
        edge.write_labels(result, change(folder / "labels.csv"))
        edge.write_captions(captions, change(folder / "captions.srt"))
        edge.write_chapters(search, change(folder / "chapters.cue"))
        edge.write_timeline(plan.timeline, change(folder / "timeline.edl"))
        search.plot(change(folder / "plot.svg"))
        (clip,) = edge.cut_songs(search, change(folder))
        assert clip.file == folder / "film-01.mp4"
        assert all(path.stat().st_size for path in folder.iterdir())
    names = ["captions.srt", "chapters.cue", "film-01.mp4", "labels.csv", "plot.svg", "timeline.edl"]
    for kind in ("text", "path"):
        assert sorted(path.name for path in (tmp_path / kind).iterdir()) == names


def evening(path: Path) -> tuple[edge.Recording, LabelTrack, Transcript]:
    """Evidence of 400 s of labels and an hour of speech."""
    write_wav(path, silence(2), RATE_HZ)
    rows = np.tile(np.eye(4, dtype=np.float32), (10, 1))
    track = LabelTrack(
        400.0,
        0.1,
        np.repeat(rows, 100, 0),
        np.full(4000, -20, np.float32),
        10.0,
        rows,
        1.0,
        np.zeros((40, 10, 8), np.float16),
    )
    transcript = talk_from_script("Now we talk for an hour about all that there is. [1.0] ~ " * 200)
    return edge.open_recording(path), track, transcript


def test_results_are_short_to_look_at(segmenter: Segmenter, film: Path, tmp_path: Path) -> None:
    recording, track, transcript = evening(tmp_path / "evening.wav")
    songs = tuple(Song(60.0 * n, 60.0 * n + 40, 1, 1, 0.9) for n in range(60))
    captions = edge.transcribe(recording, transcript=transcript)
    plan = edge.plan_clean(recording, transcript=transcript)
    cut = edge.cut(film, Span(0.5, 1.5), tmp_path / "cut.mp4")
    joined = edge.concat([MediaRange(film, Fraction(n, 10), Fraction(2 * n + 1, 20)) for n in range(30)],
                         tmp_path / "joined.mp4")  # fmt: skip
    results = [
        SongSearchResult(recording, songs, track),
        edge.LabelResult(recording, track),
        edge.label(film, segmenter=segmenter).segments[0],
        captions,
        captions.captions[0],
        plan,
        plan.timeline,
        plan.items[0],
        edge.clean(film, tmp_path / "clean.mp4", transcript=talk_from_script("One two. [1.5] Three.")),
        track,
        edge.collect_motion(film)[0],
        transcript,
        recording,
        cut,
        joined,
        edge.LiveCaptions(transcript.sentences, final=True),
        RecognitionResult(transcript.sentences[0].words * 20, "en", -0.1),
        AudioBlock(np.zeros(16_000, np.float32), 0),
        edge.SongClip(songs[0], tmp_path / "x.mp4"),
    ]
    long = {
        type(one).__name__: len(repr(one)) for one in results if len(repr(one)) >= 200 + len(str(tmp_path))
    }
    assert not long
    for one in results:
        assert repr(one).startswith(type(one).__name__)


def test_tables_of_notebooks_escape_what_a_recording_says(tmp_path: Path) -> None:
    recording, track, _ = evening(tmp_path / "<b>&amp;.wav")
    search = SongSearchResult(recording, (Song(1, 2, 0, 0, 0.9),), track)
    captions = edge.transcribe(
        recording, transcript=talk_from_script("<script>alert(1)</script> &amp; said.")
    )
    for one in (search, captions):
        html = one._repr_html_()
        assert "<b>" not in html
        assert "<script>" not in html
        assert "&lt;b&gt;&amp;amp;.wav" in html
        assert html.count("<tr>") == 1 + len(one)


def test_a_search_is_drawn_with_and_without_a_file(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    recording, track, _ = evening(tmp_path / "evening.wav")
    search = SongSearchResult(recording, (Song(60, 100, 1, 1, 0.9),), track)
    shown = search.plot()
    assert [axes.get_xlim() for axes in shown.axes] == [(0.0, 400.0)] * 3
    assert "1 song" in shown.axes[0].get_title(loc="left")
    assert search.plot(tmp_path / "plot.png").axes[0].get_title(loc="left") == shown.axes[0].get_title(
        loc="left"
    )
    assert (tmp_path / "plot.png").read_bytes().startswith(b"\x89PNG")
    with pytest.raises(edge.OutputError, match="already exists"):
        search.plot(tmp_path / "plot.png")
    with pytest.raises(edge.UsageError):
        search.plot(tmp_path / "plot.xyz")


def read_strictly(document: dict[str, Any], command: str) -> Any:
    """The document as its type, which has every key of it."""
    read = msgspec.convert(document, schema.DOCUMENTS[command], strict=True)
    assert schema.to_dict(read) == document
    return read


@pytest.mark.slow
def test_the_documents_of_the_command_line_are_those_of_the_results(
    edge: EdgeCommand, sample: tuple[Path, Truth], tmp_path: Path
) -> None:
    pytest.importorskip("moonshine_voice")
    from edge import clean, find_songs, label, open_recognizer, plan_clean, transcribe  # noqa: PLC0415

    path, environment = sample[0], os.environ | {"EDGE_CACHE": str(tmp_path / "cache")}

    def document(*arguments: object) -> dict[str, Any]:
        result = edge(*arguments, "--json", env=environment)
        assert result.returncode == 0, result.stderr
        found: dict[str, Any] = json.loads(result.stdout)
        return found

    shown = document("songs", path)
    assert shown == find_songs(path).to_dict()
    assert len(read_strictly(shown, "songs").songs) == 1
    shown = document("label", path)
    assert shown == label(path).to_dict()
    assert sum(read_strictly(shown, "label").totals.values()) == pytest.approx(sample[1].seconds, abs=0.1)
    shown = document("caption", path)
    result = transcribe(path, recognizer=open_recognizer())
    assert shown == result.to_dict()
    assert read_strictly(shown, "caption").language == "en"
    options = CleanOptions(marks=MarkOptions(level=Level.LIGHT))
    shown = document("clean", path, "--dry-run", "--level", "light")
    plan = plan_clean(path, options, transcript=result.transcript)
    assert shown == plan.to_dict()
    assert read_strictly(shown, "clean").file is msgspec.UNSET
    shown = document("clean", path, "--level", "light", "-o", tmp_path / "cli.mp4")
    done = clean(plan, tmp_path / "ours.mp4", options).to_dict()
    assert shown["file"] == str(tmp_path / "cli.mp4")
    assert {**done, "file": shown["file"]} == shown
    assert read_strictly(shown, "clean").how == "smart"
