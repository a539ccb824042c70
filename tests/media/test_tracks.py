"""Recordings with several audio tracks: those that belong together are analyzed as one."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from av.stream import Disposition

from edge.media import DecodeReport, decode_audio, open_recording
from edge.media.read.audio import decode_spans

from .makers import Floats, Track, write_tracks

RATE = 16_000


def whole(path: Path, **options: float) -> Floats:
    return np.concatenate([block.samples for block in decode_audio(path, **options)])  # type: ignore[arg-type]


def only(path: Path, index: int) -> Floats:
    recording = open_recording(path, audio_stream=index)
    return np.concatenate([block.samples for block in decode_audio(recording)])


def noise(seconds: float, seed: int = 0, rate_hz: int = RATE) -> Floats:
    return np.random.default_rng(seed).uniform(-0.3, 0.3, round(seconds * rate_hz)).astype(np.float32)


def tone(seconds: float, frequency: float, rate_hz: int = RATE) -> Floats:
    index = np.arange(round(seconds * rate_hz))
    return (0.3 * np.sin(2 * np.pi * frequency * index / rate_hz)).astype(np.float32)


def clicks(seconds: float, *times_s: float, rate_hz: int) -> Floats:
    """A pulse of 5 ms at each time."""
    samples = np.zeros(round(seconds * rate_hz), np.float32)
    for time_s in times_s:
        samples[round(time_s * rate_hz) : round((time_s + 0.005) * rate_hz)] = 0.8
    return samples


def onsets_s(samples: Floats) -> list[float]:
    loud = np.flatnonzero(np.abs(samples) > 0.3)
    return [float(i) / RATE for n, i in enumerate(loud) if n == 0 or i - loud[n - 1] > 0.1 * RATE]


def test_a_track_that_is_silent_or_the_same_or_opposite_changes_nothing(tmp_path: Path) -> None:
    sound = noise(5.0)
    alone = whole(write_tracks(tmp_path / "one.mkv", Track(sound)))
    for name, other in {"silent": 0 * sound, "same": sound, "opposite": -sound}.items():
        mixed = whole(write_tracks(tmp_path / f"{name}.mkv", Track(sound), Track(other)))
        assert np.abs(mixed - alone).max() < 1e-4, name


def test_who_talks_in_turns_is_kept_as_loud_and_two_at_once_are_no_louder_than_one(tmp_path: Path) -> None:
    first, second = tone(9.0, 440), tone(9.0, 1000) * np.float32(0.5)
    first[3 * RATE : 6 * RATE] = second[: 3 * RATE] = 0
    samples = whole(write_tracks(tmp_path / "turns.mkv", Track(first), Track(second)))
    inside = slice(RATE // 2, 5 * RATE // 2)
    for third, expected in enumerate((first, second)):
        part = slice(third * 3 * RATE, (third + 1) * 3 * RATE)
        assert samples[part][inside] == pytest.approx(expected[part][inside], abs=1e-4)
    both = samples[6 * RATE :][inside]
    assert np.sqrt(np.mean(both**2)) == pytest.approx(0.3 / np.sqrt(2), rel=0.01)
    spectrum = np.abs(np.fft.rfft(both))
    assert set(np.argsort(spectrum)[-2:] // 2) == {440, 1000}


@pytest.mark.parametrize("suffix", [".mkv", ".mp4", ".ts"])
def test_tracks_of_other_rates_channels_and_starts_are_in_place(tmp_path: Path, suffix: str) -> None:
    path = write_tracks(
        tmp_path / f"mixed{suffix}",
        Track(clicks(8.0, 0.5, 6.0, rate_hz=48_000), 48_000, "stereo", codec="aac"),
        Track(clicks(3.0, 0.25, 1.75, rate_hz=32_000), 32_000, "mono", start_s=2.0, codec="aac"),
        Track(clicks(3.0, 0.5, rate_hz=44_100), 44_100, "5.1", start_s=4.5, codec="aac"),
    )
    delay_s = 0.025 if suffix == ".ts" else 0.003  # of the encoder, which .ts does not say
    recording = open_recording(path)
    assert len(recording.audio) == 3
    samples = whole(path)
    assert onsets_s(samples) == pytest.approx([0.5, 2.25, 3.75, 5.0, 6.0], abs=delay_s)
    assert len(samples) == pytest.approx(8.0 * RATE, abs=0.1 * RATE)
    spans = [(0.0, 1.0), (2.1, 2.6), (3.6, 5.2), (5.9, 6.5)]
    for (start, end), part in zip(spans, decode_spans(recording, spans), strict=True):
        assert onsets_s(part) == pytest.approx(
            [t - start for t in onsets_s(samples) if start <= t < end], abs=0.003
        )


@pytest.mark.parametrize("start", [1.3, 4.0, 7.77])
def test_a_range_is_mixed_like_the_whole(tmp_path: Path, start: float) -> None:
    path = write_tracks(tmp_path / "range.mkv", Track(noise(10.0, 1)), Track(noise(10.0, 2)))
    part = whole(path, start_s=start, end_s=start + 1.5)
    assert part == pytest.approx(whole(path)[round(start * RATE) : round((start + 1.5) * RATE)], abs=1e-6)


def test_a_track_that_pauses_is_continued_where_it_was(tmp_path: Path) -> None:
    """Minutes without a packet of one track neither hold up the other nor are kept in memory."""
    gone = Track(tone(182.0, 1000), start_s=1.0, hole_s=(3.0, 180.0))
    path = write_tracks(tmp_path / "pauses.mkv", Track(tone(200.0, 440)), gone)
    tracemalloc.start()
    report, present = DecodeReport(), []
    for block in decode_audio(path, report=report):
        spectrum = np.abs(np.fft.rfft(block.samples, RATE))
        present += [block.start_sample // RATE] if spectrum[1000] > 0.5 * spectrum[440] else []
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert present == [1, 2, 180, 181, 182]
    assert peak < 12e6  # half of the samples
    assert report.decoded_s == pytest.approx(200.0, abs=0.1)


@pytest.mark.parametrize(
    ("others", "analyzed", "note"),
    [
        ([{}], 2, "audio streams analyzed: 0, 1"),
        ([{"language": "eng"}], 2, "audio streams analyzed: 0, 1"),
        ([{"language": "fre"}], 1, "audio streams analyzed: 0; left out: 1 (fre)"),
        ([{"flag": Disposition.comment}], 1, "audio streams analyzed: 0; left out: 1 (commentary)"),
        ([{"flag": Disposition.visual_impaired}], 1, "audio streams analyzed: 0; left out: 1 (description)"),
        ([{"title": "Director's commentary"}], 1, "audio streams analyzed: 0; left out: 1 (commentary)"),
        ([{}, {"language": "ger"}, {"flag": Disposition.dub}], 2,
         "audio streams analyzed: 0, 1; left out: 2 (ger), 3 (dub)"),
    ],
)  # fmt: skip
def test_tracks_of_one_language_are_mixed_and_dubs_and_commentaries_are_not(
    tmp_path: Path, others: list[dict[str, object]], analyzed: int, note: str
) -> None:
    main = Track(tone(2.0, 440), language="eng", flag=Disposition.default)
    spoken = [Track(tone(2.0, 1000), **{"language": "eng", **other}) for other in others]  # type: ignore[arg-type]
    path = write_tracks(tmp_path / "film.mkv", main, *spoken)
    recording, report = open_recording(path), DecodeReport()
    samples = np.concatenate([block.samples for block in decode_audio(recording, report=report)])
    assert len(recording.audio) == analyzed
    assert report.notes() == [note]
    spectrum = np.abs(np.fft.rfft(samples[:RATE]))
    assert (spectrum[1000] > 0.3 * spectrum[440]) == (analyzed > 1)
    for index in (0, 1):
        chosen, report = open_recording(path, audio_stream=index), DecodeReport()
        assert [one.index for one in chosen.audio] == [index]
    assert int(np.abs(np.fft.rfft(only(path, 1)[:RATE])).argmax()) == 1000
