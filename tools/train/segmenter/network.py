"""The segmenter's two networks: an encoder over time and a fusion LSTM over segments.

    mel [batch, frames, 64] -> towers -> per 100 ms: embedding and attention of each tower, four frame logits
    windows of embeddings, pooled by attention -> [batch, segments, features] -> Fusion -> segment logits
    those and the windows' mean frame confidences -> Confidences -> four confidences of each segment

A tower sees about 2 s to each side of a frame and nothing beyond, so that it can be run chunk by chunk
over a stream; pooling is a weighted mean, so a window of any length at any place costs nothing more.
Towers differ only in the seed they were trained with: two small ones err less than one of their joint size.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

EMBEDDING = 128
"""Size of a tower's embedding."""

LABEL_COUNT = 4


def _conv(inputs: int, outputs: int, kernel: int, stride: tuple[int, int]) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU6(),
    )


class TemporalBlock(nn.Module):
    """Residual depthwise-separable convolution over time, [batch, channels, frames] -> the same."""

    def __init__(self, channels: int, dilation: int, kernel: int = 5) -> None:
        super().__init__()
        padding = dilation * (kernel // 2)
        self.body = nn.Sequential(
            nn.Conv1d(channels, channels, kernel, 1, padding, dilation, channels, bias=False),
            nn.BatchNorm1d(channels),
            nn.ReLU6(),
            nn.Conv1d(channels, channels, 1, bias=False),
            nn.BatchNorm1d(channels),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Add the block's output to its input."""
        return x + self.body(x)  # type: ignore[no-any-return]


class Tower(nn.Module):
    """Log-mel [batch, frames, n_mels] -> embedding [batch, frames/8, 128], attention and logits alike."""

    def __init__(
        self,
        n_mels: int = 64,
        channels: tuple[int, ...] = (24, 40, 64, 112),
        width: int = 224,
        dropout: float = 0.2,
    ) -> None:
        super().__init__()
        first, second, third, fourth = channels
        self.image = nn.Sequential(
            _conv(1, first, 5, (2, 2)),
            _conv(first, second, 3, (2, 2)),
            _conv(second, third, 3, (1, 2)),
            _conv(third, fourth, 3, (2, 2)),
        )
        self.project = nn.Sequential(
            nn.Conv1d(fourth * (n_mels // 16), width, 1, bias=False), nn.BatchNorm1d(width), nn.ReLU6()
        )
        self.time = nn.Sequential(*(TemporalBlock(width, dilation) for dilation in (1, 2, 4, 1)))
        self.dropout = nn.Dropout(dropout)
        self.embedding = nn.Sequential(nn.Conv1d(width, EMBEDDING, 1), nn.ReLU6())
        self.attention = nn.Conv1d(width, 1, 1)
        self.frames = nn.Conv1d(width, LABEL_COUNT, 1)

    def forward(self, mel: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Embedding [batch, time, 128], attention score [batch, time], frame logits [batch, time, 4]."""
        image = self.image(mel.unsqueeze(1))
        columns = image.permute(0, 1, 3, 2).flatten(1, 2)
        hidden = self.dropout(self.time(self.project(columns)))
        return (
            self.embedding(hidden).transpose(1, 2),
            self.attention(hidden).squeeze(1),
            self.frames(hidden).transpose(1, 2),
        )


def pool(embedding: Tensor, attention: Tensor, start: int, stop: int) -> Tensor:
    """Attention-weighted mean of the frames [start, stop): [batch, time, 128] -> [batch, 128]."""
    weights = torch.softmax(attention[:, start:stop], dim=1)
    return (embedding[:, start:stop] * weights.unsqueeze(2)).sum(1)


class Encoder(nn.Module):
    """Towers side by side, as exported."""

    def __init__(self, towers: list[Tower]) -> None:
        super().__init__()
        self.towers = nn.ModuleList(towers)
        self.temperature = nn.Parameter(torch.ones(()), requires_grad=False)

    def forward(self, mel: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Embedding [batch, time, towers, 128], attention [batch, time, towers], calibrated frame logits."""
        embeddings, attentions, logits = zip(*(tower(mel) for tower in self.towers), strict=True)
        mean = torch.stack(logits).mean(0)
        return torch.stack(embeddings, 2), torch.stack(attentions, 2), mean / self.temperature


class Fusion(nn.Module):
    """Segment features [batch, segments, features] -> logits [batch, segments, 4].

    A linear reading of the segment itself plus what a bidirectional LSTM reads from its neighbours. Features
    of faces and lips join here: they are concatenated to the audio feature.

    With `heads`, one a tower, the linear reading is their mean and stays so: they learned it from many more
    sounds than the scenes have, and context can only correct it.
    """

    def __init__(
        self,
        features: int = 2 * EMBEDDING,
        hidden: int = 48,
        dropout: float = 0.3,
        heads: Sequence[nn.Linear] = (),
    ) -> None:
        super().__init__()
        self.alone = nn.Linear(features, LABEL_COUNT)
        if heads:
            self.alone.weight.data = torch.cat([head.weight for head in heads], 1).detach() / len(heads)
            self.alone.bias.data = torch.stack([head.bias for head in heads]).mean(0).detach()
            self.alone.requires_grad_(False)
        self.lstm = nn.LSTM(features, hidden, batch_first=True, bidirectional=True)
        self.dropout = nn.Dropout(dropout)
        self.context = nn.Linear(2 * hidden, LABEL_COUNT)
        nn.init.zeros_(self.context.weight)
        nn.init.zeros_(self.context.bias)

    def forward(self, features: Tensor) -> Tensor:
        """Logits of every segment in the light of the whole sequence."""
        sequence, _ = self.lstm(self.dropout(features))
        return self.alone(features) + self.context(self.dropout(sequence))  # type: ignore[no-any-return]


class Confidences(nn.Module):
    """The product of two experts: the fusion, and the mean of a segment's own frames.

    The fusion knows the context and trusts it too much, because it learns from an encoder that has seen the
    same recordings; the frames know nothing else. Inputs are the fusion's features followed by the logarithm
    of the mean frame confidences.
    """

    def __init__(self, fusion: Fusion) -> None:
        super().__init__()
        self.fusion = fusion
        self.temperature = nn.Parameter(torch.ones(()), requires_grad=False)

    def logits(self, features: Tensor) -> Tensor:
        """Logits [batch, segments, 4] before calibration."""
        size = self.fusion.alone.in_features
        context = torch.log_softmax(self.fusion(features[..., :size]), -1)
        return (context + features[..., size:]) / 2

    def forward(self, features: Tensor) -> Tensor:
        """Calibrated confidences [batch, segments, 4] that sum to 1."""
        return torch.softmax(self.logits(features) / self.temperature, -1)
