"""All targets by name."""

from __future__ import annotations

from tools.fuzz.media import MEDIA
from tools.fuzz.target import Target

TARGETS: dict[str, Target] = {target.name: target for target in (MEDIA,)}
"""Name -> target."""
