"""Run one Paddle-Lite network for a parent process: started by its path, with Python 3.10 and numpy 1.

It imports nothing of this package. Requests and responses are lines of JSON, on a pipe each; arrays are in
shared memory, given by its file descriptor. The library prints to standard output and aborts on errors: its
output is redirected to standard error, and the parent detects that this process has ended.
"""

import json
import mmap
import os
from typing import Any, BinaryIO

import numpy as np

ALIGNMENT = 64


def main() -> None:
    """Load the network whose bytes follow the first line, then answer until the parent closes the pipe."""
    requests = os.fdopen(os.dup(0), "rb")
    answers = os.fdopen(os.dup(1), "wb", 0)
    os.dup2(2, 1)
    first = json.loads(requests.readline())
    worker = Worker(requests.read(first["bytes"]), first["memory"])
    tell(answers, worker.description())
    for line in requests:
        try:
            tell(answers, {"outputs": worker.run(json.loads(line))})
        except Exception as error:  # the parent handles it
            tell(answers, {"error": f"{type(error).__name__}: {error}"})


def tell(answers: BinaryIO, message: dict[str, Any]) -> None:
    """Write one line to the parent."""
    answers.write(json.dumps(message).encode() + b"\n")


class Worker:
    """A loaded network and the shared memory for its arrays."""

    def __init__(self, network: bytes, memory: int) -> None:
        from paddlelite.lite import MobileConfig, create_paddle_predictor  # noqa: PLC0415

        config = MobileConfig()
        config.set_model_from_buffer(network)
        self._predictor = create_paddle_predictor(config)
        self._descriptor = memory
        self._memory = mmap.mmap(memory, 0)

    def description(self) -> dict[str, Any]:
        """Return the numbers of inputs and outputs of the network."""
        return {
            "inputs": len(self._predictor.get_input_names()),
            "outputs": len(self._predictor.get_output_names()),
        }

    def run(self, request: dict[str, Any]) -> list[dict[str, Any]]:
        """Run on the arrays that the request describes; return descriptions of the outputs."""
        if request["size"] != len(self._memory):
            self._map()
        for number, place in enumerate(request["inputs"]):
            self._predictor.get_input(number).from_numpy(self._array(place).copy())
        self._predictor.run()
        return self._place([self._predictor.get_output(n).numpy() for n in range(request["outputs"])])

    def _place(self, outputs: list[Any]) -> list[dict[str, Any]]:
        """Write the outputs to the shared memory, which grows if needed."""
        places, offset = [], 0
        for array in outputs:
            places.append({"dtype": array.dtype.name, "shape": list(array.shape), "offset": offset})
            offset += -(-array.nbytes // ALIGNMENT) * ALIGNMENT
        if offset > len(self._memory):
            os.ftruncate(self._descriptor, offset)
            self._map()
        for place, array in zip(places, outputs, strict=True):
            self._array(place)[...] = array
        return places

    def _array(self, place: dict[str, Any]) -> Any:
        """Return the array at a position in the shared memory."""
        count = int(np.prod(place["shape"], dtype=np.int64))
        flat = np.frombuffer(self._memory, place["dtype"], count, place["offset"])
        return flat.reshape(place["shape"])

    def _map(self) -> None:
        self._memory = mmap.mmap(self._descriptor, 0)


if __name__ == "__main__":
    main()
