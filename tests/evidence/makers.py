"""Words said one by one, and how far found times are off."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from edge.vocabulary import Word
from tests.makers import RATE_HZ, Floats
from tools.sound.signals import at_dbfs, silence
from tools.sound.speech import speak


def said(*tokens: str, pause_s: float = 0.15, before_s: float = 0.5) -> tuple[Floats, list[Word]]:
    """Tokens one by one, in the noise of a room, and when each was said."""
    parts, truth, at_s = [silence(before_s)], list[Word](), before_s
    for token in tokens:
        spoken = speak(token, voice="en-us")
        loud = np.flatnonzero(np.abs(spoken) > 0.01)
        spoken = at_dbfs(spoken[loud[0] : loud[-1]], -20)
        truth.append(Word(at_s, at_s + len(spoken) / RATE_HZ, token))
        parts += [spoken, silence(pause_s)]
        at_s += len(spoken) / RATE_HZ + pause_s
    whole = np.concatenate([*parts, silence(0.5)])
    hiss = np.random.default_rng(1).standard_normal(len(whole)).astype(np.float32)
    return whole + at_dbfs(hiss, -60), truth


def off_by(found: Sequence[Word], truth: Sequence[Word]) -> list[float]:
    assert [word.text for word in found] == [word.text for word in truth]
    return [abs(one.start - other.start) for one, other in zip(found, truth, strict=True)]
