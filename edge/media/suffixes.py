"""Suffixes of media files, for folders in which there are other files, too."""

from __future__ import annotations

from typing import Final

MEDIA: Final = frozenset((
    ".3gp", ".aac", ".ac3", ".aif", ".aiff", ".amr", ".ape", ".asf", ".au", ".avi", ".caf", ".dv", ".flac",
    ".flv", ".m2ts", ".m4a", ".m4v", ".mka", ".mkv", ".mov", ".mp2", ".mp3", ".mp4", ".mpeg", ".mpg",
    ".mts", ".mxf", ".oga", ".ogg", ".ogv", ".opus", ".rm", ".ts", ".vob", ".w64", ".wav", ".webm", ".wma",
    ".wmv", ".wv",
))  # fmt: skip
"""Suffixes, in small letters, of the files that are read from a folder."""
