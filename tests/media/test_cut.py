"""`cut`: the right frames at both ends, sound to the sample, and the two in step."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest

from edge.errors import InputError, NoAudioError, UsageError
from edge.media import cut, frames_at, open_recording, probe
from edge.media.write.containers import TARGETS
from edge.vocabulary import Span

from .conftest import Film
from .makers import FLASH_EVERY, Recipe, measure, number_of, sound_of, write_sound

PLAIN = Recipe()
SHIFTED = PLAIN.but(video_start=Fraction(11, 2), audio_start=Fraction(11, 2))
VFR = tuple(Fraction(ms, 1000) for ms in (*range(0, 400, 40), 500, 640, 1200, *range(1500, 3900, 50), 3900))
FILMS = {
    "plain.mp4": PLAIN,
    "plain.mov": PLAIN,
    "plain.mkv": PLAIN,
    "ntsc.mp4": PLAIN.but(fps=Fraction(24000, 1001)),
    "ntsc30.mkv": PLAIN.but(fps=Fraction(30000, 1001)),
    "shifted.mkv": SHIFTED,
    "shifted.ts": SHIFTED,
    "late_picture.mp4": PLAIN.but(video_start=Fraction(6, 5)),
    "late_sound.mp4": PLAIN.but(audio_start=Fraction(3, 5), audio_seconds=3.0),
    "long_sound.mp4": PLAIN.but(audio_seconds=5.0),
    "sound44.mp4": PLAIN.but(rate_hz=44100),
    "vfr2.mp4": PLAIN.but(frame_times=VFR),
    "opus.mkv": PLAIN.but(audio=("libopus",)),
}
SNAP_S = 0.002


def frames_within(path: Path, recipe: Recipe, span: Span) -> list[int]:
    """Numbers of the frames on display at some time of the span, by the recipe."""
    origin = probe(path).origin
    times = [float(time - origin) for time in recipe.times]
    ends = [*times[1:], times[-1] + 1.0]
    return [
        n
        for n, (begin, end) in enumerate(zip(times, ends, strict=True))
        if end > span.start + SNAP_S and begin < span.end - SNAP_S
    ]


@pytest.mark.slow
@pytest.mark.parametrize("name", FILMS)
@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
@pytest.mark.parametrize("span", [Span(0.0, 1.0), Span(1.353, 2.917), Span(1.96, 3.0)])
def test_frames_and_sound_of_the_span_are_there_in_step(
    film: Film, tmp_path: Path, name: str, suffix: str, span: Span
) -> None:
    source, recipe = film(name, FILMS[name]), FILMS[name]
    result = cut(source, span, tmp_path / f"song{suffix}")
    got = measure(result.path)
    assert list(got.numbers) == frames_within(source, recipe, span)
    assert result.video_frames == len(got.numbers)
    assert (result.start_s, result.end_s, result.copied) == (span.start, span.end, False)
    origin, source_zero = probe(result.path).origin, probe(source).origin
    flashes = [float(time - source_zero) - span.start for time in recipe.times[::FLASH_EVERY]]
    first_sound = float(recipe.audio_start - source_zero) - span.start
    heard = [time for time in flashes if max(0, first_sound) <= time < span.seconds - 0.012]
    assert [beep - float(origin) for beep in got.beeps] == pytest.approx(heard, abs=0.003)
    # The first frame on display begins with the cut, the others keep their distance to it.
    begins = [max(float(recipe.times[n] - source_zero) - span.start, 0.0) for n in got.numbers]
    assert [float(time - origin) for time in got.times] == pytest.approx(begins, abs=0.0015)


def test_film_rates_stay_exact(film: Film, tmp_path: Path) -> None:
    source = film("ntsc.mp4", FILMS["ntsc.mp4"])
    start = float(Fraction(1001, 24000) * 24)
    got = measure(cut(source, Span(start, start + 1.5), tmp_path / "a.mp4").path)
    assert {b - a for a, b in pairwise(got.times)} == {Fraction(1001, 24000)}


def test_lossless_sound_is_cut_to_the_sample(tmp_path: Path) -> None:
    noise = (np.random.default_rng(2).integers(-30000, 30000, 96_000) / 32768).astype(np.float32)
    source = write_sound(tmp_path / "a.wav", noise, 48_000, codec="pcm_s16le", fmt="s16")
    for suffix in (".wav", ".flac"):
        path = cut(source, Span(0.31, 1.72), tmp_path / f"b{suffix}").path
        samples, _, rate_hz = sound_of(path)
        assert rate_hz == 48_000
        assert np.array_equal(samples, noise[round(0.31 * 48_000) : round(1.72 * 48_000)])


@pytest.mark.parametrize(
    ("codec", "fmt", "expected"), [("pcm_s24le", "s32", "s32"), ("pcm_f32le", "flt", "flt")]
)
def test_a_wav_keeps_its_precision(tmp_path: Path, codec: str, fmt: str, expected: str) -> None:
    noise = np.random.default_rng(2).uniform(-0.9, 0.9, 8000).astype(np.float32)
    source = write_sound(tmp_path / "a.wav", noise, 8000, codec=codec, fmt=fmt)
    path = cut(source, Span(0.25, 0.75), tmp_path / "b.wav").path
    assert probe(path).audio[0].sample_format == fmt
    assert sound_of(path)[0] == pytest.approx(noise[2000:6000], abs=2e-7)


SUFFIXES = {
    ".m4a": "aac",
    ".flac": "flac",
    ".wav": "pcm_s16le",
    ".mp3": "mp3",
    ".ogg": "opus",
    ".opus": "opus",
}


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_sound_files_hold_the_sound_of_the_span(film: Film, tmp_path: Path, suffix: str) -> None:
    source = film("sound44.mp4", FILMS["sound44.mp4"])
    result = cut(source, Span(1.3, 2.9), tmp_path / f"song{suffix}")
    info = probe(result.path)
    assert info.video is None
    assert result.video_frames == 0
    assert info.audio[0].codec.startswith(SUFFIXES[suffix])
    assert info.audio[0].rate_hz == (48_000 if SUFFIXES[suffix] == "opus" else 44_100)
    assert info.duration_s == pytest.approx(1.6, abs=0.04)
    got = measure(result.path)
    expected = [n / 25 - 1.3 for n in range(0, 100, FLASH_EVERY) if 1.3 <= n / 25 < 2.9]
    assert [beep - got.sound_start for beep in got.beeps] == pytest.approx(expected, abs=0.003)


def test_webm_gets_vp9_and_opus(film: Film, tmp_path: Path) -> None:
    result = cut(film("plain.mp4", PLAIN), Span(1.333, 2.1), tmp_path / "a.webm")
    info = probe(result.path)
    assert info.video is not None
    assert (info.video.codec, info.audio[0].codec) == ("vp9", "opus")
    assert measure(result.path).worst_sync_s < 0.003


def test_an_ffmpeg_without_x264_still_cuts(
    film: Film, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lesser = replace(TARGETS[".mp4"], video=("no_such_encoder", "mpeg4"))
    monkeypatch.setitem(TARGETS, ".mp4", lesser)
    path = cut(film("plain.mkv", PLAIN), Span(1.353, 2.917), tmp_path / "a.mp4").path
    video = probe(path).video
    assert video is not None
    assert video.codec == "mpeg4"
    assert measure(path).numbers == tuple(range(33, 73))
    assert measure(path).worst_sync_s < 0.003


@pytest.mark.parametrize("degrees", [90, -90, 180])
@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_a_turned_picture_stays_upright(film: Film, tmp_path: Path, degrees: int, suffix: str) -> None:
    source = film(f"turned{degrees}.mp4", PLAIN.but(rotation=degrees, seconds=1.0, audio=()))
    result = cut(source, Span(0.0, 0.5), tmp_path / f"a{suffix}")
    (before,), (after,) = list(frames_at(source, [0.0])), list(frames_at(result.path, [0.0]))
    assert after.rgb.shape == before.rgb.shape
    assert np.abs(after.rgb.astype(int) - before.rgb).mean() < 4


def test_all_audio_streams_come_along_the_chosen_one_first(film: Film, tmp_path: Path) -> None:
    source = film("languages.mp4", PLAIN.but(audio=("aac", "aac"), languages=("eng", "deu")))
    second = open_recording(source, audio_stream=probe(source).audio[1].index)
    info = probe(cut(second, Span(1, 2), tmp_path / "a.mkv").path)
    assert [stream.language for stream in info.audio] == ["deu", "eng"]
    assert len(probe(cut(second, Span(1, 2), tmp_path / "a.m4a").path).audio) == 1


@pytest.mark.parametrize(
    ("suffix", "layout", "expected"),
    [
        (".mp4", "5.1", "5.1"),
        (".mp4", "7.1", "7.1"),
        (".opus", "5.1(side)", "5.1"),
        (".mp3", "5.1", "stereo"),
        (".flac", "7.1", "7.1"),
        (".m4a", "12 channels", "mono"),
    ],
)
def test_the_layout_is_kept_where_the_encoder_takes_it(
    tmp_path: Path, suffix: str, layout: str, expected: str
) -> None:
    loud = (0.9 * np.sin(np.arange(48_000) / 20)).astype(np.float32)
    source = write_sound(tmp_path / "a.wav", loud, 48_000, layout=layout)
    path = cut(source, Span(0.2, 0.8), tmp_path / f"b{suffix}").path
    assert probe(path).audio[0].layout == expected
    middle = sound_of(path)[0][6000:24_000]
    assert float(np.sqrt((middle**2).mean())) == pytest.approx(0.9 / 2**0.5, rel=0.06)


@pytest.mark.parametrize(
    ("suffix", "rate_hz", "expected"), [(".mp4", 192_000, 96_000), (".mp3", 96_000, 48_000)]
)
def test_the_rate_is_kept_as_far_as_the_encoder_goes(
    tmp_path: Path, suffix: str, rate_hz: int, expected: int
) -> None:
    source = write_sound(tmp_path / "a.wav", np.zeros(rate_hz, np.float32), rate_hz)
    assert probe(cut(source, Span(0.2, 0.8), tmp_path / f"b{suffix}").path).audio[0].rate_hz == expected


def test_a_film_without_sound_and_sound_without_a_film_can_be_cut(film: Film, tmp_path: Path) -> None:
    mute = cut(film("silent_film.mp4", PLAIN.but(audio=())), Span(1, 2), tmp_path / "a.mp4")
    assert (mute.video_frames, probe(mute.path).audio) == (25, ())
    heard = cut(film("sound_only.m4a", PLAIN.but(video=None)), Span(1, 2), tmp_path / "b.mp4")
    assert (heard.video_frames, probe(heard.path).video) == (0, None)


def test_sound_shorter_than_the_picture_leaves_the_picture_whole(film: Film, tmp_path: Path) -> None:
    source = film("short_sound.mp4", PLAIN.but(audio_seconds=2.0))
    got = measure(cut(source, Span(1.5, 3.5), tmp_path / "a.mp4").path)
    assert len(got.numbers) == 51  # 1.5 s lies within frame 37
    assert got.audio_end == pytest.approx(0.5, abs=0.05)


def test_odd_sizes_and_wide_pixels_are_kept_as_near_as_can_be(tmp_path: Path) -> None:
    source = tmp_path / "odd.mkv"
    with av.open(str(source), "w") as out:
        stream = out.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 161, 91, "yuv444p"
        stream.codec_context.sample_aspect_ratio = Fraction(4, 3)
        for n in range(25):
            frame = av.VideoFrame.from_ndarray(np.full((91, 161, 3), n * 10, np.uint8), format="rgb24")
            frame.pts = n
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    video = probe(cut(source, Span(0.2, 0.8), tmp_path / "b.mp4").path).video
    assert video is not None
    assert (video.width, video.height, video.pixel_aspect) == (160, 90, Fraction(4, 3))
    square = probe(cut(source, Span(0.2, 0.8), tmp_path / "b.webm").path).video
    assert square is not None
    assert (square.width, square.height, square.pixel_aspect) == (214, 90, Fraction(1))


def test_fades_are_smooth_and_only_at_the_ends(tmp_path: Path) -> None:
    source = write_sound(tmp_path / "a.wav", np.full(48_000, 0.5, np.float32), 16_000)
    samples = sound_of(cut(source, Span(0.5, 2.5), tmp_path / "b.wav", fade_s=0.2).path)[0]
    assert samples[0] == samples[-1] == 0
    assert (np.diff(samples[:3200]) >= 0).all()
    assert (np.diff(samples[-3200:]) <= 0).all()
    assert samples[3200:-3200] == pytest.approx(0.5)
    assert np.abs(np.diff(samples)).max() < 0.001


def test_titles_are_carried_over(film: Film, tmp_path: Path) -> None:
    source = film("titled.mp4", PLAIN.but(metadata={"title": "Concert", "artist": "Them"}))
    metadata = probe(cut(source, Span(1, 2), tmp_path / "a.mp4").path).metadata
    assert (metadata["title"], metadata["artist"]) == ("Concert", "Them")


def test_an_unknown_suffix_is_answered_with_the_known_ones(film: Film, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"\.mp4 .*\.opus"):
        cut(film("plain.mp4", PLAIN), Span(1, 2), tmp_path / "a.xyz")


def test_what_is_not_there_cannot_be_cut(film: Film, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="nothing between 50"):
        cut(film("plain.mp4", PLAIN), Span(50, 60), tmp_path / "a.mp4")
    with pytest.raises(NoAudioError):
        cut(film("silent_film.mp4", PLAIN.but(audio=())), Span(1, 2), tmp_path / "a.m4a")
    with pytest.raises(NoAudioError, match="stream 9"):
        open_recording(film("plain.mp4", PLAIN), audio_stream=9)
    with pytest.raises(UsageError, match="fades"):
        cut(film("plain.mp4", PLAIN), Span(1, 2), tmp_path / "a.mp4", fade_s=0.6)
    assert list(tmp_path.iterdir()) == []


def test_the_result_can_be_cut_again(film: Film, tmp_path: Path) -> None:
    first = cut(film("plain.mp4", PLAIN), Span(1.0, 3.0), tmp_path / "a.mkv")
    second = cut(first.path, Span(0.5, 1.5), tmp_path / "b.mp4")
    got = measure(second.path)
    assert (got.numbers[0], got.numbers[-1]) == (37, 62)
    assert got.worst_sync_s < 0.003
    (frame,) = frames_at(second.path, [0.0])
    assert number_of(frame.rgb.mean(axis=2)) == 37
