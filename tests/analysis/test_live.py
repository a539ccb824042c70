"""The live analysis: one pass gives labels, songs and captions, those of the file, in flat memory."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from edge.analysis.live import LiveAnalysisOptions, LiveDrop, LiveEvent, live_analysis
from edge.captions.live import LiveCaptions
from edge.errors import UsageError
from edge.evidence.live import LiveLabel, LiveLevel
from edge.evidence.segments import label
from edge.evidence.speech.recognizer import RecognitionResult, Recognizer
from edge.media import decode_audio
from edge.media.read.live_input import LiveInput
from edge.media.read.live_stream import StreamInput
from edge.networks.segmenter import Segmenter
from edge.songs.find import find_songs
from edge.songs.song import Song
from edge.vocabulary import Label, Span, Word
from tools.sound.sample import Truth
from tools.sound.wave import write_wav

RATE_HZ = 16_000


class Clock(Recognizer):
    """Finds a word in every half second."""

    identity = ("clock", "1", None)
    rate_hz = RATE_HZ

    def recognize(self, samples: NDArray[np.float32]) -> RecognitionResult:
        count = int(2 * len(samples) / self.rate_hz)
        return RecognitionResult(
            tuple(Word(at / 2, at / 2 + 0.4, f"w{at}.") for at in range(count)), "en", -0.1
        )


@pytest.fixture(scope="module")
def events(sample: tuple[Path, Truth], segmenter: Segmenter) -> list[LiveEvent]:
    with StreamInput(str(sample[0])) as source:
        return list(live_analysis(source, recognizer=Clock(), segmenter=segmenter))


def test_songs_are_those_of_the_file(
    events: list[LiveEvent], sample: tuple[Path, Truth], segmenter: Segmenter
) -> None:
    (of_file,) = find_songs(sample[0], evidence="audio", segmenter=segmenter)
    (song,) = (event for event in events if isinstance(event, Song))
    assert (song.start, song.end) == pytest.approx((of_file.start, of_file.end), abs=0.1)


def test_the_current_label_is_the_true_one_a_second_or_two_after_it_begins(
    events: list[LiveEvent], sample: tuple[Path, Truth], segmenter: Segmenter
) -> None:
    found = [event for event in events if isinstance(event, LiveLabel)]
    assert [one.end for one in found] == pytest.approx(range(1, len(found) + 1))
    assert all(one.start <= one.end and sum(one.confidence.values()) == pytest.approx(1) for one in found)
    changes = [one for one in found if one.is_new]
    assert [one.start for one in changes] == sorted({one.start for one in found})
    assert all(before.label is not after.label for before, after in pairwise(changes))
    of_file = label(sample[0], evidence="audio", segmenter=segmenter).merged
    assert [one.label for one in changes] == [one.label for one in of_file]
    for one, same in zip(changes, of_file, strict=True):
        assert one.start == pytest.approx(same.start, abs=3.0)


def test_captions_become_final_and_cover_what_is_said(
    events: list[LiveEvent], sample: tuple[Path, Truth]
) -> None:
    captions = [event for event in events if isinstance(event, LiveCaptions)]
    final = [sentence for one in captions if one.final for sentence in one.sentences]
    assert any(not one.final for one in captions)
    assert all(before.end <= after.start for before, after in pairwise(final))
    for span, is_label in sample[1].sections:
        if is_label is Label.SPEAKING:
            assert sum(span.overlap(Span(one.start, one.end)) for one in final) > 0.6 * span.seconds


def test_levels_are_those_of_the_audio(segmenter: Segmenter) -> None:
    quiet, loud = (np.full(RATE_HZ, value, np.float32) for value in (0.001, 0.5))
    loud[::100] = 1.0
    found = live_analysis(
        [quiet, loud[:700], loud[700:]], LiveAnalysisOptions(None, None), segmenter=segmenter
    )
    levels = [event for event in found if isinstance(event, LiveLevel)]
    assert [round(one.end, 3) for one in levels] == [round(0.2 * (at + 1), 3) for at in range(10)]
    assert [one.rms_db for one in levels[:5]] == pytest.approx([-60.0] * 5, abs=0.01)
    assert [one.peak_db for one in levels[5:]] == [0.0] * 5
    assert [one.rms_db for one in levels[5:]] == pytest.approx([-5.9] * 5, abs=0.1)


def test_silence_cannot_be_full_scale() -> None:
    for level in (0.0, math.nan):
        with pytest.raises(UsageError, match="full scale is 0"):
            LiveAnalysisOptions(quiet_db=level)


def test_drops_are_reported_once_each(segmenter: Segmenter) -> None:
    class Poor(LiveInput):
        def _open(self) -> None:
            self._begin(RATE_HZ, 1)
            for _ in range(3):
                self._queue.offer(np.zeros((RATE_HZ, 1), np.float32))
                self._queue.lose(RATE_HZ // 2)
            self._queue.end()

    with Poor("poor") as source:
        events = list(live_analysis(source, LiveAnalysisOptions(None, None), segmenter=segmenter))
    assert [event.dropped_s for event in events if isinstance(event, LiveDrop)] == [1.5]
    assert max(event.end for event in events if isinstance(event, LiveLevel)) == pytest.approx(4.4, abs=0.2)


HOUR = """
import json, sys
from edge.analysis.live import LiveAnalysisOptions, live_analysis
from edge.evidence.live import LiveLevel
from edge.media.read.live_stream import StreamInput
from edge.songs.song import Song

def resident():
    line = next(line for line in open("/proc/self/status") if line.startswith("VmRSS"))
    return int(line.split()[1])

songs, at_minute = [], {}
with StreamInput(sys.argv[1]) as source:
    for event in live_analysis(source, LiveAnalysisOptions(captions=None)):
        if isinstance(event, Song):
            songs.append((event.start, event.end))
        elif isinstance(event, LiveLevel) and round(event.end, 1) % 60 == 0:
            at_minute[round(event.end / 60)] = resident()
    print(json.dumps({"songs": songs, "kib": at_minute, "dropped": source.dropped_s,
                      "seconds": source.position_s}))
"""


@pytest.mark.measured
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from /proc")
def test_an_hour_gives_the_songs_of_the_file_in_flat_memory(
    sample: tuple[Path, Truth], segmenter: Segmenter, tmp_path: Path
) -> None:
    evening = np.concatenate([block.samples for block in decode_audio(sample[0])])
    write_wav(tmp_path / "hour.wav", np.tile(evening, 50)[: 3600 * RATE_HZ], RATE_HZ)
    result = subprocess.run(
        [sys.executable, "-c", HOUR, str(tmp_path / "hour.wav")],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    found = json.loads(result.stdout)
    assert (found["seconds"], found["dropped"]) == (3600.0, 0.0)
    of_file = find_songs(tmp_path / "hour.wav", segmenter=segmenter)
    assert len(found["songs"]) == len(of_file) == 50
    for live, song in zip(found["songs"], of_file, strict=True):
        assert live == pytest.approx((song.start, song.end), abs=0.1)
    kib = {int(minute): value for minute, value in found["kib"].items()}
    added_audio = 50 * 60 * RATE_HZ * 4 / 1024  # 187,500 KiB
    assert kib[59] - kib[9] < 0.1 * added_audio
