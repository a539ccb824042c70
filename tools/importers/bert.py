"""A BERT encoder in PyTorch that gives one vector a text, with weights named as in Hugging Face's BertModel.

Devlin et al. 2019; mean pooling and L2 normalisation as sentence-transformers do. One text at a time, so that
there is neither padding nor a mask, and what int8 makes of a text does not depend on its neighbours.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from msgspec import Struct
from torch import Tensor, nn
from torch.nn import functional

Weights = Mapping[str, Tensor]


class Config(Struct, frozen=True):
    """What `config.json` says, as far as it matters here."""

    vocab_size: int
    hidden_size: int
    num_hidden_layers: int
    num_attention_heads: int
    intermediate_size: int
    max_position_embeddings: int
    type_vocab_size: int = 2
    layer_norm_eps: float = 1e-12
    hidden_act: str = "gelu"
    position_embedding_type: str = "absolute"


class Affine(nn.Module):
    """x W + b as a MatMul and an Add, which dynamic quantization takes; weight is [inputs, outputs]."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(inputs, outputs), requires_grad=False)
        self.bias = nn.Parameter(torch.zeros(outputs), requires_grad=False)

    def forward(self, x: Tensor) -> Tensor:
        """[..., inputs] to [..., outputs]."""
        return x @ self.weight + self.bias

    def take(self, weights: Weights, *names: str) -> None:
        """Fill from one dense layer of the source, or from several side by side."""
        self.weight.copy_(torch.cat([weights[f"{name}.weight"] for name in names]).T)
        self.bias.copy_(torch.cat([weights[f"{name}.bias"] for name in names]))


class Layer(nn.Module):
    """Self-attention and a dense layer of two steps, each with what went in added and normalized."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        size = config.hidden_size
        self.heads = config.num_attention_heads
        self.head_size = size // self.heads
        self.queries_keys_values, self.attended = Affine(size, 3 * size), Affine(size, size)
        self.widen = Affine(size, config.intermediate_size)
        self.narrow = Affine(config.intermediate_size, size)
        self.norms = nn.ModuleList(nn.LayerNorm(size, config.layer_norm_eps) for _ in range(2))

    def forward(self, x: Tensor) -> Tensor:
        """[1, tokens, size] to the same."""
        split = self.queries_keys_values(x).reshape(1, -1, 3 * self.heads, self.head_size).transpose(1, 2)
        queries, keys, values = split.split(self.heads, dim=1)
        shares = torch.softmax(queries @ keys.transpose(-1, -2) / math.sqrt(self.head_size), -1)
        mixed = (shares @ values).transpose(1, 2).reshape(1, -1, self.heads * self.head_size)
        x = self.norms[0](x + self.attended(mixed))
        result: Tensor = self.norms[1](x + self.narrow(functional.gelu(self.widen(x))))
        return result

    def take(self, weights: Weights, prefix: str) -> None:
        """Fill from layer `prefix` of the source."""
        heads = [f"{prefix}.attention.self.{name}" for name in ("query", "key", "value")]
        self.queries_keys_values.take(weights, *heads)
        self.attended.take(weights, f"{prefix}.attention.output.dense")
        self.widen.take(weights, f"{prefix}.intermediate.dense")
        self.narrow.take(weights, f"{prefix}.output.dense")
        for norm, name in zip(self.norms, ("attention.output", "output"), strict=True):
            _take_norm(norm, weights, f"{prefix}.{name}.LayerNorm")


class SentenceNetwork(nn.Module):
    """Word pieces int64[1, tokens] to a vector float32[1, size] of length 1.

    With `int8_words` the vectors of the word pieces, half of the weights, are kept as int8 with a scale each.
    """

    def __init__(self, config: Config, weights: Weights, *, int8_words: bool) -> None:
        super().__init__()
        size = config.hidden_size
        self.norm = nn.LayerNorm(size, config.layer_norm_eps)
        self.layers = nn.ModuleList(Layer(config) for _ in range(config.num_hidden_layers))
        with torch.no_grad():
            words = weights["embeddings.word_embeddings.weight"].float()
            places = weights["embeddings.position_embeddings.weight"].float()
            kinds = weights["embeddings.token_type_embeddings.weight"].float()
            _take_norm(self.norm, weights, "embeddings.LayerNorm")
            for index, layer in enumerate(self.layers):
                assert isinstance(layer, Layer)
                layer.take(weights, f"encoder.layer.{index}")
        self.int8_words = int8_words
        scales = words.abs().amax(dim=1, keepdim=True).clamp(min=1e-12) / 127
        self.register_buffer("words", torch.round(words / scales).to(torch.int8) if int8_words else words)
        self.register_buffer("scales", scales)
        self.register_buffer("places", places + kinds[0])  # all pieces are of the first text

    def forward(self, pieces: Tensor) -> Tensor:
        """See the class."""
        x = functional.embedding(pieces, self.get_buffer("words"))
        if self.int8_words:
            x = x.float() * functional.embedding(pieces, self.get_buffer("scales"))
        places = functional.embedding(torch.arange(pieces.shape[1]), self.get_buffer("places"))
        x = self.norm(x + places)
        for layer in self.layers:
            x = layer(x)
        mean: Tensor = x.mean(dim=1)
        return mean / mean.square().sum(dim=1, keepdim=True).sqrt()


def _take_norm(norm: nn.Module, weights: Weights, name: str) -> None:
    norm.load_state_dict({"weight": weights[f"{name}.weight"], "bias": weights[f"{name}.bias"]})
