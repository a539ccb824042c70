"""From PyTorch to ONNX, float or with int8 weights: a scale for each word piece and for each output."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from torch import Tensor, nn
from torch.nn import functional

from tools.convert import onnx
from tools.importers.weights import int8_weights
from tools.train.texts.network import WordNetwork

FLOAT, INT8 = "none", "int8 weights: word pieces with a scale each, dense layers with a scale for each output"


class _OneText(nn.Module):
    """Pieces int64[1, n] of one text to its vector."""

    def __init__(self, network: WordNetwork, *, int8: bool) -> None:
        super().__init__()
        self.network, self.int8 = network, int8
        words = network.words.weight.detach()
        scales = words.abs().amax(dim=1, keepdim=True).clamp(min=1e-12) / 127
        self.register_buffer("words", (words / scales).round().char() if int8 else words)
        self.register_buffer("scales", scales)

    def forward(self, pieces: Tensor) -> Tensor:
        """Only the pieces of the text are scaled; the table stays int8 in memory."""
        x = functional.embedding(pieces, self.get_buffer("words"))
        if self.int8:
            x = x.float() * functional.embedding(pieces, self.get_buffer("scales"))
        return self.network.vectors(x, None)


def export(network: WordNetwork, file: Path, *, int8: bool) -> None:
    """Write pieces int64[1, n] -> vector float32[1, size]; n is free. Raises ConversionError."""
    example = {"pieces": np.ones((1, 7), np.int64)}
    module = _OneText(network, int8=int8)
    onnx.export(module, example, file, outputs=["vector"], free={"pieces": {1: "pieces"}})
    if int8:
        file.write_bytes(int8_weights(file.read_bytes()))
