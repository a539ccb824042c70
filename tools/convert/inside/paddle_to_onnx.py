"""A Paddle program becomes ONNX."""

from pathlib import Path
from typing import Any

import job
import paddle2onnx


def convert(source: str, file: str, opset: int) -> dict[str, Any]:
    """Quantized programs keep their scales as QuantizeLinear and DequantizeLinear."""
    paddle2onnx.export(f"{source}/model.pdmodel", f"{source}/model.pdiparams", file, opset_version=opset)
    if not Path(file).is_file():
        raise RuntimeError("paddle2onnx wrote no file")
    return {}


if __name__ == "__main__":
    job.main(convert)
