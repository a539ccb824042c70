"""Runs a Paddle program on given inputs, to have what conversions are compared with."""

from typing import Any

import job
import numpy as np
import paddle


def run(folder: str, inputs: str, outputs: str) -> dict[str, Any]:
    """Outputs in the program's order, stacked, into an .npz; inputs by the program's names."""
    paddle.enable_static()
    executor = paddle.static.Executor(paddle.CPUPlace())
    program, names, fetched = paddle.static.load_inference_model(
        folder, executor, model_filename="model.pdmodel", params_filename="model.pdiparams"
    )
    results = [
        executor.run(program, feed={name: given[name] for name in names}, fetch_list=fetched)
        for given in job.load_inputs(inputs)
    ]
    columns = zip(*results, strict=True)
    np.savez(outputs, **{f"{number:03}": np.stack(column) for number, column in enumerate(columns)})
    return {"outputs": len(fetched)}


if __name__ == "__main__":
    job.main(run)
