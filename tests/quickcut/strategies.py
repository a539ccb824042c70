"""Talks in which anything can be said."""

# ruff: noqa: RUF001 - the punctuation of Chinese is meant

from __future__ import annotations

from itertools import pairwise

from hypothesis import strategies as st

from edge.evidence.transcript import Transcript
from edge.vocabulary import Span
from tests.makers import talk_from_script

lexicon = ["um", "we", "you", "know,", "lens.", "light", "gathers", "the", "那", "个，", "嗯", "今天", "go!"]
steps = st.sampled_from(
    [*lexicon, *"~~~~/", *(f"[{pause}]" for pause in (0.05, 0.13, 0.35, 0.99, 1.01, 2.5))]
    + 2 * ["the lens gathers ~ the light. [0.4]", "今天我们从这里开始。[0.5]"]
)
scripts = st.lists(steps, min_size=1, max_size=25).map(" ".join)


@st.composite
def recordings(draw: st.DrawFn) -> Transcript:
    """Anything that can be said, with sounds and music anywhere in it."""
    script = draw(scripts) + " We [0.3]"
    length = round(talk_from_script(script).duration_s * 100)
    cuts = st.lists(st.integers(0, length), max_size=6, unique=True).map(sorted)
    sounds, music = ([Span(a / 100, b / 100) for a, b in pairwise(draw(cuts))][::2] for _ in range(2))
    return talk_from_script(
        script, language=draw(st.sampled_from(["en", "zh", "xx"])), sounds=sounds, music=music
    )
