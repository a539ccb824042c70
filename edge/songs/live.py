"""Songs of a stream: each is returned once, when nothing that follows can change it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import replace

from edge.arrays import Floats
from edge.evidence.labels import LabelCollector, LabelTrack
from edge.evidence.live import follow
from edge.media import AudioBlock
from edge.networks.segmenter import Segmenter
from edge.songs.detection import detect_songs
from edge.songs.options import SongOptions
from edge.songs.song import Song

HORIZON_S = 1800.0
"""How far back the rules look, in seconds: a longer song loses its beginning."""
FORGOTTEN = 4
"""What this divides of the horizon is forgotten at once: the labels of the rest must be computed again."""

CHUNK_S = 3.0
"""Seconds of new audio per run of the encoder: with 4 s of context, 1.75 times a recording's work."""


class LiveSongCollector:
    """Collector of songs as they end. It reads the labels of a collector that is fed before it.

    A song is returned when the longest gap that a song may hold has passed since its end, and the music after
    it has ended. Labels are 2 s behind the audio.
    """

    def __init__(self, labels: LabelCollector, options: SongOptions | None = None) -> None:
        self.rate_hz = labels.rate_hz
        self._labels, self._options = labels, options or SongOptions()
        self._segment_s = self._options.segment_s
        longest = max(self._options.max_interlude_s, self._options.max_rest_s, self._options.max_gap_s)
        self._settled_s = longest + 2 * self._segment_s
        self._first = self._seen = 0
        """First segment that may belong to a new song, and number of segments that were searched."""
        self._songs: list[Song] = []

    def accept(self, block: AudioBlock) -> None:
        """Search the segments that a block completes; see `Collector`."""
        if self._labels.complete > self._seen:
            self._seen = self._labels.complete
            horizon = round(HORIZON_S / self._segment_s)
            if self._seen - self._first > horizon:
                self._first = self._seen - (horizon - horizon // FORGOTTEN)
            track = self._labels.recent(self._first)
            self._search(track, until_s=track.duration_s - self._settled_s)

    def finish(self) -> None:
        """Return what is left; see `Collector`."""
        if self._labels.complete > self._first:
            end_s = self._labels.samples / self.rate_hz - self._first * self._segment_s
            self._search(replace(self._labels.recent(self._first), duration_s=end_s), until_s=end_s)

    def take(self) -> list[Song]:
        """Return the songs since the last call."""
        songs, self._songs = self._songs, []
        return songs

    def _search(self, track: LabelTrack, until_s: float) -> None:
        """Return the songs of a track that end by `until_s`, and search after them from now on."""
        offset_s = self._first * self._segment_s
        for song in detect_songs(track, self._labels.segmenter.fuse_batch, self._options):
            if song.end > until_s:
                return
            self._songs.append(replace(song, start=song.start + offset_s, end=song.end + offset_s))
            self._first = round(offset_s / self._segment_s) + math.ceil(song.end / self._segment_s)


def live_songs(
    blocks: Iterable[Floats], options: SongOptions | None = None, *, segmenter: Segmenter | None = None
) -> Iterator[Song]:
    """Find the songs in blocks float32[n] at 16 kHz as they arrive, for example from a microphone.

    Each song is yielded once, about 27 s after its end at the defaults; its times are seconds from the first
    sample. Runs until `blocks` ends; an hour takes 2.5 MB. Raises ModelError, and UsageError for options that
    do not fit the segmenter.
    """
    options = options or SongOptions()
    labels = LabelCollector(
        segmenter or Segmenter(),
        segment_s=options.segment_s,
        step_s=options.refine_step_s,
        chunk_s=CHUNK_S,
    )
    return follow(blocks, [labels], [LiveSongCollector(labels, options)])
