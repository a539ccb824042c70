"""Sentence vectors before and after quantization, on short tags as libraries of tags have them."""

from __future__ import annotations

import csv
import re
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edge.errors import InputError
from edge.networks.text_encoder import TextEncoder

TAGS = 1000
SEED = 1


def evaluate(
    data: Path, *, folder: Path | str = "minilm", float_folder: Path | str = "minilm-float"
) -> dict[str, Any]:
    """How far the vectors of tags move, and how often a tag's nearest other tag changes.

    Keys: tags, nearest_agree (share of tags with the same nearest other tag), nearest_in_3 (the float
    network's nearest is among the three nearest), cosine_mean, cosine_min (of a tag's two vectors),
    similarity_shift (mean change of the cosine of two tags), ms_float, ms_int8 (median of a tag, one thread),
    bytes_float, bytes_int8 (of the networks), disagreeing (tag, float's nearest, int8's nearest).
    """
    tags = collect_tags(data, TAGS)
    exact, quantized = TextEncoder(float_folder), TextEncoder(folder)
    (truth, ms_float), (found, ms_int8) = _encode(exact, tags), _encode(quantized, tags)
    before, after = _neighbours(truth), _neighbours(found)
    nearest, guess = before.argmax(axis=1), after.argmax(axis=1)
    same = nearest == guess
    third = np.sort(after, axis=1)[:, -3]
    cosines = (truth * found).sum(axis=1)
    pairs = np.triu_indices(len(tags), 1)
    return {
        "tags": len(tags),
        "nearest_agree": float(same.mean()),
        "nearest_in_3": float((after[np.arange(len(tags)), nearest] >= third).mean()),
        "cosine_mean": float(cosines.mean()),
        "cosine_min": float(cosines.min()),
        "similarity_shift": float(np.abs(before[pairs] - after[pairs]).mean()),
        "ms_float": ms_float,
        "ms_int8": ms_int8,
        "bytes_float": _size(exact),
        "bytes_int8": _size(quantized),
        "disagreeing": [[tags[i], tags[nearest[i]], tags[guess[i]]] for i in np.flatnonzero(~same)],
    }


def table(result: dict[str, Any]) -> str:
    """The result for people."""
    size, smaller = result["bytes_float"] / 1e6, result["bytes_int8"] / 1e6
    return "\n".join(
        [
            f"{result['tags']} tags, int8 against float",
            f"{'same nearest tag':32}{result['nearest_agree']:8.3f}",
            f"{'nearest is among the nearest 3':32}{result['nearest_in_3']:8.3f}",
            f"{'cosine to float, mean / least':32}{result['cosine_mean']:8.4f}{result['cosine_min']:8.4f}",
            f"{'change of two tags cosine, mean':32}{result['similarity_shift']:8.4f}",
            f"{'a tag, float / int8':32}{result['ms_float']:8.2f}{result['ms_int8']:8.2f} ms",
            f"{'networks, float / int8':32}{size:8.1f}{smaller:8.1f} MB",
        ]
    )


def collect_tags(data: Path, count: int) -> list[str]:
    """`count` different short tags from a pack: those of its videos, names of its video and audio classes.

    When there are not enough, two of them side by side make another ("goldfish, street"), always the same
    ones. Raises InputError if the pack names nothing.
    """
    words = sorted(set(_words(data)))
    if not words:
        raise InputError(data, "names no tags or labels; pass --data DIR or set EDGE_DATA")
    tags = dict.fromkeys(islice(words, count))
    chance = np.random.default_rng(SEED)
    possible = len(words) ** 2
    while len(tags) < min(count, possible):
        first, second = chance.integers(0, len(words), 2)
        tags[words[first] if first == second else f"{words[first]}, {words[second]}"] = None
    return list(tags)


def _words(data: Path) -> Iterator[str]:
    """Every tag and label of a pack, in plain words."""
    for row in _rows(data / "video" / "manifest.csv"):
        yield from (_plain(tag) for tag in (row.get("tags") or "").split(";") if tag.strip())
    for row in _rows(data / "images" / "labels.csv"):
        yield _plain(row["label"])
        yield from (_plain(name) for name in (row.get("label_full") or "").split(","))
    for row in _rows(data / "manifest.csv"):
        if row.get("class") == "other":
            yield _plain(row.get("subclass") or "")


def _rows(file: Path) -> Iterator[dict[str, str]]:
    if file.is_file():
        with file.open(newline="", encoding="utf-8") as stream:
            yield from csv.DictReader(stream)


def _plain(label: str) -> str:
    return re.sub(r"[_\s]+", " ", label).strip().lower()


def _encode(encoder: TextEncoder, tags: list[str]) -> tuple[NDArray[np.float32], float]:
    """Vectors float32[n, size], and the median time of one in milliseconds."""
    encoder.encode(tags[:20])
    vectors, times = [], []
    for tag in tags:
        started = time.perf_counter()
        vectors.append(encoder.encode([tag])[0])
        times.append(time.perf_counter() - started)
    return np.stack(vectors), 1000 * float(np.median(times))


def _neighbours(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Cosines float32[n, n], with -1 for a tag and itself."""
    cosines = vectors @ vectors.T
    np.fill_diagonal(cosines, -1)
    return cosines


def _size(encoder: TextEncoder) -> int:
    folder = encoder.folder
    return sum((folder.path / network.file).stat().st_size for network in folder.manifest.networks.values())
