"""`decode_audio`: every sample at its time, whatever the container does."""

from __future__ import annotations

import os
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge.errors import InputError, NoAudioError, UsageError
from edge.media import AudioBlock, DecodeReport, decode_audio, open_recording, probe
from edge.media.read.audio import decode_spans
from edge.media.read.placing import Placer
from edge.media.read.resampling import AudioFormat, AudioPiece

from .conftest import Film
from .makers import BEEP_S, FLASH_EVERY, Floats, Recipe, audio_frame, make, write_sound

PLAIN = Recipe()
RATE = 16000


def whole(path: Path, **options: float) -> Floats:
    return np.concatenate([block.samples for block in decode_audio(path, **options)])  # type: ignore[arg-type]


def onsets_s(samples: Floats, rate_hz: int = RATE) -> list[float]:
    loud = np.flatnonzero(np.abs(samples) > 0.3)
    return [float(i) / rate_hz for n, i in enumerate(loud) if n == 0 or i - loud[n - 1] > 0.1 * rate_hz]


def tone(seconds: float, rate_hz: int, amplitude: float = 0.5, frequency: float = 440.0) -> Floats:
    index = np.arange(round(seconds * rate_hz))
    return (amplitude * np.sin(2 * np.pi * frequency * index / rate_hz)).astype(np.float32)


def test_blocks_are_contiguous_exact_and_start_at_zero(film: Film) -> None:
    blocks = list(decode_audio(film("plain.mp4", PLAIN), block_s=0.3))
    assert blocks[0].start_sample == 0
    assert all(b.start_sample == a.start_sample + len(a.samples) for a, b in pairwise(blocks))
    assert {len(block.samples) for block in blocks[:-1]} == {4800}
    assert 0 < len(blocks[-1].samples) <= 4800
    assert all(block.samples.dtype == np.float32 and block.samples.ndim == 1 for block in blocks)


def test_a_block_kept_by_a_listener_is_not_overwritten_later(film: Film) -> None:
    path = film("plain.mp4", PLAIN)
    copies = [block.samples.copy() for block in decode_audio(path, block_s=0.1)]
    kept = [block.samples for block in decode_audio(path, block_s=0.1)]
    assert all(np.array_equal(a, b) for a, b in zip(copies, kept, strict=True))


SHIFTED = PLAIN.but(video_start=Fraction(11, 2), audio_start=Fraction(11, 2))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "recipe"),
    [
        ("plain.mp4", PLAIN),
        ("plain.mov", PLAIN),
        ("plain.mkv", PLAIN),
        ("shifted.mkv", SHIFTED),
        ("shifted.ts", SHIFTED),
        ("late_sound.mp4", PLAIN.but(audio_start=Fraction(3, 2), audio_seconds=2.0)),
        ("late_picture.mp4", PLAIN.but(video_start=Fraction(6, 5))),
        ("opus.mkv", PLAIN.but(audio=("libopus",))),
        ("mp3.mp4", PLAIN.but(audio=("libmp3lame",))),
        ("flac44.mkv", PLAIN.but(audio=("flac",), rate_hz=44100)),
    ],
)
def test_beeps_are_heard_when_their_flashes_are_seen(film: Film, name: str, recipe: Recipe) -> None:
    path = film(name, recipe)
    sound_ends = float(recipe.audio_start) + (recipe.audio_seconds or recipe.seconds)
    flashes = [
        time for time in recipe.times[::FLASH_EVERY] if recipe.audio_start <= time < sound_ends - BEEP_S
    ]
    expected = [float(time - probe(path).origin) for time in flashes]
    heard = onsets_s(whole(path))
    assert len(heard) == len(expected) > 3
    assert heard == pytest.approx(expected, abs=0.002)


def test_there_is_silence_until_a_late_sound_begins(film: Film) -> None:
    path = film("late_sound.mp4", PLAIN.but(audio_start=Fraction(3, 2), audio_seconds=2.0))
    report = DecodeReport()
    samples = np.concatenate([block.samples for block in decode_audio(path, report=report)])
    assert not samples[: round(1.4 * RATE)].any()
    assert len(samples) / RATE == pytest.approx(3.5, abs=0.05)
    assert (report.gaps, report.notes()) == (0, [])


FORMATS = {
    "u8": "pcm_u8",
    "s16": "pcm_s16le",
    "s32": "pcm_s24le",
    "flt": "pcm_f32le",
    "dbl": "pcm_f64le",
}


@pytest.mark.parametrize("fmt", FORMATS)
@pytest.mark.parametrize("rate_hz", [8000, 11025, 44100, 192000])
def test_any_sample_format_and_rate_gives_the_same_tone(tmp_path: Path, fmt: str, rate_hz: int) -> None:
    path = write_sound(tmp_path / "a.wav", tone(0.5, rate_hz), rate_hz, codec=FORMATS[fmt], fmt=fmt)
    samples = whole(path)
    assert len(samples) == pytest.approx(8000, abs=1)
    middle = slice(800, 7200)  # the resampler's filter rings at both ends
    assert np.abs(samples - tone(0.5, RATE)[: len(samples)])[middle].max() < (0.02 if fmt == "u8" else 0.002)


@pytest.mark.parametrize(
    "layout", ["mono", "stereo", "2.1", "3.0", "quad", "5.0", "5.1", "5.1(side)", "6.1", "7.1", "12 channels"]
)
def test_mixing_down_is_a_mean_that_cannot_clip(tmp_path: Path, layout: str) -> None:
    loud = tone(0.3, RATE, amplitude=0.99)
    mixed = whole(write_sound(tmp_path / "a.wav", loud, RATE, layout=layout))
    assert np.abs(mixed).max() == pytest.approx(0.99, abs=0.005)


def test_one_channel_of_two_counts_half(tmp_path: Path) -> None:
    both = np.zeros((1, 16000), np.float32)
    both[0, ::2] = 0.8
    with av.open(str(tmp_path / "a.wav"), "w") as out:
        stream = out.add_stream("pcm_f32le", rate=RATE)
        stream.layout = "stereo"
        frame = av.AudioFrame.from_ndarray(both, format="flt", layout="stereo")
        frame.sample_rate = RATE
        out.mux(stream.encode(frame))
    assert whole(tmp_path / "a.wav") == pytest.approx(np.full(8000, 0.4), abs=1e-6)


@pytest.fixture(scope="module")
def noise(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Floats]:
    samples = np.random.default_rng(1).uniform(-0.9, 0.9, 3 * RATE).astype(np.float32)
    return write_sound(tmp_path_factory.mktemp("noise") / "noise.wav", samples, RATE), samples


@pytest.mark.slow
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    start=st.floats(0, 3.2), length=st.floats(0.001, 3.2), block_s=st.floats(0.01, 2.0), rest=st.booleans()
)
def test_a_range_is_that_slice_of_the_whole(
    noise: tuple[Path, Floats], start: float, length: float, block_s: float, rest: bool
) -> None:
    path, samples = noise
    end = None if rest else start + length
    blocks = list(decode_audio(path, start_s=start, end_s=end, block_s=block_s))
    got = np.concatenate([np.zeros(0, np.float32), *(block.samples for block in blocks)])
    first = round(start * RATE)
    assert np.array_equal(got, samples[first : None if end is None else round(end * RATE)])
    assert all(block.start_sample == first + n * round(block_s * RATE) for n, block in enumerate(blocks))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["plain.mp4", "shifted.mkv", "shifted.ts", "opus.mkv", "mp3.mp4"])
@pytest.mark.parametrize("start_s", [0.7, 1.9, 3.15])
def test_a_range_of_a_film_is_in_place(film: Film, name: str, start_s: float) -> None:
    recipes = {"opus.mkv": PLAIN.but(audio=("libopus",)), "mp3.mp4": PLAIN.but(audio=("libmp3lame",))}
    path = film(name, recipes.get(name, SHIFTED if "shifted" in name else PLAIN))
    everything = onsets_s(whole(path))
    part = onsets_s(whole(path, start_s=start_s, end_s=start_s + 0.6))
    expected = [time - start_s for time in everything if start_s <= time < start_s + 0.59]
    assert expected
    assert part == pytest.approx(expected, abs=0.002)


def test_codecs_have_their_own_names_not_those_of_decoders(film: Film) -> None:
    sound = PLAIN.but(seconds=1.0, audio=("libmp3lame", "libopus"))
    assert [stream.codec for stream in probe(film("two.mkv", sound)).audio] == ["mp3", "opus"]
    av1 = film("av1.mkv", PLAIN.but(seconds=0.4, video="libsvtav1", b_frames=0, encoding={"preset": "12"}))
    assert probe(av1).video.codec == "av1"  # type: ignore[union-attr]
    assert os.sched_getscheduler(0) == os.SCHED_OTHER  # the encoder made the thread real-time


def test_another_stream_can_be_asked_for(film: Film) -> None:
    path = film("two_sounds.mp4", PLAIN.but(audio=("aac", "aac"), rate_hz=RATE))
    second = probe(path).audio[1]
    samples = np.concatenate(
        [block.samples for block in decode_audio(open_recording(path, audio_stream=second.index))]
    )
    spectrum = np.abs(np.fft.rfft(samples[RATE : 2 * RATE]))
    assert int(spectrum.argmax()) == 300


def test_the_file_is_read_as_far_as_needed_only(film: Film) -> None:
    blocks = decode_audio(film("plain.mp4", PLAIN), block_s=0.5)
    assert isinstance(next(blocks), AudioBlock)
    blocks.close()  # type: ignore[attr-defined]


def test_no_audio_stream_is_said_so(film: Film) -> None:
    path = film("silent_film.mp4", PLAIN.but(audio=()))
    with pytest.raises(NoAudioError, match="no audio stream"):
        decode_audio(path)
    with pytest.raises(NoAudioError, match="no audio stream 7; choose from 1"):
        open_recording(film("plain.mp4", PLAIN), audio_stream=7)


def test_an_audio_stream_without_a_sample_is_said_so(tmp_path: Path) -> None:
    path = write_sound(tmp_path / "none.wav", np.zeros(8, np.float32), RATE)
    path.write_bytes(path.read_bytes()[: -8 * 4])
    with pytest.raises(NoAudioError):
        next(decode_audio(path))


@pytest.mark.parametrize(
    "wrong", [{"start_s": -1}, {"start_s": 2, "end_s": 2}, {"rate_hz": 0}, {"block_s": 0}]
)
def test_nonsense_is_refused(film: Film, wrong: dict[str, float]) -> None:
    with pytest.raises(UsageError):
        decode_audio(film("plain.mp4", PLAIN), **wrong)  # type: ignore[arg-type]


def write_parts(path: Path, parts: list[tuple[float, Floats]], rate_hz: int = RATE) -> Path:
    """Sound with each part's first sample at a given time: holes and overlaps as they come."""
    with av.open(str(path), "w") as out:
        stream = out.add_stream("pcm_s16le", rate=rate_hz)
        stream.layout = "mono"
        for start_s, samples in parts:
            frame = audio_frame(samples, rate_hz, "mono", round(start_s * rate_hz))
            out.mux(stream.encode(frame))
    return path


def test_a_hole_is_filled_with_silence_and_reported(tmp_path: Path) -> None:
    path = write_parts(tmp_path / "hole.mkv", [(0.0, tone(1.0, RATE)), (1.5, tone(1.0, RATE))])
    report = DecodeReport()
    samples = np.concatenate([block.samples for block in decode_audio(path, report=report)])
    assert len(samples) == round(2.5 * RATE)
    assert not samples[round(1.001 * RATE) : round(1.499 * RATE)].any()
    assert samples[round(1.5 * RATE) :] == pytest.approx(tone(1.0, RATE), abs=0.001)
    assert (report.gaps, round(report.filled_s, 3)) == (1, 0.5)
    assert report.notes() == ["1 gap filled with 0.50 s of silence"]


def test_a_jitter_of_timestamps_is_not_a_hole(tmp_path: Path) -> None:
    wobble = np.random.default_rng(0).uniform(-0.008, 0.008, 20)
    sound = tone(2.0, RATE)
    parts = [(n / 10 + float(wobble[n]) * (n > 0), sound[n * 1600 : n * 1600 + 1600]) for n in range(20)]
    report = DecodeReport()
    path = write_parts(tmp_path / "jitter.mkv", parts)
    samples = np.concatenate([block.samples for block in decode_audio(path, report=report)])
    assert samples == pytest.approx(sound, abs=0.001)
    assert report.notes() == []


def placed(frames: list[av.AudioFrame], report: DecodeReport) -> list[AudioPiece]:
    placer = Placer(AudioFormat(48_000, "mono"), origin=Fraction(0), end_s=5.0, report=report)
    return [*(piece for frame in frames for piece in placer.accept(frame)), *placer.flush()]


FRAME = 1536
"""Samples of a frame of AC-3."""
BLIPS = st.dictionaries(st.integers(1, 9), st.floats(0.021, 30.0), max_size=6)


@settings(deadline=None)
@given(blips=BLIPS, back=st.booleans(), gap_s=st.sampled_from([0.0, 0.05, 0.7]), seed=st.integers(0, 99))
def test_a_wrong_timestamp_is_refuted_by_the_next_ones(
    blips: dict[int, float], back: bool, gap_s: float, seed: int
) -> None:
    """One or two wrong stamps in every ten change nothing; a gap, which those after it confirm, stays."""
    sound = np.random.default_rng(seed).uniform(-0.5, 0.5, 110 * FRAME).astype(np.float32)
    frames, clean = [], []
    for number in range(110):
        samples = sound[number * FRAME : (number + 1) * FRAME]
        pts = number * FRAME + (round(gap_s * 48_000) if number >= 100 else 0)
        clean.append(audio_frame(samples, 48_000, "mono", pts))
        wrong_s = blips.get(number // 10, 0.0) if number % 10 in {2, 2 + seed % 2} else 0.0
        wrong = round(wrong_s * 48_000) * (-1 if back and wrong_s < 5 else 1)
        frames.append(audio_frame(samples, 48_000, "mono", max(pts + wrong, 0)))
    report, expected = DecodeReport(), DecodeReport()
    got, want = placed(frames, report), placed(clean, expected)
    assert report.gaps == expected.gaps == (gap_s > 0)
    assert report.filled_s == pytest.approx(gap_s)
    assert [piece.start_sample for piece in got] == [piece.start_sample for piece in want]
    assert all(np.array_equal(a.samples, b.samples) for a, b in zip(got, want, strict=True))


def write_pair(path: Path, left: Floats, right: Floats) -> Path:
    packed = np.stack([left, right], axis=1).reshape(1, -1)
    with av.open(str(path), "w") as out:
        stream = out.add_stream("pcm_f32le", rate=RATE)
        stream.layout = "stereo"
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(packed), format="flt", layout="stereo")
        frame.sample_rate = RATE
        out.mux(stream.encode(frame))
    return path


@pytest.mark.parametrize("echo", [0.0, 0.05])
def test_opposite_channels_do_not_cancel_out(tmp_path: Path, echo: float) -> None:
    sound = tone(6.0, RATE)
    path = write_pair(tmp_path / "opposite.wav", sound, -sound * (1 - echo))
    report = DecodeReport()
    samples = np.concatenate([block.samples for block in decode_audio(path, report=report)])
    assert samples == pytest.approx(sound, abs=1e-5)
    assert report.notes() == ["the channels are opposite for 6.0 s; there the left one is used"]
    for start, end in ((1.3, 2.9), (3.01, 3.02), (5.0, 6.0)):
        part = whole(path, start_s=start, end_s=end)
        assert np.array_equal(part, samples[round(start * RATE) : round(end * RATE)])


def test_other_channels_are_mixed_as_ever(tmp_path: Path) -> None:
    first, second = tone(3.0, RATE), tone(3.0, RATE, frequency=1000.0)
    for left, right in ((first, second), (first, first * 0), (first, -first * 0.7)):
        path = write_pair(tmp_path / "pair.wav", left, right)
        assert whole(path) == pytest.approx((left + right) / 2, abs=1e-6)


def test_channels_that_turn_opposite_in_the_middle_pass_over(tmp_path: Path) -> None:
    sound = tone(6.0, RATE)
    turned = sound * np.repeat(np.array([1, -1], np.float32), 3 * RATE)
    samples = whole(write_pair(tmp_path / "turns.wav", sound, turned))
    loud = np.abs(samples).reshape(-1, RATE // 20).max(1)
    assert loud[:60] == pytest.approx(0.5, abs=0.01)
    assert loud[65:] == pytest.approx(0.5, abs=0.01)


def test_doubled_sound_is_heard_once(tmp_path: Path) -> None:
    sound = tone(2.0, RATE)
    path = write_parts(tmp_path / "overlap.mkv", [(0.0, sound[: round(1.2 * RATE)]), (1.0, sound[RATE:])])
    samples = whole(path)
    assert samples == pytest.approx(sound, abs=0.001)


def test_sound_that_changes_its_format_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "changes.mkv"
    with av.open(str(path), "w") as out:
        first = out.add_stream("libmp3lame", rate=44100)
        out.mux(first.encode(audio_frame(tone(2.0, 44100), 44100, "stereo", 0)))
        out.mux(first.encode(None))
        other = av.CodecContext.create("libmp3lame", "w")
        assert isinstance(other, av.AudioCodecContext)
        other.sample_rate, other.layout, other.format = 22050, "mono", "fltp"
        later = audio_frame(tone(2.0, 22050), 22050, "mono", round(2.1 * 22050))
        for packet in other.encode(later) + other.encode(None):
            packet.stream = first
            out.mux(packet)
    samples = whole(path)
    assert len(samples) / RATE == pytest.approx(4.1, abs=0.05)
    power = np.sqrt((samples[: len(samples) // 1600 * 1600].reshape(-1, 1600) ** 2).mean(1))
    assert (power[1:19] > 0.3).all()
    assert (power[22:38] > 0.3).all()


@pytest.mark.slow
def test_memory_does_not_grow_with_the_length(tmp_path: Path) -> None:
    # Ten minutes, 38 MB as float32 were they kept.
    tracemalloc = pytest.importorskip("tracemalloc")
    path = tmp_path / "long.flac"
    with av.open(str(path), "w") as out:
        stream = out.add_stream("flac", rate=8000)
        stream.layout, stream.format = "mono", "s16"
        for minute in range(10):
            frame = audio_frame(np.zeros(480_000, np.float32), 8000, "mono", minute * 480_000)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    tracemalloc.start()
    count = sum(len(block.samples) for block in decode_audio(path))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count == 600 * RATE
    assert peak < 5_000_000


def test_spans_of_one_opened_file_are_those_of_it_opened_for_each(tmp_path: Path) -> None:
    file = make(tmp_path / "film.mp4", Recipe(seconds=6))
    spans = [(0.0, 1.0), (2.25, 3.5), (2.5, 3.0), (5.5, 7.5), (9.0, 9.5)]
    for (start_s, end_s), samples in zip(spans, decode_spans(file, spans), strict=True):
        try:
            alone = [block.samples for block in decode_audio(file, start_s=start_s, end_s=end_s)]
        except InputError:
            alone = []
        np.testing.assert_array_equal(samples, np.concatenate([np.zeros(0, np.float32), *alone]))
