"""A float Paddle program becomes an int8 one by post-training quantization, calibrated on given inputs."""

from typing import Any

import job
import numpy as np
import paddle
from paddle.static.quantization import PostTrainingQuantization


def halve(program: Any, scope: Any) -> None:
    """Give weights that were quantized by channel half the numbers, of twice the size."""
    for operation in program.global_block().ops:
        if operation.type != "fake_channel_wise_dequantize_max_abs":
            continue
        product = operation.input("X")[0]
        layer = next(one for one in program.global_block().ops if product in one.output_arg_names)
        weights = scope.find_var(layer.input("Filter")[0]).get_tensor()
        sizes = scope.find_var(operation.input("Scales")[0]).get_tensor()
        weights.set(np.rint(np.array(weights) / 2), paddle.CPUPlace())
        sizes.set(np.array(sizes) * 2, paddle.CPUPlace())


def quantize(
    source: str, folder: str, calibration: str, options: dict[str, Any], half_range: bool
) -> dict[str, Any]:
    """`options` are those of PostTrainingQuantization."""
    paddle.enable_static()
    paddle.seed(0)
    place = paddle.CPUPlace()
    executor = paddle.static.Executor(place)
    names = {"model_filename": "model.pdmodel", "params_filename": "model.pdiparams"}
    program, feeds, _ = paddle.static.load_inference_model(source, executor, **names)
    sets = job.load_inputs(calibration)

    class Sets(paddle.io.Dataset):
        def __len__(self) -> int:
            return len(sets)

        def __getitem__(self, index: int) -> tuple[Any, ...]:
            return tuple(array[0] for array in sets[index].values())  # the loader adds the batch axis again

    loader = paddle.io.DataLoader(
        Sets(),
        feed_list=[program.global_block().var(name) for name in feeds],
        places=place,
        batch_size=1,
        return_list=False,
    )
    quantizer = PostTrainingQuantization(
        executor, source, data_loader=loader, batch_size=1, batch_nums=len(sets), **names, **options
    )
    quantized = quantizer.quantize()
    if half_range:
        halve(quantized, paddle.static.global_scope())
    quantizer.save_quantized_model(folder, **names)
    return {}


if __name__ == "__main__":
    job.main(quantize)
