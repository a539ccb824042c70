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

from edge import offline as _offline  # noqa: F401 - before any dependency is imported

if TYPE_CHECKING:
    from edge.cache import Cache as Cache
    from edge.captions.live import listen as listen
    from edge.captions.transcribe import caption as caption
    from edge.errors import EdgeError as EdgeError
    from edge.errors import InputError as InputError
    from edge.errors import ModelError as ModelError
    from edge.errors import NoAudioError as NoAudioError
    from edge.errors import OutputError as OutputError
    from edge.errors import UsageError as UsageError
    from edge.evidence.speech.recognizers import open_recognizer as open_recognizer
    from edge.evidence.transcript import Captioned as Captioned
    from edge.networks.segmenter import Segmenter as Segmenter
    from edge.quickcut.clean import Cleaned as Cleaned
    from edge.quickcut.clean import CleanSettings as CleanSettings
    from edge.quickcut.clean import clean as clean
    from edge.quickcut.clean import plan_clean as plan_clean
    from edge.songs.detection import Song as Song
    from edge.songs.options import Settings as Settings
    from edge.songs.search import Clip as Clip
    from edge.songs.search import Found as Found
    from edge.songs.search import Segment as Segment
    from edge.songs.search import cut_songs as cut_songs
    from edge.songs.search import search as search
    from edge.timeline.export import write_captions as write_captions
    from edge.timeline.export import write_timeline as write_timeline
    from edge.vocabulary import Caption as Caption
    from edge.vocabulary import Label as Label
    from edge.vocabulary import Span as Span
    from edge.vocabulary import Word as Word

__version__ = "0.1.0"

_HOME = {
    "Cache": "edge.cache",
    "Captioned": "edge.evidence.transcript",
    "Cleaned": "edge.quickcut.clean",
    "CleanSettings": "edge.quickcut.clean",
    "clean": "edge.quickcut.clean",
    "plan_clean": "edge.quickcut.clean",
    "write_captions": "edge.timeline.export",
    "write_timeline": "edge.timeline.export",
    "listen": "edge.captions.live",
    "open_recognizer": "edge.evidence.speech.recognizers",
    "caption": "edge.captions.transcribe",
    "EdgeError": "edge.errors",
    "InputError": "edge.errors",
    "ModelError": "edge.errors",
    "NoAudioError": "edge.errors",
    "OutputError": "edge.errors",
    "UsageError": "edge.errors",
    "Segmenter": "edge.networks.segmenter",
    "Clip": "edge.songs.search",
    "Found": "edge.songs.search",
    "Segment": "edge.songs.search",
    "cut_songs": "edge.songs.search",
    "search": "edge.songs.search",
    "Settings": "edge.songs.options",
    "Song": "edge.songs.detection",
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
