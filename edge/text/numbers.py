"""Numbers as English words, the way that they are spoken."""

from __future__ import annotations

import re

ONES = [
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
]  # fmt: skip
TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]


def spelled(digits: str, *, by_digits: bool = False) -> str:
    """A number in English words; one with a leading zero, or of more than six digits, digit by digit."""
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
    """A text with its numbers in words: 1,204 as "one thousand two hundred four"."""
    text = re.sub(r"(?<=[0-9]),(?=[0-9]{3}\b)", "", text)
    return re.sub(r"[0-9]+", lambda found: f" {spelled(found[0], by_digits=by_digits)} ", text)
