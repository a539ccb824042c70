"""FFmpeg's own `silencedetect` as a finder of parts: the nearest that comes with every FFmpeg.

It knows loud from quiet and nothing else: it cannot tell singing from talk, music from applause, so it has no
labels to score, and two songs with talk between them are one part to it. Runs in a process of its own.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import av
from av.audio.frame import AudioFrame
from av.filter import Graph

from edge.vocabulary import Span

SETTINGS = "noise=-35dB:d=0.1"
"""Quieter than this for this long is silence: the best on the hour of -60 to -20 dB and 0.1 to 2 s."""
SHORTEST_SONG_S = 10.0


def search(file: str, settings: str = SETTINGS) -> dict[str, Any]:
    """`songs` [start, end]: stretches of `SHORTEST_SONG_S` without silence; `whole`: the seconds it took."""
    started = time.perf_counter()
    quiet = list(_silences(file, settings))
    edges = [0.0, *(edge for span in quiet for edge in (span.start, span.end)), _seconds(file)]
    loud = zip(edges[::2], edges[1::2], strict=True)
    songs = [[start, end] for start, end in loud if end - start >= SHORTEST_SONG_S]
    return {"songs": songs, "whole": time.perf_counter() - started}


def _silences(file: str, settings: str) -> Iterator[Span]:
    with av.open(file) as container:
        stream = container.streams.audio[0]
        graph = Graph()
        source = graph.add_abuffer(template=stream)
        nodes = [graph.add("silencedetect", settings), graph.add("abuffersink")]
        graph.link_nodes(source, *nodes).configure()
        start: float | None = None
        for frame in container.decode(stream):
            graph.push(frame)
            for heard in _pulled(graph):
                said = heard.metadata
                if "lavfi.silence_start" in said:
                    start = max(0.0, float(said["lavfi.silence_start"]))
                if "lavfi.silence_end" in said and start is not None:
                    end = float(said["lavfi.silence_end"])
                    if end > start:
                        yield Span(start, end)
                    start = None


def _pulled(graph: Graph) -> Iterator[AudioFrame]:
    while True:
        try:
            frame = graph.pull()
        except (av.BlockingIOError, av.EOFError):
            return
        if isinstance(frame, AudioFrame):
            yield frame


def _seconds(file: str) -> float:
    with av.open(file) as container:
        return (container.duration or 0) / av.time_base
