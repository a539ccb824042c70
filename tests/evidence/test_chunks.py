"""Speech is found and cut into chunks: by script where every frame is known, and in composed recordings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from edge.errors import UsageError
from edge.evidence.labels import label_samples
from edge.evidence.options import SpeechOptions
from edge.evidence.speech.chunks import Chunk, SpeechChunker
from edge.evidence.speech.level import LEVEL_S, sounding, speech_level
from edge.networks.segmenter import Segmenter
from edge.vocabulary import LABELS, Label, Span
from tests.makers import in_blocks
from tools.sound.compose import compose
from tools.sound.crowd import crowd_noise
from tools.sound.signals import at_dbfs, band, silence
from tools.sound.speech import speak
from tools.sound.synth import render

Floats = NDArray[np.float32]

RATE_HZ = 16_000
FRAME = 1600
FRAME_S = 0.1
GRID = 2
SHORT = SpeechOptions(merge_gap_s=0.4, min_speech_s=0.2, padding_s=0.2, min_chunk_s=1.0, max_chunk_s=2.0)
"""Chunks short enough that much happens in a few seconds."""


def chunked(
    blocks: Iterable[Floats],
    rows: Floats,
    options: SpeechOptions,
    *,
    every_s: float = 12.0,
    live: bool = False,
    held: list[int] | None = None,
) -> Iterator[Chunk]:
    """Chunks of audio whose labels come `every_s` seconds at a time, as soon as their audio is there."""
    chunker = SpeechChunker(options, rate_hz=RATE_HZ, frame_s=FRAME_S, live=live)
    step, heard, labeled = max(1, round(every_s / FRAME_S)), 0, 0
    for block in blocks:
        chunker.accept(block)
        heard += len(block)
        while heard // FRAME - labeled >= step:
            yield from chunker.label(rows[labeled : labeled + step])
            labeled += step
            if held is not None:
                held.append(sum(map(len, chunker._samples._held)))
    if labeled < -(-heard // FRAME):
        yield from chunker.label(rows[labeled : -(-heard // FRAME)])
    yield from chunker.finish()


def speaking(voice: Sequence[float] | Floats, label: Label = Label.SPEAKING) -> Floats:
    """Confidences of that label, the rest of "other"."""
    rows = np.zeros((len(voice), len(LABELS)), np.float32)
    rows[:, LABELS.index(label)] = voice
    rows[:, LABELS.index(Label.OTHER)] = 1 - np.asarray(voice)
    return rows


def noise(samples: int, seed: int = 0) -> Floats:
    return (0.1 * np.random.default_rng(seed).standard_normal(samples)).astype(np.float32)


def found(
    samples: Floats,
    voice: Sequence[float] | Floats,
    settings: SpeechOptions = SHORT,
    *,
    sizes: Iterable[int] = (),
    hear_s: float = 12.0,
) -> list[Chunk]:
    return list(chunked(in_blocks(samples, sizes), speaking(voice), settings, every_s=hear_s))


def ends(given: Sequence[Chunk]) -> list[tuple[int, int]]:
    return [(one.start_sample, one.start_sample + len(one.samples)) for one in given]


def expected(voice: Sequence[float], rules: SpeechOptions) -> list[tuple[int, int]]:
    """Stretches of speech in frames, by plain code over the whole recording."""
    runs: list[list[int]] = []
    inside = False
    for at, confidence in enumerate(voice):
        if not inside and confidence >= rules.onset:
            runs.append([at, at])
        inside = confidence >= (rules.release if inside else rules.onset)
        if inside:
            runs[-1][1] = at + 1
    least, gap, margin = (round(10 * one) for one in (rules.min_speech_s, rules.merge_gap_s, rules.padding_s))
    joined: list[list[int]] = []
    for first, stop in (run for run in runs if run[1] - run[0] >= least):
        if joined and first - joined[-1][1] < gap:
            joined[-1][1] = stop
        else:
            joined.append([first, stop])
    covered = np.zeros(len(voice) + 2, bool)
    for first, stop in joined:
        begin, end = (first - margin) // GRID * GRID, -(-(stop + margin) // GRID) * GRID
        covered[1 + max(0, begin) : 1 + min(len(voice), end)] = True
    edges = np.flatnonzero(np.diff(covered))
    return [(int(first), int(stop)) for first, stop in edges.reshape(-1, 2)]


VOICES = st.lists(
    st.tuples(st.sampled_from([0.0, 0.2, 0.3, 0.4, 0.5, 0.9]), st.integers(1, 25)), max_size=14
).map(lambda parts: [value for value, times in parts for _ in range(times)])


RULES = st.builds(
    SpeechOptions,
    merge_gap_s=st.sampled_from([0.0, 0.4, 1.0]),
    min_speech_s=st.sampled_from([0.0, 0.2, 0.5]),
    padding_s=st.sampled_from([0.0, 0.2, 0.5]),
    min_chunk_s=st.sampled_from([1.0, 1.5]),
    max_chunk_s=st.sampled_from([1.6, 2.0]),
)


@settings(max_examples=120, deadline=None)
@given(
    VOICES, st.integers(0, FRAME - 1), RULES, st.lists(st.integers(0, 30_000), max_size=8), st.integers(1, 60)
)
def test_chunks_cover_the_speech_whatever_pieces_it_comes_in(
    voice: list[float], missing: int, rules: SpeechOptions, sizes: list[int], rows: int
) -> None:
    samples = noise(max(0, len(voice) * FRAME - missing))
    pieces = found(samples, voice, rules, sizes=sizes, hear_s=rows / 10)
    at = 0
    for piece in pieces:
        assert at <= piece.start_sample
        assert 0 < len(piece.samples) <= rules.max_chunk_s * RATE_HZ
        at = piece.start_sample + len(piece.samples)
        np.testing.assert_array_equal(piece.samples, samples[piece.start_sample : at])
    assert at <= len(samples)
    covered = np.zeros(len(samples) + 1, bool)
    for begin, end in ends(pieces):
        covered[begin:end] = True
    wanted = np.zeros(len(samples) + 1, bool)
    for begin, end in expected(voice, rules):
        wanted[begin * FRAME : min(end * FRAME, len(samples))] = True
    np.testing.assert_array_equal(covered, wanted)
    assert ends(pieces) == ends(found(samples, voice, rules))


@settings(max_examples=40, deadline=None)
@given(VOICES, st.integers(1, 20))
def test_what_is_being_said_comes_again_until_it_is_said(voice: list[float], rows: int) -> None:
    samples = noise(len(voice) * FRAME)
    blocks = in_blocks(samples, [FRAME] * len(voice))
    pieces = list(chunked(blocks, speaking(voice), SHORT, every_s=rows / 10, live=True))
    final = [piece for piece in pieces if piece.final]
    assert ends(final) == ends(found(samples, voice))
    for piece, after in pairwise(pieces):
        assert after.start_sample >= piece.start_sample
        if not piece.final and after.final:
            assert after.start_sample == piece.start_sample
        assert len(piece.samples) <= (2 * SHORT.max_chunk_s + rows / 10 + 1) * RATE_HZ


def test_a_pause_ends_a_chunk_while_somebody_goes_on_speaking() -> None:
    rules = SpeechOptions(merge_gap_s=1.8, padding_s=0.2, min_chunk_s=1.0, max_chunk_s=6.0)
    samples = noise(80 * FRAME)
    for first_s, last_s in ((0.3, 0.9), (2.0, 2.3), (4.0, 4.6)):  # too soon, too short, a pause
        samples[round(first_s * RATE_HZ) : round(last_s * RATE_HZ)] *= np.float32(0.001)
    times: list[int] = []
    blocks = in_blocks(samples, [FRAME] * 80)
    pieces = chunked(blocks, speaking([0.9] * 80), rules, every_s=0.1, live=True, held=times)
    first = next(piece for piece in pieces if piece.final)
    assert abs(len(first.samples) / RATE_HZ - 4.3) < 0.05
    assert len(times) < 52  # tenths of a second


def test_a_chunk_is_cut_in_the_quietest_place() -> None:
    samples = noise(30 * FRAME)
    for start_s, gain in ((0.5, 0.001), (1.3, 0.1), (1.62, 0.01), (2.3, 0.05)):  # the first comes too soon
        first = round(start_s * RATE_HZ)
        samples[first : first + 3200] *= np.float32(gain)
    one, two = found(samples, [0.9] * 30)
    assert two.start_sample == len(one.samples)
    assert abs(two.start_sample / RATE_HZ - 1.72) <= 0.02


def test_what_is_left_is_shared_by_two() -> None:
    """A stretch a little longer than a chunk may be cut near its middle, and is not near its end."""
    rules = SpeechOptions(merge_gap_s=0.4, padding_s=0.2, min_chunk_s=1.8, max_chunk_s=2.0)
    samples = noise(22 * FRAME)
    samples[round(1.2 * RATE_HZ) : round(1.4 * RATE_HZ)] *= np.float32(0.001)
    one, two = found(samples, [0.9] * 22, rules)
    assert abs(two.start_sample / RATE_HZ - 1.3) <= 0.02
    assert two.start_sample == len(one.samples)


def test_endless_speech_is_cut_while_it_goes_on_and_forgotten() -> None:
    rows, held = speaking(np.full(6000, 0.9, np.float32)), list[int]()
    sound = noise(FRAME)
    heard = 0

    def talk() -> Iterator[Floats]:
        nonlocal heard
        for _ in range(6000):
            heard += FRAME
            yield sound

    late = [
        heard - piece.start_sample - len(piece.samples)
        for piece in chunked(talk(), rows, SpeechOptions(), held=held)
    ]
    assert len(late) >= 600 / 20
    assert max(late) <= (12 + 2 * 20) * RATE_HZ
    assert max(held) <= (12 + 2 * 20) * RATE_HZ + FRAME


@pytest.mark.parametrize("level", [0.0, 0.4])
def test_what_is_no_speech_is_forgotten_at_once(level: float) -> None:
    rows, held = speaking(np.full(6000, level, np.float32)), list[int]()
    assert not list(chunked((noise(FRAME) for _ in range(6000)), rows, SpeechOptions(), held=held))
    assert max(held) <= 14 * RATE_HZ


def test_speech_that_only_just_goes_on_after_a_cut_is_not_lost() -> None:
    voice = [0.9] * 30 + [0.4] * 100
    for rows in (1, 7, 200):
        pieces = found(noise(130 * FRAME), voice, hear_s=rows / 10)
        assert ends(pieces)[-1][1] == 130 * FRAME
        assert all(a == b for (_, a), (b, _) in pairwise(ends(pieces)))


@pytest.mark.parametrize("samples", [0, 1, 1599, 16_000])
def test_nothing_said_is_nothing(samples: int) -> None:
    assert found(noise(samples), [0.1] * 10) == []
    assert list(chunked([], speaking([]), SHORT)) == []


def test_singing_counts_only_if_asked_for() -> None:
    samples, rows = noise(40 * FRAME), speaking([0.9] * 40, Label.SINGING)
    assert not list(chunked([samples], rows, SHORT))
    include_singing = SpeechOptions(include_singing=True)
    assert [len(one.samples) for one in chunked([samples], rows, include_singing)] == [40 * FRAME]
    music = speaking([0.9] * 40, Label.MUSIC)
    assert not list(chunked([samples], music, include_singing))


@pytest.mark.parametrize(
    "wrong",
    [
        {"onset": 0.2},
        {"onset": 1.0},
        {"release": 0.0},
        {"merge_gap_s": -1},
        {"min_speech_s": -0.1},
        {"padding_s": -0.1},
        {"min_chunk_s": 0.5},
        {"min_chunk_s": 20.0},
    ],
)
def test_settings_that_make_no_sense_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(UsageError, match="speech needs"):
        SpeechOptions(**wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize("noise_dbfs", [-90, -60, -45])
def test_words_sound_and_pauses_do_not_even_in_noise(noise_dbfs: float) -> None:
    one, two = speak("good morning everybody"), speak("nobody has heard of it")
    whole = np.concatenate([silence(0.5), one, silence(0.7), two, silence(0.5)])
    whole += at_dbfs(noise(len(whole), 1), noise_dbfs)
    found = sounding(speech_level(whole, RATE_HZ))
    starts = [0.5, 0.5 + len(one) / RATE_HZ + 0.7]
    pause = Span(0.5 + len(one) / RATE_HZ, starts[1])
    assert min(span.start for span in found) == pytest.approx(starts[0], abs=0.12)
    assert sum(span.overlap(pause) for span in found) < 0.15
    spoken = [Span(starts[0], pause.start), Span(starts[1], starts[1] + len(two) / RATE_HZ)]
    covered = sum(span.overlap(part) for span in found for part in spoken)
    assert covered > 0.75 * sum(part.seconds for part in spoken)


def test_rumble_and_hiss_do_not_sound() -> None:
    spoken = np.concatenate([silence(1), speak("good morning"), silence(1)])
    rumble = at_dbfs(band(noise(len(spoken), 2), 20, 80), -30)
    quiet = sounding(speech_level(spoken + rumble, RATE_HZ))
    assert quiet[0].start > 0.9
    assert quiet[-1].end < len(spoken) / RATE_HZ - 0.8


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 20_000), st.floats(0, 1), st.integers(0, 3))
def test_any_sound_has_a_level(samples: int, gain: float, seed: int) -> None:
    values = speech_level(noise(samples, seed) * np.float32(gain), RATE_HZ)
    assert values.shape == (samples // 160,)
    assert np.isfinite(values).all()
    at = 0.0
    for span in sounding(values):
        assert at <= span.start
        assert span.end <= len(values) * LEVEL_S + 1e-9
        at = span.end


@pytest.fixture(scope="module")
def recording() -> tuple[Floats, list[Span]]:
    """Speech, music, the noise of a hall, speech, silence; and where the speech is."""
    rng = np.random.default_rng(5)
    one = speak("Good evening, everybody, and welcome to the river hall. We have a full house tonight.")
    two = speak("Thank you so much. That was the new song, and I hope you liked it.", voice="en-us")
    music = at_dbfs(render(compose(rng, 10.0).notes, rng, seconds=10.0), -23)
    parts = [silence(1), one, silence(1.5), music, at_dbfs(crowd_noise(rng, 4), -34), two, silence(3)]
    at = np.cumsum([0, *map(len, parts)]) / RATE_HZ
    whole = np.concatenate(parts)
    whole += at_dbfs(noise(len(whole), 9), -65)
    return whole, [Span(float(at[1]), float(at[2])), Span(float(at[5]), float(at[6]))]


def labeled_chunks(blocks: Iterable[Floats], segmenter: Segmenter) -> Iterator[Chunk]:
    """Chunks of audio by the labels of the segmenter."""
    kept = list(blocks)
    rows = label_samples(kept, segmenter).frames
    yield from chunked(kept, rows, SpeechOptions())


def test_chunks_of_a_recording_are_its_speech(
    recording: tuple[Floats, list[Span]], segmenter: Segmenter
) -> None:
    samples, spoken = recording
    pieces = list(labeled_chunks(in_blocks(samples, [7001] * 80), segmenter))
    spans = [Span(first / RATE_HZ, stop / RATE_HZ) for first, stop in ends(pieces)]
    said = sum(part.seconds for part in spoken)
    covered = sum(span.overlap(part) for span in spans for part in spoken)
    assert covered > 0.97 * said
    assert sum(span.seconds for span in spans) - covered < 4.5
    assert all(any(span.overlap(part) for part in spoken) for span in spans)
