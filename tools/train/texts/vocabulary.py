"""A smaller tokenizer: the word pieces of the teacher's that English needs."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from typing import Any

SPECIAL = ("[PAD]", "[UNK]", "[CLS]")
"""What an empty place, something unknown, and the start of a text become."""


def english(pieces: Iterable[str]) -> list[str]:
    """The pieces of a vocabulary in ASCII but for special ones, in their order: frequent ones come first."""
    return [piece for piece in pieces if piece.isascii() and not (piece[0] == "[" and len(piece) > 1)]


def chosen(pieces: Iterable[str], used: Counter[str], size: int) -> list[str]:
    """At most `size` pieces: special ones, single letters, frequent ones, and those used most in a corpus."""
    ordered = english(pieces)
    letters = [piece for piece in ordered if len(piece.removeprefix("##")) == 1]
    often = [piece for piece, count in used.most_common() if count > 1]
    known = set(ordered)
    some = ordered[: size * 3 // 5]
    wanted = (*SPECIAL, *letters, *some, *(piece for piece in often if piece in known), *ordered)
    return list(dict.fromkeys(wanted))[:size]


def reduced(tokenizer: bytes, pieces: Iterable[str]) -> bytes:
    """A tokenizer.json with these pieces only, numbered in their order; it marks the start of a text.

    Greedy longest-match-first splits words with a piece that is gone into shorter ones.
    """
    content: dict[str, Any] = json.loads(tokenizer)
    numbers = {piece: number for number, piece in enumerate(pieces)}
    added = [item for item in content["added_tokens"] if item["content"] in numbers]
    start = {"id": "[CLS]", "ids": [numbers["[CLS]"]], "tokens": ["[CLS]"]}
    content |= {
        "truncation": None,
        "padding": None,
        "added_tokens": [item | {"id": numbers[item["content"]]} for item in added],
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [
                {"SpecialToken": {"id": "[CLS]", "type_id": 0}},
                {"Sequence": {"id": "A", "type_id": 0}},
            ],
            "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 0}}],
            "special_tokens": {"[CLS]": start},
        },
    }
    content["model"] |= {"vocab": numbers}
    return json.dumps(content, separators=(",", ":")).encode()
