"""Set lines of text in a font of the system, as masks of what is covered; needs Pillow."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from edge.errors import InputError, UsageError, require
from edge.text.markup import JOINER

if TYPE_CHECKING:
    from PIL.ImageFont import FreeTypeFont

FONTS = (
    *("NotoSans-Regular.ttf", "LiberationSans-Regular.ttf", "Arial.ttf", "arial.ttf", "Helvetica.ttc"),
    *(
        "DejaVuSans.ttf",
        "NotoSansCJK-Regular.ttc",
        "NotoSansCJKsc-Regular.otf",
        "SourceHanSansSC-Regular.otf",
    ),
    *(
        "wqy-microhei.ttc",
        "PingFang.ttc",
        "STHeiti Medium.ttc",
        "Hiragino Sans GB.ttc",
        "msyh.ttc",
        "YuGothM.ttc",
    ),
    *(
        "malgun.ttf",
        "AppleSDGothicNeo.ttc",
        "Arial Unicode.ttf",
        "segoeui.ttf",
        "FreeSans.ttf",
        "unifont.otf",
    ),
)
"""Names of font files that systems have, in order of preference."""

OUTLINE = 1 / 12
"""Width of the outline, as a part of the size."""
LEADING = 1.2
"""Distance of lines, as a multiple of the size."""

_PROBE_SIZE = 32
_SHOWN_MISSING = 5
_NO_GLYPH = "\U0010fffe"
"""No font has it: what is shown for it is shown for all characters that are missing."""
_UNDRAWN = {"Cc", "Cf", "Zs", "Zl", "Zp", "Mn", "Me"}
"""Categories of characters that need no ink of their own."""

Alpha = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Typeset:
    """Lines of text as masks, 0 to 255 of what is covered."""

    fill: Alpha
    """The letters, uint8[height, width]."""
    outline: Alpha
    """The letters with their outline, uint8[height, width]."""


class Typeface:
    """A font file in any size."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._size = lru_cache(maxsize=32)(self._loaded)
        self.name = Path(path).name

    def _loaded(self, size: int) -> FreeTypeFont:
        from PIL import ImageFont  # noqa: PLC0415 - extra

        return ImageFont.truetype(self._path, size)

    def missing(self, text: str) -> list[str]:
        """Return the characters of a text that the font has no glyph for, each once, in order."""
        font = self._size(_PROBE_SIZE)
        absent = bytes(font.getmask(_NO_GLYPH))
        wanted = dict.fromkeys(one for one in text if unicodedata.category(one) not in _UNDRAWN)
        return [one for one in wanted if bytes(font.getmask(one)) in (absent, b"")]

    def set_lines(self, lines: Sequence[str], size: int, width: int) -> Typeset:
        """Set centered lines, smaller than `size` pixels if they do not fit into `width` pixels."""
        from PIL import Image, ImageDraw  # noqa: PLC0415 - extra

        while size > 1 and self._width(lines, size) > width:
            size = max(1, min(size - 1, int(size * width / self._width(lines, size))))
        font, edge, step = self._size(size), max(1, round(size * OUTLINE)), round(size * LEADING)
        box = self._width(lines, size), step * len(lines) + 2 * edge
        masks = []
        for stroke in (0, edge):
            image = Image.new("L", box)
            draw = ImageDraw.Draw(image)
            for number, line in enumerate(lines):
                at = box[0] / 2, edge + step * number + round(size * 0.95)
                draw.text(at, line, 255, font, anchor="ms", stroke_width=stroke)
            masks.append(np.array(image))
        return Typeset(*masks)

    def _width(self, lines: Sequence[str], size: int) -> int:
        edge = max(1, round(size * OUTLINE))
        return max(1, round(max(self._size(size).getlength(line) for line in lines)) + 2 * edge)


def open_typeface(texts: Iterable[str], file: str | Path | None = None) -> Typeface:
    """Return the typeface of a font file, else the first of `FONTS` that has all characters of the texts.

    Raises InputError if the file is no font, UsageError if characters are missing or there is no font,
    MissingExtraError.
    """
    require("PIL", "captions in the video", "burn")
    text = "".join(texts).replace(JOINER, "")
    _refuse_unshaped(text)
    found = [_opened(str(file))] if file else [face for name in FONTS if (face := _on_system(name))]
    if not found:
        raise UsageError("no font was found on this system; name one with --font FILE")
    lacking = [(len(missing), face, missing) for face in found if (missing := face.missing(text))]
    if len(lacking) < len(found):
        return next(face for face in found if all(face is not other for _, other, _ in lacking))
    _, face, missing = min(lacking, key=lambda one: one[0])
    named = " ".join(missing[:_SHOWN_MISSING]) + (" ..." if len(missing) > _SHOWN_MISSING else "")
    raise UsageError(f"{face.name} has no glyph for {named}; name a font that has with --font FILE")


def _opened(path: str) -> Typeface:
    face = Typeface(path)
    try:
        face.missing(" ")
    except OSError as error:
        raise InputError(path, "cannot be read as a font") from error
    return face


def _on_system(name: str) -> Typeface | None:
    try:
        return _opened(name)
    except InputError:
        return None


def _refuse_unshaped(text: str) -> None:
    """Raise UsageError for a script from right to left, if what arranges its letters is not installed."""
    from PIL import features  # noqa: PLC0415 - extra

    if any(unicodedata.bidirectional(one) in {"R", "AL"} for one in text) and not features.check("raqm"):
        raise UsageError("this Pillow cannot arrange text from right to left; install libraqm and libfribidi")
