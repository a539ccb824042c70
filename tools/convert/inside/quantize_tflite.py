"""A float .tflite becomes an int8 one: by its weights (dynamic), or by its activations too (static)."""

from typing import Any

import job
from ai_edge_litert.interpreter import Interpreter
from ai_edge_quantizer import Quantizer, qtyping, recipe, recipe_manager
from ai_edge_quantizer.algorithm_manager import AlgorithmName
from ai_edge_quantizer.calibrator import Calibrator
from ai_edge_quantizer.utils import qsv_utils


def quantize(source: str, file: str, kind: str, calibration: str | None, keep: list[str]) -> dict[str, Any]:
    """Inputs, outputs and the operations of the types `keep` stay float."""
    recipes = {"static": recipe.static_wi8_ai8, "dynamic": recipe.dynamic_wi8_afp32}
    quantizer = Quantizer(source, recipes[kind]())
    for name in ["INPUT", "OUTPUT", *keep]:
        operation = qtyping.TFLOperationName(name)
        quantizer.update_quantization_recipe(".*", operation, algorithm_key=AlgorithmName.NO_QUANTIZE)
    found = None
    if calibration is not None:
        signature = next(iter(Interpreter(source).get_signature_list()))
        manager = recipe_manager.RecipeManager()
        manager.load_quantization_recipe(quantizer.get_quantization_recipe())
        # The quantizer's own way is a moving average, whose ranges cut off the loudest inputs.
        calibrator = Calibrator(source, qsv_update_func=qsv_utils.min_max_update)
        calibrator.calibrate({signature: job.load_inputs(calibration)}, manager)
        found = calibrator.get_model_qsvs()
    quantizer.quantize(found).export_model(file, overwrite=True)
    return {}


if __name__ == "__main__":
    job.main(quantize)
