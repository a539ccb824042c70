"""All targets by name."""

from __future__ import annotations

from tools.fuzz.documents import DOCUMENTS
from tools.fuzz.media import MEDIA
from tools.fuzz.native import KERNELS
from tools.fuzz.networks import GRAPHS
from tools.fuzz.requests import REQUESTS
from tools.fuzz.target import Target

TARGETS: dict[str, Target] = {
    target.name: target for target in (MEDIA, *DOCUMENTS, REQUESTS, GRAPHS, KERNELS)
}
"""Name -> target."""
