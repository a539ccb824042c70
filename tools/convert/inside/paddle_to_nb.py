"""A Paddle program becomes a Paddle-Lite file (.nb) for one kind of processor."""

from pathlib import Path
from typing import Any

import job
from paddlelite.lite import Opt

VERSION = slice(2, 18)
"""Where a file says which version made it."""


def convert(source: str, file: str, target: str, fp16: bool, int8_weights: bool) -> dict[str, Any]:
    """The file's name must end in .nb, which the optimiser adds itself."""
    optimiser = Opt()
    optimiser.set_model_file(f"{source}/model.pdmodel")
    optimiser.set_param_file(f"{source}/model.pdiparams")
    optimiser.set_optimize_out(file.removesuffix(".nb"))
    if fp16:
        optimiser.enable_fp16()  # before the places are set: they take it over
    optimiser.set_valid_places(target)
    if int8_weights:
        optimiser.set_quant_model(True)
        optimiser.set_quant_type("QUANT_INT8")
    optimiser.run()
    if not Path(file).is_file():
        raise RuntimeError("paddle_lite_opt wrote no file")
    _clean(Path(file))
    return {}


def _clean(file: Path) -> None:
    """Zero what was in memory after the version, so that the same program gives the same bytes."""
    content = bytearray(file.read_bytes())
    end = content.index(0, VERSION.start)
    content[end : VERSION.stop] = bytes(VERSION.stop - end)
    file.write_bytes(content)


if __name__ == "__main__":
    job.main(convert)
