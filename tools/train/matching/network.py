"""The towers; see `edge.networks.match_towers`."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from edge.networks.match_towers import LIGHT, MOTION

SIZE, INNER = 64, 96
"""Numbers of a place and of inner layers."""


class VideoTower(nn.Module):
    """Image, light, motion, words and what is present of them to a place, float32[batch, n] each."""

    def __init__(self, text: int, words: nn.Module) -> None:
        super().__init__()
        self.image = _layers(text + LIGHT, INNER, SIZE)
        self.motion = _layers(MOTION, 32, SIZE)
        self.words = words
        self.weights = nn.Parameter(torch.zeros(3))

    def forward(self, image: Tensor, light: Tensor, motion: Tensor, words: Tensor, present: Tensor) -> Tensor:
        """See the class."""
        seen = torch.cat([_unit(image), light], 1)
        parts = torch.stack(
            [_unit(self.image(seen)), _unit(self.motion(motion)), _unit(self.words(words))], 1
        )
        shares = torch.exp(self.weights) * present
        return _unit((parts * shares[..., None]).sum(1))


class TrackTower(nn.Module):
    """Sound, words and whether there are any to a place, float32[batch, n] each."""

    def __init__(self, mean: Tensor, scale: Tensor, words: nn.Module) -> None:
        super().__init__()
        self.mean, self.scale = nn.Buffer(mean), nn.Buffer(scale)
        self.sound = nn.Sequential(nn.Dropout(0.3), _layers(len(mean), INNER, SIZE))
        self.words = words
        self.weight = nn.Parameter(torch.zeros(1))

    def forward(self, sound: Tensor, words: Tensor, known: Tensor) -> Tensor:
        """See the class."""
        made = _unit(self.sound(((sound - self.mean) / self.scale).clamp(-4, 4)))
        return _unit(made + torch.exp(self.weight) * known * _unit(self.words(words)))


class Towers(nn.Module):
    """Both towers, and the factor of cosines before softmax; words have layers of their own in each."""

    def __init__(self, text: int, mean: Tensor, scale: Tensor) -> None:
        super().__init__()
        self.video = VideoTower(text, _layers(text, INNER, SIZE))
        self.track = TrackTower(mean, scale, _layers(text, INNER, SIZE))
        self.sharpness = nn.Parameter(torch.tensor(2.5))


def _layers(given: int, inner: int, made: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(given, inner), nn.GELU(), nn.Dropout(0.1), nn.Linear(inner, made))


def _unit(values: Tensor) -> Tensor:
    unit: Tensor = values / values.norm(dim=-1, keepdim=True).clamp(min=1e-6)
    return unit
