"""A torch module, traced on example inputs, becomes a float .tflite."""

import importlib
import importlib.util
import sys
import warnings
from pathlib import Path
from typing import Any

import job
import litert_torch
import torch


def find(spec: str, root: str) -> Any:
    """The function that `path/to/file.py:function` or `package.module:function` names."""
    place, _, name = spec.rpartition(":")
    sys.path.insert(0, root)
    if not place.endswith(".py"):
        return getattr(importlib.import_module(place), name)
    sys.path.append(str(Path(root, place).parent))  # last: a file may have the name of a library's
    found = importlib.util.spec_from_file_location(f"converted_{Path(place).stem}", Path(root, place))
    if found is None or found.loader is None:
        raise ImportError(f"{place} is no Python file")
    module = importlib.util.module_from_spec(found)
    sys.modules[found.name] = module
    found.loader.exec_module(module)
    return getattr(module, name)


def convert(  # noqa: PLR0917 - the job's entries
    spec: str, settings: dict[str, Any], weights: str, root: str, example: str, outputs: list[str], file: str
) -> dict[str, Any]:
    """Trace with the inputs as keywords, so that they keep their names; a dict names the outputs.

    The module gets the `weights` it has at home: a function may make others each time it is called.
    """
    warnings.filterwarnings("ignore")

    class Named(torch.nn.Module):
        def __init__(self, inner: torch.nn.Module) -> None:
            super().__init__()
            self.inner = inner

        def forward(self, **inputs: torch.Tensor) -> dict[str, torch.Tensor]:
            found = self.inner(*inputs.values())
            return dict(zip(outputs, found if isinstance(found, tuple) else (found,), strict=True))

    module = find(spec, root)(**settings).eval()
    module.load_state_dict(torch.load(weights, weights_only=True))
    inputs = {name: torch.from_numpy(array) for name, array in job.load_inputs(example)[0].items()}
    litert_torch.convert(Named(module), sample_kwargs=inputs).export(file)
    return {}


if __name__ == "__main__":
    job.main(convert)
