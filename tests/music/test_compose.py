"""Music for films, by the models that ship: it follows them, is refined, and written as promised."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import get_args

import av
import mido
import numpy as np
import pytest

import edge
from edge.arrays import Floats
from edge.errors import InputError, OutputError, UsageError
from edge.media.loudness import LoudnessMeter
from edge.media.write.sound import write_audio
from edge.media.write.soundtrack import loudness_of
from edge.music.mix import STEMS
from edge.music.warp import NEAR_S
from edge.vocabulary import Sound
from tests.makers import Take
from tests.media.makers import Recipe, make

from .makers import FPS, HEIGHT, RATE_HZ, WIDTH, film

pytestmark = pytest.mark.slow

Seconds = tuple[float, float]

SHOTS = ((4.2, 0.05), (3.1, 1.2), (2.7, 0.4), (5.0, 0.02))


@pytest.fixture(scope="module")
def composer() -> Iterator[edge.Composer]:
    with edge.Composer() as network:
        yield network


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return film(tmp_path_factory.mktemp("video") / "film.mp4", SHOTS)


@pytest.fixture(scope="module")
def music(video: Path, composer: edge.Composer) -> edge.Composition:
    return edge.compose_music(video, edge.MusicOptions(seed=3), composer=composer)


def decoded(path: Path) -> Floats:
    """The audio of a file as stereo at 48 kHz, without edge."""
    with av.open(str(path)) as container:
        convert = av.AudioResampler(format="fltp", layout="stereo", rate=RATE_HZ)
        pieces = [one.to_ndarray() for frame in container.decode(audio=0) for one in convert.resample(frame)]
    return np.concatenate(pieces, axis=1)


def level_db(audio: Floats, span: Seconds) -> float:
    start, end = (round(second * RATE_HZ) for second in span)
    return float(20 * np.log10(np.std(audio[:, start:end])))


def frame_times(path: Path) -> list[float]:
    with av.open(str(path)) as container:
        return [frame.time or 0.0 for frame in container.decode(video=0)]


def test_music_follows_the_film(music: edge.Composition) -> None:
    cuts = np.cumsum([seconds for seconds, _ in SHOTS])[:-1]
    moved = music.choice.warp.moved(cuts)
    assert moved == pytest.approx(music.cuts_s, abs=0.085)  # two frames: those between are not decoded
    assert music.cuts_on_beat == 1
    assert music.plan.end_s == pytest.approx(15, rel=0.05)
    bar_s = music.plan.bar_s
    starts = [section.first * bar_s for section in music.plan.sections]
    assert all(min(abs(start - cut) for start in starts) <= bar_s / 2 for cut in music.cuts_s)
    first, second = music.cuts_s[:2]
    assert density_between(music, -1, first - 1) < density_between(music, first - 0.2, second - 1)
    assert all(bar.notes for bar in music.bars)


def density_between(music: edge.Composition, low: float, high: float) -> float:
    bars = enumerate(music.plan.bars)
    return float(np.mean([bar.density for number, bar in bars if low < number * music.plan.bar_s < high]))


def test_the_seed_decides(video: Path, music: edge.Composition, composer: edge.Composer) -> None:
    again = edge.compose_music(video, music.options, motion=music.motion, composer=composer)
    assert again.bars == music.bars
    other = replace(music.options, seed=4)
    assert edge.compose_music(video, other, motion=music.motion, composer=composer).bars != music.bars


def test_only_what_changes_is_composed_again(music: edge.Composition, composer: edge.Composer) -> None:
    same = edge.refine_music(music, music.options, composer=composer)
    assert (same.bars, same.plan, same.choice) == (music.bars, music.plan, music.choice)
    second = music.plan.sections[1]
    inside = range(second.first, second.first + len(second.bars))
    other = edge.refine_music(music, music.options, new_melody=[2], composer=composer)
    pairs = enumerate(zip(music.bars, other.bars, strict=True))
    changed = {number for number, (one, two) in pairs if one != two}
    assert changed
    assert changed <= {*inside}
    denser = edge.refine_music(music, replace(music.options, denser=1), keep=[1], composer=composer)
    count = [sum(len(bar.notes) for bar in one.bars) for one in (music, denser)]
    assert count[1] > count[0]
    first = slice(0, len(music.plan.sections[0].bars))
    assert denser.bars[first] == music.bars[first]
    assert denser.plan.bars[first] == music.plan.bars[first]
    with pytest.raises(UsageError, match="no section can stay"):
        edge.refine_music(music, replace(music.options, style="ambient"), keep=[1], composer=composer)
    with pytest.raises(UsageError, match="no section 9"):
        edge.refine_music(music, music.options, new_melody=[9], composer=composer)
    harp = edge.refine_music(music, replace(music.options, instruments={"melody": "harp"}), composer=composer)
    assert (harp.bars, harp.score.instruments["melody"]) == (music.bars, "harp")


def test_a_history_is_kept_and_undone(video: Path, music: edge.Composition, tmp_path: Path) -> None:
    templates, cache = edge.open_templates(), edge.Cache(tmp_path)
    history = edge.MusicHistory(music.recording)
    history.add(music)
    history.add(replace(music, options=replace(music.options, denser=2)))
    edge.save_music(history, cache)
    loaded = edge.load_music(edge.open_recording(video), cache, templates)
    assert [one.options.denser for one in loaded.compositions] == [0, 2]
    first = loaded.undo()
    assert (first.bars, first.plan, first.choice) == (music.bars, music.plan, music.choice)
    with pytest.raises(UsageError, match="nothing to undo"):
        loaded.undo()
    assert edge.load_music(edge.open_recording(video), cache, templates[1:2]).last is None


def test_the_video_is_written_with_music(music: edge.Composition, video: Path, tmp_path: Path) -> None:
    written = edge.write_music(music, tmp_path / "a.mp4")
    shown = frame_times(written.path)
    before = frame_times(video)
    assert shown == pytest.approx(music.choice.warp.moved(before).tolist(), abs=0.002)
    audio = decoded(written.path)
    assert audio.shape[1] == pytest.approx(music.score.samples, abs=2048)
    assert loudness_of([audio]) == pytest.approx(-14, abs=0.5)
    assert not written.own_sound
    beats = 30 / music.plan.tempo * 4
    cuts = np.array(music.cuts_s)
    assert np.abs(cuts / beats - np.round(cuts / beats)).max() * beats <= NEAR_S + 1e-6
    with pytest.raises(OutputError, match="exists"):
        edge.write_music(music, tmp_path / "a.mp4")


def test_what_is_left_out_is_said(composer: edge.Composer, tmp_path: Path) -> None:
    path = make(tmp_path / "two.mkv", Recipe(seconds=3, audio=("aac", "aac"), languages=("eng", "fre")))
    shares = list[float]()
    music = edge.compose_music(path, composer=composer)
    written = edge.write_music(music, tmp_path / "a.mp4", progress=shares.append)
    assert written.notes == ("1 further audio track left out",)
    assert shares == sorted(shares)
    assert shares[0] < 0.5 < shares[-1]


def test_audio_is_as_loud_as_asked_and_nothing_clips(music: edge.Composition, tmp_path: Path) -> None:
    loud = replace(music, options=replace(music.options, loudness_lufs=-9.0, peak_dbtp=-2.0))
    written = edge.write_music(loud, tmp_path / "a.wav")
    meter = LoudnessMeter(RATE_HZ, 2)
    meter.accept(decoded(written.path))
    assert meter.true_peak_dbtp <= -1.9
    assert meter.integrated_lufs == pytest.approx(-9, abs=2)  # the limiter takes some
    assert written.loudness_lufs == pytest.approx(meter.integrated_lufs, abs=0.05)


def test_stems_add_up_to_the_mix(music: edge.Composition, tmp_path: Path) -> None:
    paths = edge.write_stems(music, tmp_path / "stems", suffix=".wav")
    assert [path.stem.partition("-")[2] for path in paths] == list(STEMS)
    total = np.sum([decoded(path) for path in paths], axis=0)
    assert total.shape[1] == music.score.samples
    assert loudness_of([total]) == pytest.approx(-14, abs=0.1)
    quiet = replace(
        music, options=replace(music.options, loudness_lufs=-30.0)
    )  # the limiter has nothing to do
    mix = decoded(edge.write_music(quiet, tmp_path / "a.wav").path)
    np.testing.assert_allclose(total * 10 ** (-16 / 20), mix, atol=2e-4)


def test_midi_has_the_notes(music: edge.Composition, tmp_path: Path) -> None:
    path = edge.write_music(music, tmp_path / "a.mid").path
    song = mido.MidiFile(path)
    assert [track.name for track in song.tracks[1:]] == ["chords", "melody", "decoration", "instrument"]
    melody = [message for message in song.tracks[2] if message.type == "note_on"]
    wanted = [note for bar in music.bars for note in bar.notes if note.voice == 0]
    assert len(melody) == len(wanted)
    key = music.choice.template.key
    assert sorted(message.note for message in melody) == sorted(note.pitch + key for note in wanted)
    assert song.length == pytest.approx(len(music.bars) * music.plan.bar_s, rel=0.3)


@pytest.fixture(scope="module")
def spoken_film(
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[Path, tuple[float, float], tuple[float, float]]:
    """A film in which somebody speaks, and spans of a sentence and of the pause after it."""
    folder = tmp_path_factory.mktemp("talk")
    talk = Take(np.zeros(14 * 16_000, np.float32), [])
    first = talk.say("This is the first sentence of a short talk about music.", 4.0)
    talk.say("And here is the second one, after a pause.", first + 1.2)
    with av.open(str(talk.write(folder / "talk.wav"))) as container:
        convert = av.AudioResampler(format="fltp", layout="mono", rate=RATE_HZ)
        pieces = [one.to_ndarray() for frame in container.decode(audio=0) for one in convert.resample(frame)]
    path = film(folder / "talk.mp4", [(7.0, 0.3), (7.0, 0.3)], sound=np.concatenate(pieces, axis=1)[0])
    return path, (4.5, first - 0.5), (first + 0.3, first + 1.0)


def test_speech_is_over_the_music(
    composer: edge.Composer,
    spoken_film: tuple[Path, Seconds, Seconds],
    tmp_path: Path,
) -> None:
    path, sentence, pause = spoken_film
    over = dict[str, float]()
    for how in get_args(Sound):
        options = edge.MusicOptions(sound=how, max_speed_change=0)
        music = edge.compose_music(path, options, composer=composer)
        written = edge.write_music(music, tmp_path / f"{how}.mp4")
        assert written.own_sound == (how != "mute")
        audio = decoded(written.path)
        assert loudness_of([audio]) == pytest.approx(-14, abs=0.7)
        over[how] = level_db(audio, sentence) - level_db(audio, pause)
    assert over["duck"] >= 10  # in the pause there is music alone
    assert over["duck"] >= over["keep"] + 6


@pytest.mark.parametrize(
    ("shots", "bars"), [([(1.0, 0.0)], 1), ([(12.0, 0.0)], 3), ([(0.28, 0.5)] * 60, 5)], ids=str
)
def test_odd_films(
    composer: edge.Composer, tmp_path: Path, shots: list[tuple[float, float]], bars: int
) -> None:
    path = film(tmp_path / "odd.mp4", shots)
    music = edge.compose_music(path, composer=composer)
    assert len(music.plan.bars) >= bars
    written = edge.write_music(music, tmp_path / "a.wav")
    audio = decoded(written.path)
    assert audio.shape[1] == music.score.samples
    assert np.isfinite(audio).all()
    assert np.abs(audio).max() > 0.05


def test_what_has_nothing_to_follow_is_refused(composer: edge.Composer, tmp_path: Path) -> None:
    tone = write_audio(tmp_path / "a.wav", [np.zeros((2, RATE_HZ), np.float32)], RATE_HZ)
    with pytest.raises(InputError, match="no video"):
        edge.compose_music(tone, composer=composer)
    still = tmp_path / "still.png"
    av.VideoFrame.from_ndarray(np.zeros((HEIGHT, WIDTH, 3), np.uint8), "rgb24").save(str(still))
    with pytest.raises(InputError, match="still"):
        edge.compose_music(still, composer=composer)
    short = film(tmp_path / "short.mp4", [(2 / FPS, 0.0)])
    with pytest.raises(InputError, match="half a second"):
        edge.compose_music(short, composer=composer)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (edge.MusicOptions(style="polka-metal"), "styles are"),
        (edge.MusicOptions(instruments={"melody": "kazoo"}), "no instrument"),
        (edge.MusicOptions(instruments={"choir": "harp"}), "no voice"),
        (edge.MusicOptions(tempo=240, style="ambient"), "can be played"),
    ],
)  # fmt: skip
def test_what_there_is_not_is_said(
    music: edge.Composition, composer: edge.Composer, options: edge.MusicOptions, message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        edge.compose_music(music.recording, options, motion=music.motion, composer=composer)
