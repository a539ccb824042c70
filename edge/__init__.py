"""Offline media understanding for small devices.

    found = edge.search("concert.mp4")      # where the songs are
    edge.cut_songs(found, "songs/")         # each in a file of its own

    said = edge.caption("talk.mp4")         # what is said, with the times of all words
    edge.write_captions(said.captions, Path("talk.srt"))
    edge.clean(said, Path("clean.mp4"))     # without blanks, fillers and repeated takes

Everything public is loaded on first use, so that `import edge` costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from edge.captions.cache import Cache as Cache
    from edge.captions.captioned import Captioned as Captioned
    from edge.captions.clean import Cleaned as Cleaned
    from edge.captions.clean import CleanSettings as CleanSettings
    from edge.captions.clean import clean as clean
    from edge.captions.clean import plan_clean as plan_clean
    from edge.captions.files import write_captions as write_captions
    from edge.captions.files import write_timeline as write_timeline
    from edge.captions.live import listen as listen
    from edge.captions.recognizers import open_recognizer as open_recognizer
    from edge.captions.recording import caption as caption
    from edge.errors import EdgeError as EdgeError
    from edge.errors import InputError as InputError
    from edge.errors import ModelError as ModelError
    from edge.errors import NoAudioError as NoAudioError
    from edge.errors import OutputError as OutputError
    from edge.errors import UsageError as UsageError
    from edge.models.segmenter import Segmenter as Segmenter
    from edge.singing.recording import Clip as Clip
    from edge.singing.recording import Found as Found
    from edge.singing.recording import Segment as Segment
    from edge.singing.recording import cut_songs as cut_songs
    from edge.singing.recording import search as search
    from edge.singing.settings import Settings as Settings
    from edge.singing.songs import Song as Song
    from edge.vocabulary import Caption as Caption
    from edge.vocabulary import Label as Label
    from edge.vocabulary import Span as Span
    from edge.vocabulary import Word as Word

__version__ = "0.1.0"

_HOME = {
    "Cache": "edge.captions.cache",
    "Captioned": "edge.captions.captioned",
    "Cleaned": "edge.captions.clean",
    "CleanSettings": "edge.captions.clean",
    "clean": "edge.captions.clean",
    "plan_clean": "edge.captions.clean",
    "write_captions": "edge.captions.files",
    "write_timeline": "edge.captions.files",
    "listen": "edge.captions.live",
    "open_recognizer": "edge.captions.recognizers",
    "caption": "edge.captions.recording",
    "EdgeError": "edge.errors",
    "InputError": "edge.errors",
    "ModelError": "edge.errors",
    "NoAudioError": "edge.errors",
    "OutputError": "edge.errors",
    "UsageError": "edge.errors",
    "Segmenter": "edge.models.segmenter",
    "Clip": "edge.singing.recording",
    "Found": "edge.singing.recording",
    "Segment": "edge.singing.recording",
    "cut_songs": "edge.singing.recording",
    "search": "edge.singing.recording",
    "Settings": "edge.singing.settings",
    "Song": "edge.singing.songs",
    "Caption": "edge.vocabulary",
    "Label": "edge.vocabulary",
    "Span": "edge.vocabulary",
    "Word": "edge.vocabulary",
}

__all__ = ["__version__", *_HOME]  # noqa: PLE0604 - the names of the table


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module 'edge' has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)
