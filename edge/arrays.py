"""Types of the arrays that are passed around."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float32]
"""float32 of any shape; docstrings state it."""
