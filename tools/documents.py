"""JSON documents of the tools: plain numbers whatever computed them, and nothing that is no JSON."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any


def document(content: Any) -> str:
    """`content` as JSON; NumPy's numbers and arrays become plain, NaN and infinity become null."""
    return json.dumps(_plain(content), indent=2, allow_nan=False)


def _plain(value: Any) -> Any:
    if hasattr(value, "tolist"):
        return _plain(value.tolist())
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
