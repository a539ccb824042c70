"""Make the golden set of `edge bench`: the recording, then the outputs of every stage.

    python -m tools.golden [STAGE...] [--recording]

By default the outputs of all stages are made from the recording as it is. They need a processor whose sums of
int8 products are exact, and the extras of all stages.
"""

from __future__ import annotations

import argparse
import sys
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.bench.golden import OUTPUTS, RECORDING
from edge.bench.stages import STAGES
from edge.files import whole_file
from edge.models.arithmetic import saturates
from tools.golden.recording import render_recording
from tools.progress import begin, tell


def main() -> int:
    """Make what is asked for; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tools.golden", description=__doc__)
    parser.add_argument("stages", nargs="*", metavar="STAGE", help="only the outputs of these")
    parser.add_argument("--recording", action="store_true", help="render the recording again, before")
    given = parser.parse_args()
    begin()
    if saturates():
        print("sums of int8 products are not exact on this processor", file=sys.stderr)
        return 1
    if given.recording:
        tell("rendering the recording")
        render_recording(RECORDING)
    arrays: dict[str, NDArray[Any]] = {}
    if given.stages:
        with np.load(OUTPUTS, allow_pickle=False) as stored:
            arrays = {key: stored[key] for key in stored.files if key.split("/")[0] in STAGES}
    for name in given.stages or STAGES:
        tell(f"running {name}")
        arrays = {key: array for key, array in arrays.items() if key.split("/")[0] != name}
        arrays |= {f"{name}/{key}": array for key, array in outputs(name).items()}
    with whole_file(OUTPUTS, force=True) as draft, draft.open("wb") as stream:
        np.savez_compressed(stream, allow_pickle=False, **dict(sorted(arrays.items())))
    print(
        f"{OUTPUTS.name}: {OUTPUTS.stat().st_size} bytes; {RECORDING.name}: {RECORDING.stat().st_size} bytes"
    )
    return 0


def outputs(name: str, *, model: str | None = None) -> dict[str, NDArray[Any]]:
    """Return the outputs of a stage."""
    module = import_module(f"edge.bench.stages.{name}")
    job = module.open_stage(module.inputs(), model=model, threads=1)
    return dict(job.run())


if __name__ == "__main__":
    sys.exit(main())
