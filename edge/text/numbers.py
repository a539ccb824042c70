"""Spell out numbers as English words."""

from __future__ import annotations

import re

ONES = [
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
]  # fmt: skip
"""Words for 0 to 19."""
TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
"""Words for 20, 30 ... 90."""


def spelled(digits: str, *, by_digits: bool = False) -> str:
    """Spell out a number; digit by digit if it has a leading zero or more than six digits.

    >>> spelled("1204"), spelled("007")
    ('one thousand two hundred four', 'zero zero seven')
    """
    number = int(digits)
    if by_digits or len(digits) > 6 or (len(digits) > 1 and digits[0] == "0"):
        return " ".join(ONES[int(digit)] for digit in digits)
    parts = []
    if number >= 1000:
        parts.append(f"{spelled(str(number // 1000))} thousand")
        number %= 1000
    if number >= 100:
        parts.append(f"{ONES[number // 100]} hundred")
        number %= 100
    if number >= 20:
        parts.append(TENS[number // 10 - 2])
        number %= 10
    if number or not parts:
        parts.append(ONES[number])
    return " ".join(parts)


def numbers_spelled(text: str, *, by_digits: bool = False) -> str:
    """Replace the numbers of a text by words, with spaces around them.

    >>> numbers_spelled("1,204 songs").split()
    ['one', 'thousand', 'two', 'hundred', 'four', 'songs']
    """
    text = re.sub(r"(?<=[0-9]),(?=[0-9]{3}\b)", "", text)
    return re.sub(r"[0-9]+", lambda found: f" {spelled(found[0], by_digits=by_digits)} ", text)
