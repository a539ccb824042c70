"""What every script of this folder shares: the job comes in as JSON, the answer goes out as JSON.

The scripts run in the converters' own environments and import nothing of `edge`.
"""

import json
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np


def main(work: Callable[..., dict[str, Any]]) -> None:
    """Call `work` with the job's entries as keywords and write down what it returns."""
    _stay_offline()
    job, answer = map(Path, sys.argv[1:3])
    result = work(**json.loads(job.read_text(encoding="utf-8")))
    answer.write_text(json.dumps(result), encoding="utf-8")


def load_inputs(file: str) -> list[dict[str, Any]]:
    """Sets of inputs from an .npz in which each name is stacked along the first axis."""
    with np.load(file) as stacked:
        arrays = {name: stacked[name] for name in stacked.files}
    count = len(next(iter(arrays.values())))
    return [{name: array[index] for name, array in arrays.items()} for index in range(count)]


def _stay_offline() -> None:
    """Some converters report their use, or fetch test data: they find no network."""

    def refuse(*_: object, **__: object) -> None:
        raise OSError("a conversion runs offline")

    socket.getaddrinfo = refuse
    socket.socket.connect = refuse
