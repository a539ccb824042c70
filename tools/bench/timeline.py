"""A fresh process on its way to the first label, step by step: `python -m tools.bench.timeline FILE T0`.

`T0` is `time.monotonic()` of the parent just before it started us. Prints seconds of each step as JSON. Only
the standard library may be imported before the first step is timed.
"""

# ruff: noqa: PLC0415 - imports are what is timed

from __future__ import annotations

import json
import sys
import time


def main() -> None:
    """Load the parts in the order in which `edge label` needs them."""
    laps, last = {"interpreter": time.monotonic() - float(sys.argv[2])}, time.monotonic()

    def lap(name: str) -> None:
        nonlocal last
        now = time.monotonic()
        laps[name], last = now - last, now

    import edge

    lap("import edge")
    import numpy as np

    lap("import numpy")
    import edge.media.read.audio

    lap("import av, edge.media")
    import edge.models.frontend
    import edge.networks.segmenter

    lap("import edge.models, kernels")
    import onnxruntime  # noqa: F401

    lap("import onnxruntime")
    segmenter = edge.networks.segmenter.Segmenter()
    lap("load model")
    stream = segmenter.front_end.stream()
    stream.accept(np.zeros(1600, np.float32))
    stream.get()
    lap("compile or load kernels")
    edge.label(sys.argv[1], segmenter=segmenter)
    lap("decode and label")
    print(json.dumps(laps))


if __name__ == "__main__":
    main()
