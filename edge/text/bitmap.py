"""Text as pixels, in one small font: for video frames, where no library for text is needed."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

GLYPH_WIDTH, GLYPH_HEIGHT = 5, 8
"""Pixels of a character at scale 1, the last row below the base line."""

PITCH = GLYPH_WIDTH + 1
"""Pixels from one character to the next at scale 1: one column stays empty."""

FONT = """
0     1     2     3     4     5     6     7     8     9     a     b
.###. ..#.. .###. ##### ...#. ##### ..##. ##### .###. .###. ..... #....
#...# .##.. #...# ...#. ..##. #.... .#... ....# #...# #...# ..... #....
#..## ..#.. ....# ..#.. .#.#. ####. #.... ...#. #...# #...# .###. ####.
#.#.# ..#.. ...#. ...#. #..#. ....# ####. ..#.. .###. .#### ....# #...#
##..# ..#.. ..#.. ....# ##### ....# #...# .#... #...# ....# .#### #...#
#...# ..#.. .#... #...# ...#. #...# #...# .#... #...# ...#. #...# #...#
.###. .###. ##### .###. ...#. .###. .###. .#... .###. .##.. .#### ####.
..... ..... ..... ..... ..... ..... ..... ..... ..... ..... ..... .....
c     d     e     f     g     h     i     j     k     l     m     n
..... ....# ..... ..##. ..... #.... ..#.. ...#. #.... .##.. ..... .....
..... ....# ..... .#... ..... #.... ..... ..... #.... ..#.. ..... .....
.###. .#### .###. ###.. .#### ####. .##.. ..##. #..#. ..#.. ##.#. ####.
#.... #...# #...# .#... #...# #...# ..#.. ...#. #.#.. ..#.. #.#.# #...#
#.... #...# ##### .#... #...# #...# ..#.. ...#. ##... ..#.. #.#.# #...#
#.... #...# #.... .#... .#### #...# ..#.. ...#. #.#.. ..#.. #.#.# #...#
.###. .#### .###. .#... ....# #...# .###. #..#. #..#. .###. #.#.# #...#
..... ..... ..... ..... .###. ..... ..... .##.. ..... ..... ..... .....
o     p     q     r     s     t     u     v     w     x     y     z
..... ..... ..... ..... ..... .#... ..... ..... ..... ..... ..... .....
..... ..... ..... ..... ..... .#... ..... ..... ..... ..... ..... .....
.###. ####. .#### #.##. .#### ###.. #...# #...# #.#.# #...# #...# #####
#...# #...# #...# ##..# #.... .#... #...# #...# #.#.# .#.#. #...# ...#.
#...# #...# #...# #.... .###. .#... #...# #...# #.#.# ..#.. #...# ..#..
#...# ####. .#### #.... ....# .#... #...# .#.#. #.#.# .#.#. .#### .#...
.###. #.... ....# #.... ####. ..##. .#### ..#.. .#.#. #...# ....# #####
..... #.... ....# ..... ..... ..... ..... ..... ..... ..... .###. .....
.     ,     :     -     /     (     )     %     ?     +
..... ..... ..... ..... ....# ...#. .#... ##... .###. .....
..... ..... .##.. ..... ....# ..#.. ..#.. ##..# #...# ..#..
..... ..... .##.. ..... ...#. .#... ...#. ...#. ....# ..#..
..... ..... ..... .###. ..#.. .#... ...#. ..#.. ...#. #####
..... ..... .##.. ..... .#... .#... ...#. .#... ..#.. ..#..
.##.. .##.. .##.. ..... #.... ..#.. ..#.. #..## ..... ..#..
.##.. .##.. ..... ..... #.... ...#. .#... ...## ..#.. .....
..... .#... ..... ..... ..... ..... ..... ..... ..... .....
"""
"""The characters, each above its pixels. All others but the space are shown as the question mark."""


def text_width(text: str, scale: int = 1) -> int:
    """Return the width of a line of text in pixels; `scale` is pixels per pixel of the font.

    >>> text_width("0:12"), text_width("0:12", 2), text_width("")
    (23, 46, 0)
    """
    return max(0, PITCH * len(text) - 1) * scale


@lru_cache(maxsize=256)
def text_mask(text: str, scale: int = 1) -> NDArray[np.bool_]:
    """Return where a line of text has ink, bool[8 * scale, text_width(text, scale)], read-only.

    Upper case is shown as lower case.

    >>> for row in text_mask("hi"):
    ...     print("".join(".#"[ink] for ink in row.astype(int)))
    #.......#..
    #..........
    ####...##..
    #...#...#..
    #...#...#..
    #...#...#..
    #...#..###.
    ...........
    """
    glyphs = _glyphs()
    columns = np.zeros((GLYPH_HEIGHT, PITCH * len(text)), bool)
    for index, character in enumerate(text.lower()):
        columns[:, PITCH * index : PITCH * index + GLYPH_WIDTH] = glyphs.get(character, glyphs["?"])
    mask = columns[:, : text_width(text)].repeat(scale, axis=0).repeat(scale, axis=1)
    mask.flags.writeable = False
    return mask


def draw_text(
    rgb: NDArray[np.uint8], left: int, top: int, text: str, color: tuple[int, int, int], *, scale: int = 1
) -> None:
    """Draw a line of text into uint8[height, width, 3], from pixel (left, top); what lies outside is cut."""
    mask = text_mask(text, scale)[max(0, -top) :, max(0, -left) :]
    under = rgb[max(0, top) :, max(0, left) :][: mask.shape[0], : mask.shape[1]]
    under[mask[: under.shape[0], : under.shape[1]]] = color


@lru_cache(maxsize=1)
def _glyphs() -> dict[str, NDArray[np.bool_]]:
    """Return bool[8, 5] of each character."""
    lines, rows = FONT.strip("\n").split("\n"), GLYPH_HEIGHT + 1
    glyphs = {" ": np.zeros((GLYPH_HEIGHT, GLYPH_WIDTH), bool)}
    for first in range(0, len(lines), rows):
        ink = np.array([[pixel == "#" for pixel in line] for line in lines[first + 1 : first + rows]])
        for left in range(0, len(lines[first]), PITCH):
            glyphs[lines[first][left]] = ink[:, left : left + GLYPH_WIDTH]
    return glyphs
