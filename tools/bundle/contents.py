"""What a bundle can hold: systems, and what is different on each target."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class System:
    """A part of edge that an app takes."""

    what: str
    models: tuple[str, ...]
    """Ids of its models."""
    stages: tuple[str, ...]
    """Stages of `edge bench` whose golden outputs belong to it."""


SYSTEMS = {
    "songs": System(
        "find the songs of a recording",
        ("segmenter", "faces", "lips", "face-fusion"),
        ("mel", "segmenter", "songs", "faces", "lips"),
    ),
    "captions": System("caption speech", ("segmenter", "moonshine-tiny-en"), ("captions",)),
    "tags": System("tag a video", ("segmenter", "images", "words", "tags"), ("images", "text", "tags")),
    "music": System("compose music for a video", ("composer", "templates"), ("motion", "music")),
    "matching": System(
        "pick music for a video", ("images", "words", "music", "matching"), ("images", "text")
    ),
}
"""By name. Quick cut needs what captions need."""

MODEL_STAGES = {
    "segmenter": "segmenter", "faces": "faces", "lips": "lips", "images": "images", "words": "text",
    "composer": "music", "moonshine-tiny-en": "captions",
}  # fmt: skip
"""The stage that runs a model on the golden recording; the others are run on random inputs."""


@dataclass(frozen=True)
class BundleTarget:
    """A kind of device."""

    kernels: tuple[str, ...]
    """Targets of `tools.compile_kernels`, best first."""
    core: str
    """Target that the C core is compiled for."""
    runtime: str
    """What runs the networks there."""
    networks: Literal["onnx", "ort"]
    """Format of networks that ship as ONNX; `.ort` files are optimized for Arm."""


_FULL = "onnxruntime of PyPI"
_SMALL = "onnxruntime, also a build that reads .ort files only"
TARGETS = {
    "linux-x86_64": BundleTarget(("x86-64-v4", "x86-64-v3", "x86-64-v2"), "x86-64-v3", _FULL, "onnx"),
    "linux-aarch64": BundleTarget(("aarch64-linux",), "aarch64-linux", _FULL, "onnx"),
    "jetson": BundleTarget(("aarch64-linux",), "aarch64-linux", "onnxruntime, of NVIDIA for the GPU", "onnx"),
    "android-arm64": BundleTarget(("aarch64-android24",), "aarch64-android24", _SMALL, "ort"),
    "ios-arm64": BundleTarget(("arm64-ios15",), "arm64-ios15", _SMALL, "ort"),
}
