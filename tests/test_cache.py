"""What was recognized once is not recognized again, and a cache that fails costs nothing but time."""

from __future__ import annotations

import hashlib
import os
import shutil
import wave
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from edge.cache import Cache, default_root, key
from edge.errors import UsageError
from edge.evidence.options import RecognitionOptions, SpeechOptions, TranscriptOptions
from edge.evidence.speech.cached import CachedRecognizer
from edge.evidence.speech.recognizer import RecognitionResult, Recognizer
from edge.evidence.transcript import Transcript
from edge.media import open_recording
from edge.models.folder import open_folder
from edge.models.store import builtin_root
from edge.networks.segmenter import Segmenter
from edge.vocabulary import Word
from tests.makers import ONE, RATE_HZ, THREE, TWO, Knowing, Take, transcript_of
from tests.media.conftest import small_disk  # noqa: F401 - a fixture
from tools.convert.folder import rewrite
from tools.sound.signals import silence

Floats = NDArray[np.float32]


class Unwilling(Recognizer):
    """Must not be asked."""

    def __init__(self, like: Recognizer) -> None:
        self.identity, self.rate_hz = like.identity, like.rate_hz

    def recognize(self, samples: Floats) -> RecognitionResult:
        raise AssertionError(f"asked for {len(samples)} samples that are known")


class Counting(Recognizer):
    """Hears one word, and counts how often."""

    rate_hz = RATE_HZ

    def __init__(self, language: str | None = None, *, version: str = "1") -> None:
        self.identity = "counting", version, language
        self.times = 0

    def recognize(self, samples: Floats) -> RecognitionResult:
        self.times += 1
        return RecognitionResult((Word(0.0, len(samples) / self.rate_hz, "word"),), "en", -0.1)


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(tmp_path / "cache")


@pytest.fixture(scope="module")
def take() -> Take:
    take = Take(silence(16))
    take.say(TWO, take.say(ONE, 1.0) + 3.5)
    return take


@pytest.fixture(scope="module")
def said(take: Take, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return take.write(tmp_path_factory.mktemp("said") / "said.wav")


def same(first: Transcript, second: Transcript) -> bool:
    """All that was found is equal, arrays too."""
    return first.to_bytes() == second.to_bytes()


def test_a_recording_that_was_heard_is_not_heard_again(
    said: Path, take: Take, cache: Cache, segmenter: Segmenter
) -> None:
    knowing = Knowing(said, take.words)
    plain = transcript_of(said, recognizer=knowing, segmenter=segmenter)
    first = transcript_of(said, recognizer=knowing, segmenter=segmenter, cache=cache)
    again = transcript_of(said, recognizer=Unwilling(knowing), cache=Cache(cache.root))
    assert same(plain, first)
    assert same(first, again)
    assert [one.text for one in again.sentences] == [ONE, TWO]


def test_the_name_of_a_recording_does_not_matter(
    said: Path, take: Take, cache: Cache, tmp_path: Path, segmenter: Segmenter
) -> None:
    knowing = Knowing(said, take.words)
    first = transcript_of(said, recognizer=knowing, segmenter=segmenter, cache=cache)
    copied = Path(shutil.copy(said, tmp_path / "another name.wav"))
    moved = copied.rename(tmp_path / "moved.wav")
    again = transcript_of(moved, recognizer=Unwilling(knowing), segmenter=segmenter, cache=cache)
    assert same(first, again)


@pytest.mark.slow
@pytest.mark.parametrize("what", ["doubt", "sentences", "speech"])
def test_other_settings_are_another_result(
    said: Path, take: Take, cache: Cache, segmenter: Segmenter, what: str
) -> None:
    changed = {
        "doubt": TranscriptOptions(recognition=RecognitionOptions(logprob_threshold=-0.05)),
        "sentences": TranscriptOptions(sentence_pause_s=0.02),
        "speech": TranscriptOptions(SpeechOptions(padding_s=0.1)),
    }[what]
    knowing = Knowing(said, take.words)
    first = transcript_of(said, recognizer=knowing, segmenter=segmenter, cache=cache)
    other = transcript_of(said, changed, recognizer=knowing, segmenter=segmenter, cache=cache)
    assert not same(first, other)
    assert same(other, transcript_of(said, changed, recognizer=knowing, segmenter=segmenter))


def test_another_recognizer_is_asked_anew(said: Path, cache: Cache, segmenter: Segmenter) -> None:
    counts = []
    for recognizer in (Counting(), Counting(), Counting("en"), Counting(version="2"), Counting("en")):
        transcript_of(said, recognizer=recognizer, segmenter=segmenter, cache=cache)
        counts.append(recognizer.times)
    assert counts == [2, 0, 2, 2, 0]


def test_another_segmenter_hears_anew(
    said: Path, cache: Cache, tmp_path: Path, segmenter: Segmenter, take: Take
) -> None:
    copied = open_folder(Path(shutil.copytree(builtin_root() / "segmenter", tmp_path / "other")))
    other = Segmenter(rewrite(copied, version="99", parameters=copied.manifest.parameters).path)
    first = transcript_of(said, recognizer=Knowing(said, take.words), segmenter=segmenter, cache=cache)
    knowing = Knowing(said, [])
    knowing_all = transcript_of(said, recognizer=Unwilling(knowing), segmenter=other, cache=cache)
    # The audio is heard again, but its chunks are the same and known.
    assert same(first, knowing_all)


def test_another_content_under_the_same_name_is_heard(
    said: Path, take: Take, cache: Cache, tmp_path: Path, segmenter: Segmenter
) -> None:
    path = Path(shutil.copy(said, tmp_path / "a.wav"))
    transcript_of(path, recognizer=Counting(), segmenter=segmenter, cache=cache)
    content = bytearray(path.read_bytes())
    at = 44 + 2 * round((take.words[3].start + 0.05) * 16_000)
    content[at : at + 2] = b"\x01\x02"
    path.write_bytes(content)
    counting = Counting()
    transcript_of(path, recognizer=counting, segmenter=segmenter, cache=cache)
    assert counting.times == 1  # of two chunks one changed


def test_of_a_recording_that_has_grown_only_the_new_part_is_recognized(
    cache: Cache, tmp_path: Path, segmenter: Segmenter
) -> None:
    take = Take(silence(48))
    at_s = 1.0
    for number in range(6):
        at_s = take.say((ONE, TWO, THREE)[number % 3], at_s) + 3.5
    whole = take.write(tmp_path / "whole.wav")
    begun_s = next(word for word in take.words[::-1] if word.text == TWO.split()[0]).start - 0.7
    begun = tmp_path / "begun.wav"
    with wave.open(str(whole)) as source, wave.open(str(begun), "wb") as target:
        target.setparams(source.getparams())
        target.writeframes(source.readframes(round(begun_s * 16_000)))
    before = Knowing(begun, [word for word in take.words if word.end < begun_s])
    transcript_of(begun, recognizer=before, segmenter=segmenter, cache=cache)
    after = Knowing(whole, take.words)
    grown = transcript_of(whole, recognizer=after, segmenter=segmenter, cache=cache)
    assert [one.text for one in grown.sentences] == [ONE, TWO, THREE] * 2
    assert len(before.asked) == 4
    assert len(after.asked) == 2
    assert min(span.start for span in after.asked) > begun_s - 0.5
    assert same(grown, transcript_of(whole, recognizer=after, segmenter=segmenter))


def test_a_stretch_is_known_by_each_of_its_samples(cache: Cache) -> None:
    counting = Counting()
    known = CachedRecognizer(counting, cache)
    samples = np.random.default_rng(0).standard_normal(3200).astype(np.float32)
    first = known.recognize(samples)
    assert CachedRecognizer(Unwilling(counting), Cache(cache.root)).recognize(samples.copy()) == first
    assert known.recognize(samples[::-1][::-1]) == first
    assert counting.times == 1
    for other in (samples[:-1], samples[1:], np.append(samples, np.float32(0)), samples * np.float32(1.0001)):
        known.recognize(other)
    assert counting.times == 5
    assert known.identity == counting.identity


def entries(cache: Cache) -> list[Path]:
    return [file for file in cache.root.rglob("*") if file.is_file()]


def test_every_damaged_byte_of_an_entry_counts_as_missing(cache: Cache) -> None:
    value = bytes(range(100))
    cache.put(key("a"), value)
    (file,) = entries(cache)
    whole = file.read_bytes()
    for at in range(len(whole)):
        file.write_bytes(whole[:at] + bytes([whole[at] ^ 0x10]) + whole[at + 1 :])
        assert cache.get(key("a")) is None
    for length in range(len(whole)):
        file.write_bytes(whole[:length])
        assert cache.get(key("a")) is None
    file.write_bytes(whole + b"x")
    assert cache.get(key("a")) is None
    file.write_bytes(whole)
    assert cache.get(key("a")) == value


def test_damaged_entries_are_heard_again(said: Path, take: Take, cache: Cache, segmenter: Segmenter) -> None:
    knowing = Knowing(said, take.words)
    first = transcript_of(said, recognizer=knowing, segmenter=segmenter, cache=cache)
    asked = len(knowing.asked)
    for file in entries(cache):
        content = bytearray(file.read_bytes())
        content[len(content) // 2] ^= 1
        file.write_bytes(content)
    again = transcript_of(said, recognizer=knowing, segmenter=segmenter, cache=cache)
    assert same(first, again)
    assert len(knowing.asked) == 2 * asked
    transcript_of(said, recognizer=Unwilling(knowing), segmenter=segmenter, cache=cache)


@pytest.mark.slow
@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200))
def test_other_bytes_are_no_transcript(content: bytes) -> None:
    with pytest.raises(UsageError, match="no Transcript"):
        Transcript.from_bytes(content)


def test_a_damaged_transcript_is_one_or_is_refused(said: Path, take: Take, segmenter: Segmenter) -> None:
    found = transcript_of(said, recognizer=Knowing(said, take.words), segmenter=segmenter)
    content = found.to_bytes()
    assert same(Transcript.from_bytes(content), found)
    for at in range(0, len(content), 7):
        for changed in (content[:at] + bytes([content[at] ^ 0xFF]) + content[at + 1 :], content[:at]):
            with suppress(UsageError):
                Transcript.from_bytes(changed)


def a_file(root: Path) -> Path:
    root.write_text("precious")
    return root


def below_a_file(root: Path) -> Path:
    root.write_text("precious")
    return root / "cache"


@pytest.mark.parametrize("place", [a_file, below_a_file, lambda _: Path("/proc/nowhere/cache")])
def test_a_cache_that_cannot_be_written_is_no_trouble(
    said: Path, take: Take, tmp_path: Path, segmenter: Segmenter, place: Callable[[Path], Path]
) -> None:
    cache = Cache(place(tmp_path / "there"))
    for _ in range(2):
        found = transcript_of(said, recognizer=Knowing(said, take.words), segmenter=segmenter, cache=cache)
        assert [one.text for one in found.sentences] == [ONE, TWO]
    cache.prune()
    if (tmp_path / "there").exists():
        assert (tmp_path / "there").read_text() == "precious"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_cache_without_permission_is_no_trouble(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "cache")
    cache.root.mkdir(mode=0o500)
    cache.put(key("a"), b"value")
    assert cache.get(key("a")) is None


def test_a_full_disk_is_no_trouble_and_nothing_partial_stays(
    small_disk: Path,  # noqa: F811 - a fixture
) -> None:
    cache = Cache(small_disk / "cache")
    for number in range(20):
        cache.put(key(number), bytes(5000))
    kept = [number for number in range(20) if cache.get(key(number)) is not None]
    assert len(kept) < 20
    assert len(entries(cache)) == len(kept)


def test_what_was_not_used_for_longest_goes_first(tmp_path: Path) -> None:
    cache = Cache(tmp_path, limit_bytes=10 * 1032)
    for number in range(30):
        cache.put(key(number), bytes(1000))
        os.utime(cache._file(key(number)), (number, number))
    assert cache.get(key(3)) is not None  # used just now
    cache.prune()
    kept = [number for number in range(30) if cache.get(key(number)) is not None]
    assert kept == [3, *range(21, 30)]
    cache.prune()
    assert len(entries(cache)) == 10


def test_a_cache_stays_within_its_limit_by_itself(tmp_path: Path) -> None:
    cache = Cache(tmp_path, limit_bytes=20_000)
    for number in range(200):
        cache.put(key(number), bytes(1000))
    assert sum(file.stat().st_size for file in entries(cache)) <= 20_000 + 64 * 1032
    Cache(tmp_path, limit_bytes=20_000).put(key("next"), b"")  # a new run looks at once
    assert sum(file.stat().st_size for file in entries(cache)) <= 20_000 + 32


def test_the_cache_lies_where_the_setting_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDGE_CACHE", str(tmp_path / "mine"))
    assert Cache().root == default_root() == tmp_path / "mine"
    monkeypatch.delenv("EDGE_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert default_root().name == "evidence"
    assert not default_root().exists()


@given(st.lists(st.one_of(st.integers(), st.text(), st.none(), st.floats(allow_nan=False)), max_size=4))
def test_keys_tell_what_they_are_made_of_apart(parts: list[object]) -> None:
    assert key(*parts) == key(*parts)
    assert key(*parts) != key(*parts, None)
    assert key(*parts) != key(parts)
    assert key(1) != key("1")


def test_a_file_is_read_again_only_if_it_changed(said: Path, tmp_path: Path, cache: Cache) -> None:
    file = Path(shutil.copy(said, tmp_path / "a.wav"))
    first = cache.digest_of(open_recording(file))
    assert first == hashlib.sha256(file.read_bytes()).hexdigest()
    assert cache.digest_of(open_recording(file)) == first
    copied = Path(shutil.copy(file, tmp_path / "b.wav"))
    assert cache.digest_of(open_recording(copied)) == first
    file.write_bytes(file.read_bytes()[:-2] + b"xy")
    os.utime(file, ns=(1, 1))
    assert cache.digest_of(open_recording(file)) != first
