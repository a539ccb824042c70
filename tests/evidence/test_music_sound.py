"""How music sounds, and how loud: the same for blocks of any size, flat for recordings of any length."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.arrays import Floats
from edge.evidence.collect import audio_blocks
from edge.evidence.loudness import LoudnessCollector
from edge.evidence.music_sound import LIMIT, MusicSound, MusicSoundCollector
from edge.media.write.soundtrack import loudness_of
from edge.networks.music_tagger import MusicTagger, MusicTags
from tests.makers import in_blocks
from tests.matching.makers import band

RATE_HZ = 16_000


class Counting(MusicTagger):
    """Counts the excerpts that it tags."""

    asked = 0

    def tag(self, samples: Floats) -> MusicTags:
        self.asked += 1
        return super().tag(samples)


@pytest.fixture(scope="module")
def tagger() -> Iterator[Counting]:
    with Counting() as opened:
        yield opened


def sound_of(tagger: MusicTagger, blocks: Iterable[Floats]) -> MusicSound:
    collector = MusicSoundCollector(tagger)
    for block in audio_blocks(blocks):
        collector.accept(block)
    collector.finish()
    return collector.result


def check_same(one: MusicSound, other: MusicSound) -> None:
    for name in ("tags", "vector", "timbre"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))


def is_nothing(one: MusicSound) -> bool:
    return not one.tags.any() and not one.vector.any() and not one.timbre.any()


@settings(deadline=None, max_examples=15)
@given(st.lists(st.integers(1, 70_000), max_size=8))
def test_blocks_of_any_size_give_the_same(tagger: Counting, sizes: list[int]) -> None:
    samples = band(8, rate_hz=RATE_HZ)
    check_same(sound_of(tagger, in_blocks(samples, sizes)), sound_of(tagger, [samples]))


def test_it_is_the_mean_of_whole_excerpts(tagger: Counting) -> None:
    samples = band(8, rate_hz=RATE_HZ)
    one, two = (tagger.tag(samples[at : at + tagger.excerpt]) for at in (0, tagger.excerpt))
    found = sound_of(tagger, [samples])
    np.testing.assert_allclose(found.vector, (one.vector + two.vector) / 2, rtol=1e-5)
    np.testing.assert_allclose(found.tags, (one.tags + two.tags) / 2, rtol=1e-5)
    assert found.timbre.shape == (26,)


def test_silence_does_not_count(tagger: Counting) -> None:
    silence, samples = np.zeros(2 * tagger.excerpt, np.float32), band(3.2, rate_hz=RATE_HZ)
    samples = samples[: tagger.excerpt]
    check_same(sound_of(tagger, [silence, samples, silence]), sound_of(tagger, [samples]))
    assert is_nothing(sound_of(tagger, [silence]))
    assert is_nothing(sound_of(tagger, []))


def test_a_short_piece_counts_from_half_a_second(tagger: Counting) -> None:
    samples = band(1, rate_hz=RATE_HZ)
    np.testing.assert_array_equal(sound_of(tagger, [samples]).vector, tagger.tag(samples).vector)
    assert is_nothing(sound_of(tagger, [samples[: RATE_HZ // 3]]))


@pytest.mark.parametrize("excerpts", [LIMIT, 16 * LIMIT])
def test_a_long_piece_costs_hardly_more_and_counts_to_its_end(tagger: Counting, excerpts: int) -> None:
    """Half of it is a band, half is hiss; both count alike."""
    hiss = 0.1 * np.random.default_rng(0).standard_normal(tagger.excerpt).astype(np.float32)
    music = band(3.2, rate_hz=RATE_HZ)[: tagger.excerpt]
    tagger.asked = 0
    found = sound_of(tagger, (music if n < excerpts / 2 else hiss for n in range(excerpts)))
    assert tagger.asked <= LIMIT + LIMIT * np.log2(excerpts / LIMIT)
    parts = [tagger.tag(samples).vector for samples in (music, hiss)]
    share = (found.vector - parts[1]) @ (parts[0] - parts[1]) / ((parts[0] - parts[1]) ** 2).sum()
    assert share == pytest.approx(0.5, abs=0.1)


@settings(deadline=None, max_examples=15)
@given(st.lists(st.integers(1, 70_000), max_size=8))
def test_loudness_is_that_of_the_whole(sizes: list[int]) -> None:
    samples = band(8, rate_hz=RATE_HZ)
    collector = LoudnessCollector(RATE_HZ)
    for block in audio_blocks(in_blocks(samples, sizes)):
        collector.accept(block)
    collector.finish()
    louder = LoudnessCollector(RATE_HZ)
    for block in audio_blocks([2 * samples]):
        louder.accept(block)
    louder.finish()
    assert louder.result - collector.result == pytest.approx(6.02, abs=0.01)
    stereo = np.stack([band(8), np.zeros_like(band(8))])
    assert collector.result == pytest.approx(loudness_of([stereo]), abs=0.2)


def test_silence_has_no_loudness() -> None:
    collector = LoudnessCollector(RATE_HZ)
    for block in audio_blocks([np.zeros(RATE_HZ, np.float32)]):
        collector.accept(block)
    collector.finish()
    assert collector.result == -np.inf
