"""Labels, songs and captions of audio while it arrives: one run of the segmenter feeds them all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from edge import schema
from edge.arrays import Floats
from edge.captions.live import LiveCaptionCollector, LiveCaptions
from edge.captions.options import LiveOptions
from edge.captions.transcribe import caption_document
from edge.errors import UsageError
from edge.evidence.labels import FrameLabels, LabelCollector
from edge.evidence.live import (
    LiveCollector,
    LiveLabel,
    LiveLabelCollector,
    LiveLevel,
    LiveLevelCollector,
    follow,
)
from edge.evidence.speech.recognizer import Recognizer
from edge.evidence.speech.recognizers import open_recognizer
from edge.media import AudioBlock
from edge.media.read.live_input import LiveInput
from edge.networks.segmenter import Segmenter
from edge.songs.live import LiveSongCollector
from edge.songs.options import SongOptions
from edge.songs.song import Song, song_document

CHUNK_S = 1.0
"""Seconds of new audio per run of the encoder without captions: 0.6 % of a core; 3 s would take 0.25 %."""

QUIET_DB = -70.0
"""Level in dBFS up to which audio counts as silence. No label of the evaluation recordings changes with it,
as they are or 45 dB softer; with -60, 62 of 1090 do that are 45 dB softer (docs/live.md)."""


@dataclass(frozen=True, slots=True)
class LiveAnalysisOptions:
    """What `live_analysis` finds besides labels and levels."""

    captions: LiveOptions | None = field(default_factory=LiveOptions)
    """Settings of the captions; None for no captions, and no recognizer is loaded."""
    songs: SongOptions | None = field(default_factory=SongOptions)
    """Settings of the songs; None for no songs."""
    quiet_db: float | None = QUIET_DB
    """Level in dBFS of white noise that no band of silence exceeds, see `Segmenter.encoder`; None for digital
    silence alone. The segmenter does not run on silence, whose label is "other"."""

    def __post_init__(self) -> None:
        if self.quiet_db is not None and not self.quiet_db < 0:
            raise UsageError(f"silence cannot be {self.quiet_db:g} dBFS: full scale is 0")


@dataclass(frozen=True, slots=True)
class LiveDrop:
    """Audio that was lost before it could be processed; there it is taken to be silent."""

    end: float
    """Seconds from the first sample at which this became known."""
    dropped_s: float
    """Seconds that were lost since the beginning."""


LiveEvent: TypeAlias = LiveLevel | LiveLabel | LiveCaptions | Song | LiveDrop
"""What `live_analysis` yields. All times are seconds from the first sample."""


def live_analysis(
    blocks: Iterable[Floats],
    options: LiveAnalysisOptions | None = None,
    *,
    recognizer: Recognizer | None = None,
    segmenter: Segmenter | None = None,
) -> Iterator[LiveEvent]:
    """Find labels, songs and captions in blocks float32[n] at 16 kHz while they arrive.

    `blocks` is a `Microphone`, `PcmInput` or `StreamInput`, whose drops are reported, or anything that yields
    audio. Levels come five times a second; a label each second, 2 s after the audio; interim captions each
    `interval_s` while somebody speaks, and final ones; a song once, about 27 s after its end. Runs until
    `blocks` ends. An hour takes 2.5 MB. Raises ModelError, MissingExtraError, UsageError, and the InputError
    of `blocks` after everything before it.
    """
    options = options or LiveAnalysisOptions()
    segmenter = segmenter or Segmenter()
    labels = _labels(options, segmenter)
    live: list[LiveCollector[LiveEvent]] = [LiveLevelCollector(labels.rate_hz), LiveLabelCollector(labels)]
    if isinstance(blocks, LiveInput):
        live.append(_DropCollector(blocks))
    if options.captions is not None:
        live.append(LiveCaptionCollector(labels, recognizer or open_recognizer(), options.captions))
    if options.songs is not None and isinstance(labels, LabelCollector):
        live.append(LiveSongCollector(labels, options.songs))
    return follow(blocks, [labels], live)


def _labels(options: LiveAnalysisOptions, segmenter: Segmenter) -> FrameLabels:
    """Return the collector of labels, with those of segments if there are songs to find."""
    chunk_s = CHUNK_S if options.captions is None else options.captions.interval_s
    if options.songs is None:
        return FrameLabels(segmenter, chunk_s=chunk_s, quiet_db=options.quiet_db)
    segment_s, step_s = options.songs.segment_s, options.songs.refine_step_s
    return LabelCollector(
        segmenter, segment_s=segment_s, step_s=step_s, chunk_s=chunk_s, quiet_db=options.quiet_db
    )


class _DropCollector:
    """Collector of what an input drops."""

    def __init__(self, source: LiveInput) -> None:
        self.rate_hz = source.rate_hz
        self._source, self._known_s, self._end = source, 0.0, 0

    def accept(self, block: AudioBlock) -> None:
        """Count the samples of a block; see `Collector`."""
        self._end = block.start_sample + len(block.samples)

    def finish(self) -> None:
        """Do nothing; see `Collector`."""

    def take(self) -> Sequence[LiveDrop]:
        """Return what was dropped since the last call."""
        if self._source.dropped_s <= self._known_s:
            return ()
        self._known_s = self._source.dropped_s
        return (LiveDrop(self._end / self.rate_hz, self._known_s),)


def event_document(event: LiveEvent, file: Path | None = None) -> schema.Event:
    """Return an event in the form of JSON lines; `file` is that of a song that was cut."""
    if isinstance(event, LiveLevel):
        rms_db, peak_db = round(event.rms_db, 1), round(event.peak_db, 1)
        return schema.LevelEvent(end=schema.seconds(event.end), rms_db=rms_db, peak_db=peak_db)
    if isinstance(event, LiveLabel):
        return schema.LabelEvent(
            start=schema.seconds(event.start),
            end=schema.seconds(event.end),
            label=event.label.value,
            confidence={label.value: schema.share(share) for label, share in event.confidence.items()},
            new=event.is_new,
        )
    if isinstance(event, LiveCaptions):
        captions = tuple(caption_document(sentence) for sentence in event.sentences)
        return schema.CaptionsEvent(final=event.final, captions=captions)
    if isinstance(event, Song):
        return schema.SongEvent(song=song_document(event, str(file) if file else None))
    return schema.DropEvent(end=schema.seconds(event.end), dropped=schema.seconds(event.dropped_s))
