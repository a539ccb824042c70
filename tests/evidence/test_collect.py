"""One pass over a recording: opened once, the same in any blocks, live or from a file, and flat in memory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from edge.captions.live import LiveCaptionCollector, live_captions
from edge.captions.options import LiveOptions
from edge.captions.transcribe import transcribe
from edge.errors import UsageError
from edge.evidence.collect import audio_blocks, collect, push
from edge.evidence.labels import LabelCollector, LabelTrack, label_samples
from edge.evidence.segments import label
from edge.evidence.transcript import Transcript
from edge.evidence.transcription import TranscriptCollector
from edge.media import AudioBlock, decode_audio, open_recording
from edge.networks.segmenter import Segmenter
from edge.songs.find import find_songs
from edge.songs.options import SongOptions
from tests.makers import ONE, TWO, Knowing, Take, in_blocks
from tools.sound.sample import Truth
from tools.sound.signals import silence
from tools.sound.wave import write_wav

Floats = NDArray[np.float32]
RATE_HZ = 16_000


@pytest.fixture(scope="module")
def talk(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Take]:
    """Two sentences with a pause between them, in the noise of a room."""
    take = Take(silence(16))
    take.say(TWO, take.say(ONE, 1.0) + 3.0)
    return take.write(tmp_path_factory.mktemp("talk") / "talk.wav"), take


@pytest.fixture(scope="module")
def heard(talk: tuple[Path, Take]) -> Floats:
    """The samples of the talk."""
    return np.concatenate([block.samples for block in decode_audio(talk[0])])


@pytest.fixture(scope="module")
def track(heard: Floats, segmenter: Segmenter) -> LabelTrack:
    """The labels of the talk."""
    return label_samples([heard], segmenter)


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The files that FFmpeg has been asked to open."""
    names: list[str] = []
    really: Callable[..., object] = av.open

    def open_counted(file: str, *arguments: object, **options: object) -> object:
        names.append(file)
        return really(file, *arguments, **options)

    monkeypatch.setattr(av, "open", open_counted)
    return names


def same(one: LabelTrack, other: LabelTrack) -> None:
    """The tracks are equal; sums over frames may have been added up in another order."""
    lengths = (one.duration_s, one.frame_s, one.segment_s, one.step_s)
    assert lengths == (other.duration_s, other.frame_s, other.segment_s, other.step_s)
    for name in ("frames", "segments", "windows"):
        a, b = getattr(one, name), getattr(other, name)
        assert (a.shape, a.dtype) == (b.shape, b.dtype)
        np.testing.assert_allclose(np.float32(a), np.float32(b), atol=2e-3, err_msg=name)


def test_songs_and_captions_take_one_decode_together_and_two_apart(
    talk: tuple[Path, Take], segmenter: Segmenter, opened: list[str]
) -> None:
    path, take = talk
    recognizer = Knowing(path, take.words)
    opened.clear()
    recording = open_recording(path)
    probed = len(opened)
    labels = LabelCollector(segmenter)
    transcript = TranscriptCollector(labels, recognizer)
    collect(recording, [labels, transcript])
    assert len(opened) - probed == 1
    songs = find_songs(recording, segmenter=segmenter, labels=labels.result)
    captions = transcribe(recording, transcript=transcript.result)
    assert (probed, len(opened)) == (1, 2)

    opened.clear()
    own_songs = find_songs(path, segmenter=segmenter)
    own_captions = transcribe(path, recognizer=recognizer, segmenter=segmenter)
    assert len(opened) == 4
    assert songs.songs == own_songs.songs
    same(songs.labels, own_songs.labels)
    assert captions.captions == own_captions.captions
    assert [word.text for one in captions for word in one.words] == [*ONE.split(), *TWO.split()]


@pytest.mark.slow
def test_evidence_that_is_handed_in_gives_what_the_entry_computes(
    sample: tuple[Path, Truth], segmenter: Segmenter
) -> None:
    path = sample[0]
    own = find_songs(path, segmenter=segmenter)
    assert len(own) == 1
    labels = LabelTrack.from_bytes(label(path, segmenter=segmenter).labels.to_bytes())
    document = own.to_dict()
    assert document.pop("evidence")["segments_examined"] > 0
    assert find_songs(path, labels=labels, segmenter=segmenter).to_dict() == document


@pytest.mark.parametrize(
    "options", [SongOptions(segment_s=1.0), SongOptions(refine_step_s=0.5), SongOptions.as_published(5.0)]
)
def test_labels_of_other_segments_than_the_options_are_refused(
    talk: tuple[Path, Take], track: LabelTrack, segmenter: Segmenter, options: SongOptions
) -> None:
    with pytest.raises(UsageError, match="segments of 3 s in steps of 1 s"):
        find_songs(talk[0], options, labels=track, segmenter=segmenter)


@pytest.mark.parametrize("size", [1600, 16_000, 23_456])
def test_a_microphone_and_a_file_give_the_same_labels_and_sentences(
    talk: tuple[Path, Take], heard: Floats, segmenter: Segmenter, size: int
) -> None:
    path, take = talk
    spoken = LiveOptions().transcript
    of_file = LabelCollector(segmenter)
    transcript = TranscriptCollector(of_file, Knowing(path, take.words), spoken)
    collect(open_recording(path), [of_file, transcript])

    live = LabelCollector(segmenter)
    captions = LiveCaptionCollector(live, Knowing(path, take.words), LiveOptions(transcript=spoken))
    blocks = [heard[first : first + size] for first in range(0, len(heard), size)]
    pushed = list(push(audio_blocks(iter(blocks)), [live, captions]))
    assert [len(block.samples) for block in pushed] == [len(block) for block in blocks]
    live.finish()
    captions.finish()

    same(live.result, of_file.result)
    sentences = [sentence for one in captions.take() if one.final for sentence in one.sentences]
    assert [one.text for one in sentences] == [one.text for one in transcript.result.sentences]
    assert sentences == list(transcript.result.sentences)

    entry = live_captions(iter(blocks), recognizer=Knowing(path, take.words), segmenter=segmenter)
    said = [sentence for one in entry if one.final for sentence in one.sentences]
    assert [one.text for one in said] == [one.text for one in sentences]


@settings(max_examples=12, deadline=None)
@given(st.lists(st.integers(0, 60_000), max_size=12), st.sampled_from([2.0, 5.0, 20.0]))
def test_blocks_of_any_size_give_one_track(sizes: list[int], chunk_s: float) -> None:
    segmenter, samples = shared()
    whole = label_samples([samples], segmenter)
    same(label_samples(in_blocks(samples, sizes), segmenter, chunk_s=chunk_s), whole)


def shared(_kept: list[tuple[Segmenter, Floats]] = []) -> tuple[Segmenter, Floats]:  # noqa: B006 - is the cache
    """One segmenter and 12.3 s of tones and noise for all examples."""
    if not _kept:
        t = np.arange(round(12.3 * RATE_HZ)) / RATE_HZ
        noise = np.random.default_rng(1).standard_normal(len(t))
        tone = np.sin(2 * np.pi * (220 + 40 * np.sin(3 * t)) * t) * (np.sin(t) > 0)
        _kept.append((Segmenter(), (0.2 * tone + 0.01 * noise).astype(np.float32)))
    return _kept[0]


class Counter:
    """Counts samples, of which the one before it has counted as many."""

    def __init__(self, rate_hz: int, before: Counter | None = None) -> None:
        self.rate_hz, self.result = rate_hz, 0
        self.starts: list[int] = []
        self._before = before

    def accept(self, block: AudioBlock) -> None:
        """Take a block."""
        self.starts.append(block.start_sample)
        self.result += len(block.samples)
        assert self._before is None or self._before.result == self.result

    def finish(self) -> None:
        """Nothing is left."""


def test_collectors_of_one_pass_take_one_rate(talk: tuple[Path, Take]) -> None:
    recording = open_recording(talk[0])
    for collectors, found in (([Counter(8000), Counter(RATE_HZ)], "8000 Hz, 16000 Hz"), ([], "none")):
        with pytest.raises(UsageError, match=f"one sample rate, got {found}"):
            collect(recording, collectors)
        assert not any(one.starts for one in collectors)
    counter = Counter(8000)
    shares: list[float] = []
    report = collect(recording, [counter, Counter(8000, counter)], progress=shares.append)
    assert counter.result == 16 * 8000
    assert counter.starts == list(range(0, 16 * 8000, 8000))
    assert (shares, shares[-1], report.notes()) == (sorted(shares), 1.0, [])


def test_a_track_survives_its_bytes(track: LabelTrack, segmenter: Segmenter) -> None:
    for one in (track, label_samples([np.zeros(0, np.float32)], segmenter)):
        again = LabelTrack.from_bytes(one.to_bytes())
        same(again, one)
        assert again.to_bytes() == one.to_bytes()


def test_a_transcript_survives_its_bytes(talk: tuple[Path, Take], segmenter: Segmenter) -> None:
    transcript = spoken(talk, segmenter)
    again = Transcript.from_bytes(transcript.to_bytes())
    assert again.to_bytes() == transcript.to_bytes()
    assert again.sentences == transcript.sentences
    assert again.sounding == transcript.sounding
    assert len(again.sounding) >= 2
    empty = Transcript(1.0, "und", (), (), (), (), ())
    assert Transcript.from_bytes(empty.to_bytes()) == empty


def spoken(talk: tuple[Path, Take], segmenter: Segmenter) -> Transcript:
    return transcribe(talk[0], recognizer=Knowing(talk[0], talk[1].words), segmenter=segmenter).transcript


def damaged(content: bytes, structure: int) -> Iterator[bytes]:
    """Every value of the first bytes, a flipped bit in others, and every third end."""
    for at in range(structure):
        yield from (bytes([*content[:at], value, *content[at + 1 :]]) for value in range(256))
    rng = np.random.default_rng(0)
    for at in rng.integers(structure, len(content), 3000).tolist():
        flipped = bytearray(content)
        flipped[at] ^= 1 << int(rng.integers(8))
        yield bytes(flipped)
    yield from (content[:end] for end in range(0, len(content), max(1, len(content) // 300)))


def test_damaged_bytes_are_refused_or_give_evidence(
    talk: tuple[Path, Take], track: LabelTrack, segmenter: Segmenter
) -> None:
    small = LabelTrack(
        track.duration_s,
        track.frame_s,
        track.frames[:20],
        track.levels_db[:20],
        3.0,
        track.segments,
        1.0,
        track.windows[:1, :1, :8],
    )
    transcript = spoken(talk, segmenter)
    for one in (small, transcript):
        kind, content = type(one), one.to_bytes()
        refused: list[str] = []
        for wrong in damaged(content, 60):
            try:
                assert isinstance(kind.from_bytes(wrong), kind)
            except UsageError as error:
                refused.append(str(error))
        assert len(refused) > 1000
        assert all(len(line.splitlines()) == 1 for line in refused)
        with pytest.raises(UsageError):
            kind.from_bytes(b"")


MEMORY = """
import json, resource, sys
from edge.evidence.segments import label
result = label(sys.argv[1])
peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(json.dumps({"kib": int(peak.split()[1]), "frames": len(result.labels.frames)}))
"""


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the peak is read from /proc")
@pytest.mark.measured
def test_memory_does_not_grow_with_the_length(tmp_path: Path) -> None:
    found = []
    for minutes in (3, 30, 60):
        rng = np.random.default_rng(minutes)
        minute = (0.1 * rng.standard_normal(60 * RATE_HZ)).astype(np.float32)
        write_wav(tmp_path / "noise.wav", np.tile(minute, minutes), RATE_HZ)
        result = subprocess.run(
            [sys.executable, "-c", MEMORY, str(tmp_path / "noise.wav")],
            env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        found.append(json.loads(result.stdout))
        assert found[-1]["frames"] == minutes * 600
    three, thirty, sixty = (one["kib"] for one in found)
    assert thirty < 1.15 * three  # sequences of segments are long from 25 min on
    added_audio = 30 * 60 * RATE_HZ * 4 / 1024  # 110 MB; log-mel frames are 28 MB, the result 1.3 MB
    assert sixty - thirty < 0.15 * added_audio
