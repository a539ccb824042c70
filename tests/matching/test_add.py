"""Videos with a track: as long as before, as loud as asked, speech over music, and joins without clicks."""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path

import av
import numpy as np
import pytest

from edge.arrays import Floats
from edge.errors import InputError, NoAudioError, OutputError, UsageError
from edge.evidence.labels import LabelTrack
from edge.matching.add import add_music
from edge.matching.arrange import Arrangement, arrange
from edge.matching.bed import Bed
from edge.matching.options import MatchOptions
from edge.matching.preview import preview_music
from edge.media.loudness import LoudnessMeter
from edge.media.read.recording import open_recording
from edge.media.write.soundtrack import loudness_of
from edge.vocabulary import LABELS, Label, Span
from tests.media.makers import Recipe, make
from tests.music.makers import film
from tools.sound.speech import speak

from .makers import RATE_HZ, band, decoded, motion_of, rhythm_of, steepness, write

FPS = 25
MUTE = MatchOptions(sound="mute")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("tracks")


@pytest.fixture(scope="module")
def track(folder: Path) -> Path:
    left, right = band(40), band(40) * 0.8
    return write(folder / "song.flac", np.stack([left, right]))


@pytest.fixture(scope="module")
def silent_film(folder: Path) -> Path:
    return film(folder / "silent.mp4", [(8.0, 0.1), (8.0, 1.2)])


def frames(path: Path) -> tuple[list[float], float]:
    """Times of the video frames, and the end of the audio."""
    with av.open(str(path)) as container:
        times = [frame.time or 0.0 for frame in container.decode(video=0)]
    return times, decoded(path).shape[1] / RATE_HZ


def lufs(audio: Floats) -> float:
    """Integrated loudness, by pyloudnorm if it is installed."""
    if find_spec("pyloudnorm"):
        import pyloudnorm  # noqa: PLC0415

        return float(pyloudnorm.Meter(RATE_HZ).integrated_loudness(audio.T.astype(np.float64)))
    return loudness_of([audio])


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_a_silent_film_gets_music(track: Path, silent_film: Path, tmp_path: Path, suffix: str) -> None:
    rhythm, motion = rhythm_of(40, 120), motion_of(16, [8.0], biggest=8.0)
    shares = list[float]()
    added = add_music(
        silent_film, track, tmp_path / f"a{suffix}", rhythm=rhythm, motion=motion, progress=shares.append
    )
    before, (after, audio_s) = _times(silent_film), frames(added.path)
    assert after == pytest.approx(before, abs=0.001)
    assert audio_s == pytest.approx(16, abs=1 / FPS)
    audio = decoded(added.path)
    assert lufs(audio) == pytest.approx(-14, abs=0.3)
    assert added.loudness_lufs == pytest.approx(-14, abs=0.3)
    assert added.peak_dbtp <= -1
    assert (added.own_sound, added.notes) == (False, ())
    assert added.arrangement.cuts_on_beat == 1
    assert shares == sorted(shares)
    last = [float(np.sqrt(np.mean(audio[:, round(s * RATE_HZ) :][:, :4800] ** 2))) for s in (13, 15.8)]
    assert last[1] < 0.1 * last[0]  # it fades out


def _times(path: Path) -> list[float]:
    with av.open(str(path)) as container:
        return [frame.time or 0.0 for frame in container.decode(video=0)]


def test_loud_music_keeps_its_peaks_and_its_loudness(track: Path, silent_film: Path, tmp_path: Path) -> None:
    options = MatchOptions(loudness_lufs=-11.0, peak_dbtp=-2.0)
    added = add_music(
        silent_film,
        track,
        tmp_path / "a.wav",
        options=options,
        rhythm=rhythm_of(40, 120),
        motion=motion_of(16, []),
    )
    meter = LoudnessMeter(RATE_HZ, 2)
    meter.accept(decoded(added.path))
    assert meter.true_peak_dbtp <= -2
    assert lufs(decoded(added.path)) == pytest.approx(-11, abs=0.3)  # the limiter takes more


@pytest.mark.parametrize(
    ("seconds", "tempo", "length"), [(10.0, 120.0, 47.0), (3.0, 0.0, 20.0), (8.0, 120.0, 33.3)]
)
@pytest.mark.parametrize("suffix", [".wav", ".mp3"])
def test_joins_do_not_click(tmp_path: Path, seconds: float, tempo: float, length: float, suffix: str) -> None:
    path = write(tmp_path / f"loop{suffix}", band(seconds, tempo or 97.0))
    found = arrange(rhythm_of(seconds, tempo), None, length)
    assert len(found.parts) > 3
    count = round(length * RATE_HZ)
    bed = Bed(open_recording(path), found.parts, count, fade_in_s=0, fade_out_s=0)
    audio = np.concatenate(list(bed()), axis=1)
    assert audio.shape[1] == count
    joins = np.cumsum([part.seconds for part in found.parts])[:-1]
    once = decoded(path)[:, : round((seconds - 0.01) * RATE_HZ)]
    usual = np.abs(np.diff(once[:, 480:], 2, axis=1)).max()
    assert max(steepness(audio, float(join)) for join in joins) <= 1.05 * usual
    level = [float(np.std(audio[:, round((join - 0.03) * RATE_HZ) :][:, :1920])) for join in joins]
    assert min(level) > 0.02  # no hole


def test_waveforms_go_on_over_a_join(tmp_path: Path) -> None:
    t = np.arange(10 * RATE_HZ) / RATE_HZ
    tone = (0.4 * np.sin(2 * np.pi * 173.3 * t) + 0.2 * np.sin(2 * np.pi * 311.1 * t)).astype(np.float32)
    path = write(tmp_path / "tone.wav", tone)
    parts = [Span(0, 4.003), Span(2.0117, 5.0), Span(1.007, 3.5)]
    samples = round(sum(part.seconds for part in parts) * RATE_HZ)
    bed = Bed(open_recording(path), parts, samples, fade_in_s=0, fade_out_s=0)
    audio = np.concatenate(list(bed()), axis=1)
    power = np.convolve(audio[0] ** 2, np.ones(4800) / 4800, "valid")
    assert 10 * np.log10(power.max() / power.min()) < 1.5  # neither a hole nor a bump
    assert np.abs(np.diff(audio, 2, axis=1)).max() <= 1.05 * np.abs(np.diff(tone, 2)).max()
    assert all(0 < abs(shift) <= 960 for shift in bed.shifts)


def talk(path: Path, gain: float = 1.0) -> tuple[Path, LabelTrack]:
    """A film of 20 s in which somebody speaks from 6 to about 12 s."""
    said = speak(
        "Here somebody speaks for a while about the music that is playing in this film.", voice="en-us"
    )
    said = np.interp(np.arange(0, len(said), 1 / 3), np.arange(len(said)), said)[: 6 * RATE_HZ]
    sound = np.zeros(20 * RATE_HZ, np.float32)
    sound[6 * RATE_HZ :][: len(said)] = said * gain
    confidences = np.zeros((200, len(LABELS)), np.float32)
    confidences[60 : 60 + len(said) * 10 // RATE_HZ, LABELS.index(Label.SPEAKING)] = 0.9
    nothing = np.zeros((0, 4), np.float32)
    levels = np.zeros(200, np.float32)
    labels = LabelTrack(20, 0.1, confidences, levels, 3, nothing, 1, np.zeros((0, 1, 1), np.float16))
    return film(path, [(10.0, 0.3), (10.0, 0.3)], sound=sound), labels


@pytest.mark.parametrize("gain", [1.0, 0.03])
def test_speech_is_over_the_music(track: Path, tmp_path: Path, gain: float) -> None:
    path, labels = talk(tmp_path / "talk.mp4", gain)
    rhythm, motion = rhythm_of(40, 120), motion_of(20, [10.0])
    found = arrange(rhythm, motion, 20)

    def mixed(name: str, options: MatchOptions) -> Floats:
        added = add_music(
            path, track, tmp_path / name, arrangement=found, rhythm=rhythm, labels=labels, options=options
        )
        assert added.own_sound == (options.sound != "mute")
        audio = decoded(added.path)
        assert lufs(audio) == pytest.approx(-14, abs=0.3)
        return audio

    both, alone = mixed("duck.wav", MatchOptions()), mixed("mute.wav", MUTE)
    pause = slice(2 * RATE_HZ, 5 * RATE_HZ)  # music alone: how much louder it is in one mix
    louder = float(np.vdot(both[:, pause], alone[:, pause]) / np.vdot(alone[:, pause], alone[:, pause]))
    spoken = slice(7 * RATE_HZ, 10 * RATE_HZ)
    music = alone[:, spoken] * louder * 10 ** (-15 / 20)
    voice = both[:, spoken] - music
    assert 20 * np.log10(np.std(voice) / np.std(music)) >= 10
    # with the music at its whole level nothing of it would be left over
    assert abs(float(np.vdot(voice, music) / np.vdot(music, music))) < 0.25
    softer = mixed("soft.wav", MatchOptions(own_level_lu=-12))
    level = {
        name: np.std(one[:, spoken]) / np.std(one[:, pause]) for name, one in (("a", both), ("b", softer))
    }
    assert level["a"] > 2.5 * level["b"]


@pytest.mark.slow
def test_everything_is_found(track: Path, tmp_path: Path) -> None:
    path, _ = talk(tmp_path / "talk.mp4")
    added = add_music(path, track, tmp_path / "a.mp4")
    assert added.arrangement.cuts_on_beat == 1
    audio = decoded(added.path)
    left_pause, spoken = audio[:, 2 * RATE_HZ : 5 * RATE_HZ], audio[:, 7 * RATE_HZ : 10 * RATE_HZ]
    assert np.std(spoken) > 0.7 * np.std(left_pause)
    assert added.own_sound


@pytest.mark.parametrize(("rate_hz", "suffix"), [(44_100, ".mp3"), (11_025, ".wav"), (96_000, ".flac")])
def test_tracks_of_any_kind(silent_film: Path, tmp_path: Path, rate_hz: int, suffix: str) -> None:
    path = write(tmp_path / f"odd{suffix}", band(3, 97, rate_hz=rate_hz), rate_hz)
    added = add_music(silent_film, path, tmp_path / "a.mp4", rhythm=rhythm_of(3), motion=motion_of(16, []))
    audio = decoded(added.path)
    assert audio.shape[1] / RATE_HZ == pytest.approx(16, abs=1 / FPS)
    assert lufs(audio) == pytest.approx(-14, abs=0.3)
    assert np.abs(audio[0] - audio[1]).max() < 0.05


def test_odd_videos(track: Path, tmp_path: Path) -> None:
    rhythm = rhythm_of(40, 120)
    short = film(tmp_path / "short.mp4", [(0.6, 0.0)])
    added = add_music(short, track, tmp_path / "a.mp4", rhythm=rhythm, motion=motion_of(0.6, []))
    assert decoded(added.path).shape[1] / RATE_HZ == pytest.approx(0.6, abs=1 / FPS)
    assert np.isfinite(added.loudness_lufs)
    recipe = Recipe(seconds=3, audio=("aac",) * 3, audio_seconds=5.0, languages=("eng", "eng", "fre"))
    two = make(tmp_path / "two.mkv", recipe)
    added = add_music(
        two,
        track,
        tmp_path / "b.mp4",
        rhythm=rhythm,
        motion=motion_of(3, []),
        options=MatchOptions(sound="keep"),
    )
    assert added.notes == ("1 further audio track left out",)
    assert decoded(added.path).shape[1] / RATE_HZ == pytest.approx(3, abs=1 / FPS)
    assert added.own_sound


def test_nothing_is_half_written(track: Path, silent_film: Path, tmp_path: Path) -> None:
    rhythm, motion = rhythm_of(40, 120), motion_of(16, [])
    broken = tmp_path / "broken.mp3"
    broken.write_bytes(os.urandom(5000))
    picture = make(tmp_path / "mute.mp4", Recipe(seconds=1, audio=()))
    known = sorted(tmp_path.iterdir())
    with pytest.raises(InputError):
        add_music(silent_film, broken, tmp_path / "a.mp4", rhythm=rhythm, motion=motion)
    with pytest.raises(NoAudioError):
        add_music(silent_film, picture, tmp_path / "a.mp4", rhythm=rhythm, motion=motion)
    with pytest.raises(InputError, match="no video"):
        add_music(track, track, tmp_path / "a.mp4", rhythm=rhythm)
    with pytest.raises(UsageError, match="suffix"):
        add_music(silent_film, track, tmp_path / "a.txt", rhythm=rhythm, motion=motion)
    with pytest.raises(UsageError, match="arrangement has"):
        add_music(
            silent_film, track, tmp_path / "a.mp4", arrangement=Arrangement((Span(0, 4),), 0.5, None, None)
        )
    assert sorted(tmp_path.iterdir()) == known
    (tmp_path / "a.mp4").write_bytes(b"mine")
    with pytest.raises(OutputError, match="exists"):
        add_music(silent_film, track, tmp_path / "a.mp4", rhythm=rhythm, motion=motion)
    assert (tmp_path / "a.mp4").read_bytes() == b"mine"


def test_music_goes_under_audio_alone(track: Path, tmp_path: Path) -> None:
    speech = write(tmp_path / "voice.wav", (0.1 * band(12, 61)).astype(np.float32))
    added = add_music(
        speech, track, tmp_path / "a.flac", rhythm=rhythm_of(40, 120), options=MatchOptions(sound="keep")
    )
    assert decoded(added.path).shape[1] == 12 * RATE_HZ
    assert added.own_sound


def test_previews_show_the_biggest_moment_with_its_music(track: Path, tmp_path: Path) -> None:
    path = film(tmp_path / "long.mp4", [(20.0, 0.05), (20.0, 1.2)])
    other = write(tmp_path / "other one.wav", band(9, 100))
    rhythms = [rhythm_of(40, 120), rhythm_of(9, 100)]
    motion = motion_of(40, [20.0], biggest=20.0)
    added = preview_music(
        path, [track, other], tmp_path / "previews", rhythms=rhythms, motion=motion, options=MUTE
    )
    assert [one.path.name for one in added] == ["1 song.mp4", "2 other one.mp4"]
    whole = arrange(rhythms[0], motion, 40)
    assert added[0].arrangement.parts[0].start == pytest.approx(whole.parts[0].start + 12.5, abs=1 / FPS)
    for one in added:
        times, audio_s = frames(one.path)
        assert len(times) == pytest.approx(15 * FPS, abs=1)
        assert audio_s == pytest.approx(15, abs=2 / FPS)
        assert one.loudness_lufs == pytest.approx(-14, abs=0.3)
    assert sorted((tmp_path / "previews").iterdir()) == [one.path for one in added]
