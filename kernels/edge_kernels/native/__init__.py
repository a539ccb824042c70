"""The kernels themselves, in numba's language: compiled here or ahead of time, never run by Python.

Importing this package imports numba; where a compiled library serves, nobody does. `ENTRIES` holds the body
of every function that `edge_kernels.h` declares.
"""

from edge_kernels.native import (
    about,
    audio,
    images,
    labels,
    mel,
    mel_plan,
    mixing,
    motion,
    operators,
    reverb,
    similarity,
    speech,
    strings,
    synthesis,
    text,
    transformer,
    vectors,
)
from edge_kernels.native.entry import ENTRIES, INTERFACE, signature

__all__ = [
    "ENTRIES",
    "INTERFACE",
    "about",
    "audio",
    "images",
    "labels",
    "mel",
    "mel_plan",
    "mixing",
    "motion",
    "operators",
    "reverb",
    "signature",
    "similarity",
    "speech",
    "strings",
    "synthesis",
    "text",
    "transformer",
    "vectors",
]

_missing = INTERFACE.prototypes.keys() - ENTRIES.keys()
if _missing:
    raise ImportError(f"edge_kernels.h declares functions that nobody wrote: {', '.join(sorted(_missing))}")
