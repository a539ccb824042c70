"""MTCNN's three networks in PyTorch, with the names of facenet-pytorch's state dicts.

Three things differ from the source, none of them in the results. Images go in as colours 0..255: the
scaling (x - 127.5) / 128 is folded into the first convolution. Features are flattened in PyTorch's order: the
order of the source is folded into the dense layer. And of the two class scores only that of a face leaves.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

MEAN, SCALE = 127.5, 128.0

Weights = Mapping[str, Tensor]


class Proposal(nn.Module):
    """P-net: [1, 3, h, w] to probabilities [1, h', w'] and box corrections [1, 4, h', w']."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.prelu1 = nn.Conv2d(3, 10, 3), nn.PReLU(10)
        self.pool1 = nn.MaxPool2d(2, 2, ceil_mode=True)
        self.conv2, self.prelu2 = nn.Conv2d(10, 16, 3), nn.PReLU(16)
        self.conv3, self.prelu3 = nn.Conv2d(16, 32, 3), nn.PReLU(32)
        self.conv4_1, self.conv4_2 = nn.Conv2d(32, 2, 1), nn.Conv2d(32, 4, 1)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """See the class."""
        x = self.pool1(self.prelu1(self.conv1(x)))
        x = self.prelu3(self.conv3(self.prelu2(self.conv2(x))))
        return torch.softmax(self.conv4_1(x), 1)[:, 1], self.conv4_2(x)


class Refinement(nn.Module):
    """R-net: [n, 3, 24, 24] to probabilities [n] and box corrections [n, 4]."""

    FOLDED = ("dense4", 64, 3)

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.prelu1 = nn.Conv2d(3, 28, 3), nn.PReLU(28)
        self.pool1 = nn.MaxPool2d(3, 2, ceil_mode=True)
        self.conv2, self.prelu2 = nn.Conv2d(28, 48, 3), nn.PReLU(48)
        self.pool2 = nn.MaxPool2d(3, 2, ceil_mode=True)
        self.conv3, self.prelu3 = nn.Conv2d(48, 64, 2), nn.PReLU(64)
        self.dense4, self.prelu4 = nn.Linear(576, 128), nn.PReLU(128)
        self.dense5_1, self.dense5_2 = nn.Linear(128, 2), nn.Linear(128, 4)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """See the class."""
        x = self.pool1(self.prelu1(self.conv1(x)))
        x = self.pool2(self.prelu2(self.conv2(x)))
        x = self.prelu3(self.conv3(x)).flatten(1)
        x = self.prelu4(self.dense4(x))
        return torch.softmax(self.dense5_1(x), 1)[:, 1], self.dense5_2(x)


class Output(nn.Module):
    """O-net: [n, 3, 48, 48] to probabilities [n], box corrections [n, 4], landmarks [n, 10] (x, then y)."""

    FOLDED = ("dense5", 128, 3)

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.prelu1 = nn.Conv2d(3, 32, 3), nn.PReLU(32)
        self.pool1 = nn.MaxPool2d(3, 2, ceil_mode=True)
        self.conv2, self.prelu2 = nn.Conv2d(32, 64, 3), nn.PReLU(64)
        self.pool2 = nn.MaxPool2d(3, 2, ceil_mode=True)
        self.conv3, self.prelu3 = nn.Conv2d(64, 64, 3), nn.PReLU(64)
        self.pool3 = nn.MaxPool2d(2, 2, ceil_mode=True)
        self.conv4, self.prelu4 = nn.Conv2d(64, 128, 2), nn.PReLU(128)
        self.dense5, self.prelu5 = nn.Linear(1152, 256), nn.PReLU(256)
        self.dense6_1, self.dense6_2 = nn.Linear(256, 2), nn.Linear(256, 4)
        self.dense6_3 = nn.Linear(256, 10)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """See the class."""
        x = self.pool1(self.prelu1(self.conv1(x)))
        x = self.pool2(self.prelu2(self.conv2(x)))
        x = self.pool3(self.prelu3(self.conv3(x)))
        x = self.prelu4(self.conv4(x)).flatten(1)
        x = self.prelu5(self.dense5(x))
        return torch.softmax(self.dense6_1(x), 1)[:, 1], self.dense6_2(x), self.dense6_3(x)


def load(network: Proposal | Refinement | Output, weights: Weights) -> nn.Module:
    """`network` with the weights of the source. Raises RuntimeError if they are not of this network."""
    network.load_state_dict(dict(weights))
    with torch.no_grad():
        first = network.conv1
        assert first.bias is not None
        first.bias -= first.weight.sum(dim=(1, 2, 3)) * (MEAN / SCALE)
        first.weight /= SCALE
        if not isinstance(network, Proposal):
            name, channels, side = network.FOLDED
            dense = network.get_submodule(name)
            assert isinstance(dense, nn.Linear)
            # The source flattens [channels, height, width] as width, height, channels.
            grid = dense.weight.reshape(-1, side, side, channels).permute(0, 3, 2, 1)
            dense.weight.copy_(grid.reshape(dense.weight.shape))
    return network.eval()
