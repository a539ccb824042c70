"""What is found in live audio as files that grow: captions, a list of songs, and each song's audio."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np

from edge import schema
from edge.analysis.live import LiveEvent
from edge.arrays import Floats
from edge.captions.layout import lay_out
from edge.captions.live import LiveCaptions
from edge.captions.options import LayoutOptions
from edge.captions.subtitles import append_srt
from edge.errors import OutputError
from edge.evidence.live import LiveLabel
from edge.files import refuse_existing, refuse_unwritable, whole_file
from edge.media.read.live_input import LiveInput
from edge.media.write.recorder import AudioRecorder
from edge.media.write.ring import AudioRing
from edge.media.write.sound import write_audio
from edge.songs.live import HORIZON_S
from edge.songs.song import Song, SongClip, song_document
from edge.text.lines import plain_lines
from edge.vocabulary import Caption

CAPTIONS, SONGS, RECORDING, CLIP = "captions.srt", "songs.json", "recording.flac", "song-{:02}.flac"
"""Names of the files."""
KEPT_S: Final = HORIZON_S + 120.0
"""Seconds of audio that are kept for the songs: as far as a song may begin before it is known."""
LINGER_S: Final = 2.0
"""Seconds that a caption may be shown after its last word, if nothing is said."""
SETTLED_S: Final = 20.0
"""Seconds after a caption until what is said right after it is final, at most."""
FADE_S: Final = 0.01
"""Length of the fade at both ends of a song in seconds."""


class LiveFiles:
    """Files of what `live_analysis` finds in an input; use it inside the input's `with` block.

    `captions.srt` grows by what is final, `songs.json` is replaced whole by each song, whose audio is cut to
    `song-01.flac` and so on, at the rate of the input. For that the last half an hour of audio is in a
    temporary file in `folder` until the end. With `save_audio` all of it is written to `recording.flac`. So
    every file is complete whenever the program ends; the recording appears at the end.

    Raises OutputError if files exist and not `force`, before anything is written, or cannot be written.
    """

    def __init__(
        self,
        folder: Path,
        source: LiveInput,
        *,
        captions: bool = True,
        songs: bool = True,
        save_audio: bool = False,
        force: bool = False,
    ) -> None:
        check_live_files(folder, force=force)
        self._folder, self._source, self._force = folder, source, force
        self._captions, self._songs, self._save_audio = captions, songs, save_audio
        self._layout = LayoutOptions()
        self._clips: list[SongClip] = []
        self._written = 0
        self._last: Caption | None = None
        """The last caption: it is written when it is known how long it can be shown."""
        self._ring: AudioRing | None = None
        self._recorder: AudioRecorder | None = None

    def __enter__(self) -> LiveFiles:
        source = self._source
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            if self._captions:
                (self._folder / CAPTIONS).write_bytes(b"")
            if self._songs:
                self._list_songs()
                self._ring = AudioRing(
                    self._folder, rate_hz=source.source_rate_hz, channels=source.channels, seconds=KEPT_S
                )
        except OSError as error:
            raise OutputError(self._folder, f"cannot be written: {_reason(error)}") from error
        if self._save_audio:
            self._recorder = AudioRecorder(
                self._folder / RECORDING,
                rate_hz=source.source_rate_hz,
                layout=source.layout,
                force=self._force,
            )
        source.keep = self._keep
        return self

    def __exit__(self, *_: object) -> None:
        self._source.keep = None
        try:
            if self._captions:
                self._write_captions([])
            if self._recorder is not None:
                self._recorder.close()
        finally:
            if self._ring is not None:
                self._ring.close()

    def accept(self, event: LiveEvent) -> Path | None:
        """Write an event; return the file of a song that was cut."""
        if isinstance(event, LiveCaptions) and event.final and self._captions:
            self._add_captions(event.sentences)
        elif isinstance(event, Song) and self._songs:
            return self._cut(event)
        elif isinstance(event, LiveLabel) and self._last and event.end > self._last.end + SETTLED_S:
            self._write_captions([])
        return None

    def _keep(self, block: Floats) -> None:
        if self._ring is not None:
            self._ring.write(block)
        if self._recorder is not None:
            self._recorder.write(block)

    def _add_captions(self, sentences: Sequence[Caption]) -> None:
        """Write captions up to the one before the last."""
        if not sentences:
            return
        laid = lay_out(sentences, self._layout, duration_s=sentences[-1].end + LINGER_S)
        captions = [caption for caption in laid if plain_lines(caption.text)]
        if captions:
            self._write_captions(captions[:-1], captions[0].start)
            self._last = captions[-1]

    def _write_captions(self, captions: Sequence[Caption], start: float = math.inf) -> None:
        """Write the caption that was held back, which ends before `start` in seconds, and `captions`."""
        if self._last is not None:
            end = max(_said_until(self._last), min(self._last.end, start - self._layout.gap_s))
            captions, self._last = [replace(self._last, end=end), *captions], None
        path = self._folder / CAPTIONS
        try:
            append_srt(captions, path, self._written + 1)
        except OSError as error:
            raise OutputError(path, f"cannot be written: {_reason(error)}") from error
        self._written += len(captions)

    def _cut(self, song: Song) -> Path | None:
        ring, number = self._ring, len(self._clips) + 1
        if ring is None:
            return None
        path = self._folder / CLIP.format(number)
        first, stop = (round(at * ring.rate_hz) for at in (song.start, song.end))
        faded = _faded(ring.read(first, stop), round(FADE_S * ring.rate_hz))
        tags = {"title": f"Song {number}", "track": str(number), "comment": f"from {self._source.name}"}
        layout = self._source.layout
        write_audio(path, faded, ring.rate_hz, layout=layout, tags=tags, force=self._force)
        self._clips.append(SongClip(song, path))
        self._list_songs()
        return path

    def _list_songs(self) -> None:
        rows = [schema.to_dict(song_document(clip.song, str(clip.file))) for clip in self._clips]
        document = {"schema": schema.VERSION, "songs": rows}
        with whole_file(self._folder / SONGS, force=True) as draft:
            draft.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")


def check_live_files(folder: Path, *, force: bool = False) -> None:
    """Raise OutputError if the files cannot be written to `folder`, or some of them exist and not `force`."""
    refuse_unwritable(folder)
    if folder.is_dir():
        songs = CLIP.replace("{:02}", "*")
        for path in (*(folder / name for name in (CAPTIONS, SONGS, RECORDING)), *sorted(folder.glob(songs))):
            refuse_existing(path, force)


def _faded(blocks: Iterator[Floats], count: int) -> Iterator[Floats]:
    """Fade the first `count` samples of blocks float32[channels, n] in, and the last ones out."""
    ramp = np.linspace(0, 1, count, dtype=np.float32)
    held: Floats | None = None
    for block in blocks:
        if held is None:
            block[:, :count] *= ramp[: block.shape[1]]
        else:
            yield held
        held = block
    if held is not None:
        held[:, -count:] *= ramp[::-1][-held.shape[1] :]
        yield held


def _said_until(caption: Caption) -> float:
    return caption.words[-1].end if caption.words else caption.start + 1


def _reason(error: OSError) -> str:
    return (error.strerror or str(error)).lower()
