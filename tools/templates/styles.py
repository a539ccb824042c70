"""All styles that ship."""

from __future__ import annotations

from tools.templates.style import Style
from tools.templates.styles_fast import BOSSA, DRUM_AND_BASS, EPIC, HOUSE, JAZZ, ROCK, TRAP
from tools.templates.styles_middle import CORPORATE, FUNK, LATIN, PLAYFUL, POP, SYNTHWAVE, TANGO
from tools.templates.styles_slow import AMBIENT, BOOM_BAP, CINEMATIC, FOLK, LOFI, REGGAE

_SLOW = (AMBIENT, CINEMATIC, LOFI, REGGAE, BOOM_BAP, FOLK)
_MIDDLE = (LATIN, POP, SYNTHWAVE, FUNK, PLAYFUL, TANGO, CORPORATE)
_FAST = (HOUSE, BOSSA, ROCK, TRAP, JAZZ, EPIC, DRUM_AND_BASS)

STYLES: dict[str, Style] = {style.id: style for style in (*_SLOW, *_MIDDLE, *_FAST)}
"""Styles by id, slow ones first."""
