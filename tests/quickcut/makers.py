"""A talk whose audio says when it was recorded, as a video, and what must hold of it cleaned."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import cast

import av
import numpy as np
import pytest
from av.packet import Packet
from av.stream import Stream
from av.video.frame import VideoFrame

from edge.evidence.transcript import Transcript
from edge.quickcut.clean import CleanResult
from edge.vocabulary import Caption, Span, Word
from tests.makers import Shot, talk_from_script
from tests.media.makers import (
    HEIGHT,
    WIDTH,
    Floats,
    audio_frame,
    picture,
    sound_of,
    write_sound,
)

RATE_HZ = 48_000

NTSC = Fraction(30_000, 1001)

SCRIPT = """
[1.4] Good morning everybody. [2.0] Today we um talk about cameras. [0.5] The lens gathers the ~ light.
[0.6] The lens gathers the light. ~ A sensor [1.7] counts it. [0.4] Uh [0.3] That was all. [1.2]
"""

LOW_HZ, SLOPE = 400.0, 250.0
"""The pitch of all that sounds rises by `SLOPE` in a second, so it says when it was recorded."""

talk = talk_from_script(SCRIPT)


def voice(found: Transcript) -> Floats:
    """A tone for each word and hesitation, whose pitch is its time; silence between."""
    time = np.arange(round(found.duration_s * RATE_HZ)) / RATE_HZ
    tone = 0.5 * np.sin(2 * np.pi * (LOW_HZ + SLOPE / 2 * time) * time)
    level = np.zeros(len(time))
    for span in [*(Span(word.start, word.end) for word in words(found.sentences)), *found.filled_pauses]:
        level[round(span.start * RATE_HZ) : round(span.end * RATE_HZ)] = 1
    soft = np.convolve(level, np.hanning(480) / np.hanning(480).sum(), "same")
    return (tone * soft).astype(np.float32)


def film(path: Path, found: Transcript, times: Sequence[Fraction]) -> Shot:
    """The talk as a video with frames at these times, each with its number."""
    samples = voice(found)
    with av.open(str(path), "w") as out:
        options = {"preset": "ultrafast", "crf": "23", "bf": "2"}
        pictures = out.add_stream("libx264", rate=NTSC, options=options)
        pictures.width, pictures.height, pictures.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        pictures.codec_context.gop_size, pictures.codec_context.time_base = 12, Fraction(1, 30_000)
        sound = out.add_stream("aac", rate=RATE_HZ)
        sound.layout = "mono"

        def seen() -> Iterator[tuple[Fraction, list[Packet[Stream]]]]:
            for number, time in enumerate(times):
                frame = VideoFrame.from_ndarray(picture(number), format="yuv420p")
                frame.pts, frame.time_base = round(time * 30_000), Fraction(1, 30_000)
                yield time, cast("list[Packet[Stream]]", pictures.encode(frame))
            yield times[-1], cast("list[Packet[Stream]]", pictures.encode(None))

        def heard() -> Iterator[tuple[Fraction, list[Packet[Stream]]]]:
            for first in range(0, len(samples), 4800):
                frame = audio_frame(samples[first : first + 4800], RATE_HZ, "mono", first)
                yield Fraction(first, RATE_HZ), cast("list[Packet[Stream]]", sound.encode(frame))
            yield Fraction(len(samples), RATE_HZ), cast("list[Packet[Stream]]", sound.encode(None))

        for _, packets in heapq.merge(seen(), heard(), key=lambda step: step[0]):
            out.mux(packets)
    return Shot(path, found)


def steady(found: Transcript) -> list[Fraction]:
    return [n / NTSC for n in range(int(found.duration_s * NTSC))]


def uneven(found: Transcript) -> list[Fraction]:
    """A variable frame rate: every video frame is a little early or late, and some are missing."""
    return [
        Fraction(n * 40 + n * 7919 % 23, 1000)
        for n in range(int(found.duration_s * 25))
        if (n % 7 and n % 11) or n < 9
    ]


def words(sentences: Sequence[Caption]) -> list[Word]:
    return [word for sentence in sentences for word in sentence.words]


KEPT = [
    "Good morning everybody.", "Today we talk about cameras.", "The lens gathers the light.",
    "A sensor", "counts it.", "That was all.",
]  # fmt: skip


def recorded_at(samples: Floats, time: float) -> float:
    """When the audio around a time was recorded, by its pitch."""
    first = round((time - 0.04) * RATE_HZ)
    part = samples[first : first + round(0.08 * RATE_HZ)]
    spectrum = np.abs(np.fft.rfft(part * np.hanning(len(part)), 1 << 17))
    return float((spectrum.argmax() * RATE_HZ / (1 << 17) - LOW_HZ) / SLOPE)


def sound_file(path: Path, found: Transcript = talk, codec: str = "pcm_s16le", fmt: str = "s16") -> Shot:
    write_sound(path, voice(found), RATE_HZ, codec=codec, fmt=fmt)
    return Shot(path, found)


def texts(sentences: Sequence[Caption]) -> list[str]:
    return [sentence.text for sentence in sentences]


def assert_captions_fit(done: CleanResult, found: Shot) -> None:
    """Each word is where the timeline shows it, as far as it does; nothing drifts."""
    timeline, media = done.plan.timeline, found.path
    originals = iter(words(found.transcript.sentences))
    for word in words(done.sentences):
        (source, start), (_, last) = timeline.to_source(word.start), timeline.to_source(word.end - 1e-9)
        original = next(one for one in originals if one.text == word.text and one.end > start)
        clip = timeline.clips[timeline.clip_at(word.start)]
        assert source == media
        assert float(start) == pytest.approx(max(original.start, float(clip.trim_in)), abs=1e-6)
        assert float(last) == pytest.approx(min(original.end, float(clip.trim_out)), abs=1e-6)
    assert all(a.end <= b.start for a, b in pairwise(words(done.sentences)))


def assert_sound_says_when(done: CleanResult) -> None:
    """The pitch of every word is that of its time in the recording."""
    samples, start, _ = sound_of(done.file)
    for word in words(done.sentences):
        middle = (word.start + word.end) / 2
        source = float(done.plan.timeline.to_source(middle)[1])
        assert recorded_at(samples, middle - start) == pytest.approx(source, abs=0.008), word
