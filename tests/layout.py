"""The layout that docs/architecture.md draws: which room may import which."""

from __future__ import annotations

GROUND = {
    "arrays",
    "decoding",
    "vocabulary",
    "errors",
    "spans",
    "files",
    "cache",
    "version",
    "text",
    "offline",
    "interrupts",
    "namespace",
    "schema",
}
SYSTEMS = {"songs", "captions", "quickcut", "tagging", "matching", "music"}
ALLOWED = {
    **dict.fromkeys(GROUND, GROUND),
    "media": GROUND,
    "models": GROUND,
    "networks": {*GROUND, "models"},
    "timeline": {*GROUND, "media"},
    "evidence": {*GROUND, "media", "models", "networks"},
    **{name: {*GROUND, "media", "models", "networks", "timeline", "evidence"} for name in SYSTEMS},
    "studio": {*GROUND, "media", "models", "networks", "timeline", "evidence", *SYSTEMS, "analysis"},
    "analysis": {*GROUND, "media", "models", "networks", "timeline", "evidence", *SYSTEMS},
    "bench": {*GROUND, "media", "models", "networks", "timeline", "evidence", *SYSTEMS},
}
"""Room of `edge` -> the other rooms that it may import."""
