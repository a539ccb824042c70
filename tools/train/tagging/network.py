"""The towers of the tagger: what a video shows, sounds like and is called, and tags, in one space.

names: text vector of a class of the image encoder -> what videos that show it are near to
tags: text vector of a tag -> its place
video: image (mean of names by probability), audio, text and faces, one layer each -> gate -> weighted sum

What is learned favors the tags that it was learned from. So a place has two parts: the learned one, and
the main directions of the text vectors as they are (zero-shot, as in ConSE), whose similarities are added:
an ensemble of a trained and a zero-shot model (after Wortsman et al. 2022, who mix their weights).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from edge.networks.tag_towers import FACES, LIGHT, MODALITIES

PLAIN = 128
"""Numbers of a place that are text vectors as they are."""

LEARNED = 0.7
"""Weight of the similarity of the learned parts; the rest is that of the plain ones."""

GATE = LIGHT + FACES + len(MODALITIES) + len(MODALITIES) ** 2
"""Inputs of the gate: light, faces, which modalities are present, and how far any two of them agree."""


class Towers(nn.Module):
    """Both towers; vectors of texts have `text` numbers, places `learned` and `PLAIN`."""

    def __init__(self, text: int, audio: int, learned: int = 256, hidden: int = 512) -> None:
        super().__init__()
        self.text, self.audio, self.size = text, audio, learned + PLAIN
        self.tag = nn.Linear(text, learned, bias=False)
        self.name = nn.Linear(text, learned, bias=False)
        self.association = nn.Sequential(nn.Linear(text, hidden), nn.GELU(), nn.Linear(hidden, learned))
        self.plain = nn.Linear(text, PLAIN, bias=False).requires_grad_(False)
        self.learned = Video(text, audio, learned)

    def start(self, texts: Tensor) -> None:
        """Begin with the main directions of the texts [n, text], where names, texts and tags agree."""
        _, _, directions = torch.linalg.svd(texts, full_matrices=False)
        for layer in (self.tag, self.name, self.plain, self.learned.text):
            layer.weight.data.copy_(directions[: layer.weight.shape[0]])
        nn.init.zeros_(self.association[2].weight)  # type: ignore[arg-type]

    def tags(self, texts: Tensor) -> Tensor:
        """Return the places of tags [n, size], norm 1, of their text vectors [n, text]."""
        return _joined(self.learned_tags(texts), self.plain(texts))

    def learned_tags(self, texts: Tensor) -> Tensor:
        """Return the learned parts of the places of tags, norm 1."""
        return functional.normalize(self.tag(texts), dim=-1)

    def names(self, texts: Tensor) -> Tensor:
        """Return what classes stand for, [n, size], of the text vectors of their names [n, text]."""
        return torch.cat([self.learned_names(texts), self.plain(texts)], dim=-1)

    def learned_names(self, texts: Tensor) -> Tensor:
        """Return the learned parts of what classes stand for."""
        places: Tensor = self.name(texts) + self.association(texts)
        return places

    def video(  # noqa: PLR0917 - the inputs of the graph
        self, image: Tensor, light: Tensor, audio: Tensor, text: Tensor, faces: Tensor, present: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Return the places of videos [n, size], norm 1, and the weights of the modalities [n, 4].

        image [n, size]: the mean of `names` by probability; the others as `Video.forward`.
        """
        learned, gate = self.learned(image[:, :-PLAIN], light, audio, text, faces, present)
        shown = functional.normalize(image[:, -PLAIN:], dim=-1) * present[:, :1]
        named = functional.normalize(self.plain(text), dim=-1) * present[:, 2:3]
        return _joined(learned, shown + named), gate


class Video(nn.Module):
    """The learned part of the video tower."""

    def __init__(self, text: int, audio: int, size: int) -> None:
        super().__init__()
        self.light = nn.Sequential(nn.Linear(LIGHT, 32), nn.GELU(), nn.Linear(32, size))
        self.audio = nn.Sequential(
            nn.LayerNorm(audio), nn.Dropout(0.2), nn.Linear(audio, 128), nn.GELU(), nn.Linear(128, size)
        )
        self.text = nn.Linear(text, size, bias=False)
        self.faces = nn.Sequential(nn.Linear(FACES, 64), nn.GELU(), nn.Linear(64, size))
        self.gate = nn.Sequential(nn.Linear(GATE, 48), nn.Tanh(), nn.Linear(48, len(MODALITIES)))

    def forward(  # noqa: PLR0917 - the inputs of the graph
        self, image: Tensor, light: Tensor, audio: Tensor, text: Tensor, faces: Tensor, present: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Return the places of videos [n, size], norm 1, and the weights of the modalities [n, 4].

        image [n, size]: the mean of `learned_names` by probability; light [n, 4]: `light`, and how sure the
        encoder is; audio [n, audio]; text [n, text]; faces [n, 4]; present [n, 4]: 1 or 0 by modality.
        """
        parts = [image + self.light(light), self.audio(audio), self.text(text), self.faces(faces)]
        values = torch.stack([functional.normalize(part, dim=-1) for part in parts], dim=1)
        agreement = (values @ values.transpose(1, 2) * present[:, None] * present[..., None]).flatten(1)
        known = torch.cat([light * present[:, :1], faces, present, agreement], dim=1)
        gate = torch.softmax(self.gate(known) + (present - 1) * 1e4, dim=1)
        return functional.normalize((gate[..., None] * values).sum(1), dim=-1), gate


def _joined(learned: Tensor, plain: Tensor) -> Tensor:
    """Return places, norm 1, of learned parts of norm 1 and plain ones, whose direction counts."""
    weighted = LEARNED**0.5 * learned, (1 - LEARNED) ** 0.5 * functional.normalize(plain, dim=-1)
    return functional.normalize(torch.cat(weighted, dim=-1), dim=-1)
