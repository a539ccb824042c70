"""Write composed music: as audio, as video with music in it, as stems, as MIDI."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from os import PathLike
from pathlib import Path

import numpy as np

from edge.arrays import Floats
from edge.evidence.labels import LabelTrack, collect_labels
from edge.files import refuse_existing, whole_folder
from edge.media.write.containers import target_for
from edge.media.write.render import writing
from edge.media.write.retime import left_out, retime
from edge.media.write.sound import made_track, write_audio
from edge.media.write.soundtrack import counted, gain_for, loudness_of
from edge.music.compose import Composition
from edge.music.midi import write_midi
from edge.music.mix import STEMS, mix, stems
from edge.music.program import program
from edge.music.templates import RATE_HZ
from edge.networks.segmenter import Segmenter
from edge.vocabulary import Progress, part_of

MIDI = (".mid", ".midi")
"""Suffixes of MIDI files."""


@dataclass(frozen=True, slots=True)
class WrittenMusic:
    """A file that was written."""

    path: Path
    """The file."""
    loudness_lufs: float | None
    """Its integrated loudness after ITU-R BS.1770; None for MIDI, -inf for silence."""
    peak_dbtp: float | None
    """Its true peak before encoding; None for MIDI."""
    own_sound: bool
    """Whether the video's own sound is in it."""
    notes: tuple[str, ...] = ()
    """What of the video is not in it, one line each."""


def check_music(destination: str | PathLike[str], *, force: bool = False) -> None:
    """Check before the work that `write_music` can write a file. Raises UsageError (suffix), OutputError."""
    path = Path(destination)
    if path.suffix.lower() not in MIDI:
        target_for(path)
    refuse_existing(path, force)


def write_music(
    music: Composition,
    destination: str | PathLike[str],
    *,
    force: bool = False,
    segmenter: Segmenter | None = None,
    progress: Progress | None = None,
) -> WrittenMusic:
    """Write music to a file whose suffix selects what: audio alone, the video with it, or MIDI.

    A video's own sound is kept, and loudness and true peak are, as the options say. The
    packets of video are copied, at new times. Raises UsageError, InputError, OutputError. No partial file is
    left behind.
    """
    path = Path(destination)
    check_music(path, force=force)
    if path.suffix.lower() in MIDI:
        write_midi(music.score, path, force=force)
        return WrittenMusic(path, None, None, own_sound=False)
    with_video = bool(target_for(path).video)
    own = with_video and music.options.sound != "mute" and bool(music.recording.audio)
    labels = partial(_labels, music, segmenter) if music.options.sound == "duck" else None
    first, second = part_of(progress, 0.0, 0.5), part_of(progress, 0.5, 1.0)
    with program(music, own=own, labels=labels, progress=first) as audio:
        mastered = audio.mastered(music.options.loudness_lufs, music.options.peak_dbtp)
        if with_video:
            move = music.choice.warp
            retime(
                music.recording, path, lambda time: float(move.moved([time])[0]), mastered, RATE_HZ,
                force=force, progress=second,
            )  # fmt: skip
        else:
            write_audio(path, counted(mastered, music.score.samples, second), RATE_HZ, force=force)
        meter, notes = mastered.meter, left_out(music.recording) if with_video else ()
        return WrittenMusic(path, meter.integrated_lufs, meter.true_peak_dbtp, audio.has_own_sound, notes)


def write_stems(
    music: Composition, folder: str | PathLike[str], *, suffix: str = ".flac", force: bool = False
) -> tuple[Path, ...]:
    """Write each of `STEMS` as a file of a new folder; their sum is the music before its peaks are limited.

    Raises UsageError, OutputError; the folder appears whole or not at all.
    """
    folder, target = Path(folder), target_for(Path(f"stem{suffix}"))
    gain_db = gain_for(loudness_of(mix(music.score)), music.options.loudness_lufs)
    gain = np.float32(10 ** (gain_db / 20))
    with whole_folder(folder, force=force) as draft, ExitStack() as stack:
        names = [f"{number}-{name}{suffix}" for number, name in enumerate(STEMS, 1)]
        outs = [stack.enter_context(writing(draft / name, folder / name, target, {})) for name in names]
        feeds = [_Feed() for _ in STEMS]
        tracks = [made_track(feed, RATE_HZ, target, out) for feed, out in zip(feeds, outs, strict=True)]
        for bar in stems(music.score):
            for name, feed, track, out in zip(STEMS, feeds, tracks, outs, strict=True):
                feed.block = bar[name] * gain
                for packet in next(track)[1]:
                    out.mux(packet)
        for feed, track, out in zip(feeds, tracks, outs, strict=True):
            feed.block = None
            for packet in next(track)[1]:
                out.mux(packet)
    return tuple(folder / name for name in names)


class _Feed:
    """An iterator over the block that was put into it last; None ends it."""

    def __init__(self) -> None:
        self.block: Floats | None = None

    def __iter__(self) -> Iterator[Floats]:
        while self.block is not None:
            yield self.block


def _labels(music: Composition, segmenter: Segmenter | None) -> LabelTrack:
    """Return the labels of the video's own sound."""
    if segmenter is not None:
        return collect_labels(music.recording, segmenter)[0]
    with Segmenter() as opened:
        return collect_labels(music.recording, opened)[0]
