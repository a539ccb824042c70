"""Composes training scenes out of the corpus, with exact truth for every output frame.

Sounds are mel powers, so laying a voice over music is an addition and the truth is known to the frame.
A *scene* is a script of events (talk, a song with prelude and verses, applause ...); a *clip* is a short one.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter

from edge.vocabulary import LABELS, Label
from tools.train.segmenter.corpus import FRONT_END, Take, label_index
from tools.train.segmenter.drawing import WARP_RATIOS, kinds, warps

STRIDE = 8
"""Mel frames per output frame of the network: 100 ms."""

IGNORE = -1
"""Truth of frames that nobody should learn from (a short pause inside speech, say)."""

Floats = NDArray[np.float32]
Truth = NDArray[np.int8]


@dataclass(frozen=True)
class Sound:
    """A composed stretch: `power` float32[frames, n_mels], `truth` int8[frames / STRIDE]."""

    power: Floats
    truth: Truth


class Composer:
    """Draws sounds from the takes and composes them; everything random comes from `rng`."""

    def __init__(self, takes: list[Take], rng: np.random.Generator) -> None:
        self.rng = rng
        self._kinds = {label: kinds([t for t in takes if t.recording.label is label]) for label in LABELS}
        self._warps = warps()

    # -- drawing -----------------------------------------------------------------------------------

    def draw(self, label: Label, frames: int, group: str | None = None) -> tuple[Floats, Floats | None, str]:
        """`frames` of one group's sound: power, the backing that belongs to it if any, and its kind."""
        kinds = self._kinds[label]
        if group is not None:
            kinds = [kind for kind in kinds if group in kind.pools] or kinds
        kind = kinds[self._pick(np.cumsum([k.weight for k in kinds]))]
        pool = kind.pools.get(group or "") or list(kind.pools.values())[self._pick(kind.cumulative)]
        power, backing = np.zeros((frames, FRONT_END.n_mels), np.float32), None
        at = 0
        while at < frames:
            take = pool.takes[self._pick(pool.cumulative)]
            piece, under = self._excerpt(take, frames - at)
            power[at : at + len(piece)] = piece
            if under is not None:
                backing = np.zeros_like(power) if backing is None else backing
                backing[at : at + len(under)] = under
            at += len(piece) + int(self.rng.integers(0, 40))
            if frames - at < 4 * FRONT_END.rate_hz // FRONT_END.hop and self.rng.random() < 0.15:
                break
        return power, backing, kind.name

    def _excerpt(self, take: Take, frames: int) -> tuple[Floats, Floats | None]:
        """Up to `frames` of a take from a random place, half of the time moved in pitch and tempo."""
        rng = self.rng
        step = int(rng.integers(len(self._warps))) if rng.random() < 0.5 else len(self._warps) // 2
        tempo = WARP_RATIOS[step] * rng.uniform(0.92, 1.08) if step != len(self._warps) // 2 else 1.0
        needed = int(frames * tempo) + 1
        start = int(rng.integers(0, max(1, len(take.log_power) - needed + 1)))
        index = np.minimum((np.arange(int(needed / tempo)) * tempo).astype(int), needed - 1)

        def moved(power: Floats) -> Floats:
            if tempo != 1.0:
                power = power[index[index < len(power)]]
                low, share = self._warps[step]
                power = power[:, low] * (1 - share) + power[:, low + 1] * share
            return power[:frames]

        under = (
            None
            if take.backing is None
            else moved(np.exp(take.backing[start : start + needed].astype(np.float32)))
        )
        return moved(take.power(start, needed)), under

    def _pick(self, cumulative: NDArray[np.float64]) -> int:
        return int(
            np.searchsorted(cumulative, self.rng.random() * cumulative[-1]).clip(0, len(cumulative) - 1)
        )

    def group(self, label: Label, containing: str = "") -> str | None:
        """A random group of a kind whose name contains the words, or None."""
        kinds = [kind for kind in self._kinds[label] if containing in kind.name]
        if not kinds:
            return None
        kind = kinds[self._pick(np.cumsum([k.weight for k in kinds]))]
        return list(kind.pools)[self._pick(kind.cumulative)]

    # -- events ------------------------------------------------------------------------------------

    def event(
        self, label: Label, frames: int, *, group: str | None = None, backing: Floats | None = None
    ) -> Sound:
        """One sound of one label with its surroundings: perhaps a room, a backing, another voice, noise.

        `backing` is music to lay under a voice, at least `frames` long; without it some voices get one.
        """
        rng = self.rng
        power, own, kind = self.draw(label, frames, group)
        voice = label in (Label.SINGING, Label.SPEAKING)
        bare = voice and "accompanied" not in kind
        if bare and rng.random() < 0.12:
            power = power + self.draw(label, frames)[0] * _gain(power, power, rng.uniform(-3, 10))
        active = _active(power)
        if rng.random() < 0.3:
            power = self._reverberate(power)
        if bare and backing is None and rng.random() < (0.5 if label is Label.SINGING else 0.35):
            backing = own if own is not None and rng.random() < 0.7 else self.draw(Label.MUSIC, frames)[0]
        truth = _truth(active, label, backed=bare and backing is not None)
        if bare and backing is not None:
            ratio_db = rng.uniform(-8, 8) if label is Label.SINGING else rng.uniform(-1, 16)
            power = power + backing[:frames] * _gain(power, backing[:frames], ratio_db)
        if label is Label.MUSIC and rng.random() < 0.2:  # a lead over another band
            other = self.draw(Label.MUSIC, frames)[0]
            power = power + other * _gain(power, other, rng.uniform(-6, 6))
        if label is not Label.OTHER and rng.random() < 0.25:
            noise = self.draw(Label.OTHER, frames)[0]
            power = power + noise * _gain(power, noise, rng.uniform(2, 25))
        return Sound(power, truth)

    def silence(self, frames: int) -> Sound:
        """Nothing, or the noise floor of a room: `other`."""
        tilt = np.exp(-np.linspace(0, self.rng.uniform(0, 4), FRONT_END.n_mels))
        level = 10.0 ** self.rng.uniform(-7, -2.5) * (self.rng.random() < 0.8)
        power = (level * tilt * self.rng.gamma(3.0, 1 / 3, (frames, FRONT_END.n_mels))).astype(np.float32)
        return Sound(power, np.full(frames // STRIDE, label_index(Label.OTHER), np.int8))

    def _reverberate(self, power: Floats) -> Floats:
        """A room in the power domain: each band decays exponentially behind the direct sound."""
        seconds = self.rng.uniform(0.15, 1.2)
        decay = float(np.exp(-13.8 * FRONT_END.hop / FRONT_END.rate_hz / seconds))
        wet = 10.0 ** (self.rng.uniform(-12, 3) / 10) * (1 - decay)
        return np.asarray(power + lfilter([0.0, wet], [1.0, -decay], power, axis=0), dtype=np.float32)

    # -- clips and scenes --------------------------------------------------------------------------

    def clip(self, frames: int) -> Sound:
        """A short training clip: one event, or two or three joined at random places."""
        count = int(self.rng.choice([1, 2, 3], p=[0.5, 0.38, 0.12]))
        cuts = np.sort(self.rng.choice(np.arange(4, frames // STRIDE - 4), count - 1, replace=False)) * STRIDE
        edges = [0, *(int(cut) for cut in cuts), frames]
        return self._join([self._any(b - a) for a, b in pairwise(edges)])

    def _any(self, frames: int) -> Sound:
        label = LABELS[int(self.rng.choice(4, p=[0.29, 0.22, 0.31, 0.18]))]
        if label is Label.OTHER and self.rng.random() < 0.15:
            return self.silence(frames)
        return self.event(label, frames)

    def scene(self, frames: int) -> Sound:
        """A long recording of exactly `frames`: one kind of audio throughout, or a script of events."""
        rng = self.rng
        if rng.random() < 0.3:
            return self._any(frames)
        sounds: list[Sound] = []
        while sum(len(sound.power) for sound in sounds) < frames:
            draw = rng.random()
            if draw < 0.35:
                sounds.extend(self._song())
            elif draw < 0.6:
                sounds.append(self._talk(self._seconds(4, 25)))
            elif draw < 0.75:
                sounds.append(self.event(Label.MUSIC, self._seconds(4, 25)))
            elif draw < 0.93:
                sounds.append(self.event(Label.OTHER, self._seconds(2, 15)))
            else:
                sounds.append(self.silence(self._seconds(1, 8)))
        whole = self._join(sounds)
        start = int(rng.integers(0, (len(whole.power) - frames) // STRIDE + 1)) * STRIDE
        return Sound(
            whole.power[start : start + frames], whole.truth[start // STRIDE : (start + frames) // STRIDE]
        )

    def _seconds(self, low: float, high: float) -> int:
        """A random length in mel frames, a multiple of STRIDE, log-uniform in seconds."""
        seconds = float(np.exp(self.rng.uniform(np.log(low), np.log(high))))
        return max(1, round(seconds * 10)) * STRIDE

    def _talk(self, frames: int) -> Sound:
        return self.event(Label.SPEAKING, frames, group=self.group(Label.SPEAKING))

    def _song(self) -> list[Sound]:
        """Prelude, verses with breaks between them, postlude: a real song's parts, or a voice over a bed."""
        rng = self.rng
        verses = [self._seconds(5, 30) for _ in range(int(rng.integers(1, 4)))]
        breaks = [self._seconds(1, 10) for _ in verses[1:]] + [0]
        prelude = self._seconds(2, 15) if rng.random() < 0.6 else 0
        postlude = self._seconds(2, 12) if rng.random() < 0.6 else 0
        real = rng.random() < 0.35
        group = self.group(Label.SINGING, "accompanied") if real else self.group(Label.SINGING)
        total = prelude + postlude + sum(verses) + sum(breaks)
        bed = None if rng.random() < (1.0 if real else 0.25) else self.event(Label.MUSIC, total).power
        sounds, at = [], 0

        def music(frames: int) -> None:
            nonlocal at
            if frames and bed is not None:
                sounds.append(
                    Sound(bed[at : at + frames], _truth(_active(bed[at : at + frames]), Label.MUSIC))
                )
            elif frames and real:
                sounds.append(self.event(Label.MUSIC, frames, group=group))
            at += frames

        level = None if bed is None else float(rng.uniform(0.3, 3))
        music(prelude)
        for verse, pause in zip(verses, breaks, strict=True):
            under = None if bed is None else bed[at : at + verse]
            sound = self.event(Label.SINGING, verse, group=group, backing=under)
            if under is not None and level is not None:  # keep the bed at one level through the song
                sound = Sound(sound.power * (level * under.mean() / (sound.power.mean() + 1e-9)), sound.truth)
            sounds.append(sound)
            at += verse
            music(pause)
        music(postlude)
        return sounds

    def _join(self, sounds: list[Sound]) -> Sound:
        """One after the other at random levels, hard or with a cross-fade of up to half a second."""
        rng = self.rng
        power = np.concatenate([s.power * np.float32(self._level(s.power)) for s in sounds])
        at = 0
        for sound in sounds[:-1]:
            at += len(sound.power)
            width = min(int(rng.choice(np.array([0, 0, rng.integers(2, 40)]))), at, len(power) - at)
            if width:
                ramp = np.linspace(0, 1, width, dtype=np.float32)[:, None]
                tail, head = power[at - width : at].copy(), power[at : at + width].copy()
                power[at - width : at] = tail + head[::-1] * ramp / 2
                power[at : at + width] = head + tail[::-1] * ramp[::-1] / 2
        return Sound(power, np.concatenate([sound.truth for sound in sounds]))

    def _level(self, power: Floats) -> float:
        """A gain that brings the audio's mean power near 1, give or take 10 dB; near-silence stays quiet."""
        return float(10.0 ** self.rng.uniform(-1, 1) / (power.mean() + 1e-3))


def _active(power: Floats) -> NDArray[np.bool_]:
    """Output frames in which the audio is heard: within 35 dB of its loudest, widened by 0.3 s."""
    energy = power.mean(axis=1).reshape(-1, STRIDE).mean(axis=1)
    active = energy > max(float(energy.max()) * 10**-3.5, 3e-5)
    return np.convolve(active, np.ones(7), "same") > 0 if len(active) >= 7 else active


def _truth(active: NDArray[np.bool_], label: Label, *, backed: bool = False) -> Truth:
    """The label where it is heard; else music if `backed`, `other` in long gaps, ignored in short ones."""
    truth = np.full(len(active), label_index(label), np.int8)
    if label is Label.OTHER:
        return truth
    if backed:
        truth[~active] = label_index(Label.MUSIC)
        return truth
    near = np.convolve(active, np.ones(15), "same")[: len(active)] > 0 if len(active) >= 15 else active
    truth[~active] = IGNORE
    truth[~near] = label_index(Label.OTHER)
    return truth


def _gain(voice: Floats, backing: Floats, ratio_db: float) -> np.float32:
    """Factor for `backing` that puts the voice `ratio_db` above it, both measured where they sound."""
    return np.float32(min(300.0, _loudness(voice) / (_loudness(backing) * 10.0 ** (ratio_db / 10))))


def _loudness(power: Floats) -> float:
    energy = power.mean(axis=1)
    return float(energy[energy > energy.max() * 1e-3].mean()) + 1e-6 if energy.max() > 0 else 1e-6
