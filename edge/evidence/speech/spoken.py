"""Turn a text into the words that are spoken: numbers and symbols spelled out, punctuation dropped."""

from __future__ import annotations

import re
from typing import Literal

from edge.text.numbers import numbers_spelled

Reading = Literal["number", "year", "digits"]
"""How 1984 is said: one thousand nine hundred eighty four, nineteen eighty four, one nine eight four."""

READINGS: tuple[Reading, ...] = ("number", "year", "digits")
"""The most usual first."""

SYMBOLS = {
    "%": " percent ", "&": " and ", "+": " plus ", "=": " equals ", "@": " at ", "$": " dollars ",
    "£": " pounds ", "€": " euros ", "°": " degrees ",
}  # fmt: skip
"""Spoken form of symbols."""

CURRENCIES = {"$": ("dollar", "cents"), "£": ("pound", "pence"), "€": ("euro", "cents")}
"""A unit and its hundredths."""

SCALES = {"k": "thousand", "m": "million", "bn": "billion", "": ""}
"""What follows an amount."""

_PRICE = re.compile(r"([$£€])(\d[\d,]*)(?:\.(\d+))?(k|m|bn|)\b")
_ORDINAL = re.compile(r"(\d[\d,]*)(?:st|nd|rd|th)\b")
_CLOCK = re.compile(r"\b(\d{1,2}):0(\d)\b")
_YEAR = re.compile(r"\b(1[1-9]\d\d|20\d\d)(s?)\b")


def text_tokens(text: str) -> list[str]:
    """Split a text at spaces; punctuation that stands alone is joined to the word before."""
    tokens: list[str] = []
    for token in text.split():
        if tokens and not spoken_words(token):
            tokens[-1] += f" {token}"
        else:
            tokens.append(token)
    return tokens


def spoken_words(token: str, reading: Reading = "number") -> list[str]:
    """Return the lower-case words of a token, none for punctuation.

    >>> spoken_words("$5.50,"), spoken_words("3rd"), spoken_words("1990s", "year")
    (['five', 'dollars', 'and', 'fifty', 'cents'], ['third'], ['nineteen', 'nineties'])
    """
    text = token.lower().replace("\u2019", "'")
    if any(character.isdigit() for character in text):
        text = _PRICE.sub(_price, text)
        text = _ORDINAL.sub(lambda found: _in_words(found[1], "ordinal"), text)
        text = _CLOCK.sub(lambda found: f"{found[1]} {'oh ' + found[2] if found[2] != '0' else ''}", text)
        text = _YEAR.sub(_year, text) if reading == "year" else text
    for symbol, word in SYMBOLS.items():
        text = text.replace(symbol, word)
    words = re.sub(r"[^a-z' ]+", " ", numbers_spelled(text, by_digits=reading == "digits")).split()
    return [word for word in (word.strip("'") for word in words) if word]


def _price(found: re.Match[str]) -> str:
    """Put the currency where it is said; numbers stay in digits."""
    sign, whole, rest, scale = found[1], found[2].replace(",", ""), found[3] or "", found[4]
    unit, hundredths = CURRENCIES[sign]
    if len(rest) == 2 and not scale:
        amount = f"{int(whole)} {unit}{'s' * (int(whole) != 1)} and " if int(whole) else ""
        return f" {amount}{int(rest)} {hundredths} "
    point = f" point {' '.join(rest)}" if rest else ""
    return f" {whole}{point} {SCALES[scale]} {unit}{'' if (whole, rest, scale) == ('1', '', '') else 's'} "


def _year(found: re.Match[str]) -> str:
    said = _in_words(found[1], "year")
    if not found[2]:
        return said
    return f"{said[:-1]}ies" if said.endswith("y") else f"{said}s"


def _in_words(digits: str, form: str) -> str:
    from num2words import num2words  # noqa: PLC0415 - an extra

    words: str = num2words(int(digits.replace(",", "")), to=form).replace("-", " ")
    return words
