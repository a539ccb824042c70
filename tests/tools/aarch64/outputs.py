"""Run stages of edge.bench on the golden set, in whatever interpreter this is.

    python outputs.py FILE.npz STAGE|STAGE=MODEL...

Arrays are written by `stage/name`, `labels/frames` and `labels/segments` among them; what ran them is printed
as JSON. It imports nothing but edge, because the emulated interpreter has nothing else.
"""

import json
import platform
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from edge_kernels.library import library

import edge
from edge.bench import golden
from edge.evidence.labels import label_samples
from edge.models.arithmetic import describe
from edge.networks.segmenter import Segmenter


def main() -> None:
    """Run what the command line names."""
    file, *names = sys.argv[1:]
    track = label_samples([golden.samples()], Segmenter())
    arrays: dict[str, Any] = {"labels/frames": track.frames, "labels/segments": track.segments}
    runtimes = {}
    for given in names:
        name, _, model = given.partition("=")
        stage = import_module(f"edge.bench.stages.{name}")
        job = stage.open_stage(stage.inputs(), model=model or None, threads=1)
        arrays |= {f"{name}/{key}": array for key, array in job.run().items()}
        runtimes[name] = job.runtime
        print(name, file=sys.stderr, flush=True)
    np.savez(file, **arrays)
    kernels = library()
    about = {
        "machine": platform.machine(),
        "edge": str(Path(edge.__file__).parent),
        "kernels": [kernels.kind, kernels.target, str(kernels.file)],
        "int8": describe(),
        "runtimes": runtimes,
    }
    print(json.dumps(about))


if __name__ == "__main__":
    main()
