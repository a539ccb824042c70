"""Turn a text into the words that are spoken: numbers and symbols spelled out, punctuation dropped."""

from __future__ import annotations

import re

from edge.text.numbers import numbers_spelled

SYMBOLS = {
    "%": " percent ", "&": " and ", "+": " plus ", "=": " equals ", "@": " at ", "$": " dollars ",
    "£": " pounds ", "€": " euros ", "°": " degrees ",
}  # fmt: skip
"""Spoken form of symbols."""


def text_tokens(text: str) -> list[str]:
    """Split a text at spaces; punctuation that stands alone is joined to the word before."""
    tokens: list[str] = []
    for token in text.split():
        if tokens and not spoken_words(token):
            tokens[-1] += f" {token}"
        else:
            tokens.append(token)
    return tokens


def spoken_words(token: str, *, by_digits: bool = False) -> list[str]:
    """Return the lower-case words of a token; none for punctuation. `by_digits` reads 42 as "four two"."""
    text = token.lower().replace("\u2019", "'")
    for symbol, word in SYMBOLS.items():
        text = text.replace(symbol, word)
    words = re.sub(r"[^a-z' ]+", " ", numbers_spelled(text, by_digits=by_digits)).split()
    return [word for word in (word.strip("'") for word in words) if word]
