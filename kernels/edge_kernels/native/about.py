"""What a compiled library says of itself."""

from __future__ import annotations

import numpy as np

from edge_kernels.native.entry import INTERFACE, entry
from edge_kernels.native.lanes import WIDTH

_VERSION, _LANES = np.int64(INTERFACE.version), np.int64(WIDTH)


@entry
def interface():
    """The version of the header."""
    return _VERSION


@entry
def lanes():
    """Float32 lanes of a vector."""
    return _LANES
