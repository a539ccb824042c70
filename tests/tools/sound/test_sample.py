from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest

from edge.vocabulary import Label
from tools.sound.picture import frames
from tools.sound.sample import Truth, render_sample, render_sound
from tools.sound.signals import RATE_HZ, Samples, rms_dbfs


@pytest.fixture(scope="module")
def sound() -> tuple[Samples, Truth]:
    return render_sound(np.random.default_rng(0))


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Truth]:
    path = tmp_path_factory.mktemp("sample") / "sample.mp4"
    return path, render_sample(path, seed=0)


def test_the_truth_is_a_song_among_talk_and_applause(sound: tuple[Samples, Truth]) -> None:
    stereo, truth = sound
    labels = [label for _, label in truth.sections]
    talk, other, music, singing = Label.SPEAKING, Label.OTHER, Label.MUSIC, Label.SINGING
    assert labels == [talk, talk, other, music, singing, music, other, talk]
    spans = [span for span, _ in truth.sections]
    assert spans[0].start == 0
    assert all(a.end == b.start for a, b in pairwise(spans))
    assert (truth.song.start, truth.song.end) == (spans[3].start, spans[5].end)
    assert truth.seconds == pytest.approx(stereo.shape[1] / RATE_HZ)
    assert 60 < truth.seconds < 80


def test_the_levels_are_plausible(sound: tuple[Samples, Truth]) -> None:
    stereo, truth = sound
    assert np.max(np.abs(stereo)) <= 0.9001
    for span, _ in truth.sections:
        part = stereo[0, round(span.start * RATE_HZ) : round(span.end * RATE_HZ)]
        assert -26 < rms_dbfs(part) < -14


def test_the_same_seed_gives_the_same_sound_and_another_another(sound: tuple[Samples, Truth]) -> None:
    assert np.array_equal(render_sound(np.random.default_rng(0))[0], sound[0])
    other = render_sound(np.random.default_rng(1))[0]
    assert other.shape != sound[0].shape or not np.allclose(other, sound[0])


def test_the_video_has_its_streams_and_length(video: tuple[Path, Truth]) -> None:
    path, truth = video
    with av.open(str(path)) as container:
        picture, heard = container.streams.video[0], container.streams.audio[0]
        assert (picture.codec_context.name, picture.width, picture.height) == ("h264", 320, 180)
        assert picture.average_rate == 25
        assert (heard.codec_context.name, heard.rate, heard.channels) == ("aac", 48_000, 2)
        for stream in (picture, heard):
            assert stream.duration is not None
            assert stream.time_base is not None
            assert float(stream.duration * stream.time_base) == pytest.approx(truth.seconds, abs=0.05)


def test_what_is_heard_in_the_video_is_where_the_truth_says(
    video: tuple[Path, Truth], sound: tuple[Samples, Truth]
) -> None:
    """The decoded audio is the rendered one, not shifted by the encoder's delay."""
    with av.open(str(video[0])) as container:
        resampler = av.AudioResampler("fltp", "mono", RATE_HZ)
        blocks = [r.to_ndarray()[0] for f in container.decode(audio=0) for r in resampler.resample(f)]
    heard, want = np.concatenate(blocks), sound[0].mean(axis=0)
    piece = slice(12 * RATE_HZ, 14 * RATE_HZ)
    shifts = range(-400, 401, 4)
    match = [float(np.dot(heard[piece.start + s : piece.stop + s], want[piece])) for s in shifts]
    assert abs(shifts[int(np.argmax(match))]) <= 16


def test_the_picture_moves_one_column_a_frame(sound: tuple[Samples, Truth]) -> None:
    stereo, truth = sound
    pictures = [
        p for p, _ in zip(frames(stereo[0, : 20 * RATE_HZ], truth.sections), range(300), strict=False)
    ]
    assert pictures[200].shape == (180, 320, 3)
    assert np.array_equal(pictures[200][:, 200:300], pictures[210][:, 190:290])
    assert (pictures[200][:, 160] == 255).all(), "the playhead"
