"""The stages that are measured.

Each is a module with `inputs()`, which makes what the stage is run on, and `open_stage(inputs, *, model,
threads)`, which loads what it needs and returns a `Job`. Its modules are imported in the stage's own process.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from edge.bench.golden import RECORDING_S, Outputs, largest, unlike, words_wrong


@dataclass(frozen=True, slots=True)
class Stage:
    """A part of the work that is measured by itself."""

    what: str
    """What is done in a run."""
    amount: float
    """Seconds of media in a run, or items."""
    unit: str
    """s for seconds of media; else the name of an item."""
    error_is: str
    """Unit of the error."""
    limit: float
    """Largest error that counts as accurate."""
    error: Callable[[Outputs, Outputs], float] = largest
    """The error of outputs, given the golden ones."""
    effort: float = 1.0
    """How long it takes to measure, relative to the others; for the progress."""
    takes_model: bool = False
    """Whether another model can be measured in place of the one that ships."""
    needs: tuple[str, ...] = field(default=())
    """Modules that must be installed."""
    extra: str = ""
    """The extra that installs them."""


STAGES: dict[str, Stage] = {
    "decode": Stage("decode audio", RECORDING_S, "s", "dB", 0.1),
    "mel": Stage("log-mel of a minute", 60, "s", "", 1e-3),
    "segmenter": Stage("label audio", RECORDING_S, "s", "probability", 0.05, takes_model=True),
    "songs": Stage("find the songs of a file", RECORDING_S, "s", "s", 0.3, effort=3),
    "captions": Stage(
        "transcribe a file", RECORDING_S, "s", "of words", 0.1, words_wrong, effort=3, takes_model=True,
        needs=("moonshine_voice", "pocketsphinx"), extra="captions",
    ),
    "motion": Stage("motion of 640x360 video", RECORDING_S, "s", "heights/s", 0.02, effort=3),
    "faces": Stage("detect faces in 640x360", 1, "frame", "pixels", 2.0, takes_model=True),
    "lips": Stage("judge 2 s of lips", 1, "burst", "probability", 0.05, takes_model=True),
    "images": Stage("classify 640x360", 1, "frame", "cosine", 0.01, unlike, takes_model=True),
    "text": Stage(
        "encode a sentence", 1, "text", "cosine", 0.01, unlike, takes_model=True,
        needs=("tokenizers",), extra="text",
    ),
    "tags": Stage(
        "tag a file", RECORDING_S, "s", "similarity", 0.05, effort=3, needs=("tokenizers",), extra="text",
    ),
    "music": Stage("compose for a video", 30, "s", "probability", 0.05, effort=6, takes_model=True),
}  # fmt: skip
"""The stages in order, by the name of their module."""
