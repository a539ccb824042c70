"""The towers of the tagger: what a video shows, sounds like and is called, and tags, in one space.

names: text vector of a class of the image encoder -> what videos that show it are near to
tags: text vector of a tag -> its place
video: image (mean of names by probability), audio, title and faces, one layer each -> gate -> weighted sum
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from edge.networks.tag_towers import FACES, LIGHT, MODALITIES

GATE = LIGHT + FACES + len(MODALITIES) + len(MODALITIES) ** 2
"""Inputs of the gate: light, faces, which modalities are present, and how far any two of them agree."""


class Towers(nn.Module):
    """Both towers; vectors of texts have `text` numbers, those of the common space `size`."""

    def __init__(self, text: int, audio: int, size: int = 256, hidden: int = 512) -> None:
        super().__init__()
        self.text, self.audio, self.size = text, audio, size
        self.tag = nn.Linear(text, size, bias=False)
        self.name = nn.Linear(text, size, bias=False)
        self.association = nn.Sequential(nn.Linear(text, hidden), nn.GELU(), nn.Linear(hidden, size))
        self.video = Video(text, audio, size)

    def start(self, texts: Tensor) -> None:
        """Begin with the main directions of the texts [n, text], where names, titles and tags agree."""
        _, _, directions = torch.linalg.svd(texts, full_matrices=False)
        for layer in (self.tag, self.name, self.video.title):
            layer.weight.data.copy_(directions[: layer.weight.shape[0]])
        nn.init.zeros_(self.association[2].weight)  # type: ignore[arg-type]

    def tags(self, texts: Tensor) -> Tensor:
        """Return the places of tags [n, size], norm 1, of their text vectors [n, text]."""
        return functional.normalize(self.tag(texts), dim=-1)

    def names(self, texts: Tensor) -> Tensor:
        """Return what classes stand for, [n, size], of the text vectors of their names [n, text]."""
        places: Tensor = self.name(texts) + self.association(texts)
        return places


class Video(nn.Module):
    """The video tower."""

    def __init__(self, text: int, audio: int, size: int) -> None:
        super().__init__()
        self.light = nn.Sequential(nn.Linear(LIGHT, 32), nn.GELU(), nn.Linear(32, size))
        self.audio = nn.Sequential(
            nn.LayerNorm(audio), nn.Dropout(0.2), nn.Linear(audio, 128), nn.GELU(), nn.Linear(128, size)
        )
        self.title = nn.Linear(text, size, bias=False)
        self.faces = nn.Sequential(nn.Linear(FACES, 64), nn.GELU(), nn.Linear(64, size))
        self.gate = nn.Sequential(nn.Linear(GATE, 48), nn.Tanh(), nn.Linear(48, len(MODALITIES)))

    def forward(  # noqa: PLR0917 - the inputs of the graph
        self, image: Tensor, light: Tensor, audio: Tensor, title: Tensor, faces: Tensor, present: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Return the places of videos [n, size], norm 1, and the weights of the modalities [n, 4].

        image [n, size]: the mean of `Towers.names` by probability; light [n, 4]: `light`, and how sure the
        encoder is; audio [n, audio]; title [n, text]; faces [n, 4]; present [n, 4]: 1 or 0 by modality.
        """
        parts = [image + self.light(light), self.audio(audio), self.title(title), self.faces(faces)]
        values = torch.stack([functional.normalize(part, dim=-1) for part in parts], dim=1)
        agreement = (values @ values.transpose(1, 2) * present[:, None] * present[..., None]).flatten(1)
        known = torch.cat([light * present[:, :1], faces, present, agreement], dim=1)
        gate = torch.softmax(self.gate(known) + (present - 1) * 1e4, dim=1)
        return functional.normalize((gate[..., None] * values).sum(1), dim=-1), gate
