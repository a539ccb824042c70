"""Build Moonshine's decoder from the weights of its exported graph; it runs in our own kernels.

The exported graph pads keys and values of the whole chunk anew in every step, and onnxruntime keeps the
weights of its two branches apart: there a step takes twice the time, the weights five times the memory.
"""

from __future__ import annotations

import numpy as np
from edge_kernels.transformer import Attention, Decoder, DecoderLayer, Weights

from edge.arrays import Floats
from edge.models.inspection.weights import Array, OrtWeights


def embeddings(weights: OrtWeights) -> Weights:
    """Return the embeddings of the tokens [tokens, w], which also give the scores of the next token.

    Raises ValueError if there are none.
    """
    path = "/model/decoder/embed_tokens/Gather"
    used = weights.used_by(path) + weights.used_by(f"{path}_output_0_DequantizeLinear")
    return _weights(used, path)


def decoder(weights: OrtWeights, *, layers: int, heads: int) -> Decoder:
    """Return the decoder with these weights. Raises ValueError if they are not those of a Moonshine."""
    turned = weights.used_by("/model/decoder/rotary_emb/Expand")
    return Decoder(
        [_layer(weights, f"/model/decoder/layers.{number}") for number in range(layers)],
        _gains(weights, "/model/decoder/norm"),
        heads=heads,
        frequencies=_vector([array.ravel() for array in turned], "the rotary embedding"),
    )


def _layer(weights: OrtWeights, path: str) -> DecoderLayer:
    norms = ("input_layernorm", "post_attention_layernorm", "final_layernorm")
    return DecoderLayer(
        own=_attention(weights, f"{path}/self_attn"),
        cross=_attention(weights, f"{path}/encoder_attn"),
        wide=_product(weights, f"{path}/mlp/fc1"),
        narrow=_product(weights, f"{path}/mlp/fc2"),
        gains=np.stack([_gains(weights, f"{path}/{norm}") for norm in norms]),
        wide_bias=_bias(weights, f"{path}/mlp/fc1"),
        narrow_bias=_bias(weights, f"{path}/mlp/fc2"),
    )


def _attention(weights: OrtWeights, path: str) -> Attention:
    query, key, value, output = (_product(weights, f"{path}/{name}_proj") for name in "qkvo")
    return Attention(query, key, value, output)


def _gains(weights: OrtWeights, path: str) -> Floats:
    return _vector(weights.used_by(f"{path}/LayerNormalization"), path)


def _product(weights: OrtWeights, path: str) -> Weights:
    return _weights(weights.used_by(f"{path}/MatMul_quant"), path)


def _bias(weights: OrtWeights, path: str) -> Floats:
    return _vector(weights.used_by(f"{path}/MatMul_quant"), path)


def _vector(arrays: list[Array], what: str) -> Floats:
    """Return the first vector of float32 among the constants of a node."""
    for array in arrays:
        if array.dtype == np.float32 and array.ndim == 1:
            return array
    raise ValueError(f"{what} has no vector of float32")


def _weights(arrays: list[Array], what: str) -> Weights:
    """Return the matrix among the constants of a product: its codes, their scale and their zero."""
    codes = [array for array in arrays if array.dtype == np.uint8 and array.ndim == 2]
    scales = [array for array in arrays if array.dtype == np.float32 and array.size == 1]
    zeros = [array for array in arrays if array.dtype == np.uint8 and array.size == 1 and array.ndim < 2]
    if not len(codes) == len(scales) == len(zeros) == 1:
        raise ValueError(f"{what} has no matrix of uint8 with one scale and one zero")
    return Weights(codes[0], float(scales[0]), int(zeros[0]))
