"""The teacher, MiniLM in float, and its vectors of a corpus, kept in shards as they are made."""

from __future__ import annotations

import zlib
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from edge.files import whole_file
from tools.importers import minilm
from tools.importers.sources import Source
from tools.progress import tell

SHARD = 4096
"""Texts of a file of vectors."""

BATCH = 48
"""Texts that are computed side by side; more are slower, as they leave the cache of the processor."""


class Teacher:
    """MiniLM: texts to vectors of length 1."""

    def __init__(self, source: Source) -> None:
        from tokenizers import Tokenizer  # noqa: PLC0415 - an extra, only needed for texts

        self.tokenizer = source.read(f"model/{minilm.TOKENIZER}")
        self._split: Any = Tokenizer.from_buffer(self.tokenizer)
        self._split.no_padding()
        self._network = minilm.network(source, int8_words=False).eval()
        self._split.enable_truncation(min(minilm.MAX_TOKENS, len(self._network.get_buffer("places"))))
        self.size = int(self._network.get_buffer("words").shape[1])

    @property
    def pieces(self) -> list[str]:
        """Its word pieces, in the order of their numbers."""
        numbers: dict[str, int] = self._split.get_vocab()
        return sorted(numbers, key=numbers.__getitem__)

    def split(self, texts: Sequence[str]) -> list[list[str]]:
        """The word pieces of texts."""
        return [encoding.tokens for encoding in self._split.encode_batch(list(texts))]

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Vectors float32[n, size] of length 1. Texts of as many pieces are batched: no padding."""
        groups: dict[int, list[int]] = defaultdict(list)
        numbers = [encoding.ids for encoding in self._split.encode_batch(list(texts))]
        for index, pieces in enumerate(numbers):
            groups[len(pieces)].append(index)
        vectors = np.zeros((len(texts), self.size), np.float32)
        many = torch.func.vmap(self._network)
        with torch.inference_mode():
            for group in groups.values():
                for start in range(0, len(group), BATCH):
                    rows = group[start : start + BATCH]
                    pieces = torch.tensor([numbers[row] for row in rows])[:, None]
                    vectors[rows] = many(pieces)[:, 0].numpy()
        return vectors


def taught(teacher: Teacher, texts: Sequence[str], folder: Path) -> NDArray[np.float16]:
    """The teacher's vectors float16[n, size]; shards of the same texts that are in `folder` are read."""
    folder.mkdir(parents=True, exist_ok=True)
    shards = []
    for start in range(0, len(texts), SHARD):
        part = texts[start : start + SHARD]
        file = folder / f"{zlib.crc32(chr(10).join(part).encode()):08x}.npy"
        if not file.exists():
            tell(f"teacher: text {start} of {len(texts)}")
            with whole_file(file, force=True) as draft, draft.open("wb") as stream:
                np.save(stream, teacher.encode(part).astype(np.float16))
        shards.append(np.load(file))
    return np.concatenate([np.zeros((0, teacher.size), np.float16), *shards])
